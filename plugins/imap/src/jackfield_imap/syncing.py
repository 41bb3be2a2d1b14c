"""One round of one folder: what is new, which flags changed, then what is old."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from jackfield.batches import MAX_ITEMS, Batch, IndexEntry, Ref
from jackfield_imap import fetching
from jackfield_imap.fetching import uid_of
from jackfield_imap.large import is_large
from jackfield_imap.mapping import flags_of, parse_internaldate, patch_of
from jackfield_imap.query import since_day
from jackfield_imap.reading import portions, sizes_of, windows
from jackfield_imap.searching import matching

if TYPE_CHECKING:
    from array import array
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
    from datetime import datetime

    from imapclient import IMAPClient

    from jackfield.batches import JSON, Collection, Entry, Patch
    from jackfield.requests import SyncRequest
    from jackfield_imap.connection import Connection
    from jackfield_imap.reading import Line, Reader, What

_PAGE = 5000
"""Lines of an index without flags."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Which mails of a folder were given, and up to which change.

    Attributes:
        low: The first UID that was given.
        high: The first that was not.
        modseq: All changes up to this one were given; None where the folder counts none.
        recounted: The folder began to count anew below what it had counted, as when a server's
            index is made again. Its numbers cannot be compared with those stored before.
    """

    low: int
    high: int
    modseq: int | None = None
    recounted: bool = False

    @classmethod
    def of(cls, stored: JSON) -> Cursor:
        """Read a cursor that was committed.

        Args:
            stored: As it was yielded; an older one may lack the later fields.

        Returns:
            The cursor.
        """
        at = cast("dict[str, Any]", stored)
        return cls(at["low"], at["high"], at.get("modseq"), bool(at.get("recounted")))

    def as_json(self) -> JSON:
        """Write it for a batch."""
        return cast("dict[str, JSON]", asdict(self))


class Walk:
    """Gives one folder's batches.

    Args:
        connection: Nobody else opens a folder on it meanwhile.
        reader: Of the account.
        request: What is wanted.
    """

    def __init__(self, connection: Connection, reader: Reader, request: SyncRequest) -> None:
        self._connection = connection
        self._reader = reader
        self._request = request
        self._folder = request.collection

    async def batches(self) -> AsyncGenerator[Batch, None]:
        """Download what is new, then follow the flags, then download what is old.

        Yields:
            Batches; each holds what its cursor says, so that any may be the last.
        """
        self._opened, uids = await self._connection.run(
            lambda client: self._reader.survey(client, self._folder)
        )
        self._connection.holds = (self._folder.id, self._opened)
        first = self._first(uids[-1] + 1 if uids else 1)
        uids = await self._within_horizon(uids)
        self._at = first
        said: JSON = self._request.cursor
        phases = (
            self._download(uids[bisect_left(uids, first.high) :], is_new=True),
            self._follow_flags(first),
            self._download(uids[: bisect_left(uids, first.low)][::-1], is_new=False),
        )
        for phase in phases:
            async with aclosing(phase):
                async for batch in phase:
                    yield batch
                    said = cast("JSON", batch.cursor)
        if said != self._at.as_json():
            yield Batch(cursor=self._at.as_json())

    def _first(self, end: int) -> Cursor:
        end = max(end, self._opened.next_uid)
        if self._request.cursor is None:
            return Cursor(end, end, self._opened.modseq or None)
        stored = Cursor.of(self._request.cursor)
        restarted = 0 < self._opened.modseq < (stored.modseq or 0)
        return replace(stored, recounted=True, modseq=None) if restarted else stored

    async def _within_horizon(self, uids: array[int]) -> array[int]:
        """Narrow to the days that are wanted; the hour is checked when the times are known."""
        horizon, count = self._request.horizon, self._opened.count
        if horizon is None:
            return uids
        keys = since_day(horizon)
        return await self._connection.run(lambda client: matching(client, keys, count))

    async def _download(self, uids: Sequence[int], *, is_new: bool) -> AsyncGenerator[Batch, None]:
        horizon = self._request.horizon
        for window in windows(uids):
            lines = await self._lines(window)
            sizes = sizes_of(s for s in lines if horizon is None or _received(s) >= horizon)
            for portion in portions([(uid, sizes[uid]) for uid in window if uid in sizes]):
                is_one_large = is_large(sizes[portion[0]])
                entries = await self._entries(portion, "text" if is_one_large else "whole")
                at = {"high": portion[-1] + 1} if is_new else {"low": portion[-1]}
                self._at = replace(self._at, **at)  # type: ignore[arg-type]
                yield Batch(items=tuple(entries), cursor=self._at.as_json())

    async def _lines(self, window: Sequence[int]) -> list[Line]:
        return await self._connection.run(lambda client: fetching.lines_of(client, window))

    async def _entries(self, portion: Sequence[int], what: What) -> list[Entry]:
        """Fetch and map in the connection's thread: parsing must not hold up the event loop."""
        entries = await self._connection.run(
            lambda client: self._reader.entries(
                client, self._folder.id, self._opened, portion, what
            )
        )
        return [replace(each, version=None) for each in entries] if self._at.recounted else entries

    async def _follow_flags(self, first: Cursor) -> AsyncGenerator[Batch, None]:
        """Give the changed flags of what was given before; the last batch says so."""
        known, modseq = first.modseq, self._opened.modseq or None
        if modseq is not None and known != modseq and first.low < first.high:
            dated = self._request.horizon is not None
            lines = await self._connection.run(
                lambda client: fetching.changed(client, first.low, first.high, known, dated=dated)
            )
            patches = await self._patches(lines)
            while patches:
                following = await self._patches(lines)
                if not following:
                    self._at = replace(self._at, modseq=modseq)
                yield Batch(patches=patches, cursor=self._at.as_json())
                patches = following
        self._at = replace(self._at, modseq=modseq)

    async def _patches(self, lines: Iterator[Line]) -> tuple[Patch, ...]:
        """Read as many lines as a batch may hold; skip what the horizon leaves out."""
        horizon, folder = self._request.horizon, self._folder

        def take(_client: IMAPClient) -> tuple[Patch, ...]:
            wanted = (s for s in lines if horizon is None or _received(s) >= horizon)
            return tuple(
                patch_of(Ref(folder.id, str(uid_of(said)), folder.epoch), said)
                for said in islice(wanted, MAX_ITEMS)
            )

        patches = await self._connection.run(take)
        return tuple(replace(p, version=None) for p in patches) if self._at.recounted else patches


async def index(
    connection: Connection, reader: Reader, folder: Collection, *, dated: bool
) -> AsyncGenerator[Sequence[IndexEntry], None]:
    """List what is in a folder.

    Args:
        connection: Nobody else opens a folder on it meanwhile.
        reader: Of the account.
        folder: Which.
        dated: Tell when each was received.

    Yields:
        Pages; with flags where the folder does not count their changes.
    """
    opened, uids = await connection.run(lambda client: reader.survey(client, folder))
    connection.holds = (folder.id, opened)
    counted = opened.modseq > 0
    if counted and not dated:
        for at in range(0, len(uids), _PAGE):
            yield [IndexEntry(str(uid), None) for uid in uids[at : at + _PAGE]]
        return
    for window in windows(uids):
        yield await connection.run(_page_of(folder, window, with_flags=not counted))


def _page_of(
    folder: Collection, window: Sequence[int], *, with_flags: bool
) -> Callable[[IMAPClient], list[IndexEntry]]:
    def work(client: IMAPClient) -> list[IndexEntry]:
        what = fetching.INDEX if with_flags else fetching.DATES
        lines = fetching.lines_of(client, window, what)
        found = {uid_of(said): _index_entry(folder, said, with_flags=with_flags) for said in lines}
        # Silence is no proof: what really went away meanwhile, the next round will not name.
        return [found.get(uid) or IndexEntry(str(uid), None) for uid in window]

    return work


def _index_entry(folder: Collection, said: Line, *, with_flags: bool) -> IndexEntry:
    ref = Ref(folder.id, str(uid_of(said)), folder.epoch)
    if not with_flags:
        return IndexEntry(ref.key, None, None, _received(said))
    version = " ".join(sorted(flags_of(said)))
    return IndexEntry(ref.key, version, patch_of(ref, said), _received(said))


def _received(said: Line) -> datetime:
    return parse_internaldate(said.get(b"INTERNALDATE"))


async def ahead(batches: AsyncGenerator[Batch, None]) -> AsyncGenerator[Batch, None]:
    """Prepare the next batch while this one is being stored.

    Nothing is lost by it: what was prepared and never asked for is in no cursor that was stored.

    Args:
        batches: Where they come from; closed at the end.

    Yields:
        The same batches.
    """

    async def prepare() -> Batch | None:
        return await anext(batches, None)

    async with aclosing(batches):
        following = asyncio.create_task(prepare())
        try:
            while (batch := await following) is not None:
                following = asyncio.create_task(prepare())
                yield batch
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
