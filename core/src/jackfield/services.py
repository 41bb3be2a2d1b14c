"""Asking many accounts at once: each on its own, each within its deadline."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict, cast

from jackfield.errors import (
    AuthenticationError,
    ConfigError,
    ConnectorError,
    JackfieldError,
    NotFound,
    PluginError,
    Unreachable,
)
from jackfield.models import Account
from jackfield.requests import ListFilter, ListRequest
from jackfield.results import Results, SourceState
from jackfield.store import reading, rounds
from jackfield.store.database import write_through
from jackfield.store.reading import Listing
from jackfield.times import parse_since

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime, timedelta
    from typing import Unpack

    from jackfield.batches import Entry
    from jackfield.models import Item, Kind, UnifiedEmail, UnifiedMessage
    from jackfield.session import Session

OFFLINE = "offline: nobody was asked"

DEADLINE = 10.0
"""Seconds that a source may take."""


class ListOptions(TypedDict, total=False):
    """The keywords of every listing; `ItemService.newest` says what they mean."""

    limit: int
    unread_only: bool
    since: str | datetime | date | timedelta | None
    accounts: Sequence[str] | None
    offline: bool
    deadline: float


@dataclass(frozen=True, slots=True)
class _Wanted:
    kind: Kind
    limit: int
    unread_only: bool
    since: datetime | None
    deadline: float


class ItemService:
    """Lists items of any kinds over all accounts.

    Args:
        session: The accounts.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

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

        Returns:
            The items, and how each source answered.

        Raises:
            ConfigError: An account that is named does not exist.
            NoSourceAnswered: All sources failed and nothing is stored of them.
        """
        if limit < 1:
            raise ConfigError(f"limit is {limit}; it takes 1 or more")
        if deadline <= 0:
            raise ConfigError(f"deadline is {deadline}; it takes seconds above 0")
        if isinstance(accounts, str):
            accounts = [accounts]
        offline = offline or self.session.configuration.offline
        wanted = _Wanted(
            kinds[0], limit, unread_only, parse_since(since, self.session.clock.now()), deadline
        )
        asked = [
            (account, kind)
            for account in self.chosen(accounts)
            for kind in self._kinds(account, kinds)
        ]
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._source(account, replace(wanted, kind=kind), offline))
                for account, kind in asked
            ]
        answers = [task.result() for task in tasks]
        results = await self._merge(answers, limit)
        return results.raise_if_nobody_answered()

    def chosen(self, names: Sequence[str] | None) -> list[Account]:
        """Find the accounts that are meant.

        Args:
            names: ``gmail:work``, ``gmail`` or ``work``; None means all.

        Returns:
            The accounts.

        Raises:
            ConfigError: There is none of a name.
        """
        known = self.session.accounts
        if names is None:
            return list(known)
        chosen: dict[Account, None] = {}
        for name in names:
            meant = [a for a in known if name in {str(a), a.source, a.name}]
            if not meant:
                listed = ", ".join(map(str, known)) or "none"
                raise ConfigError(f"there is no account {name!r}; known: {listed}")
            chosen |= dict.fromkeys(meant)
        return list(chosen)

    def _kinds(self, account: Account, kinds: Sequence[Kind]) -> Sequence[Kind]:
        """Choose the kinds an account serves; a broken one is asked, so that it is named."""
        try:
            return [kind for kind in kinds if kind in self.session.kinds(account)]
        except JackfieldError:
            return kinds[:1]

    async def _source(
        self, account: Account, wanted: _Wanted, offline: bool
    ) -> tuple[SourceState, list[str]]:
        """Ask one source; what it does not give comes from the store, and is called stale."""
        entries: list[Entry] = []
        if offline:
            state = SourceState(str(account), wanted.kind, "failed", error=OFFLINE)
        else:
            state = await self._ask(account, wanted, entries)
        try:
            if entries:
                return await self._keep(account, state, wanted, entries)
            if state.state == "failed":
                return await self._stale(account, state, wanted)
        except JackfieldError as error:
            return source_failed(state, error), []
        except Exception as error:  # noqa: BLE001  what a stranger's connector gave
            broken = PluginError(str(account), f"{type(error).__name__}: {error}")
            return source_failed(state, broken), []
        return replace(state, age=0.0), []

    async def _ask(self, account: Account, wanted: _Wanted, entries: list[Entry]) -> SourceState:
        """Collect entries until the source is done, fails, or its time is over."""
        state = SourceState(str(account), wanted.kind, "complete")
        request = ListRequest(
            wanted.kind, wanted.limit, ListFilter(wanted.unread_only, wanted.since)
        )
        try:
            async with asyncio.timeout(wanted.deadline):
                hooks = await self.session.open(account)
                async with aclosing(hooks.fetch(request)) as batches:
                    async for batch in batches:
                        entries.extend(hooks.ingest(batch).items)
                        await asyncio.sleep(0)  # a generator that never waits would starve all
                        if len(entries) >= wanted.limit:
                            break
        except JackfieldError as error:
            return source_failed(state, error, partial=bool(entries))
        except TimeoutError:
            late = f"no answer in {wanted.deadline:g} s"
            return replace(state, state="partial" if entries else "failed", error=late)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            cancelled = PluginError(str(account), "raised CancelledError though nobody cancelled")
            return source_failed(state, cancelled, partial=bool(entries))
        except Exception as error:  # noqa: BLE001  a stranger's code
            broken = PluginError(str(account), f"{type(error).__name__}: {error}")
            return source_failed(state, broken, partial=bool(entries))
        return state

    async def _keep(
        self, account: Account, state: SourceState, wanted: _Wanted, entries: list[Entry]
    ) -> tuple[SourceState, list[str]]:
        """Write a live listing through to the store, which gives the items their ids."""
        hooks = self.session.hooks(account)
        identity = hooks.connector.mailbox_identity()
        store = self.session.store
        await store.write(rounds.register, str(account), identity)
        items = await store.write(
            write_through, str(account), wanted.kind, entries, self.session.clock.now()
        )
        return replace(state, count=len(items), age=0.0), [item.id for item in items]

    async def _stale(
        self, account: Account, state: SourceState, wanted: _Wanted
    ) -> tuple[SourceState, list[str]]:
        """Show what is stored of a source that failed."""
        listing = Listing(
            (wanted.kind,),
            (str(account),),
            limit=wanted.limit,
            unread_only=wanted.unread_only,
            since=wanted.since,
        )
        known = await self.session.store.read(reading.answered_at, str(account))
        if known is None:
            return state, []
        items = await self.session.store.read(reading.newest, listing)
        age = (self.session.clock.now() - known).total_seconds()
        return replace(state, state="stale", count=len(items), age=age), [i.id for i in items]

    async def _merge(
        self, answers: list[tuple[SourceState, list[str]]], limit: int
    ) -> Results[Any]:
        """Put the sources' items together, newest first, and let the plugins look at them."""
        ids = list(dict.fromkeys(id for _, some in answers for id in some))
        items = await self.session.store.read(reading.newest_of, ids, limit)
        states, shown = self._present([state for state, _ in answers], items)
        more = len(ids) > limit or any(state.count >= limit for state in states)
        return Results(tuple(shown), tuple(states), truncated=more)

    def _present(
        self, states: list[SourceState], items: Sequence[Item]
    ) -> tuple[list[SourceState], list[Item]]:
        shown: dict[str, Item] = {}
        for account in {Account.parse(item.account) for item in items}:
            mine = [item for item in items if item.account == str(account)]
            try:
                presented = self.session.hooks(account).present(mine)
            except PluginError as error:
                states = [
                    source_failed(state, error) if state.account == str(account) else state
                    for state in states
                ]
                continue
            shown |= {item.id: item for item in presented}
        return states, [shown[item.id] for item in items if item.id in shown]

    async def show(self, prefix: str, *, deadline: float = DEADLINE) -> Item:
        """Read one item whole, from its provider where only a part of it is stored.

        Args:
            prefix: Its id, or the beginning of it.
            deadline: Seconds that the provider may take.

        Returns:
            The item. `stored` gives what is there when its provider does not answer.

        Raises:
            ConfigError: Nothing, or more than one item, has that id.
        """
        id = await self._resolve(prefix)
        await self._complete(id, deadline)
        return await self.stored(id)

    async def _resolve(self, prefix: str) -> str:
        found = await self.session.store.read(reading.find, prefix) if prefix else []
        if len(found) != 1:
            several = f"{prefix!r} may be any of {', '.join(found)}; give more of it"
            nothing = f"no item has the id {prefix!r}"
            raise ConfigError(several if found else nothing, fix="" if found else "jackfield inbox")
        return found[0]

    async def stored(self, prefix: str) -> Item:
        """Read one item as far as it is stored; nobody is asked.

        Args:
            prefix: Its id, or the beginning of it.

        Returns:
            The item.

        Raises:
            ConfigError: Nothing, or more than one item, has that id.
        """
        id = await self._resolve(prefix)
        (item,) = await self.session.store.read(reading.by_ids, [id])
        shown = self.session.hooks(Account.parse(item.account)).present([item])
        if not shown:
            raise ConfigError(f"no item has the id {prefix!r}", fix="jackfield inbox")
        return shown[0]

    async def _complete(self, id: str, deadline: float) -> None:
        """Fetch the rest of an item of which only the headers are stored.

        Raises:
            Unreachable: Its provider did not answer in time.
            PluginError: The connector failed otherwise.
            JackfieldError: The provider refused, or the item is no longer there.
        """
        if self.session.configuration.offline:
            return
        gone: JackfieldError | None = None
        places = await self.session.store.read(reading.places, id)
        for account, ref, level in places:
            if level == "full" or Account.parse(account) not in self.session.accounts:
                return
            try:
                async with asyncio.timeout(deadline):
                    hooks = await self.session.open(Account.parse(account))
                    entries = await hooks.connector.get([ref], "full")
            except TimeoutError:
                raise Unreachable(account, f"no answer in {deadline:g} s") from None
            except JackfieldError:
                raise
            except Exception as error:
                broken = f"get: {type(error).__name__}: {error}"
                raise PluginError(account, broken) from error
            if not entries:
                gone = NotFound(account, "no longer where it was seen", fix="jackfield inbox")
                continue
            kind = (await self.session.store.read(reading.by_ids, [id]))[0].kind
            await self.session.store.write(
                write_through, account, kind, entries, self.session.clock.now()
            )
            return
        if gone is not None:
            raise gone

    def original(self, item: Item) -> Any:
        """Read an item's original bytes; awaitable.

        Args:
            item: Which.

        Returns:
            The bytes, or None where they are not stored.
        """
        return self.session.store.read(reading.original, item.id)


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


def source_failed(
    state: SourceState, error: JackfieldError, *, partial: bool = False
) -> SourceState:
    """Put an error into a source's state.

    Args:
        state: The state so far.
        error: What went wrong.
        partial: Something was given before.

    Returns:
        The state with the cause (without the account), the fix, and when to try again.
    """
    cause = error.cause if isinstance(error, ConnectorError) else error.message
    return replace(
        state,
        state="partial" if partial else "failed",
        error=cause,
        fix=error.fix,
        retry_after=getattr(error, "retry_after", None),
        sign_in=isinstance(error, AuthenticationError),
    )
