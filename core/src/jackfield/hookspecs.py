"""The hooks, as a table of contents.

`fetch`, `search` and `send` are what a connector implements; authors write them as methods of
a `jackfield.base.Connector` and never import pluggy. The others are for plugins that cut across
all accounts (entry-point group ``jackfield.plugins``). A hook implementation takes the subset of
the arguments that it names, without defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from jackfield.base import Decision, RecommendContext, Suggestion
    from jackfield.batches import Batch
    from jackfield.models import Account, Draft, Item, SendResult
    from jackfield.requests import ListRequest, SearchRequest, SyncRequest

PROJECT = "jackfield"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

CONNECTOR_HOOKS = ("fetch", "search", "send")
CROSS_CUTTING_HOOKS = ("on_ingest", "on_present", "before_send", "after_send", "recommend")


class ConnectorSpec:
    """Called for one account at a time; an account's own plugin manager holds its connector."""

    @hookspec
    def fetch(self, account: Account, request: ListRequest | SyncRequest) -> AsyncIterator[Batch]:  # type: ignore[empty-body]
        """Give batches: the newest items, or everything since a cursor.

        It is an asynchronous generator: going on after a ``yield`` means that the batch
        is committed::

            async def fetch(self, request):
                if isinstance(request, ListRequest):
                    yield Batch(items=await self.newest(request.limit))
                else:
                    async for page in self.pages(request.collection, request.cursor):
                        yield Batch(items=page.entries, cursor=page.cursor)

        Args:
            account: Whose.
            request: What is wanted.

        Returns:
            Batches.
        """

    @hookspec
    def search(self, account: Account, request: SearchRequest) -> AsyncIterator[Batch]:  # type: ignore[empty-body]
        """Give batches of hits, newest first, without a cursor.

        For example::

            async def search(self, request):
                for page in await self.find(request.translation.native, request.limit):
                    yield Batch(items=page)

        Args:
            account: Whose.
            request: What is wanted, with its translation.

        Returns:
            Batches.
        """

    @hookspec
    async def send(self, account: Account, draft: Draft) -> SendResult:  # type: ignore[empty-body]
        """Send a draft once and say what became of it.

        For example::

            async def send(self, draft):
                answer = await self.api.post(message_of(draft))
                return SendResult(state="accepted", provider_id=answer["id"])

        When the line breaks after the provider may have taken it, the state is ``unknown``. An
        error means that nothing left where it can mean nothing else (`NotSupported`,
        `AuthenticationError`, `PermissionDenied`, `RateLimited`, `InvalidRequest`); after any
        other, after a cancellation or a deadline the core takes the send for ``unknown``.

        Args:
            account: Whose.
            draft: What, with its `key` and `created_at`.

        Returns:
            What became of it.
        """


class CrossCuttingSpec:
    """Plain synchronous hooks for plugins that see every account."""

    @hookspec
    def on_ingest(self, account: Account, batch: Batch) -> Batch:  # type: ignore[empty-body]
        """Change what goes into the store. Fails open: an error is reported, the batch kept.

        For example::

            @hookimpl
            def on_ingest(account, batch):
                return replace(batch, items=tuple(tag(entry) for entry in batch.items))

        Args:
            account: Whose.
            batch: What a connector gave.

        Returns:
            What shall be stored.
        """

    @hookspec
    def on_present(self, account: Account, items: Sequence[Item]) -> Sequence[Item]:  # type: ignore[empty-body]
        """Change what leaves a service, on every path. Fails closed: an error shows nothing.

        For example::

            @hookimpl
            def on_present(items):
                return [redact(item) for item in items]

        Args:
            account: Whose.
            items: What would be shown.

        Returns:
            What may be shown.
        """

    @hookspec
    def before_send(self, account: Account, draft: Draft) -> Decision:  # type: ignore[empty-body]
        """Allow, hold or deny a send. Fails closed: an error denies it.

        For example::

            @hookimpl
            def before_send(draft):
                return Hold("ask Ana first") if "price" in draft.text else Allow()

        Args:
            account: Whose.
            draft: What would be sent.

        Returns:
            The decision.
        """

    @hookspec
    def after_send(self, account: Account, draft: Draft, result: SendResult) -> None:
        """Hear what became of a send. Fails open.

        For example::

            @hookimpl
            def after_send(account, result):
                log.info("%s %s", account, result.state)

        Args:
            account: Whose.
            draft: What was sent.
            result: What became of it.
        """

    @hookspec
    def recommend(self, context: RecommendContext) -> Iterable[Suggestion]:  # type: ignore[empty-body]
        """Suggest what to do next, each with the item it rests on. Fails open.

        For example::

            @hookimpl
            def recommend(context):
                return [Suggestion("reply", item.id, why) for item in context.items if asks(item)]

        Args:
            context: The items and the time.

        Returns:
            Suggestions; nothing is ever done by itself.
        """
