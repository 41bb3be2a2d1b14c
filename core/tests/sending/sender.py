"""A connector that sends into a list, as a test tells it to."""

from __future__ import annotations

import sqlite3
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from jackfield.base import MailSourceConnector
from jackfield.capabilities import Capabilities
from jackfield.config import load_configuration
from jackfield.models import Draft, SendResult, SourceType
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.registry import Registry
from jackfield.services.sending import SendService

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

FAKE = SourceType("fake")


class Sender(MailSourceConnector):
    """Sends what it is given, after doing what `before` says.

    Attributes:
        sent: The text of all that left.
        copies: The text of all that was put among what was sent.
        there: What `reconcile` finds.
    """

    source = FAKE
    declared: ClassVar = MappingProxyType({"email": Capabilities(send=True)})

    def __init__(self, before: Callable[[], Awaitable[object]] | None = None) -> None:
        super().__init__()
        self.before = before
        self.copying: Callable[[], Awaitable[object]] | None = None
        self.sent: list[str] = []
        self.copies: list[str] = []
        self.there = SendResult(state="unknown", reason="not there")

    async def send(self, draft: Draft) -> SendResult:
        if self.before is not None:
            await self.before()
        self.sent.append(draft.text)
        return SendResult(state="accepted", provider_id=f"p{len(self.sent)}")

    async def keep_copy(self, draft: Draft) -> None:
        if self.copying is not None:
            await self.copying()
        self.copies.append(draft.text)

    async def reconcile(self, draft: Draft) -> SendResult:
        return self.there


def assistant(folder: Path, *senders: Sender, **environment: str) -> AssistantOrchestrator:
    """An assistant with the accounts ``fake:default``, ``fake:second`` and so on."""
    registry = Registry()
    for name, sender in zip(("default", "second"), senders, strict=False):
        registry.register_mail_connector(FAKE, sender, name)
    given = {"JACKFIELD_CONFIG": str(folder / "config.toml"), **environment}
    configuration = load_configuration(given)
    return AssistantOrchestrator(
        registry=registry, configuration=configuration, store=folder / "store.db"
    )


async def service(one: AssistantOrchestrator) -> SendService:
    return SendService(await one.session())


def draft(text: str = "hello", key: str = "", account: str = "fake:default") -> Draft:
    return Draft(account=account, text=text, key=key)


def states(folder: Path) -> list[str]:
    """The states that another process would read from the file."""
    db = sqlite3.connect(f"file:{folder / 'outbox.db'}?mode=ro", uri=True)
    try:
        return [state for (state,) in db.execute("SELECT state FROM send ORDER BY created_at, id")]
    finally:
        db.close()
