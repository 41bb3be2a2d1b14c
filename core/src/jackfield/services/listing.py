"""The newest of many accounts at once: each on its own, each within its deadline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypedDict, cast

from jackfield.errors import ConfigError, JackfieldError, PluginError
from jackfield.query.tree import And, Everything, Field, When
from jackfield.requests import LEFT_OUT_OF_LISTS, ListFilter, ListRequest
from jackfield.results import Incomplete, Results, SourceState
from jackfield.services.showing import ShowService
from jackfield.services.states import DEADLINE, OFFLINE, gather, source_failed
from jackfield.store import reading
from jackfield.store.searching import Page, Search, search
from jackfield.times import parse_since

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import date
    from typing import Unpack

    from jackfield.batches import Batch, Entry
    from jackfield.hooks import AccountHooks
    from jackfield.models import Account, Item, Kind, UnifiedEmail, UnifiedMessage
    from jackfield.query.tree import Query

PAGE = 200
"""Items that an endless list asks for at a time."""


class ListOptions(TypedDict, total=False):
    """The keywords of every listing; `ItemService.newest` says what they mean."""

    limit: int
    unread_only: bool
    since: str | datetime | date | timedelta | None
    accounts: Sequence[str] | None
    offline: bool
    deadline: float
    page: str | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    kind: Kind
    limit: int
    unread_only: bool
    since: datetime | None
    deadline: float
    page: Page | None = None

    @property
    def before(self) -> datetime | None:
        """When the second ends in which the last page ended; what was shown of it is left out."""
        if self.page is None:
            return None
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=(self.page.before >> 10) + 1)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one source gave.

    Attributes:
        state: How it answered.
        ids: Of its items.
        full: It gave as many as it was asked for, and may have more.
    """

    state: SourceState
    ids: list[str] = field(default_factory=list)
    full: bool = False


class ItemService(ShowService):
    """Lists items of any kinds over all accounts."""

    async def newest(
        self,
        kinds: Sequence[Kind],
        *,
        limit: int = 50,
        unread_only: bool = False,
        since: str | datetime | date | timedelta | None = None,
        accounts: Sequence[str] | None = None,
        offline: bool = False,
        deadline: float = DEADLINE,
        page: str | None = None,
    ) -> Results[Any]:
        """List the newest items, newest received first.

        Args:
            kinds: Of these kinds.
            limit: At most so many items.
            unread_only: Only what is unread.
            since: Only what came at or after this time; ``2d`` means the last two days.
            accounts: Only these, as ``gmail:work``, ``gmail`` or ``work``; None means all.
            offline: Ask nobody; show what is stored.
            deadline: Seconds that a source may take.
            page: Where to go on, as `Results.next` of the page before.

        Returns:
            The items, and how each source answered.

        Raises:
            ConfigError: An account that is named does not exist.
            QueryError: `page` is none of ours.
            NoSourceAnswered: All sources failed and nothing is stored of them.
        """
        if limit < 1:
            raise ConfigError(f"limit is {limit}; it takes 1 or more")
        if deadline <= 0:
            raise ConfigError(f"deadline is {deadline}; it takes seconds above 0")
        if isinstance(accounts, str):
            accounts = [accounts]
        offline = offline or self.session.configuration.offline
        now = self.session.clock.now()
        begins = parse_since(since, now, self.session.configuration.timezone)
        spot = Page.read(page) if page else None
        wanted = _Wanted(kinds[0], limit, unread_only, begins, deadline, spot)
        asked = [
            (account, kind)
            for account in self.chosen(accounts)
            for kind in self.kinds_of(account, kinds)
        ]
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._source(account, replace(wanted, kind=kind), offline))
                for account, kind in asked
            ]
        answers = [task.result() for task in tasks]
        results = await self._merge(answers, wanted)
        return results.raise_if_nobody_answered()

    async def _source(self, account: Account, wanted: _Wanted, offline: bool) -> _Answer:
        """Ask one source; what it does not give comes from the store, and is called stale."""
        entries: list[Entry] = []
        full = False
        if offline:
            state = SourceState(str(account), wanted.kind, "failed", error=OFFLINE)
        else:
            state, full = await self._ask(account, wanted, entries)
        try:
            if entries:
                state, ids = await self._keep(account, state, wanted, entries)
                return _Answer(state, ids, full)
            if state.state == "failed":
                return await self._stale(account, state, wanted)
        except JackfieldError as error:
            return _Answer(source_failed(state, error))
        except Exception as error:  # noqa: BLE001  what a stranger's connector gave
            broken = PluginError(str(account), f"{type(error).__name__}: {error}")
            return _Answer(source_failed(state, broken))
        return _Answer(replace(state, age=0.0), full=full)

    async def _ask(
        self, account: Account, wanted: _Wanted, entries: list[Entry]
    ) -> tuple[SourceState, bool]:
        """Collect entries until the source is done, fails, or its time is over.

        Returns:
            How it answered, and whether it gave as many as it was asked for, so may have more.
        """
        limit = wanted.limit
        if wanted.page is not None:
            limit += await self.session.store.read(reading.shown_within, wanted.page.before)
        narrowed = ListFilter(wanted.unread_only, wanted.since)
        request = ListRequest(wanted.kind, limit, narrowed, wanted.before)

        given = 0

        async def take(_: AccountHooks, batch: Batch, count: int) -> bool:
            nonlocal given
            entries.extend(batch.items)
            given += count
            return given >= limit

        state = await gather(
            self.session,
            account,
            wanted.kind,
            wanted.deadline,
            lambda hooks: hooks.fetch(request),
            take,
        )
        return state, given >= limit

    async def _keep(
        self, account: Account, state: SourceState, wanted: _Wanted, entries: list[Entry]
    ) -> tuple[SourceState, list[str]]:
        """Keep a live listing."""
        items = await self.keep(self.session.hooks(account), wanted.kind, entries)
        return replace(state, count=len(items), age=0.0), [item.id for item in items]

    async def _stale(self, account: Account, state: SourceState, wanted: _Wanted) -> _Answer:
        """Show what is stored of a source that failed."""
        known = await self.session.store.read(reading.answered_at, str(account))
        if known is None:
            return _Answer(state)
        found = await self.session.store.read(search, _stored(account, wanted))
        age = (self.session.clock.now() - known).total_seconds()
        stale = replace(state, state="stale", count=len(found.items), age=age)
        return _Answer(stale, [item.id for item in found.items], found.next is not None)

    async def _merge(self, answers: list[_Answer], wanted: _Wanted) -> Results[Any]:
        """Put the sources' items together, newest first, and let the plugins look at them."""
        ids = list(dict.fromkeys(id for answer in answers for id in answer.ids))
        page = wanted.page
        if page is None:
            page = await self.session.store.read(Page.first)
        items, spot = await self.session.store.read(
            reading.newest_of, ids, wanted.limit, page.before
        )
        states, shown = self.present([answer.state for answer in answers], items)
        more = len(ids) > wanted.limit or any(answer.full for answer in answers)
        next_page = str(Page(spot, page.moves)) if more and items else None
        return Results(tuple(shown), tuple(states), truncated=more, next=next_page)

    async def pages(
        self, kinds: Sequence[Kind], **options: Unpack[ListOptions]
    ) -> AsyncGenerator[Results[Any], None]:
        """Turn pages until nothing is left; memory stays that of one page.

        Args:
            kinds: Of these kinds.
            **options: As for `newest`; `limit` is a page's.

        Yields:
            A page each.
        """
        options = {"limit": PAGE, **options}
        while True:
            results = await self.newest(kinds, **options)
            yield results
            if results.next is None:
                return
            options["page"] = results.next

    async def every(
        self, kinds: Sequence[Kind], **options: Unpack[ListOptions]
    ) -> AsyncGenerator[Item, None]:
        """Give every item, newest first.

        Args:
            kinds: Of these kinds.
            **options: As for `newest`.

        Yields:
            Items.

        Raises:
            Incomplete: After all that could be had: a source did not give everything.
        """
        incomplete: Results[Any] | None = None
        async for page in self.pages(kinds, **options):
            for item in page:
                yield item
            if not page.complete:
                incomplete = page
        if incomplete is not None and not options.get("offline"):
            raise Incomplete(incomplete)


class UnifiedInboxService(ItemService):
    """Mails of all accounts."""

    async def get_all_emails(self, **options: Unpack[ListOptions]) -> Results[UnifiedEmail]:
        """List the newest mails; see `ItemService.newest` for the keywords.

        Args:
            **options: Keywords.

        Returns:
            Mails but spam, trash, drafts and what I sent.
        """
        return cast("Results[UnifiedEmail]", await self.newest(["email"], **options))


class UnifiedMessageService(ItemService):
    """Chat messages of all accounts."""

    async def get_all_messages(self, **options: Unpack[ListOptions]) -> Results[UnifiedMessage]:
        """List the newest messages; see `ItemService.newest` for the keywords.

        Args:
            **options: Keywords.

        Returns:
            Messages.
        """
        return cast("Results[UnifiedMessage]", await self.newest(["message"], **options))


def _stored(account: Account, wanted: _Wanted) -> Search:
    parts: list[Query] = [Field("is", "unread")] if wanted.unread_only else []
    parts += [When("since", wanted.since)] if wanted.since else []
    query = And(tuple(parts)) if parts else Everything()
    return Search(
        query,
        (wanted.kind,),
        (str(account),),
        wanted.limit,
        page=str(wanted.page) if wanted.page else None,
        left_out=LEFT_OUT_OF_LISTS,
    )
