"""The commands that open and list a folder. Nothing here marks a mail: EXAMINE always."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jackfield_imap.failures import Refused, refusals
from jackfield_imap.responses import fetched, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imapclient import IMAPClient

    from jackfield_imap.responses import Value

INDEX = "UID FLAGS INTERNALDATE RFC822.SIZE"
DATES = "UID INTERNALDATE"
_LONGEST_SET = 4000
"""Characters of a set of UIDs; servers take command lines of 8,192 (RFC 7162, section 4)."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder that is open for reading.

    Attributes:
        epoch: Its UIDVALIDITY.
        count: Mails in it.
        next_uid: What the next mail will get; 0 where the server does not say.
        modseq: The number of the latest change (RFC 7162); 0 where changes have none.
    """

    epoch: str
    count: int
    next_uid: int
    modseq: int = 0


def examine(client: IMAPClient, folder: str) -> Opened:
    """Open a folder for reading only.

    Args:
        client: Signed in.
        folder: Its decoded name.

    Returns:
        What the server says of it.

    Raises:
        Refused: The server does not open it.
    """
    with refusals():
        said = client.select_folder(folder, readonly=True)
    counted = has_condstore(client)
    return Opened(
        str(said.get(b"UIDVALIDITY", "")),
        int(said.get(b"EXISTS", 0)),
        int(said.get(b"UIDNEXT", 0)),
        int(said.get(b"HIGHESTMODSEQ", 0)) if counted else 0,
    )


def has_condstore(client: IMAPClient) -> bool:
    """Tell whether the server counts changes.

    Args:
        client: Signed in.

    Returns:
        True where it announces CONDSTORE, or QRESYNC, which includes it.
    """
    return bool(client.has_capability("CONDSTORE") or client.has_capability("QRESYNC"))


def newest(client: IMAPClient, count: int, limit: int) -> list[dict[bytes, Value]]:
    """List the last mails of the open folder, by sequence number: no search, no sort.

    Args:
        client: With a folder open.
        count: Mails in the folder.
        limit: How many of them.

    Returns:
        Their index lines, in any order.
    """
    if count == 0:
        return []
    found: dict[int, dict[bytes, Value]] = {}
    gather(found, fetch(client, f"{max(1, count - limit + 1)}:*", INDEX, by_uid=False))
    asked = {b"INTERNALDATE", b"RFC822.SIZE"}  # what has neither came unasked
    return [said for said in found.values() if said.keys() & asked]


def uids_of(client: IMAPClient, some: str) -> Iterator[int]:
    """List UIDs of the open folder.

    Args:
        client: With a folder open.
        some: A set of sequence numbers.

    Returns:
        UIDs in any order, read as they are taken: an answer may be large.
    """
    lines = fetch(client, some, "UID", by_uid=False, strict=True)
    return (uid for said in lines if (uid := uid_of(said)))


def lines_of(
    client: IMAPClient, uids: Iterable[int], what: str = INDEX
) -> list[dict[bytes, Value]]:
    """List mails of the open folder.

    Args:
        client: With a folder open.
        uids: Which, a thousand or so.
        what: `INDEX` or `DATES`.

    Returns:
        A line for each that is there and can be read, in any order.
    """
    wanted = set(uids)
    found: dict[int, dict[bytes, Value]] = {}
    for some in uid_sets(sorted(wanted)):
        gather(found, fetch(client, some, what))
    return [said for uid, said in found.items() if uid in wanted]


def gather(found: dict[int, dict[bytes, Value]], answers: Iterable[dict[bytes, Value]]) -> None:
    """Add answers to what was found; a flag report that comes between takes no body away.

    Args:
        found: By UID.
        answers: As from `fetch`.
    """
    for said in answers:
        found.setdefault(uid_of(said), {}).update(said)


def changed(
    client: IMAPClient, low: int, high: int, since: int | None, *, dated: bool
) -> Iterator[dict[bytes, Value]]:
    """Ask for the flags that changed in the open folder.

    Args:
        client: With a folder open that counts changes.
        low: The first UID that is asked for.
        high: The first that is not.
        since: The number of the last change that is known; None asks for all flags.
        dated: With INTERNALDATE.

    Returns:
        Lines, read as they are taken: an answer may be large.
    """
    if low >= high:
        return iter(())
    what = "UID FLAGS MODSEQ INTERNALDATE" if dated else "UID FLAGS MODSEQ"
    more = [] if since is None else [f"(CHANGEDSINCE {since})"]
    lines = fetch(client, f"{low}:{high - 1}", what, *more, strict=True)
    return (said for said in lines if b"FLAGS" in said and low <= uid_of(said) < high)


def uid_of(said: dict[bytes, Value]) -> int:
    """Read a mail's UID.

    Args:
        said: A FETCH response.

    Returns:
        The UID, or 0.
    """
    return number(said.get(b"UID")) or 0


def size_of(said: dict[bytes, Value]) -> int:
    """Read a mail's size.

    Args:
        said: A FETCH response.

    Returns:
        Bytes, or 0.
    """
    return number(said.get(b"RFC822.SIZE")) or 0


def uid_sets(uids: Sequence[int]) -> list[str]:
    """Write UIDs as sequence sets, ranges folded, each short enough for a command line.

    Args:
        uids: Sorted, without doubles.

    Returns:
        Sets such as ``1:4,7``.
    """
    ranges: list[list[int]] = []
    for uid in uids:
        if ranges and ranges[-1][1] == uid - 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    sets: list[str] = []
    for first, last in ranges:
        text = str(first) if first == last else f"{first}:{last}"
        if sets and len(sets[-1]) + len(text) < _LONGEST_SET:
            sets[-1] += f",{text}"
        else:
            sets.append(text)
    return sets


def said_in(pieces: Sequence[object]) -> str:
    """Quote what the server said at the end of a command.

    Args:
        pieces: As `imaplib` gives them.

    Returns:
        Its words.
    """
    last = next(iter(pieces), b"")
    return last.decode("utf-8", "replace") if isinstance(last, bytes) else ""


def fetch(
    client: IMAPClient, some: str, what: str, *more: str, by_uid: bool = True, strict: bool = False
) -> Iterator[dict[bytes, Value]]:
    """Send FETCH by imaplib, whose raw answer is four times as fast as a parsed one.

    Args:
        client: With a folder open.
        some: A sequence set, short enough for a command line.
        what: The items.
        *more: Modifiers.
        by_uid: The set names UIDs.
        strict: A line that cannot be read is an error.

    Returns:
        What is said of each mail, read as it is taken; also what came unasked.

    Raises:
        Refused: The server says no.
    """
    raw = client._imap
    raw.untagged_responses.pop("FETCH", None)  # what came unasked
    with refusals():
        if by_uid:
            kind, pieces = raw.uid("FETCH", some, f"({what})", *more)
        else:
            kind, pieces = raw.fetch(some, f"({what})")
    if kind != "OK":
        raise Refused(said_in(pieces))
    return fetched((piece for piece in pieces if piece is not None), strict=strict)
