"""Sync: from a connector into the store, a committed batch at a time."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from jackfield.batches import Batch, Ref
from jackfield.errors import CursorExpired, JackfieldError, PluginError, ProviderError
from jackfield.requests import SyncRequest
from jackfield.store import rounds
from jackfield.store.committing import Report
from jackfield.store.database import Store, commit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from jackfield.batches import Collection, IndexEntry
    from jackfield.hooks import AccountHooks
    from jackfield.models import Kind
    from jackfield.protocols import Clock
    from jackfield.store.identity import Place

T = TypeVar("T")

_FIRST = {"inbox": 0, "sent": 1}
_RESTARTS = 3
_GET_AT_ONCE = 50


@dataclass(slots=True)
class CollectionSync:
    """How the sync of one collection went.

    Attributes:
        name: The collection's name.
        report: What changed.
        seconds: How long it took.
        error: Why it did not finish, or None.
    """

    name: str
    report: Report = field(default_factory=Report)
    seconds: float = 0.0
    error: JackfieldError | None = None

    @property
    def went_well(self) -> bool:
        """It finished, and nothing waits for a person."""
        return self.error is None and not self.report.withheld


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
        on_commit: Hears of each collection after each commit.
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
        concurrency: int = 4,
        on_commit: Callable[[CollectionSync], None] = lambda _progress: None,
    ) -> None:
        self.hooks = hooks
        self.store = store
        self.clock = clock
        self.kind = kind
        self.horizon = horizon
        self.accept_removals = accept_removals
        self.concurrency = concurrency
        self.on_commit = on_commit
        self.account = str(hooks.account)

    async def round(self, only: Sequence[str] | None = None) -> list[CollectionSync]:
        """Sync the collections once, inbox and sent first.

        Args:
            only: Ids of the collections to sync, in this order; None means all.

        Returns:
            One outcome a collection; the error of one does not stop the others.

        Raises:
            ProviderError: The provider names no collection: that is not believed.
        """
        connector = self.hooks.connector
        identity = connector.mailbox_identity()
        found = {each.id: each for each in await connector.collections()}
        if not found:
            raise ProviderError(self.account, "named no folder at all; nothing was changed")
        await self.store.write(rounds.register, self.account, identity)
        forgotten = await self.store.write(
            rounds.forget_unlisted, self.account, self.kind, list(found)
        )
        chosen = [found[id] for id in only or () if id in found]
        if only is None:
            chosen = sorted(found.values(), key=lambda each: _FIRST.get(each.role, 2))
        outcomes = await self._sync_all(chosen)
        whole = len(chosen) == len(found) and not forgotten
        if whole and all(each.went_well for each in outcomes):
            await self.store.write(rounds.sweep, self.account, self.kind)
        return outcomes

    async def _sync_all(self, collections: Sequence[Collection]) -> list[CollectionSync]:
        slots = asyncio.Semaphore(self.concurrency)

        async def one(collection: Collection) -> CollectionSync:
            async with slots:
                return await self._sync(collection)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(each)) for each in collections]
        return [task.result() for task in tasks]

    async def _sync(self, collection: Collection) -> CollectionSync:
        outcome = CollectionSync(collection.name)
        began = self.clock.monotonic()
        place = await self.store.write(rounds.place_of, self.account, collection.id, self.kind)
        try:
            await self.store.write(rounds.enter_collection, place, collection)
            await self._fetch(collection, place, outcome)
            if self._syncing in {"append", "index"}:
                await self._follow_index(collection, place, outcome)
        except JackfieldError as error:
            outcome.error = error
        except Exception as error:  # noqa: BLE001  a stranger's code
            outcome.error = PluginError(self.account, f"{type(error).__name__}: {error}")
        outcome.seconds = self.clock.monotonic() - began
        return outcome

    @property
    def _syncing(self) -> str:
        return self.hooks.connector.effective(self.kind).capabilities.sync

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
        request = SyncRequest(self.kind, collection, at.cursor, at.snapshot, self.horizon)
        async with aclosing(self.hooks.fetch(request)) as batches:
            async for batch in batches:
                await self._commit(collection, place, batch, outcome)

    async def _commit(
        self, collection: Collection, place: Place, batch: Batch, outcome: CollectionSync
    ) -> None:
        """Commit a batch; a patch to an unknown item first gets the item."""
        patched = [(patch.ref.epoch, patch.ref.key) for patch in batch.patches]
        patched = [
            at for at in patched if at not in {(e.ref.epoch, e.ref.key) for e in batch.items}
        ]
        unknown = await self.store.read(rounds.unknown_keys, place, patched)
        if unknown:
            refs = [Ref(collection.id, key, epoch) for epoch, key in dict.fromkeys(unknown)]
            entries = await self.hooks.connector.get(refs, "full")
            batch = replace(batch, items=(*batch.items, *entries))
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
        self.on_commit(outcome)

    async def _follow_index(
        self, collection: Collection, place: Place, outcome: CollectionSync
    ) -> None:
        """Read the whole index, then get what is missing, and drop what is gone."""
        index: list[IndexEntry] = []
        async for page in self.hooks.connector.index(collection):
            index.extend(page)
        missing, changed, gone = await self.store.read(
            rounds.compare, place, collection.epoch, index
        )
        wanted = {entry.key for entry in index if entry.is_within(self.horizon)}
        missing = [key for key in missing if key in wanted]
        stale = [entry.key for entry in changed if entry.patch is None]
        for keys in _chunks([*missing, *stale], _GET_AT_ONCE):
            refs = [Ref(collection.id, key, collection.epoch) for key in keys]
            entries = await self.hooks.connector.get(refs, "full")
            await self._commit(collection, place, Batch(items=tuple(entries)), outcome)
        patches = [entry.patch for entry in changed if entry.patch is not None]
        for some in _chunks(patches, _GET_AT_ONCE):
            await self._commit(collection, place, Batch(patches=tuple(some)), outcome)
        await self.store.write(rounds.remember_versions, place, collection.epoch, index)
        removed, outcome.report.withheld = await self.store.write(
            rounds.drop, place, gone, accept=self.accept_removals
        )
        outcome.report.removed += removed
        self.on_commit(outcome)


def _chunks(values: Sequence[T], size: int) -> list[Sequence[T]]:
    return [values[at : at + size] for at in range(0, len(values), size)]
