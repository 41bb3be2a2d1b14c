"""What all services share: which accounts are meant, and what may be shown of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from jackfield.errors import ConfigError, JackfieldError, PluginError
from jackfield.models import Account
from jackfield.services.states import source_failed
from jackfield.store import rounds
from jackfield.store.database import write_through

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jackfield.batches import Entry
    from jackfield.hooks import AccountHooks
    from jackfield.models import AnyItem, Item, Kind
    from jackfield.results import SourceState
    from jackfield.session import Session


NAMING_SECONDS = 5.0
"""How long an account may take to name its collections when the first item of one comes."""


class Service:
    """Works over the accounts of a session.

    Args:
        session: The accounts.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

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

    def kinds_of(self, account: Account, kinds: Sequence[Kind]) -> Sequence[Kind]:
        """Choose the kinds an account serves; a broken one is asked, so that it is named."""
        try:
            return [kind for kind in kinds if kind in self.session.kinds(account)]
        except JackfieldError:
            return kinds[:1]

    def present(
        self, states: Sequence[SourceState], items: Sequence[Item]
    ) -> tuple[list[SourceState], list[Item]]:
        """Let every plugin look at what is about to be shown.

        Args:
            states: How each source answered.
            items: The items.

        Returns:
            The states, ``failed`` where a plugin could not look, and what may be shown.
        """
        states = list(states)
        shown: dict[str, Item] = {}
        for account in {Account.parse(item.account) for item in items}:
            mine = [item for item in items if item.account == str(account)]
            try:
                presented = self.session.plugins(account).present(mine)
            except PluginError as error:
                states = [
                    source_failed(state, error) if state.account == str(account) else state
                    for state in states
                ]
                continue
            shown |= {item.id: item for item in presented}
        return states, [shown[item.id] for item in items if item.id in shown]

    async def keep(
        self, hooks: AccountHooks, kind: Kind, entries: Sequence[Entry]
    ) -> list[AnyItem]:
        """Write what a provider gave through to the store, which gives the items their ids.

        Args:
            hooks: The account, open.
            kind: Of which kind.
            entries: What it gave.

        Returns:
            The items, each once.

        Raises:
            StoreError: The account was another mailbox before, or the store failed.
        """
        store, account, connector = self.session.store, str(hooks.account), hooks.connector
        identity, aliases = connector.mailbox_identity(), connector.mailbox_aliases()
        await store.write(rounds.register, account, identity, aliases)
        keys = {entry.ref.collection for entry in entries}
        if await store.read(rounds.unnamed_collections, account, kind, keys):
            await self._name_collections(hooks, kind)
        return await store.write(write_through, account, kind, entries, self.session.clock.now())

    async def _name_collections(self, hooks: AccountHooks, kind: Kind) -> None:
        """Learn names and roles before anything is kept; without them spam would count as mail."""
        with suppress(JackfieldError, TimeoutError):
            async with asyncio.timeout(NAMING_SECONDS):
                found = await hooks.connector.collections()
            await self.session.store.write(rounds.name_collections, str(hooks.account), kind, found)
