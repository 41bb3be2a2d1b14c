"""Over many folders at once: the newest mails, and the hits of a search.

No connection is kept while a batch is being looked at: whoever looks may want the whole mail.
"""

from __future__ import annotations

import heapq
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

from jackfield.batches import Batch
from jackfield.errors import ProviderError
from jackfield_imap import fetching
from jackfield_imap.failures import Refused
from jackfield_imap.fetching import uid_of
from jackfield_imap.folders import VIEWS, listed_by_default
from jackfield_imap.mapping import parse_internaldate
from jackfield_imap.namespaces import own_folders
from jackfield_imap.query import Criteria, before_day, names_folders, since_day
from jackfield_imap.reading import AT_ONCE, windows
from jackfield_imap.searching import matching

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence

    from imapclient import IMAPClient

    from jackfield.batches import Collection, Entry
    from jackfield.requests import ListRequest, SearchRequest
    from jackfield_imap.connection import Connection, Pool
    from jackfield_imap.fetching import Opened
    from jackfield_imap.reading import Line, Reader

Found: TypeAlias = tuple[datetime, int, str, str]
"""When it was received, UID, folder and that folder's epoch; sorts by time."""

_SAID = 100
_FIX = "try again later; if it stays so, ask the provider about these folders"
_NOT_SEARCHED = frozenset({"spam", "trash"}) | VIEWS


async def newest(pool: Pool, reader: Reader, request: ListRequest) -> AsyncGenerator[Batch, None]:
    """Find the newest by their index lines, then fetch the headers of those alone.

    Args:
        pool: Connections to use.
        reader: Of the account.
        request: What is wanted.

    Yields:
        Batches, newest first.

    Raises:
        ProviderError: Some folders could not be read; what the others had was given.
    """
    found: list[Found] = []
    refused: list[str] = []
    async with pool.lease() as connection:
        folders = await _folders(connection)
        chosen = listed_by_default(folders)
        if request.filter.collections is not None:
            chosen = [each for each in folders if each.id in request.filter.collections]
        for folder in chosen:
            found += await connection.run(_or_refused(folder, _newest_in(folder, request), refused))
    for some in _batches(heapq.nlargest(request.limit, found)):
        yield await _headers(pool, reader, some)
    if refused:
        raise ProviderError(reader.account, f"could not be read: {', '.join(refused)}", fix=_FIX)


async def search(pool: Pool, reader: Reader, request: SearchRequest) -> AsyncGenerator[Batch, None]:
    """Search folder by folder, then fetch the headers of the newest hits.

    Args:
        pool: Connections to use.
        reader: Of the account.
        request: What is wanted.

    Yields:
        Batches, newest first.

    Raises:
        ProviderError: Some folders could not be searched; what the others had was given.
    """
    keys = cast("Criteria", request.translation.native).keys
    if keys is None:
        return
    best: list[Found] = []
    refused: list[str] = []
    async with pool.lease() as connection:
        folders = await _folders(connection)
        if not names_folders(request.query):
            folders = [each for each in folders if each.role not in _NOT_SEARCHED]
        for folder in folders:
            work = _or_refused(folder, _hits_in(folder, keys, request), refused)
            best = heapq.nlargest(request.limit, [*best, *await connection.run(work)])
    for some in _batches(best):
        yield await _headers(pool, reader, some)
    if refused:
        raise ProviderError(
            reader.account, f"could not be searched: {', '.join(refused)}", fix=_FIX
        )


async def _folders(connection: Connection) -> list[Collection]:
    return await connection.run(own_folders)


def _or_refused(
    folder: Collection, work: Callable[[IMAPClient], list[Found]], refused: list[str]
) -> Callable[[IMAPClient], list[Found]]:
    """Find nothing where the server says no, and remember where and what it said."""

    def guarded(client: IMAPClient) -> list[Found]:
        try:
            return work(client)
        except Refused as error:
            refused.append(f"{folder.name} ({str(error)[:_SAID]})")
            return []

    return guarded


def _hits_in(
    folder: Collection, keys: Sequence[str], request: SearchRequest
) -> Callable[[IMAPClient], list[Found]]:
    asked = (*keys, *(() if request.before is None else before_day(request.before)))

    def work(client: IMAPClient) -> list[Found]:
        opened = fetching.examine(client, folder.id)
        return _newest_matching(client, folder, opened, asked, request)

    return work


def _newest_matching(
    client: IMAPClient,
    folder: Collection,
    opened: Opened,
    keys: Sequence[str],
    request: ListRequest | SearchRequest,
) -> list[Found]:
    """Search the open folder, and keep the newest hits; of the others not even a line."""
    uids = matching(client, keys, opened.count)

    def hits() -> Iterator[Found]:
        for window in windows(uids):
            lines = fetching.lines_of(client, window, fetching.DATES)
            yield from _wanted(folder, opened, lines, request)

    return heapq.nlargest(request.limit, hits())


def _newest_in(folder: Collection, request: ListRequest) -> Callable[[IMAPClient], list[Found]]:
    """List the last by sequence number, and whatever else is not older than those.

    Folders grow at the end, but an import, or a move, puts old mail there: what is newer and
    stands further up is found by its day.

    Returns:
        Work for the connection's thread.
    """
    keys: tuple[str, ...] = ("UNSEEN",) if request.filter.unread_only else ()
    keys += () if request.filter.since is None else since_day(request.filter.since)
    keys += () if request.before is None else before_day(request.before)

    def work(client: IMAPClient) -> list[Found]:
        opened = fetching.examine(client, folder.id)
        if keys:
            return _newest_matching(client, folder, opened, keys, request)
        last = list(
            _wanted(folder, opened, fetching.newest(client, opened.count, request.limit), request)
        )
        if opened.count <= len(last):
            return last
        return _newest_matching(client, folder, opened, since_day(min(last)[0]), request)

    return work


def _wanted(
    folder: Collection, opened: Opened, lines: Iterable[Line], request: ListRequest | SearchRequest
) -> Iterator[Found]:
    since = getattr(getattr(request, "filter", None), "since", None)
    for said in lines:
        received = parse_internaldate(said.get(b"INTERNALDATE"))
        late_enough = since is None or received >= since
        if late_enough and (request.before is None or received < request.before):
            yield received, uid_of(said), folder.id, opened.epoch


def _batches(found: Sequence[Found]) -> Iterator[Sequence[Found]]:
    for at in range(0, len(found), AT_ONCE):
        yield found[at : at + AT_ONCE]


async def _headers(pool: Pool, reader: Reader, found: Sequence[Found]) -> Batch:
    entries: dict[tuple[str, int], Entry] = {}
    async with pool.lease() as connection:
        for folder, epoch in dict.fromkeys((each[2], each[3]) for each in found):
            uids = [uid for _, uid, its, _ in found if its == folder]
            work = partial(reader.get_closed, folder=folder, epoch=epoch, uids=uids, what="headers")
            for entry in await connection.run(work):
                entries[folder, int(entry.ref.key)] = entry
    ordered = [entries.get((folder, uid)) for _, uid, folder, _ in found]
    return Batch(items=tuple(each for each in ordered if each is not None))
