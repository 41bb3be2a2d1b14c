"""A scripted queue: each update comes until it is confirmed, and never again."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from jackfield.base import MessageSourceConnector
from jackfield.batches import Batch, Collection, Ref
from jackfield.capabilities import Capabilities
from jackfield.models import SourceType
from tests.contract.words import message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from jackfield.requests import ListRequest, SyncRequest

AT_ONCE = 2


@dataclass
class QueueServer:
    """What waits for the bot. `updates`: number -> (number of the message, text)."""

    updates: dict[int, tuple[int, str]] = field(default_factory=dict)
    confirmed: int = 0

    def push(self, number: str, chat: str, text: str) -> None:
        self.updates[int(number)] = (int(number), text)

    def edit(self, number: str, of: str, text: str) -> None:
        self.updates[int(number)] = (int(of), text)

    def waiting(self) -> list[int]:
        return [number for number in sorted(self.updates) if number > self.confirmed]


class QueueFake(MessageSourceConnector):
    """Polls, and confirms a batch only when it is resumed past it."""

    source = SourceType("fake")
    declared: ClassVar = MappingProxyType({"message": Capabilities(sync="queue")})

    def __init__(self, server: QueueServer) -> None:
        super().__init__()
        self.server = server

    async def collections(self) -> Sequence[Collection]:
        return [Collection("updates", "updates", kind="queue")]

    async def fetch(self, request: ListRequest | SyncRequest) -> AsyncIterator[Batch]:
        while numbers := self.server.waiting()[:AT_ONCE]:
            entries = []
            for number in numbers:
                of, text = self.server.updates[number]
                edited = None if of == number else number
                entries.append(message(Ref("updates", str(of)), text, edited, number))
            yield Batch(items=tuple(entries), cursor={"offset": numbers[-1] + 1})
            self.server.confirmed = numbers[-1]
