"""Hears from the providers that can say so that something is new."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from typing import Self

    from jackfield.batches import Event
    from jackfield.hooks import AccountHooks
    from jackfield.models import Account
    from jackfield.session import Session

_log = logging.getLogger("jackfield.listening")


class Listening:
    """Listens to accounts within ``async with``; who cannot push is simply not heard.

    Args:
        session: The accounts.
        accounts: To whom to listen.
    """

    def __init__(self, session: Session, accounts: Sequence[Account]) -> None:
        self._session = session
        self._accounts = accounts
        self._heard = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._listen(each)) for each in self._accounts]
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait(self, seconds: float) -> bool:
        """Wait until somebody says something.

        Args:
            seconds: At the most; then it is time to look anyway.

        Returns:
            Whether somebody did.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        heard = self._heard.is_set()
        self._heard.clear()
        return heard

    async def _listen(self, account: Account) -> None:
        try:
            hooks = await self._session.open(account)
            if not _can_push(hooks):
                return
            stream = cast("AsyncGenerator[Event, None]", hooks.connector.watch())
            async with aclosing(stream) as events:
                async for _ in events:
                    self._heard.set()
        except Exception as error:  # noqa: BLE001  the next sync says what is wrong
            _log.info("%s is not listened to any more: %s", account, error)


def _can_push(hooks: AccountHooks) -> bool:
    kinds = type(hooks.connector).kinds
    return any(hooks.connector.effective(kind).capabilities.watch for kind in kinds)
