"""The commands that read. Nothing here marks a mail: EXAMINE, and PEEK always."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jackfield_imap.responses import fetched

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from imapclient import IMAPClient

    from jackfield_imap.responses import Value

INDEX = "(UID FLAGS INTERNALDATE RFC822.SIZE)"
HEADERS = "(UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER])"
PLAIN_HEADERS = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER])"
WHOLE = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])"

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_CONTENT = {HEADERS: b"BODY[HEADER]", PLAIN_HEADERS: b"BODY[HEADER]", WHOLE: b"BODY[]"}

_LONGEST_SET = 4000
"""Characters of a set of UIDs; servers take command lines of 8,192 (RFC 7162, section 4)."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder that is open for reading.

    Attributes:
        epoch: Its UIDVALIDITY.
        count: Mails in it.
        next_uid: What the next mail will get; 0 where the server does not say.
    """

    epoch: str
    count: int
    next_uid: int


def examine(client: IMAPClient, folder: str) -> Opened:
    """Open a folder for reading only.

    Args:
        client: Signed in.
        folder: Its decoded name.

    Returns:
        What the server says of it.
    """
    said = client.select_folder(folder, readonly=True)
    return Opened(
        str(said.get(b"UIDVALIDITY", "")),
        int(said.get(b"EXISTS", 0)),
        int(said.get(b"UIDNEXT", 0)),
    )


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
    return _fetch(client, f"{max(1, count - limit + 1)}:*", INDEX, by_uid=False)


def matching(
    client: IMAPClient, *, unread_only: bool, since: datetime | None, limit: int
) -> list[dict[bytes, Value]]:
    """List the last mails of the open folder that are unread, or came since a day.

    Args:
        client: With a folder open.
        unread_only: Only what is unread.
        since: Only what came since the day before this time (servers count days in their zone).
        limit: How many of them.

    Returns:
        Their index lines, in any order.
    """
    criteria = ["UNSEEN"] if unread_only else []
    if since is not None:
        day = since.fromordinal(since.toordinal() - 1)
        criteria += ["SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"]
    uids = client.search(criteria)
    return by_uids(client, sorted(uids)[-limit:], INDEX)


def by_uids(client: IMAPClient, uids: Iterable[int], what: str) -> list[dict[bytes, Value]]:
    """Fetch mails of the open folder.

    Args:
        client: With a folder open.
        uids: Which.
        what: `INDEX`, `HEADERS` or `WHOLE`.

    Returns:
        Those that are still there, in any order; one whose structure the server garbles comes
        without it.
    """
    wanted = set(uids)
    found: dict[int, dict[bytes, Value]] = {}
    for some in uid_sets(sorted(wanted)):
        _gather(found, _fetch(client, some, what, by_uid=True))
    content = _CONTENT.get(what, b"UID")
    for uid in sorted(wanted - {uid for uid, said in found.items() if content in said}):
        _gather(found, _one(client, uid, what))
    return [said for uid, said in found.items() if uid in wanted]


def _gather(found: dict[int, dict[bytes, Value]], answers: list[dict[bytes, Value]]) -> None:
    """Add answers to what was found; a flag report that comes between takes no body away."""
    for said in answers:
        found.setdefault(uid_of(said), {}).update(said)


def _one(client: IMAPClient, uid: int, what: str) -> list[dict[bytes, Value]]:
    """Ask again for a mail whose answer could not be read, or that is gone."""
    simpler = PLAIN_HEADERS if what == HEADERS else what
    return _fetch(client, str(uid), simpler, by_uid=True)


def all_uids(client: IMAPClient, low: int = 1) -> list[dict[bytes, Value]]:
    """List everything in the open folder from a UID on.

    Args:
        client: With a folder open.
        low: The first UID.

    Returns:
        Index lines. ``n:*`` always names the last mail, also when its UID is below n; that one
        is left out.
    """
    lines = _fetch(client, f"{low}:*", INDEX, by_uid=True, strict=True)
    return [said for said in lines if uid_of(said) >= low]


def uid_of(said: dict[bytes, Value]) -> int:
    """Read a mail's UID.

    Args:
        said: A FETCH response.

    Returns:
        The UID, or 0.
    """
    value = said.get(b"UID")
    return int(value) if isinstance(value, bytes) and value.isdigit() else 0


def size_of(said: dict[bytes, Value]) -> int:
    """Read a mail's size.

    Args:
        said: A FETCH response.

    Returns:
        Bytes, or 0.
    """
    value = said.get(b"RFC822.SIZE")
    return int(value) if isinstance(value, bytes) and value.isdigit() else 0


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


def _fetch(
    client: IMAPClient, some: str, what: str, *, by_uid: bool, strict: bool = False
) -> list[dict[bytes, Value]]:
    """Send FETCH by imaplib, whose raw answer is four times as fast as a parsed one."""
    raw = client._imap
    if by_uid:
        kind, pieces = raw.uid("FETCH", some, what)
    else:
        kind, pieces = raw.fetch(some, what)
    if kind != "OK":
        raise raw.error(f"FETCH failed: {pieces!r}")
    return list(fetched((piece for piece in pieces if piece is not None), strict=strict))
