"""Marking, labelling, moving and deleting: at the provider first, then in the store."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jackfield.errors import ConfigError, JackfieldError, PluginError, Unreachable
from jackfield.models import Account
from jackfield.services.access import require_access
from jackfield.services.showing import ShowService
from jackfield.store import placing, reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jackfield.batches import Batch, Change, Ref
    from jackfield.models import Kind

_PUT_AWAY = frozenset({"archive", "all", "sent", "drafts", "trash", "spam"})

CHANGE_SECONDS = 60.0
"""How long a provider may take for the items of one folder."""


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What became of one item.

    Attributes:
        id: Its id.
        done: The provider has changed it everywhere it was.
        error: Why not; ``uncertain`` stands in it where the line broke in the middle.
        fix: What to do about it.
    """

    id: str
    done: bool
    error: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class _Group:
    """Items that are changed at once: of one folder."""

    account: Account
    kind: Kind
    items: dict[Ref, str]


class ChangeService(ShowService):
    """Changes items at their providers."""

    async def change(
        self, prefixes: Sequence[str], change: Change, *, seconds: float = CHANGE_SECONDS
    ) -> list[ItemChange]:
        """Change items, wherever they are: a mark holds for all copies, and all copies move.

        Args:
            prefixes: Ids of items, or their beginnings.
            change: What is to be different.
            seconds: How long a provider may take for each folder.

        Returns:
            What became of each, in the order asked, each once.

        Raises:
            ConfigError: Nothing, or more than one item, has an id; or an account must not be
                changed. Then nothing is.
        """
        ids = list(dict.fromkeys([await self._resolve(prefix) for prefix in prefixes]))
        failed = {id: _nowhere(id) for id in ids if not await self._places(id)}
        groups = await self._groups(ids, change)
        for group in groups:
            require_access(self.session.configuration, group.account, "full")
        for group in groups:
            failed |= await self._change_group(group, change, seconds)
        return [failed.get(id) or ItemChange(id, done=True) for id in ids]

    async def _groups(self, ids: Sequence[str], change: Change) -> list[_Group]:
        """Sort items by account and folder; what is there already needs no move."""
        found: dict[tuple[str, str, str], _Group] = {}
        for id in ids:
            (item,) = await self.session.store.read(reading.by_ids, [id])
            for account, ref in await self._places(id):
                if not await self._is_there(account, ref, change):
                    group = _Group(account, item.kind, {})
                    key = (str(account), ref.collection, ref.epoch)
                    found.setdefault(key, group).items[ref] = id
        return list(found.values())

    async def _places(self, id: str) -> list[tuple[Account, Ref]]:
        """Tell where an item is that can be asked for it."""
        places = await self.session.store.read(reading.places, id)
        found = [(Account.parse(account), ref) for account, ref, _ in places]
        return [(account, ref) for account, ref in found if account in self.session.accounts]

    async def _is_there(self, account: Account, ref: Ref, change: Change) -> bool:
        """Tell whether a copy stays where it is: only what lies about goes to the archive."""
        role = await self.session.store.read(placing.role, str(account), ref.collection)
        return change.move_to == ref.collection or (change.archive and role in _PUT_AWAY)

    async def _change_group(
        self, group: _Group, change: Change, seconds: float
    ) -> dict[str, ItemChange]:
        """Change the items of a folder; give those that did not change, and why."""
        ids = group.items.values()
        try:
            async with asyncio.timeout(seconds):
                hooks = await self.session.open(group.account)
        except TimeoutError as error:
            return _failed(ids, *_said(error, f"{group.account}: no answer in {seconds:g} s"))
        except JackfieldError as error:
            return _failed(ids, error.message, error.fix)
        try:
            async with asyncio.timeout(seconds):
                batch = await hooks.update(list(group.items), change)
        except TimeoutError as error:
            said, fix = _said(error, f"{group.account}: no answer in {seconds:g} s")
            return _failed(ids, _uncertain(said), fix)
        except JackfieldError as error:
            return _failed(ids, error.message, error.fix)
        except Exception as error:  # noqa: BLE001  a stranger's code
            broken = PluginError(str(group.account), f"update: {type(error).__name__}: {error}")
            return _failed(ids, _uncertain(broken.message))
        await self.session.store.write(
            placing.apply, str(group.account), group.kind, batch, self.session.clock.now()
        )
        changed = _named(batch)
        left = [id for ref, id in group.items.items() if ref not in changed]
        return _failed(left, f"{group.account} did not change it", "jackfield sync")

    async def folder(self, account: Account, name: str) -> str:
        """Find a folder to move to.

        Args:
            account: Whose.
            name: Its name, its id or its role, whatever the case.

        Returns:
            `Collection.id`.

        Raises:
            ConfigError: There is none of that name.
        """
        there = await (await self.session.open(account)).connector.collections()
        wanted = name.lower()
        for each in there:
            if wanted in {each.name.lower(), each.id.lower(), each.role}:
                return each.id
        listed = ", ".join(each.name for each in there)
        raise ConfigError(f"{account} has no folder {name!r}; there are: {listed}")


def _nowhere(id: str) -> ItemChange:
    error = "it is in no folder that can be asked; the next sync looks where it is"
    return ItemChange(id, done=False, error=error, fix="jackfield sync")


def _named(batch: Batch) -> set[Ref]:
    return {patch.ref for patch in batch.patches} | set(batch.removed)


def _said(error: TimeoutError, otherwise: str) -> tuple[str, str]:
    """Tell the cause and the fix of a deadline, ours or a connector's (`Unreachable`)."""
    if isinstance(error, Unreachable):
        return error.message, error.fix
    return otherwise, "jackfield sync"


def _uncertain(said: str) -> str:
    return f"{said}; it is uncertain whether it changed"


def _failed(ids: Iterable[str], error: str, fix: str = "jackfield sync") -> dict[str, ItemChange]:
    return {id: ItemChange(id, done=False, error=error, fix=fix) for id in ids}
