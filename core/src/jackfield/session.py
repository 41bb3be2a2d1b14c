"""Accounts while they are open: on one event loop, closed when it ends."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from jackfield.base import Context
from jackfield.config import find_accounts, load_configuration, read_settings
from jackfield.credentials import SettingsSecrets
from jackfield.errors import JackfieldError, PluginError
from jackfield.hooks import AccountHooks
from jackfield.http import HttpClient
from jackfield.registry import PLUGINS, installed
from jackfield.store.database import Store
from jackfield.store.outbox import open_outbox
from jackfield.store.view import AccountView

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jackfield.base import Connector
    from jackfield.config import Configuration
    from jackfield.models import Account, Kind
    from jackfield.protocols import Clock
    from jackfield.registry import Registry

_log = logging.getLogger("jackfield.session")

CLOSE_SECONDS = 2.0
"""How long an account may take to close."""


class Session:
    """Opens connectors when they are first needed, on the loop that needs them.

    Args:
        registry: What there is.
        configuration: Accounts and settings; by default the user's own.
        store: The store's file; None keeps everything in memory.
        clock: The time.
        outbox: The file of what is to be sent; None where nothing can be.
    """

    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        configuration: Configuration | None = None,
        store: Path | None = None,
        outbox: Path | None = None,
    ) -> None:
        self.registry = registry
        self.clock = clock
        self.configuration = configuration or load_configuration()
        self.store = Store(store)
        self.outbox = Store(outbox, open_outbox) if outbox is not None else None
        self.accounts = find_accounts(registry, self.configuration)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hooks: dict[Account, AccountHooks] = {}
        self._opening: dict[Account, asyncio.Task[None]] = {}
        self._http: list[HttpClient] = []
        self._left: set[Account] = set()
        self._plugins: dict[str, object] | None = None
        self._presenting: dict[Account, AccountHooks] = {}

    def kinds(self, account: Account) -> frozenset[Kind]:
        """Tell which kinds an account's connector serves.

        Args:
            account: Which.

        Returns:
            Kinds.

        Raises:
            JackfieldError: The connector cannot be loaded.
        """
        by_hand = self.registry.registered.get(account)
        return (by_hand or self.registry.connector_class(account.source)).kinds

    def hooks(self, account: Account) -> AccountHooks:
        """Give an account's hooks, not opened yet.

        Args:
            account: Which.

        Returns:
            Its hooks; without a connector where that cannot be loaded.
        """
        self._leave_other_loop()
        if account not in self._hooks:
            connector = self._connector(account)
            self._hooks[account] = AccountHooks(account, connector, self._usable_plugins(account))
        return self._hooks[account]

    def _connector(self, account: Account) -> Connector | None:
        if account in self.registry.registered:
            return self.registry.registered[account]
        try:
            return self.registry.connector_class(account.source)()
        except JackfieldError:
            return None

    def _usable_plugins(self, account: Account) -> Mapping[str, object]:
        """Load the cross-cutting plugins; a broken one is named in the log and left out."""
        if self._plugins is None:
            self._plugins = {}
            for each in installed(PLUGINS):
                try:
                    plugin = each.load()
                    AccountHooks(account, None, {each.name: plugin})
                except PluginError as error:
                    _log.warning("plugin %s is not used: %s", each.name, error)
                else:
                    self._plugins[each.name] = plugin
        return self._plugins

    def plugins(self, account: Account) -> AccountHooks:
        """Give the cross-cutting plugins of an account, without its connector.

        Args:
            account: Which; what is stored can be shown without knowing its platform.

        Returns:
            Hooks to present items by.
        """
        if account not in self._presenting:
            self._presenting[account] = AccountHooks(account, None, self._usable_plugins(account))
        return self._presenting[account]

    async def open(self, account: Account) -> AccountHooks:
        """Open an account, once, whoever asks.

        Args:
            account: Which.

        Returns:
            Its hooks, ready to use.

        Raises:
            JackfieldError: It cannot be loaded, configured or opened.
        """
        hooks = self.hooks(account)
        if account not in self.registry.registered:
            self.registry.connector_class(account.source)
        if account not in self._opening:
            self._opening[account] = asyncio.create_task(self._open(account, hooks.connector))
        try:
            await asyncio.shield(self._opening[account])
        except BaseException:
            if self._opening[account].done():
                del self._opening[account]
            raise
        return hooks

    async def _open(self, account: Account, connector: Connector) -> None:
        if account in self._left:
            self._left.discard(account)
            with suppress(Exception):
                await self._close_one(connector)
        settings = connector.given_settings
        if settings is None:
            settings = await asyncio.to_thread(
                read_settings, connector.settings_type, account, self.configuration
            )
        http = HttpClient(account)
        self._http.append(http)
        context = Context(
            account=account,
            settings=settings,
            http=http,
            secrets=SettingsSecrets(account, settings),
            clock=self.clock,
            store=AccountView(self.store, account),
        )
        try:
            await connector.open(context)
        except JackfieldError:
            raise
        except Exception as error:
            raise PluginError(str(account), f"open: {type(error).__name__}: {error}") from error

    def _leave_other_loop(self) -> None:
        """Remember what was opened on a loop that is gone, so that it is opened anew."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._left |= set(self._opening)
            self._opening, self._http, self._loop = {}, [], loop

    async def close(self) -> None:
        """Close every account that was opened on this loop, each within two seconds."""
        if self._loop is asyncio.get_running_loop():
            for task in self._opening.values():
                task.cancel()
            await asyncio.gather(*self._opening.values(), return_exceptions=True)
            opened = [self._hooks[account].connector for account in self._opening]
            await asyncio.gather(*map(self._close_one, opened), return_exceptions=True)
            for http in self._http:
                await http.close()
        self._opening, self._http, self._loop = {}, [], None

    @staticmethod
    async def _close_one(connector: Connector) -> None:
        async with asyncio.timeout(CLOSE_SECONDS):
            await connector.close()
