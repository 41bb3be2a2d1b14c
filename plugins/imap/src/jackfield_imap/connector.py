"""An IMAP mailbox as a connector."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, cast

from jackfield.base import MailSourceConnector
from jackfield.batches import MAX_BYTES, Batch, Collection, IndexEntry, Ref
from jackfield.capabilities import Capabilities
from jackfield.errors import CursorExpired, ProviderError
from jackfield.models import SourceType
from jackfield.requests import ListRequest, SyncRequest
from jackfield_imap import fetching
from jackfield_imap.connection import Pool
from jackfield_imap.fetching import size_of, uid_of
from jackfield_imap.folders import folders_of, listed_by_default
from jackfield_imap.mapping import entry_of, flags_of, parse_internaldate, patch_of
from jackfield_imap.settings import ImapSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

    from imapclient import IMAPClient

    from jackfield.base import Context
    from jackfield.batches import Entry, Level
    from jackfield_imap.connection import Connection
    from jackfield_imap.fetching import Opened
    from jackfield_imap.responses import Value

Said = "dict[bytes, Value]"

AT_ONCE = 50
"""Mails in one FETCH (ARCHITECTURE.md, "IMAP": more gains nothing)."""

BYTES_AT_ONCE = MAX_BYTES // 2
INDEX_PAGE = 5000


class ImapConnector(MailSourceConnector):
    """Reads any IMAP mailbox.

    Args:
        settings: By default from the environment and the configuration file.
    """

    source = SourceType.IMAP
    settings_type = ImapSettings
    declared: ClassVar = MappingProxyType({
        "email": Capabilities(fetch="remote", sync="append", deletions_visible=True)
    })

    async def open(self, context: Context) -> None:
        """Connect and sign in, so that a wrong password is known at once.

        Args:
            context: What the core lends.
        """
        await super().open(context)
        self.settings = cast("ImapSettings", context.settings)
        self._pool = Pool(context.account, self.settings)
        async with self._pool.lease() as connection:
            await connection.run(lambda client: client.noop())

    async def close(self) -> None:
        """Sign out."""
        if hasattr(self, "_pool"):
            await self._pool.close()

    def mailbox_identity(self) -> str:
        """Tell whose mailbox it is.

        Returns:
            The main address, else ``user@server``.
        """
        return self.settings.identity

    async def collections(self) -> Sequence[Collection]:
        """List the folders with their UIDVALIDITY and count.

        Returns:
            All folders that can be opened.
        """

        def ask(client: IMAPClient) -> list[Collection]:
            found = []
            for folder in folders_of(client.list_folders()):
                said = client.folder_status(folder.id, ["UIDVALIDITY", "MESSAGES"])
                epoch, count = str(said[b"UIDVALIDITY"]), int(said[b"MESSAGES"])
                found.append(replace(folder, epoch=epoch, count=count))
            return found

        async with self._pool.lease() as connection:
            return await connection.run(ask)

    async def fetch(self, request: ListRequest | SyncRequest) -> AsyncIterator[Batch]:
        """List the newest mails, or sync a folder.

        Args:
            request: Which of the two.

        Yields:
            Batches.
        """
        async with self._pool.lease() as connection:
            if isinstance(request, ListRequest):
                async for batch in self._list(connection, request):
                    yield batch
            else:
                async for batch in self._sync(connection, request):
                    yield batch

    async def _list(self, connection: Connection, request: ListRequest) -> AsyncIterator[Batch]:
        """Find the newest by their index lines, then fetch the headers of those alone."""
        folders = folders_of(await connection.run(lambda client: client.list_folders()))
        chosen = listed_by_default(folders)
        if request.filter.collections is not None:
            chosen = [each for each in folders if each.id in request.filter.collections]
        lines: list[tuple[Ref, dict[bytes, Value]]] = []
        for folder in chosen:
            lines += await connection.run(_newest_in(folder, request))
        lines = _newest_first(line for line in lines if _wanted(line[1], request))
        refs = [ref for ref, _ in lines[: request.limit]]
        entries = await self._get(connection, refs, fetching.HEADERS)
        for at in range(0, len(entries), AT_ONCE):
            yield Batch(items=tuple(entries[at : at + AT_ONCE]))

    async def _sync(self, connection: Connection, request: SyncRequest) -> AsyncIterator[Batch]:
        """Download what is new, then what is old, newest first; the index tells the rest."""
        folder = request.collection
        opened = await connection.run(lambda client: fetching.examine(client, folder.id))
        self._check_epoch(folder, opened.epoch)
        lines = await connection.run(fetching.all_uids)
        end = max([opened.next_uid, *(uid_of(said) + 1 for said in lines)])
        cursor: dict[str, Any] = cast("Any", request.cursor) or {"low": end, "high": end}
        if request.horizon is not None:
            horizon = request.horizon
            lines = [s for s in lines if parse_internaldate(s.get(b"INTERNALDATE")) >= horizon]
        lines.sort(key=uid_of)
        low, high = cursor["low"], cursor["high"]
        for some in _portions([said for said in lines if uid_of(said) >= high]):
            high = uid_of(some[-1]) + 1
            yield await self._download(connection, folder, some, {"low": low, "high": high})
        for some in _portions([said for said in reversed(lines) if uid_of(said) < low]):
            low = uid_of(some[-1])
            yield await self._download(connection, folder, some, {"low": low, "high": high})
        if request.cursor is None and not lines:
            yield Batch(cursor={"low": low, "high": high})

    async def _download(
        self,
        connection: Connection,
        folder: Collection,
        lines: Sequence[dict[bytes, Value]],
        cursor: dict[str, Any],
    ) -> Batch:
        refs = [Ref(folder.id, str(uid_of(said)), folder.epoch) for said in lines]
        entries = await self._get(connection, refs, fetching.WHOLE, is_open=True)
        return Batch(items=tuple(entries), cursor=cursor)

    async def index(self, collection: Collection) -> AsyncIterator[Sequence[IndexEntry]]:
        """List all UIDs of a folder with their flags.

        Args:
            collection: The folder.

        Yields:
            Pages.

        Raises:
            ProviderError: The server leaves mails out; they would be taken for deleted.
        """
        async with self._pool.lease() as connection:
            opened = await connection.run(lambda client: fetching.examine(client, collection.id))
            self._check_epoch(collection, opened.epoch)
            lines = await connection.run(fetching.all_uids)
        if len({uid_of(said) for said in lines}) < opened.count:
            raise ProviderError(
                self.context.account,
                f"{collection.name}: the server counts {opened.count} mails and names {len(lines)}",
            )
        entries = [_index_entry(collection, said) for said in lines]
        for at in range(0, len(entries), INDEX_PAGE):
            yield entries[at : at + INDEX_PAGE]

    async def get(self, refs: Sequence[Ref], level: Level) -> Sequence[Entry]:
        """Fetch single mails.

        Args:
            refs: Which.
            level: ``headers``, or else the whole mails.

        Returns:
            Those that are still there.
        """
        what = fetching.HEADERS if level == "headers" else fetching.WHOLE
        async with self._pool.lease() as connection:
            return await self._get(connection, refs, what)

    async def _get(
        self, connection: Connection, refs: Sequence[Ref], what: str, *, is_open: bool = False
    ) -> list[Entry]:
        """Fetch and map in the connection's thread: parsing must not hold up the event loop."""
        mine = frozenset(self.settings.addresses)
        found: list[Entry] = []
        for (folder, epoch), some in _by_folder(refs).items():

            def work(
                client: IMAPClient, folder: str = folder, epoch: str = epoch, some: Any = some
            ) -> list[Entry]:
                if not is_open and fetching.examine(client, folder).epoch != epoch:
                    return []
                said = fetching.by_uids(client, (int(ref.key) for ref in some), what)
                made = [
                    entry_of(self.context.account, mine, Ref(folder, str(uid_of(s)), epoch), s)
                    for s in said
                ]
                return [entry for entry in made if entry is not None]

            found += await connection.run(work)
        rank = {ref: number for number, ref in enumerate(refs)}
        return sorted(found, key=lambda entry: rank[entry.ref])

    def _check_epoch(self, folder: Collection, epoch: str) -> None:
        if epoch != folder.epoch:
            raise CursorExpired(
                self.context.account, folder.id, f"UIDVALIDITY of {folder.name} changed"
            )


def _newest_in(
    folder: Collection, request: ListRequest
) -> Callable[[IMAPClient], list[tuple[Ref, dict[bytes, Value]]]]:
    def work(client: IMAPClient) -> list[tuple[Ref, dict[bytes, Value]]]:
        opened = fetching.examine(client, folder.id)
        return [
            (Ref(folder.id, str(uid_of(said)), opened.epoch), said)
            for said in _lines(client, opened, request)
        ]

    return work


def _lines(client: IMAPClient, opened: Opened, request: ListRequest) -> list[dict[bytes, Value]]:
    narrowed = request.filter.unread_only or request.filter.since is not None
    if narrowed and opened.count:
        return fetching.matching(
            client,
            unread_only=request.filter.unread_only,
            since=request.filter.since,
            limit=request.limit,
        )
    if request.before is not None:
        return fetching.all_uids(client) if opened.count else []
    return fetching.newest(client, opened.count, request.limit)


def _wanted(said: dict[bytes, Value], request: ListRequest) -> bool:
    received = parse_internaldate(said.get(b"INTERNALDATE"))
    since, before = request.filter.since, request.before
    return (since is None or received >= since) and (before is None or received < before)


def _newest_first(
    lines: Iterable[tuple[Ref, dict[bytes, Value]]],
) -> list[tuple[Ref, dict[bytes, Value]]]:
    return sorted(
        lines,
        key=lambda line: (parse_internaldate(line[1].get(b"INTERNALDATE")), uid_of(line[1])),
        reverse=True,
    )


def _portions(lines: Sequence[dict[bytes, Value]]) -> Iterator[list[dict[bytes, Value]]]:
    """Cut into portions of 50 mails and 4 MiB; a larger mail travels alone."""
    portion: list[dict[bytes, Value]] = []
    size = 0
    for said in lines:
        if portion and (len(portion) == AT_ONCE or size + size_of(said) > BYTES_AT_ONCE):
            yield portion
            portion, size = [], 0
        portion.append(said)
        size += size_of(said)
    if portion:
        yield portion


def _by_folder(refs: Iterable[Ref]) -> dict[tuple[str, str], list[Ref]]:
    folders: dict[tuple[str, str], list[Ref]] = {}
    for ref in refs:
        folders.setdefault((ref.collection, ref.epoch), []).append(ref)
    return folders


def _index_entry(folder: Collection, said: dict[bytes, Value]) -> IndexEntry:
    ref = Ref(folder.id, str(uid_of(said)), folder.epoch)
    version = " ".join(sorted(flags_of(said)))
    received = parse_internaldate(said.get(b"INTERNALDATE"))
    return IndexEntry(ref.key, version, patch_of(ref, said), received)
