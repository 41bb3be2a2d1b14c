"""Searching: the store at once, and the providers where that is asked for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypedDict

from jackfield.batches import Batch
from jackfield.errors import NotSupported
from jackfield.query.evaluating import matching
from jackfield.query.parser import parse
from jackfield.query.tree import And, Everything, Field, Not, Or, Words
from jackfield.requests import SearchRequest
from jackfield.results import Results, SourceState
from jackfield.services.showing import ShowService
from jackfield.services.states import DEADLINE, gather
from jackfield.store import reading, rounds
from jackfield.store.searching import LEFT_OUT_OF_SEARCHES, Found, Page, Search, count, search

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from typing import Unpack

    from jackfield.batches import Entry
    from jackfield.hooks import AccountHooks
    from jackfield.models import Account, Kind
    from jackfield.query.tree import Query
    from jackfield.store.searching import Order

KINDS: tuple[Kind, ...] = ("email", "message", "note", "meeting")

SCAN = 500
"""Hits of one provider that are looked at, where it cannot answer the whole query itself."""

PAGE = 200


class SearchOptions(TypedDict, total=False):
    """The keywords of every search; `SearchService.search` says what they mean."""

    kinds: Sequence[Kind] | None
    accounts: Sequence[str] | None
    limit: int
    order: Order
    page: str | None
    live: bool
    deadline: float
    left_out: frozenset[str]


@dataclass(slots=True)
class _Hits:
    """What one provider found.

    Attributes:
        state: How it answered.
        ids: Of the items that match the whole query.
        scanned: Hits that were looked at.
        residue: What the provider could not check.
    """

    state: SourceState
    ids: list[str] = field(default_factory=list)
    scanned: int = 0
    residue: Query = field(default_factory=Everything)


class SearchService(ShowService):
    """Finds items."""

    def parse(self, text: str) -> Query:
        """Read a search in the user's zone.

        Args:
            text: As it was typed.

        Returns:
            The query.

        Raises:
            QueryError: It cannot be understood; it says where.
        """
        configuration = self.session.configuration
        return parse(text, now=self.session.clock.now(), zone=configuration.timezone)

    async def search(
        self,
        text: str,
        *,
        kinds: Sequence[Kind] | None = None,
        accounts: Sequence[str] | None = None,
        limit: int = 50,
        order: Order = "date",
        page: str | None = None,
        live: bool = True,
        deadline: float = DEADLINE,
        left_out: frozenset[str] = LEFT_OUT_OF_SEARCHES,
    ) -> Results[Any]:
        """Find items in the store and, if `live`, at the providers.

        Spam and trash are left out, unless the query says ``in:``.

        Args:
            text: The query.
            kinds: Of these kinds; None means all.
            accounts: Only these, as ``gmail:work``, ``gmail`` or ``work``; None means all.
            limit: At most so many items.
            order: ``date``: newest received first. ``relevance``: the best of the newest 5,000
                stored hits first.
            page: Where to go on, as `Results.next` of the page before; pages come from the store.
            live: Also ask the providers, and keep what they find.
            deadline: Seconds that a provider may take.
            left_out: Roles of collections in which an item does not count.

        Returns:
            The items, and how far each source was searched: ``skipped`` where nothing of it was
            ever synced, ``partial`` where only a part of it was.

        Raises:
            QueryError: The query, or the page, cannot be understood.
            ConfigError: An account that is named does not exist.
            NotSupported: Nothing is stored, and the providers shall not be asked.
        """
        query = self.parse(text)
        live = live and page is None and not self.session.configuration.offline
        self._check_there_is_a_store(live=live)
        hits: list[_Hits] = []
        if live:
            hits = await self._ask_all(query, self._asked(kinds, accounts), limit, deadline)
            states = [each.state for each in hits]
        else:
            states = await self._stored_states(kinds, accounts)
        wanted = Search(query, _kinds(kinds), self._names(accounts), limit, order, page, left_out)
        found = await self.session.store.read(search, wanted)
        found = await self._add(found, hits, wanted)
        states, shown = self.present(states, found.items)
        more = found.more or any(len(each.ids) >= limit for each in hits)
        return Results(tuple(shown), tuple(states), truncated=more, next=found.next)

    async def count(
        self,
        text: str,
        *,
        kinds: Sequence[Kind] | None = None,
        accounts: Sequence[str] | None = None,
    ) -> tuple[int, tuple[SourceState, ...]]:
        """Count what is stored and matches.

        Args:
            text: The query; empty for everything.
            kinds: Of these kinds; None means all.
            accounts: Only these; None means all.

        Returns:
            How many items, and how far each source was searched.

        Raises:
            QueryError: The query cannot be understood.
            ConfigError: An account that is named does not exist.
            NotSupported: Nothing is stored.
        """
        query = self.parse(text)
        self._check_there_is_a_store(live=False)
        wanted = Search(query, _kinds(kinds), self._names(accounts))
        number = await self.session.store.read(count, wanted)
        return number, tuple(await self._stored_states(kinds, accounts))

    async def pages(
        self, text: str, **options: Unpack[SearchOptions]
    ) -> AsyncGenerator[Results[Any], None]:
        """Turn pages through everything that is stored and matches, in constant memory.

        Args:
            text: The query; empty for everything.
            **options: As for `search`; `limit` is a page's, and `live` asks for the first page.

        Yields:
            A page each.
        """
        options = {"limit": PAGE, "live": False, **options}
        while True:
            results = await self.search(text, **options)
            yield results
            if results.next is None:
                return
            options["page"] = results.next

    def _check_there_is_a_store(self, *, live: bool) -> None:
        if self.session.store.path is None and not live:
            raise NotSupported("the store", "there is none on disk; only providers can be searched")

    def _asked(
        self, kinds: Sequence[Kind] | None, accounts: Sequence[str] | None
    ) -> list[tuple[Account, Kind]]:
        return [
            (account, kind)
            for account in self.chosen(accounts)
            for kind in self.kinds_of(account, kinds or KINDS)
        ]

    def _names(self, accounts: Sequence[str] | None) -> tuple[str, ...] | None:
        return None if accounts is None else tuple(map(str, self.chosen(accounts)))

    async def _stored_states(
        self, kinds: Sequence[Kind] | None, accounts: Sequence[str] | None
    ) -> list[SourceState]:
        """Tell how much of each account is in the store; no connector is loaded for that."""
        states = []
        for account in self.chosen(accounts):
            known = await self.session.store.read(rounds.stored_kinds, str(account))
            mine = [kind for kind in KINDS if kind in known] or [KINDS[0]]
            states += [
                await self._stored_state(account, kind)
                for kind in mine
                if kinds is None or kind in kinds
            ]
        return states

    async def _stored_state(self, account: Account, kind: Kind) -> SourceState:
        """Tell how much of a source is in the store."""
        state = SourceState(str(account), kind, "complete")
        synced = await self.session.store.read(rounds.synced, str(account), kind)
        fix = f"jackfield sync {account}"
        if synced.oldest is None:
            return replace(state, state="skipped", error="never synced", fix=fix)
        age = (self.session.clock.now() - synced.oldest).total_seconds()
        if synced.never:
            error = f"not searched: {_named(synced.never)} (never synced)"
            return replace(state, state="partial", error=error, fix=fix, age=age)
        return replace(state, age=age)

    async def _ask_all(
        self, query: Query, asked: Sequence[tuple[Account, Kind]], limit: int, deadline: float
    ) -> list[_Hits]:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._ask(account, kind, query, limit, deadline))
                for account, kind in asked
            ]
        return [task.result() for task in tasks]

    async def _ask(
        self, account: Account, kind: Kind, query: Query, limit: int, deadline: float
    ) -> _Hits:
        """Ask one provider; what it does not answer, the store answers as well as it can."""
        hits = _Hits(SourceState(str(account), kind, "complete"))
        stored = await self._stored_state(account, kind)

        def ask(hooks: AccountHooks) -> AsyncGenerator[Batch, None]:
            if hooks.connector.effective(kind).capabilities.search != "remote":
                raise NotSupported(account, "has no search of its own; the store was searched")
            translation = hooks.connector.translate(query)
            hits.residue = translation.residue
            most = limit if translation.exact else SCAN
            return hooks.search(SearchRequest(kind, query, translation, most))

        async def take(hooks: AccountHooks, batch: Batch, count: int) -> bool:
            hits.scanned += count
            await self._take(hooks, kind, batch, hits)
            return len(hits.ids) >= limit or hits.scanned >= SCAN

        state = await gather(self.session, account, kind, deadline, ask, take)
        if state.state == "complete" and hits.scanned >= SCAN and len(hits.ids) < limit:
            scanned = f"scan limit: {hits.scanned} of its hits were looked at"
            state = replace(state, state="partial", error=scanned, fix=stored.fix)
        if state.state == "failed" and stored.age is not None:
            state = replace(state, state="stale", age=stored.age)
        age = stored.age if state.state in {"stale", "failed"} else 0.0
        hits.state = replace(state, count=len(hits.ids), age=age)
        return hits

    async def _take(self, hooks: AccountHooks, kind: Kind, batch: Batch, hits: _Hits) -> None:
        """Keep a provider's hits, and check what it could not check itself."""
        entries = list(batch.items)
        ids = [item.id for item in await self.keep(hooks, kind, entries)]
        if _needs_text(hits.residue):
            await self._fetch_texts(hooks, kind, entries, ids)
        candidates = await self.session.store.read(reading.candidates, ids)
        holds = matching(hits.residue, candidates)
        hits.ids += [each.item.id for each, good in zip(candidates, holds, strict=True) if good]

    async def _fetch_texts(
        self, hooks: AccountHooks, kind: Kind, entries: Sequence[Entry], ids: Sequence[str]
    ) -> None:
        """Fetch the texts of hits of which only the headers are stored."""
        poor = set(await self.session.store.read(reading.without_text, ids))
        if not poor:
            return
        by_collection: dict[str, list[Entry]] = {}
        for entry in entries:
            by_collection.setdefault(entry.ref.collection, []).append(entry)
        for some in by_collection.values():
            left = [entry.ref for entry in some]
            while left:
                whole = await hooks.get(left, "full")
                await self.keep(hooks, kind, hooks.ingest(Batch(items=tuple(whole))).items)
                came = {entry.ref for entry in whole}
                left = [ref for ref in left if ref not in came] if came else []

    async def _add(self, found: Found, hits: Sequence[_Hits], wanted: Search) -> Found:
        """Add what providers found, and the store's own search does not: each item once."""
        there = {item.id for item in found.items}
        extra = [id for each in hits for id in each.ids if id not in there]
        if not extra:
            return found
        ids = [*(item.id for item in found.items), *extra]
        page = await self.session.store.read(Page.first)
        items, spot = await self.session.store.read(
            reading.newest_of, ids, wanted.limit, page.before
        )
        more = found.next is not None or len(ids) > wanted.limit
        return Found(items, str(Page(spot, page.moves)) if more else None, more)


def _kinds(kinds: Sequence[Kind] | None) -> tuple[Kind, ...] | None:
    return None if kinds is None else tuple(kinds)


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def _needs_text(query: Query) -> bool:
    match query:
        case Words():
            return True
        case Field(name, _):
            return name == "has"
        case Not(part):
            return _needs_text(part)
        case And(parts) | Or(parts):
            return any(map(_needs_text, parts))
    return False
