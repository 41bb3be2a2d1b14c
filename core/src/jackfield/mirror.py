"""Sync: from a connector into the store, a committed batch at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from jackfield.batches import MAX_ITEMS, Batch, Ref
from jackfield.errors import (
    CursorExpired,
    JackfieldError,
    PluginError,
    ProviderError,
    Unreachable,
)
from jackfield.requests import SyncRequest
from jackfield.store import comparing, rounds
from jackfield.store.committing import Report
from jackfield.store.database import Store, commit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from jackfield.base import Connector
    from jackfield.batches import Collection, IndexEntry
    from jackfield.hooks import AccountHooks
    from jackfield.models import Kind
    from jackfield.protocols import Clock
    from jackfield.store.identity import Place
    from jackfield.store.rounds import Standing

T = TypeVar("T")

_FIRST = {"inbox": 0, "sent": 1}
_RESTARTS = 3
_GET_AT_ONCE = 50

CONCURRENCY = 2
"""Collections at a time: on one server two take a quarter less time than one, and four no less
than two; and a connector that has fewer connections would let the others wait."""

PATIENCE = 120.0
"""Seconds that a connector may take for its next answer."""


@dataclass(slots=True)
class CollectionSync:
    """How the sync of one collection goes, and went.

    Attributes:
        name: The collection's name.
        total: Items that the provider counts in it, or None.
        stored: Places that were stored before.
        fetched: Entries that have come since.
        oldest: When the oldest of them was received.
        report: What changed.
        seconds: How long it took.
        unfetched: Keys that the provider names again and again and never gives.
        error: Why it did not finish, or None.
        missing: How many keys the provider named and did not give this time.
        compared: It was compared with all that is at the provider.
        done: It has ended, well or not.
    """

    name: str
    total: int | None = None
    stored: int = 0
    fetched: int = 0
    oldest: datetime | None = None
    report: Report = field(default_factory=Report)
    seconds: float = 0.0
    unfetched: tuple[str, ...] = ()
    error: JackfieldError | None = None
    missing: int = 0
    compared: bool = False
    done: bool = False

    @property
    def went_well(self) -> bool:
        """It finished, all that is there came, and nothing waits for a person."""
        return self.error is None and not self.missing and not self.report.withheld


class Mirror:
    """Keeps the store's copy of one account and one kind.

    Args:
        hooks: The account.
        store: Where to.
        clock: The time.
        kind: Of which kind.
        horizon: Nothing received before this time is wanted; None means all.
        accept_removals: A person agreed that most of a large collection may go.
        concurrency: Collections at a time.
        patience: Seconds that the connector may take for its next answer.
        on_commit: Hears of each collection after each commit.

    Attributes:
        outcomes: How each collection goes, from the moment they are known.
    """

    def __init__(
        self,
        hooks: AccountHooks,
        store: Store,
        clock: Clock,
        kind: Kind,
        *,
        horizon: datetime | None = None,
        accept_removals: bool = False,
        concurrency: int = CONCURRENCY,
        patience: float = PATIENCE,
        on_commit: Callable[[CollectionSync], None] = lambda _progress: None,
    ) -> None:
        self.hooks = hooks
        self.store = store
        self.clock = clock
        self.kind = kind
        self.horizon = horizon
        self.accept_removals = accept_removals
        self.concurrency = concurrency
        self.patience = patience
        self.on_commit = on_commit
        self.account = str(hooks.account)
        self.outcomes: list[CollectionSync] = []

    async def collections(self) -> list[Collection]:
        """Ask for the collections, inbox and sent first.

        Returns:
            All there are.

        Raises:
            ProviderError: The provider names none: that is not believed.
        """
        found = await self._within(self.hooks.connector.collections())
        if not found:
            raise ProviderError(self.account, "named no folder at all; nothing was changed")
        return sorted(found, key=lambda each: _FIRST.get(each.role, 2))

    async def round(self, only: Sequence[str] | None = None) -> list[CollectionSync]:
        """Sync the collections once, inbox and sent first.

        Args:
            only: Ids of the collections to sync, in this order; None means all.

        Returns:
            One outcome a collection; the error of one does not stop the others.

        Raises:
            ProviderError: The provider names no collection.
        """
        found = {each.id: each for each in await self.collections()}
        connector = self.hooks.connector
        identity, aliases = connector.mailbox_identity(), connector.mailbox_aliases()
        await self.store.write(rounds.register, self.account, identity, aliases)
        chosen = list(found.values())
        if only is not None:
            chosen = [found[id] for id in only if id in found]
        self.outcomes = [CollectionSync(each.name, each.count) for each in chosen]
        await self._sync_all(chosen)
        if len(chosen) < len(found):
            return self.outcomes
        await self._look_again(chosen)
        forgotten = await self._forget(list(found))
        if not forgotten and all(each.went_well for each in self.outcomes):
            await self.store.write(rounds.sweep, self.account, self.kind)
        return self.outcomes

    async def _look_again(self, collections: Sequence[Collection]) -> None:
        """Let go what waits where a person was not needed: it has come up in another collection."""
        for collection, outcome in zip(collections, self.outcomes, strict=True):
            if outcome.error is None and outcome.report.withheld and outcome.compared:
                place = await self.store.write(
                    rounds.place_of, self.account, collection.id, self.kind
                )
                removed, outcome.report.withheld = await self.store.write(
                    comparing.drop_unlisted, place, accept=self.accept_removals
                )
                outcome.report.removed += removed

    async def _forget(self, listed: Sequence[str]) -> int:
        """Forget collections that are gone, after all others: a renamed one costs nothing."""
        gone = await self.store.write(
            comparing.unlisted_collections, self.account, self.kind, listed, self.horizon
        )
        for place, name in gone:
            outcome = CollectionSync(name, done=True)
            outcome.report.removed, outcome.report.withheld = await self.store.write(
                comparing.forget_collection, place, accept=self.accept_removals
            )
            self.outcomes.append(outcome)
        return len(gone)

    async def _sync_all(self, collections: Sequence[Collection]) -> None:
        slots = asyncio.Semaphore(self.concurrency)

        async def one(collection: Collection, outcome: CollectionSync) -> None:
            async with slots:
                await self._sync(collection, outcome)

        async with asyncio.TaskGroup() as group:
            for collection, outcome in zip(collections, self.outcomes, strict=True):
                group.create_task(one(collection, outcome))

    async def _sync(self, collection: Collection, outcome: CollectionSync) -> None:
        began = self.clock.monotonic()
        try:
            await self._bring_up_to_date(collection, outcome)
        except JackfieldError as error:
            outcome.error = error
        except Exception as error:  # noqa: BLE001  a stranger's code
            outcome.error = PluginError(self.account, f"{type(error).__name__}: {error}")
        outcome.seconds = self.clock.monotonic() - began
        outcome.done = True

    async def _bring_up_to_date(self, collection: Collection, outcome: CollectionSync) -> None:
        place = await self.store.write(rounds.place_of, self.account, collection.id, self.kind)
        await self.store.write(rounds.enter_collection, place, collection)
        at = await self.store.read(rounds.standing, place)
        outcome.stored = await self.store.read(rounds.count_places, place)
        outcome.report.withheld = at.withheld
        mark = _mark(collection, self.horizon)
        now = self.clock.now()
        if _is_in_step(at, mark) and not (at.withheld and self.accept_removals):
            await self.store.write(rounds.end_round, place, now, mark)
            return
        accepted = at.withheld and self.accept_removals
        if self._syncing == "delta" and (accepted or not at.reaches(self.horizon)):
            await self.store.write(rounds.begin_snapshot, place)
        await self._fetch(collection, place, outcome)
        if self._syncing in {"append", "index"}:
            missing = await self._follow_index(collection, place, outcome)
            outcome.missing = len(missing)
            outcome.unfetched = tuple(sorted(set(missing) & set(at.unfetched)))
            await self.store.write(rounds.end_round, place, now, "" if missing else mark, missing)
        else:
            await self.store.write(rounds.end_round, place, now, mark)
        outcome.report.withheld = (await self.store.read(rounds.standing, place)).withheld

    @property
    def _syncing(self) -> str:
        return self.hooks.connector.effective(self.kind).capabilities.sync

    async def _within(self, waiting: Awaitable[T]) -> T:
        """Wait for the connector, but not for ever.

        Returns:
            Its answer.

        Raises:
            Unreachable: It did not answer in time.
        """
        try:
            async with asyncio.timeout(self.patience):
                return await waiting
        except Unreachable:
            raise
        except TimeoutError:
            late = f"no answer in {self.patience:g} s"
            raise Unreachable(self.account, late) from None

    async def _each(self, generator: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Go through a connector's generator, with patience for each step."""
        async with aclosing(generator):
            while (value := await self._within(anext(generator, None))) is not None:
                yield value

    async def _fetch(self, collection: Collection, place: Place, outcome: CollectionSync) -> None:
        """Fetch from the committed cursor; an expired one starts a snapshot.

        Raises:
            PluginError: It expires again and again.
        """
        if self._syncing == "index":
            return
        for _ in range(_RESTARTS):
            try:
                await self._fetch_once(collection, place, outcome)
            except CursorExpired:
                await self.store.write(rounds.begin_snapshot, place)
            else:
                return
        raise PluginError(self.account, f"{collection.name}: the cursor expires again and again")

    async def _fetch_once(
        self, collection: Collection, place: Place, outcome: CollectionSync
    ) -> None:
        at = await self.store.read(rounds.standing, place)
        if at.cursor is None and not at.snapshot and self._syncing == "delta":
            await self.store.write(rounds.begin_snapshot, place)
            at = await self.store.read(rounds.standing, place)
        if at.cursor is None:
            await self.store.write(rounds.note_horizon, place, self.horizon)
        request = SyncRequest(self.kind, collection, at.cursor, at.snapshot, self.horizon)
        async with aclosing(self._each(self.hooks.fetch(request))) as batches:
            async for batch in batches:
                await self._commit(collection, place, batch, outcome)

    async def _commit(
        self, collection: Collection, place: Place, batch: Batch, outcome: CollectionSync
    ) -> None:
        """Commit a batch; a patch to an unknown item first gets the item."""
        given = {(entry.ref.epoch, entry.ref.key) for entry in batch.items}
        patched = [(patch.ref.epoch, patch.ref.key) for patch in batch.patches]
        unknown = await self.store.read(
            rounds.unknown_keys, place, [at for at in patched if at not in given]
        )
        if unknown:
            refs = [Ref(collection.id, key, epoch) for epoch, key in dict.fromkeys(unknown)]
            await self._get(collection, refs, outcome)
        await self._write(collection, batch, outcome)

    async def _write(self, collection: Collection, batch: Batch, outcome: CollectionSync) -> None:
        batch = self.hooks.ingest(batch)
        outcome.report.add(
            await self.store.write(
                commit,
                self.account,
                collection.id,
                self.kind,
                batch,
                self.clock.now(),
                horizon=self.horizon,
                accept=self.accept_removals,
            )
        )
        outcome.fetched += len(batch.items)
        outcome.compared = outcome.compared or batch.snapshot_complete
        times = [entry.received for entry in batch.items]
        outcome.oldest = min([*times, outcome.oldest] if outcome.oldest else times, default=None)
        self.on_commit(outcome)

    async def _get(
        self, collection: Collection, refs: Sequence[Ref], outcome: CollectionSync
    ) -> list[str]:
        """Get single items and commit them; give the keys of those that did not come."""
        missing: list[str] = []
        for some in _chunks(refs, _GET_AT_ONCE):
            left = list(some)
            while left:
                entries = await self._within(self.hooks.get(left, "full"))
                await self._write(collection, Batch(items=tuple(entries)), outcome)
                came = {entry.ref for entry in entries}
                if not came:
                    missing += [ref.key for ref in left]
                    break
                left = [ref for ref in left if ref not in came]
        return missing

    async def _follow_index(
        self, collection: Collection, place: Place, outcome: CollectionSync
    ) -> list[str]:
        """Read the whole index: get what is missing, drop what is gone.

        Returns:
            Keys that the index named and that could not be fetched.
        """
        await self.store.write(comparing.begin_comparison, place)
        wanted: list[IndexEntry] = []
        async with aclosing(self._each(_generated(self.hooks.connector, collection))) as pages:
            async for page in pages:
                wanted += await self._compare(collection, place, page, outcome)
        refs = [Ref(collection.id, entry.key, collection.epoch) for entry in wanted]
        missing = await self._get(collection, refs, outcome)
        lost = set(missing)
        got = [entry for entry in wanted if entry.key not in lost]
        await self.store.write(comparing.remember_versions, place, collection.epoch, got)
        await self.store.write(comparing.spare_older, place, self.horizon)
        removed, outcome.report.withheld = await self.store.write(
            comparing.drop_unlisted, place, accept=self.accept_removals
        )
        outcome.report.removed += removed
        outcome.compared = True
        self.on_commit(outcome)
        return missing

    async def _compare(
        self,
        collection: Collection,
        place: Place,
        page: Sequence[IndexEntry],
        outcome: CollectionSync,
    ) -> list[IndexEntry]:
        """Take over the flags that a page tells, and give the entries that have to be got.

        Nothing is got yet: a connector may need for that the very connection it lists with.

        Returns:
            What is missing, and what changed without a patch.
        """
        missing, changed = await self.store.write(comparing.compare, place, collection.epoch, page)
        told = [entry for entry in changed if entry.patch is not None]
        for some in _chunks(told, MAX_ITEMS):
            patches = tuple(entry.patch for entry in some if entry.patch is not None)
            await self._write(collection, Batch(patches=patches), outcome)
            await self.store.write(comparing.remember_versions, place, collection.epoch, some)
        missing = [entry for entry in missing if entry.is_within(self.horizon)]
        silent = [entry for entry in changed if entry.patch is None]
        return [replace(entry, patch=None) for entry in (*missing, *silent)]


def _generated(
    connector: Connector, collection: Collection
) -> AsyncGenerator[Sequence[IndexEntry], None]:
    """Give a connector's index as a generator that closes it: a line may be held until then."""

    async def pages() -> AsyncGenerator[Sequence[IndexEntry], None]:
        index = connector.index(collection)
        try:
            async for page in index:
                yield page
        finally:
            if isinstance(index, AsyncGenerator):
                await index.aclose()

    return pages()


def _mark(collection: Collection, horizon: datetime | None) -> str:
    """Name what "in step" means: this version, as far back as this horizon."""
    since = "" if horizon is None else horizon.date().isoformat()
    return f"{collection.version}@{since}" if collection.version else ""


def _is_in_step(at: Standing, mark: str) -> bool:
    return bool(mark) and mark == at.version and not at.snapshot


def _chunks(values: Sequence[T], size: int) -> list[Sequence[T]]:
    return [values[at : at + size] for at in range(0, len(values), size)]
