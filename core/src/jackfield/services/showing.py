"""One item whole: as it is stored, completed by its provider."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jackfield.batches import Batch
from jackfield.errors import ConfigError, JackfieldError, NotFound, PluginError, Unreachable
from jackfield.models import Account
from jackfield.services.service import Service
from jackfield.services.states import DEADLINE
from jackfield.store import reading

if TYPE_CHECKING:
    from jackfield.models import Item


class ShowService(Service):
    """Shows single items."""

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
        shown = self.session.plugins(Account.parse(item.account)).present([item])
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
            if level == "full":
                return
            if Account.parse(account) not in self.session.accounts:
                continue
            try:
                async with asyncio.timeout(deadline):
                    hooks = await self.session.open(Account.parse(account))
                    entries = await hooks.get([ref], "full")
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
            await self.keep(hooks, kind, hooks.ingest(Batch(items=tuple(entries))).items)
            return
        if gone is not None:
            raise gone

    async def original(self, item: Item) -> bytes | None:
        """Read an item's original bytes, as far as they may be shown.

        Args:
            item: Which, as a service gave it.

        Returns:
            The bytes; None where they are not stored, or where a plugin changes what is shown of
            the item, since nothing can be changed in them.
        """
        found = await self.session.store.read(reading.by_ids, [item.id])
        if not found:
            return None
        try:
            shown = self.session.plugins(Account.parse(item.account)).present(found)
        except PluginError:
            return None
        if list(shown) != found:
            return None
        return await self.session.store.read(reading.original, item.id)
