"""Whoever can push is heard at once; whoever cannot harms nobody."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from jackfield.base import MailSourceConnector
from jackfield.batches import Event
from jackfield.capabilities import Capabilities
from jackfield.clock import SystemClock
from jackfield.config import load_configuration
from jackfield.errors import AuthenticationError
from jackfield.models import SourceType
from jackfield.registry import Registry
from jackfield.services.listening import Listening
from jackfield.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FAKE = SourceType("fake")


class Pushing(MailSourceConnector):
    """Says what its test puts into its queue."""

    source = FAKE
    declared: ClassVar = MappingProxyType({"email": Capabilities(watch=True)})

    def __init__(self) -> None:
        super().__init__()
        self.events: asyncio.Queue[Event | Exception] = asyncio.Queue()
        self.closed = False

    async def watch(self) -> AsyncIterator[Event]:
        try:
            while True:
                event = await self.events.get()
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed = True


class Silent(MailSourceConnector):
    """Cannot push, and would fail if it were asked to."""

    source = FAKE


def session(*connectors: MailSourceConnector) -> Session:
    registry = Registry()
    for name, connector in zip(("one", "two"), connectors, strict=False):
        registry.register_mail_connector(FAKE, connector, name)
    configuration = load_configuration({"JACKFIELD_CONFIG": "/nonexistent/config.toml"})
    return Session(registry, SystemClock(), configuration)


async def test_what_is_pushed_ends_the_waiting() -> None:
    pushing = Pushing()
    here = session(pushing, Silent())
    async with Listening(here, here.accounts) as listening:
        pushing.events.put_nowait(Event("INBOX"))
        assert await listening.wait(60)
        assert not await listening.wait(0.01)
    assert pushing.closed
    here.store.close()


async def test_an_account_whose_push_fails_is_no_longer_heard_and_the_others_are() -> None:
    broken, pushing = Pushing(), Pushing()
    here = session(broken, pushing)
    async with Listening(here, here.accounts) as listening:
        broken.events.put_nowait(AuthenticationError("fake:one", "the password is wrong"))
        assert not await listening.wait(0.05)
        pushing.events.put_nowait(Event(None))
        assert await listening.wait(60)
    assert broken.closed
    here.store.close()
