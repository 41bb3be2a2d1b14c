"""A scripted IMAP-like provider: no deltas, UIDs by folder, flags by copy."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from jackfield.base import MailSourceConnector
from jackfield.batches import Batch, Collection, IndexEntry, Patch, Ref
from jackfield.capabilities import Capabilities
from jackfield.errors import CursorExpired
from jackfield.models import SourceType
from jackfield.requests import SyncRequest
from tests.contract.words import mail, mail_keys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from jackfield.batches import Entry, Level
    from jackfield.requests import ListRequest

BATCH = 2


@dataclass
class Folder:
    """One folder of the server."""

    epoch: int = 1
    next: int = 1
    mails: dict[int, tuple[str, frozenset[str]]] = field(default_factory=dict)


class ImapServer:
    """What is at the provider; its events are the verbs of the hard cases."""

    def __init__(self) -> None:
        self.folders = {"INBOX": Folder(), "Archive": Folder()}

    def append(self, folder: str, word: str, flags: frozenset[str] = frozenset()) -> None:
        target = self.folders[folder]
        target.mails[target.next] = (word, flags)
        target.next += 1

    def expunge(self, folder: str, uid: str) -> None:
        del self.folders[folder].mails[int(uid)]

    def copy(self, folder: str, uid: str, to: str) -> None:
        self.append(to, *self.folders[folder].mails[int(uid)])

    def move(self, folder: str, uid: str, to: str) -> None:
        self.copy(folder, uid, to)
        self.expunge(folder, uid)

    def seen(self, folder: str, uid: str) -> None:
        self._set(folder, uid, "seen", True)

    def unseen(self, folder: str, uid: str) -> None:
        self._set(folder, uid, "seen", False)

    def flag(self, folder: str, uid: str) -> None:
        self._set(folder, uid, "flagged", True)

    def _set(self, folder: str, uid: str, flag: str, on: bool) -> None:
        word, flags = self.folders[folder].mails[int(uid)]
        self.folders[folder].mails[int(uid)] = (word, flags | {flag} if on else flags - {flag})

    def reset(self, folder: str) -> None:
        old = self.folders[folder]
        self.folders[folder] = new = Folder(epoch=old.epoch + 1)
        for word, flags in old.mails.values():
            new.mails[new.next] = (word, flags)
            new.next += 1

    def places(self) -> list[tuple[str, str, str, frozenset[str]]]:
        """The dictionary model: word, folder, key, flags of everything there is."""
        return [
            (word, name, str(uid), flags)
            for name, folder in self.folders.items()
            for uid, (word, flags) in folder.mails.items()
        ]


class ImapFake(MailSourceConnector):
    """Downloads new mails, newest first at the beginning; the index tells the rest."""

    source = SourceType("fake")
    declared: ClassVar = MappingProxyType({"email": Capabilities(fetch="remote", sync="append")})

    def __init__(self, server: ImapServer) -> None:
        super().__init__()
        self.server = server

    async def collections(self) -> Sequence[Collection]:
        return [
            Collection(name, name, role="inbox" if name == "INBOX" else "", epoch=str(f.epoch))
            for name, f in self.server.folders.items()
        ]

    async def fetch(self, request: ListRequest | SyncRequest) -> AsyncIterator[Batch]:
        assert isinstance(request, SyncRequest)
        folder = self._folder(request.collection)
        cursor: Any = request.cursor or {"low": folder.next, "high": folder.next}
        low, high = cursor["low"], cursor["high"]
        for uids in _pages([uid for uid in sorted(folder.mails) if uid >= high]):
            high = uids[-1] + 1
            yield self._batch(request.collection, uids, low, high)
        for uids in _pages([uid for uid in sorted(folder.mails, reverse=True) if uid < low]):
            low = uids[-1]
            yield self._batch(request.collection, uids, low, high)

    def _batch(self, collection: Collection, uids: Sequence[int], low: int, high: int) -> Batch:
        refs = [Ref(collection.id, str(uid), collection.epoch) for uid in uids]
        entries = [self._entry(ref) for ref in refs]
        return Batch(items=tuple(entries), cursor={"low": low, "high": high})

    def _entry(self, ref: Ref) -> Entry:
        word, flags = self.server.folders[ref.collection].mails[int(ref.key)]
        return mail(ref, word, flags, mail_keys(word))

    async def index(self, collection: Collection) -> AsyncIterator[Sequence[IndexEntry]]:
        folder = self._folder(collection)
        for uids in _pages(sorted(folder.mails)):
            yield [self._line(collection, uid, folder.mails[uid][1]) for uid in uids]

    def _line(self, collection: Collection, uid: int, flags: frozenset[str]) -> IndexEntry:
        ref = Ref(collection.id, str(uid), collection.epoch)
        patch = Patch(ref, read="seen" in flags, flagged="flagged" in flags)
        return IndexEntry(str(uid), " ".join(sorted(flags)), patch)

    async def get(self, refs: Sequence[Ref], level: Level) -> Sequence[Entry]:
        there = self.server.folders[refs[0].collection].mails
        return [self._entry(ref) for ref in refs if int(ref.key) in there]

    def _folder(self, collection: Collection) -> Folder:
        folder = self.server.folders[collection.id]
        if str(folder.epoch) != collection.epoch:
            raise CursorExpired("fake:default", collection.id)
        return folder


def _pages(values: list[int]) -> list[list[int]]:
    return [values[at : at + BATCH] for at in range(0, len(values), BATCH)]
