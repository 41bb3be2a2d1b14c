"""Sync of many accounts at once: each on its own, one at a time for each."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jackfield.errors import (
    AlreadyRunning,
    ConfigError,
    JackfieldError,
    PluginError,
    StoreError,
)
from jackfield.locks import only_sync
from jackfield.mirror import Mirror
from jackfield.results import SourceState
from jackfield.services.searching import KINDS
from jackfield.services.service import Service
from jackfield.services.states import source_failed
from jackfield.store import merging, rounds
from jackfield.times import parse_since

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime, timedelta

    from jackfield.batches import Collection
    from jackfield.mirror import CollectionSync
    from jackfield.models import Account
    from jackfield.session import Session


_log = logging.getLogger("jackfield.syncing")


@dataclass(slots=True)
class AccountSync:
    """How the sync of one account and kind goes, and went.

    Attributes:
        account: Which.
        state: How it ended; ``complete`` while it runs.
        mirror: What does the work, once the account is open.
        mistake: It has none of the folders that were named.
    """

    account: Account
    state: SourceState
    mirror: Mirror | None = None
    mistake: ConfigError | None = None

    @property
    def collections(self) -> Sequence[CollectionSync]:
        """How each collection goes."""
        return self.mirror.outcomes if self.mirror is not None else ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    since: str | datetime | date | timedelta | None
    folders: Sequence[str]
    accept_removals: bool


class SyncService(Service):
    """Copies what is at the providers into the store.

    Attributes:
        running: What is under way, or was last.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.running: list[AccountSync] = []

    async def sync(
        self,
        accounts: Sequence[str] | None = None,
        *,
        since: str | datetime | date | timedelta | None = None,
        folders: Sequence[str] = (),
        accept_removals: bool = False,
    ) -> list[AccountSync]:
        """Sync accounts at the same time.

        Every batch is committed with the cursor behind it: whatever stops a sync, the next one
        goes on from there.

        Args:
            accounts: ``gmail:work``, ``gmail`` or ``work``; None means all.
            since: Only what was received at or after this time; None means all that the
                configuration's ``sync`` does not leave out.
            folders: Only these, by name, id or role; empty means all.
            accept_removals: More than half of a large folder may go.

        Returns:
            How each account went.

        Raises:
            ConfigError: There is no such account, no account has such a folder, `since` is no
                time, or the configuration says offline.
        """
        if self.session.configuration.offline:
            path = self.session.configuration.path
            raise ConfigError("offline: nobody is asked", fix=f"take offline out of {path}")
        parse_since(since, self.session.clock.now(), self.session.configuration.timezone)
        wanted = _Wanted(since, folders, accept_removals)
        self.running = [
            AccountSync(account, SourceState(str(account), kind, "complete", age=0.0))
            for account in self.chosen(accounts)
            for kind in self.kinds_of(account, KINDS)
        ]
        by_account: dict[Account, list[AccountSync]] = {}
        for each in self.running:
            by_account.setdefault(each.account, []).append(each)
        async with asyncio.TaskGroup() as group:
            for account, some in by_account.items():
                group.create_task(self._sync_account(account, some, wanted))
        await self._merge(sum(each.state.count for each in self.running))
        mistakes = [each.mistake for each in self.running]
        if self.running and all(mistakes) and mistakes[0] is not None:
            raise mistakes[0]
        return self.running

    async def _merge(self, added: int) -> None:
        """Make searches faster where most of what is stored came just now; nothing rests on it."""
        store = self.session.store
        try:
            if added and await store.read(merging.grew, added):
                more = await store.write(merging.merge, begin=True)
                while more:
                    more = await store.write(merging.merge, begin=False)
        except StoreError as error:
            _log.warning("the index stays in parts: %s", error)

    async def stored(self) -> dict[Account, int]:
        """Count what is stored of the accounts that are synced, behind every commit under way.

        Returns:
            Places by account.
        """
        accounts = dict.fromkeys(each.account for each in self.running)
        counts = self.session.store.write  # its thread is the one that commits
        return {each: await counts(rounds.count_account, str(each)) for each in accounts}

    async def _sync_account(
        self, account: Account, some: Sequence[AccountSync], wanted: _Wanted
    ) -> None:
        """Sync an account's kinds one after the other, and let no error out."""
        path = self.session.store.path
        try:
            with only_sync(path and path.parent, str(account), self.session.clock.now()):
                for each in some:
                    await self._sync_kind(each, wanted)
        except AlreadyRunning as busy:
            for each in some:
                told = f"{busy.who}; it goes on"
                each.state = replace(each.state, state="skipped", error=told, age=None)
        except OSError as error:
            for each in some:
                broken = StoreError(
                    f"its lock cannot be made: {error}",
                    fix="check the folder's owner and space, or name another in JACKFIELD_DATA_DIR",
                )
                each.state = source_failed(each.state, broken)

    async def _sync_kind(self, each: AccountSync, wanted: _Wanted) -> None:
        try:
            hooks = await self.session.open(each.account)
            rules = _rules(self.session, each.account)
            now, zone = self.session.clock.now(), self.session.configuration.timezone
            each.mirror = Mirror(
                hooks,
                self.session.store,
                self.session.clock,
                each.state.kind,
                horizon=parse_since(wanted.since or rules.since, now, zone),
                accept_removals=wanted.accept_removals,
            )
            only = await _chosen(each.mirror, wanted.folders, rules.exclude)
            each.state = _state(each, await each.mirror.round(only))
        except JackfieldError as error:
            each.mistake = error if isinstance(error, ConfigError) and wanted.folders else None
            each.state = source_failed(each.state, error, partial=bool(each.collections))
        except Exception as error:  # noqa: BLE001  a stranger's code
            broken = PluginError(str(each.account), f"{type(error).__name__}: {error}")
            each.state = source_failed(each.state, broken, partial=bool(each.collections))


@dataclass(frozen=True, slots=True)
class _Rules:
    """An account's own ``sync`` table: ``{ since = "2y", exclude = ["Spam"] }``."""

    since: str | None = None
    exclude: Sequence[str] = field(default_factory=tuple)


def _rules(session: Session, account: Account) -> _Rules:
    written = session.configuration.accounts.get(account, {}).get("sync", {})
    match written:
        case {**rest} if not set(rest) - {"since", "exclude"}:
            since, exclude = rest.get("since"), rest.get("exclude", [])
            if isinstance(since, str | None) and isinstance(exclude, list):
                return _Rules(since, tuple(map(str, exclude)))
    raise ConfigError(
        f"{account}: sync in the configuration is not understood",
        fix='write it as { since = "2y", exclude = ["Spam"] }',
    )


async def _chosen(
    mirror: Mirror, folders: Sequence[str], exclude: Sequence[str]
) -> list[str] | None:
    """Find the ids of the collections that are meant.

    Returns:
        Their ids; None means all.

    Raises:
        ConfigError: There is none of a name.
    """
    if not folders and not exclude:
        return None
    there = await mirror.collections()
    for name in folders:
        if not any(_is_named(each, name) for each in there):
            listed = ", ".join(each.name for each in there)
            raise ConfigError(f"there is no folder {name!r}; there are: {listed}")
    wanted = [each for each in there if not folders or any(_is_named(each, n) for n in folders)]
    return [each.id for each in wanted if folders or not any(_is_named(each, n) for n in exclude)]


def _is_named(collection: Collection, name: str) -> bool:
    names = {collection.name.lower(), collection.id.lower(), collection.role}
    return name.lower() in names


def _state(each: AccountSync, collections: Sequence[CollectionSync]) -> SourceState:
    """Say how an account went, as its worst collection did."""
    state = replace(each.state, count=sum(one.report.added for one in collections))
    bad = next((one for one in collections if one.error is not None), None)
    if bad is not None and bad.error is not None:
        failed = source_failed(state, bad.error, partial=True)
        return replace(failed, error=f"{bad.name}: {failed.error}")
    if withheld := sum(one.report.withheld for one in collections):
        waiting = f"{withheld} removals wait, more than half of a folder; nothing was dropped"
        fix = f"look whether they are gone at the provider; then jackfield sync {each.account}"
        return replace(state, state="partial", error=waiting, fix=f"{fix} --accept-removals")
    lost = [(one.name, key) for one in collections for key in one.unfetched]
    if lost:
        shown = ", ".join(f"{key} in {name}" for name, key in lost[:3])
        error = f"{len(lost)} items are listed and cannot be fetched, such as {shown}"
        return replace(state, state="partial", error=error)
    return state
