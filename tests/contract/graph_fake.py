"""A scripted Graph-like provider: deltas by folder, immutable ids, links that expire."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from jackfield.base import MailSourceConnector
from jackfield.batches import Batch, Collection, Keys, Patch, Ref
from jackfield.capabilities import Capabilities
from jackfield.errors import CursorExpired
from jackfield.models import SourceType
from jackfield.requests import SyncRequest
from tests.contract.words import mail

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from jackfield.batches import Entry, Level
    from jackfield.requests import ListRequest

PAGE = 2


@dataclass
class GraphMail:
    """A mail at the provider."""

    word: str
    folder: str
    version: int
    read: bool = False


@dataclass
class GraphServer:
    """What is at the provider, and the log that its deltas are made of."""

    mails: dict[str, GraphMail] = field(default_factory=dict)
    log: list[tuple[str, str, str]] = field(default_factory=list)
    expired: dict[str, int] = field(default_factory=dict)
    stale_patches: list[Patch] = field(default_factory=list)
    folders: ClassVar = ("inbox", "archive")

    def put(self, folder: str, id: str, word: str) -> None:
        self.mails[id] = GraphMail(word, folder, len(self.log) + 1)
        self.log.append((folder, id, "added"))

    def move(self, id: str, to: str) -> None:
        self.log.append((self.mails[id].folder, id, "removed"))
        self.mails[id].folder = to
        self.log.append((to, id, "added"))

    def delete(self, id: str) -> None:
        self.log.append((self.mails.pop(id).folder, id, "removed"))

    def read(self, id: str) -> None:
        self.log.append((self.mails[id].folder, id, "read"))
        self.mails[id].read = True
        self.mails[id].version = len(self.log)

    def expire(self, folder: str) -> None:
        self.expired[folder] = len(self.log)

    def stale(self, folder: str, id: str, version: str) -> None:
        self.stale_patches.append(Patch(Ref(folder, id), read=False, version=int(version)))

    def put_many(self, folder: str, count: str) -> None:
        for number in range(int(count)):
            self.put(folder, f"many{number}", f"mail{number}")

    def delete_many(self, folder: str, count: str) -> None:
        for number in range(int(count)):
            self.delete(f"many{number}")

    def places(self) -> list[tuple[str, str, str, frozenset[str]]]:
        """The dictionary model: word, folder, key, flags of everything there is."""
        return [
            (m.word, m.folder, id, frozenset({"seen"} if m.read else ()))
            for id, m in self.mails.items()
        ]


class GraphFake(MailSourceConnector):
    """Follows delta links; a link is a position in the log, or in a snapshot."""

    source = SourceType("fake")
    declared: ClassVar = MappingProxyType({"email": Capabilities(fetch="remote", sync="delta")})

    def __init__(self, server: GraphServer) -> None:
        super().__init__()
        self.server = server

    async def collections(self) -> Sequence[Collection]:
        return [
            Collection(name, name, role="inbox" if name == "inbox" else "")
            for name in self.server.folders
        ]

    async def fetch(self, request: ListRequest | SyncRequest) -> AsyncIterator[Batch]:
        assert isinstance(request, SyncRequest)
        folder = request.collection.id
        cursor: Any = request.cursor or {"at": len(self.server.log), "after": ""}
        if request.cursor and cursor["at"] < self.server.expired.get(folder, -1):
            raise CursorExpired("fake:default", folder)
        if "after" in cursor:
            async for batch in self._snapshot(folder, cursor["at"], cursor["after"]):
                yield batch
            return
        async for batch in self._delta(folder, cursor["at"]):
            yield batch

    async def _snapshot(self, folder: str, at: int, after: str) -> AsyncIterator[Batch]:
        ids = sorted(i for i, m in self.server.mails.items() if m.folder == folder and i > after)
        pages = [ids[start : start + PAGE] for start in range(0, len(ids), PAGE)] or [[]]
        for page in pages:
            last = page is pages[-1]
            yield Batch(
                items=tuple(self._entry(folder, id) for id in page),
                cursor={"at": at} if last else {"at": at, "after": page[-1]},
                snapshot_complete=last,
            )

    async def _delta(self, folder: str, at: int) -> AsyncIterator[Batch]:
        stale = [patch for patch in self.server.stale_patches if patch.ref.collection == folder]
        if stale:
            yield Batch(patches=tuple(stale))
        end = len(self.server.log)
        latest = {id: what for where, id, what in self.server.log[at:end] if where == folder}
        for id, what in latest.items():
            ref = Ref(folder, id)
            there = id in self.server.mails and self.server.mails[id].folder == folder
            if not there:
                yield Batch(removed=(ref,))
            elif what == "read":
                version = self.server.mails[id].version
                yield Batch(patches=(Patch(ref, read=True, version=version),))
            else:
                yield Batch(items=(self._entry(folder, id),))
        yield Batch(cursor={"at": end})

    def _entry(self, folder: str, id: str) -> Entry:
        found = self.server.mails[id]
        flags = frozenset({"seen"} if found.read else ())
        return mail(
            Ref(folder, id), found.word, flags, Keys(strong=(f"graph:{id}",)), found.version
        )

    async def get(self, refs: Sequence[Ref], level: Level) -> Sequence[Entry]:
        return [self._entry(r.collection, r.key) for r in refs if r.key in self.server.mails]
