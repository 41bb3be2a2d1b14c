"""All accounts behind one object."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from jackfield.clock import SystemClock
from jackfield.config import load_configuration
from jackfield.registry import Registry, get_registry
from jackfield.services import (
    ChangeService,
    DownloadService,
    ItemService,
    MailService,
    SearchService,
    SyncService,
)
from jackfield.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path
    from typing import Unpack

    from jackfield.config import Configuration
    from jackfield.models import Item, UnifiedEmail, UnifiedMeeting, UnifiedMessage, UnifiedNote
    from jackfield.protocols import Clock
    from jackfield.results import Results
    from jackfield.services import AccountSync, ListOptions, SearchOptions


class _OwnStore:
    """The default of `AssistantOrchestrator`'s `store`: the user's own."""


OWN_STORE = _OwnStore()


class AssistantOrchestrator:
    """Every account, every kind. Works within ``async with``, and with `initialize` alone.

    Args:
        registry: Connectors; by default the process's.
        configuration: Accounts and settings; by default the environment and the user's file.
        store: The store's file. None writes nothing to disk.
        outbox: The file of what is to be sent; by default beside the store. Without one nothing
            can be sent: what was meant to leave must be known after a crash.
        clock: The time.
    """

    def __init__(
        self,
        *,
        registry: Registry | None = None,
        configuration: Configuration | None = None,
        store: Path | None | _OwnStore = OWN_STORE,
        outbox: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._registry = registry or get_registry()
        self._configuration = configuration
        self._store = store
        self._outbox = outbox
        self._clock = clock or SystemClock()
        self._session: Session | None = None

    async def initialize(self) -> None:
        """Find the accounts. Each is opened when it is first asked.

        Raises:
            ConfigError: The configuration cannot mean what it says.
        """
        await self.close()
        configuration = self._configuration or load_configuration()
        store = self._store
        if isinstance(store, _OwnStore):
            store = configuration.data_dir / "store.db"
        outbox = self._outbox or (store and store.with_name("outbox.db"))
        self._session = Session(self._registry, self._clock, configuration, store, outbox)

    async def close(self) -> None:
        """Close all connections and the store; `initialize` makes them anew."""
        if self._session is not None:
            await self._session.close()
            self._session.store.close()
            if self._session.outbox is not None:
                self._session.outbox.close()
            self._session = None

    async def __aenter__(self) -> AssistantOrchestrator:
        await self.initialize()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def session(self) -> Session:
        """Give the open session, finding the accounts first where nobody has.

        Returns:
            The session.
        """
        if self._session is None:
            await self.initialize()
        return cast("Session", self._session)

    async def items(self) -> ItemService:
        """Give the service that lists items of any kind.

        Returns:
            The service.
        """
        return ItemService(await self.session())

    async def searches(self) -> SearchService:
        """Give the service that searches.

        Returns:
            The service.
        """
        return SearchService(await self.session())

    async def syncs(self) -> SyncService:
        """Give the service that syncs.

        Returns:
            The service.
        """
        return SyncService(await self.session())

    async def mails(self) -> MailService:
        """Give the service that writes mails and looks after the outbox.

        Returns:
            The service.
        """
        return MailService(await self.session())

    async def changes(self) -> ChangeService:
        """Give the service that marks, moves and deletes.

        Returns:
            The service.
        """
        return ChangeService(await self.session())

    async def downloads(self) -> DownloadService:
        """Give the service that downloads attachments.

        Returns:
            The service.
        """
        return DownloadService(await self.session())

    async def get_all_emails(self, **options: Unpack[ListOptions]) -> Results[UnifiedEmail]:
        """List the newest mails of all accounts, but spam, trash, drafts and what I sent.

        Args:
            **options: As in `ItemService.newest`.

        Returns:
            Mails, newest first, and how each account answered.
        """
        return cast(
            "Results[UnifiedEmail]", await (await self.items()).newest(["email"], **options)
        )

    async def get_all_messages(self, **options: Unpack[ListOptions]) -> Results[UnifiedMessage]:
        """List the newest chat messages; see `get_all_emails`."""
        found = await (await self.items()).newest(["message"], **options)
        return cast("Results[UnifiedMessage]", found)

    async def get_all_notes(self, **options: Unpack[ListOptions]) -> Results[UnifiedNote]:
        """List the notes changed last; see `get_all_emails`."""
        return cast("Results[UnifiedNote]", await (await self.items()).newest(["note"], **options))

    async def get_all_meetings(self, **options: Unpack[ListOptions]) -> Results[UnifiedMeeting]:
        """List the meetings changed last; see `get_all_emails`."""
        found = await (await self.items()).newest(["meeting"], **options)
        return cast("Results[UnifiedMeeting]", found)

    async def iter_emails(self, **options: Unpack[ListOptions]) -> AsyncIterator[UnifiedEmail]:
        """Give every mail of all accounts, newest first, in constant memory.

        Args:
            **options: As in `ItemService.newest`; `limit` is how many are asked for at a time.

        Yields:
            Mails.

        Raises:
            Incomplete: After all that could be had: a source did not give everything.
        """
        async with aclosing((await self.items()).every(["email"], **options)) as items:
            async for item in items:
                yield cast("UnifiedEmail", item)

    async def search_across_sources(
        self, query: str, **options: Unpack[SearchOptions]
    ) -> Results[Item]:
        """Find items in the store and at the providers; see `SearchService.search`.

        Args:
            query: The query.
            **options: As there; ``live=False`` asks the store alone.

        Returns:
            The items, newest first, and how far each source was searched.

        Raises:
            QueryError: The query cannot be understood; it says where.
        """
        return await (await self.searches()).search(query, **options)

    async def sync(self, accounts: Sequence[str] | None = None) -> list[AccountSync]:
        """Copy what is at the providers into the store; see `SyncService.sync`.

        Args:
            accounts: ``gmail:work``, ``gmail`` or ``work``; None means all.

        Returns:
            How each account went.
        """
        return await (await self.syncs()).sync(accounts)

    async def show(self, id: str) -> Item:
        """Read one item whole.

        Args:
            id: Its id, or the beginning of it.

        Returns:
            The item.

        Raises:
            ConfigError: Nothing, or more than one item, has that id.
        """
        return await (await self.items()).show(id)


Assistant = AssistantOrchestrator
"""Short for `AssistantOrchestrator`."""
