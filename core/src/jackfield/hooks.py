"""The one typed way to a connector's hooks: nothing else touches a plugin manager."""

from __future__ import annotations

from collections import deque
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pluggy

from jackfield.base import Allow, Decision, Deny, Hold
from jackfield.batches import Batch
from jackfield.errors import NotSupported, PluginError
from jackfield.hookspecs import (
    CONNECTOR_HOOKS,
    PROJECT,
    ConnectorSpec,
    CrossCuttingSpec,
)
from jackfield.models import Item, SendResult

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence

    from jackfield.base import Connector
    from jackfield.batches import Change, Entry, Level, Ref
    from jackfield.models import Account, Draft
    from jackfield.requests import ListRequest, SearchRequest, SyncRequest

KEPT_REPORTS = 100
"""Errors of plugins that fail open; the oldest are forgotten."""

AnItem = TypeVar("AnItem", bound=Item)


class AccountHooks:
    """One account's own plugin manager: its connector and the cross-cutting plugins.

    A manager shared by all accounts would send by the wrong one as soon as accounts come and go
    meanwhile (ARCHITECTURE.md, "One plugin manager an account").

    Args:
        account: Whose.
        connector: The plugin that fetches, searches and sends; None where it cannot be loaded
            and only stored items are shown.
        plugins: Cross-cutting plugins by name, in the order in which they are called.

    Raises:
        PluginError: A cross-cutting plugin implements a connector's hook, or one with a wrong
            signature or an unknown name.
    """

    def __init__(
        self,
        account: Account,
        connector: Connector | None,
        plugins: Mapping[str, object] | None = None,
    ) -> None:
        self.account = account
        self._connector = connector
        self.reports: deque[PluginError] = deque(maxlen=KEPT_REPORTS)
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(ConnectorSpec)
        self._manager.add_hookspecs(CrossCuttingSpec)
        if connector is not None:
            self._manager.register(connector, name=str(account))
        self._order = list(plugins or {})
        for name, plugin in (plugins or {}).items():
            self._plug(name, plugin)

    @property
    def connector(self) -> Connector:
        """The account's connector.

        Raises:
            PluginError: It could not be loaded.
        """
        if self._connector is None:
            raise PluginError(str(self.account), "the connector could not be loaded")
        return self._connector

    def _plug(self, name: str, plugin: object) -> None:
        try:
            self._manager.register(plugin, name=name)
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            raise PluginError(name, str(error)) from error
        for hook in CONNECTOR_HOOKS:
            for impl in getattr(self._manager.hook, hook).get_hookimpls():
                if impl.plugin_name == name and not (impl.wrapper or impl.hookwrapper):
                    self._manager.unregister(name=name)
                    raise PluginError(name, f"implements {hook!r}, which belongs to connectors")

    async def fetch(self, request: ListRequest | SyncRequest) -> AsyncGenerator[Batch, None]:
        """Ask the connector for batches.

        Args:
            request: What is wanted.

        Yields:
            Batches that keep the contract's bounds.
        """
        collection = getattr(request, "collection", None)
        async with aclosing(self._batches("fetch", request)) as batches:
            async for batch in batches:
                self._check(batch, collection.id if collection is not None else None)
                yield batch

    async def search(self, request: SearchRequest) -> AsyncGenerator[Batch, None]:
        """Ask the connector for hits.

        Args:
            request: What is wanted.

        Yields:
            Batches that keep the contract's bounds.
        """
        async with aclosing(self._batches("search", request)) as batches:
            async for batch in batches:
                self._check(batch, None)
                yield batch

    async def get(self, refs: Sequence[Ref], level: Level) -> Sequence[Entry]:
        """Ask the connector for single items.

        Args:
            refs: Which, all of one collection.
            level: How much of them.

        Returns:
            Those that came, within a batch's bounds; none that was not asked for.
        """
        entries = await self.connector.get(refs, level)
        wanted = set(refs)
        asked = tuple(entry for entry in entries if entry.ref in wanted)
        self._check(Batch(items=asked), None)
        return asked

    async def update(self, refs: Sequence[Ref], change: Change) -> Batch:
        """Ask the connector to change items.

        Args:
            refs: Which, all of one collection.
            change: What.

        Returns:
            What is different now, within a batch's bounds; nothing that was not asked for is
            patched or removed.
        """
        batch = await self.connector.update(refs, change)
        self._check(batch, None)
        asked = set(refs)
        return replace(
            batch,
            patches=tuple(patch for patch in batch.patches if patch.ref in asked),
            removed=tuple(ref for ref in batch.removed if ref in asked),
        )

    async def send(self, draft: Draft, decision: Allow) -> SendResult:  # noqa: ARG002
        """Send by this account, once.

        Args:
            draft: What; its `account` must be this one.
            decision: That of `decide`, or a person's: without one nothing is sent.

        Returns:
            What became of it.

        Raises:
            PluginError: The connector answered with something else, or the draft is another
                account's.
            NotSupported: The connector cannot send.
        """
        if draft.account != str(self.account):
            raise PluginError(
                "jackfield", f"a draft of {draft.account} was given to {self.account}"
            )
        (answer,) = self._call("send", account=self.account, draft=draft)
        result = await answer
        if not isinstance(result, SendResult):
            raise PluginError(self._owner(), f"'send' gave {type(result).__name__}")
        return result

    def ingest(self, batch: Batch) -> Batch:
        """Pass a batch through every `on_ingest`; a failing plugin is reported and left out.

        Args:
            batch: As the connector gave it.

        Returns:
            As it shall be stored.
        """
        for name, call in self._implementations("on_ingest"):
            try:
                batch = self._a_batch(call(account=self.account, batch=batch))
            except Exception as error:  # noqa: BLE001  a stranger's code
                self.reports.append(PluginError(name, f"on_ingest: {error}"))
        return batch

    def present(self, items: Sequence[AnItem]) -> Sequence[AnItem]:
        """Pass items through every `on_present`; a failing plugin shows nothing.

        Args:
            items: What would be shown.

        Returns:
            What may be shown.

        Raises:
            PluginError: A plugin failed; it might have been the one that hides something.
        """
        for name, call in self._implementations("on_present"):
            try:
                items = list(call(account=self.account, items=items))
            except Exception as error:
                raise PluginError(name, f"on_present: {error}") from error
        return items

    def decide(self, draft: Draft) -> Decision:
        """Ask every plugin whether a draft may go; one that fails denies it.

        Args:
            draft: What would be sent.

        Returns:
            The first decision that does not allow it, else `Allow`.
        """
        for name, call in self._implementations("before_send"):
            try:
                decision = call(account=self.account, draft=draft)
            except Exception as error:  # noqa: BLE001  a stranger's code
                return Deny(f"{name}: before_send: {error}")
            if isinstance(decision, Hold | Deny):
                return decision
            if not isinstance(decision, Allow):
                return Deny(f"{name}: before_send gave {type(decision).__name__}")
        return Allow()

    def tell(self, draft: Draft, result: SendResult) -> None:
        """Tell every plugin what became of a send; one that fails is reported.

        Args:
            draft: What was sent.
            result: What became of it.
        """
        for name, call in self._implementations("after_send"):
            try:
                call(account=self.account, draft=draft, result=result)
            except Exception as error:  # noqa: BLE001  a stranger's code
                self.reports.append(PluginError(name, f"after_send: {error}"))

    def _batches(
        self, hook: str, request: ListRequest | SyncRequest | SearchRequest
    ) -> AsyncGenerator[Batch, None]:
        (generator,) = self._call(hook, account=self.account, request=request)
        return cast("AsyncGenerator[Batch, None]", generator)

    def _call(self, hook: str, **arguments: object) -> list[Any]:
        answers: list[Any] = getattr(self._manager.hook, hook)(**arguments)
        if not answers:
            raise NotSupported(self.account, f"{self.connector.source} has no {hook!r}")
        return answers

    def _implementations(self, hook: str) -> Iterator[tuple[str, Callable[..., Any]]]:
        """Give name and function of the plain implementations, in the configured order."""
        impls = getattr(self._manager.hook, hook).get_hookimpls()
        for impl in sorted(impls, key=lambda impl: self._order.index(impl.plugin_name)):
            yield impl.plugin_name, _naming_only(impl.function, impl.argnames)

    def _check(self, batch: object, collection: str | None) -> None:
        if not isinstance(batch, Batch):
            raise PluginError(self._owner(), f"yielded {type(batch).__name__} instead of a Batch")
        broken = batch.broken_rule(collection, str(self.account))
        if broken is not None:
            raise PluginError(self._owner(), broken)

    def _a_batch(self, answer: object) -> Batch:
        if not isinstance(answer, Batch):
            raise TypeError(f"gave {type(answer).__name__} instead of a Batch")
        if broken := answer.broken_rule(None, str(self.account)):
            raise ValueError(f"gave {broken}")
        return answer

    def _owner(self) -> str:
        return type(self.connector).__module__.partition(".")[0]


def _naming_only(function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """Call with the arguments that the implementation names, as pluggy does."""
    return lambda **arguments: function(**{name: arguments[name] for name in names})
