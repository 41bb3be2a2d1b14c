"""Mails out of a folder: by MOVE (RFC 6851), or a copy and UID EXPUNGE (RFC 4315), never else.

A bare EXPUNGE would take out whatever any program has marked as deleted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jackfield_imap import fetching
from jackfield_imap.failures import Refused, refusals
from jackfield_imap.fetching import uid_of, uid_sets
from jackfield_imap.mapping import flags_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imapclient import IMAPClient

Way = Literal["move", "expunge"]

_COPIED = re.compile(rb"(\d{1,20}) ([\d:,]+) ([\d:,]+)")
_RANGE = re.compile(rb"\d{1,10}(:\d{1,10})?")
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of mails that were to leave a folder.

    Attributes:
        gone: UIDs that are no longer in it.
        to: UIDVALIDITY and UIDs where they are now, where the server says so.
    """

    gone: tuple[int, ...]
    to: tuple[str, tuple[int, ...]] | None = None


def way_of(client: IMAPClient, *, expunge: bool) -> Way | None:
    """Tell how mails can leave a folder without touching others.

    Args:
        client: Signed in.
        expunge: They shall be nowhere else.

    Returns:
        The way, or None where the server has none.
    """
    if not expunge and client.has_capability("MOVE"):
        return "move"
    return "expunge" if client.has_capability("UIDPLUS") else None


def move(client: IMAPClient, uids: Sequence[int], target: str | None, way: Way) -> Moved:
    """Move mails of the open folder, or take them out for good.

    Args:
        client: With the folder open for writing.
        uids: Which.
        target: The folder to move to; None expunges them.
        way: From `way_of`.

    Returns:
        What the server has done.

    Raises:
        Refused: The server said no, and nothing was done.
    """
    wanted, places = sorted(set(uids)), []
    for number, some in enumerate(uid_sets(wanted)):
        try:
            if target is not None:
                places += _transfer(client, some, target, way)
            if way == "expunge":
                _expunge(client, some)
        except Refused:
            if number == 0:
                raise
            break  # what is done is done, and is told
    left = set(_there(client, wanted))
    gone = tuple(uid for uid in wanted if uid not in left)
    epochs = {epoch for epoch, _ in places}
    if len(epochs) != 1:
        return Moved(gone)
    return Moved(gone, (epochs.pop(), tuple(uid for _, uids in places for uid in uids)))


def _there(client: IMAPClient, uids: Sequence[int]) -> Iterator[int]:
    """Ask which are there; a line that cannot be read is an error, and no proof that one went."""
    for some in uid_sets(uids):
        for said in fetching.fetch(client, some, "UID", strict=True):
            yield uid_of(said)


def store(client: IMAPClient, some: str, what: str, flags: Sequence[str]) -> None:
    """Set or take away flags.

    Args:
        client: With the folder open for writing.
        some: A set of UIDs.
        what: ``+FLAGS.SILENT`` or ``-FLAGS.SILENT``: all others stay.
        flags: Which; the caller has checked that they are flags.

    Raises:
        Refused: The server said no.
    """
    _uid(client, "STORE", some, what, f"({' '.join(flags)})")


def _transfer(client: IMAPClient, some: str, target: str, way: Way) -> list[tuple[str, list[int]]]:
    """Move or copy, and read where to (COPYUID).

    Returns:
        UIDVALIDITY and UIDs; none where the server does not say.
    """
    raw = client._imap
    raw.untagged_responses.pop("COPYUID", None)
    command = "MOVE" if way == "move" else "COPY"
    _uid(client, command, some, client._normalise_folder(target))
    said = raw.untagged_responses.pop("COPYUID", [])
    named = [_COPIED.fullmatch(line or b"") for line in said]
    return [(each[1].decode(), _numbers(each[3])) for each in named if each is not None]


def _numbers(text: bytes) -> list[int]:
    found: list[int] = []
    for part in text.split(b","):
        if not _RANGE.fullmatch(part):
            return []
        ends = sorted(int(end) for end in part.split(b":"))
        if len(found) + ends[-1] - ends[0] > _MOST:
            return []
        found += range(ends[0], ends[-1] + 1)
    return found


def _expunge(client: IMAPClient, some: str) -> None:
    """Take out these mails alone; where that fails after a copy, they are as they were."""
    answers = fetching.fetch(client, some, "UID FLAGS")
    marked = {uid_of(said) for said in answers if "\\Deleted" in flags_of(said)}
    store(client, some, "+FLAGS.SILENT", ["\\Deleted"])
    try:
        _uid(client, "EXPUNGE", some)
    except Refused:
        uids = [uid for uid in _there(client, _listed(some)) if uid not in marked]
        for each in uid_sets(sorted(uids)):
            store(client, each, "-FLAGS.SILENT", ["\\Deleted"])
        raise


def _listed(some: str) -> list[int]:
    """Read a set that `uid_sets` wrote."""
    return _numbers(some.encode("ascii"))


def _uid(client: IMAPClient, command: str, *words: str | bytes) -> None:
    with refusals():
        kind, said = client._imap.uid(command, *words)
        if kind != "OK":
            raise Refused(fetching.said_in(said))
