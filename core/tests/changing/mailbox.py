"""A mailbox in memory that can be changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from jackfield.base import MailSourceConnector
from jackfield.batches import Batch, Collection, Entry, Keys, Patch, Ref
from jackfield.capabilities import Capabilities
from jackfield.config import load_configuration
from jackfield.models import Attachment, SourceType, UnifiedEmail
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.registry import Registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from jackfield.batches import Change
    from jackfield.requests import ListRequest

FAKE = SourceType("fake")
NOW = datetime(2026, 11, 20, 9, 41, tzinfo=UTC)
FILE = Attachment(id="1", name="q3.xlsx", size=6)


@dataclass
class Mail:
    """One mail: where it is, under which key there, and whether it was read."""

    subject: str
    folder: str
    key: str
    read: bool = False
    flagged: bool = False


@dataclass
class Server:
    """What is at the provider.

    Attributes:
        mails: All there are.
        calls: What was asked: keys, in the order of the calls.
        fails: Raised instead of changing.
        ignores: Keys that do not change although nothing is said.
        tells: Says where a moved mail is now.
        pieces: What a file is made of; an exception is raised in its place.
    """

    mails: list[Mail]
    calls: list[list[str]] = field(default_factory=list)
    fails: Exception | None = None
    ignores: frozenset[str] = frozenset()
    tells: bool = True
    pieces: Sequence[bytes | Exception] = (b"abc", b"def")

    def where(self, subject: str) -> list[str]:
        return [mail.folder for mail in self.mails if mail.subject == subject]


class Mailbox(MailSourceConnector):
    """Lists, changes and downloads what its server holds."""

    source = FAKE
    declared: ClassVar = MappingProxyType({"email": Capabilities(fetch="remote", move=True)})

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server

    def mailbox_identity(self) -> str:
        return "me@acme.example"

    async def collections(self) -> Sequence[Collection]:
        roles = {"INBOX": "inbox", "Archive": "archive", "Trash": "trash"}
        return [Collection(name, name, role=role) for name, role in roles.items()]

    async def fetch(self, request: ListRequest) -> AsyncIterator[Batch]:
        yield Batch(items=tuple(map(self._entry, self.server.mails)))

    def _entry(self, mail: Mail) -> Entry:
        item = UnifiedEmail(
            source=FAKE,
            account="fake:default",
            time=NOW,
            subject=mail.subject,
            unread=not mail.read,
            flagged=mail.flagged,
            attachments=(FILE,),
        )
        keys = Keys(strong=(f"fake:{mail.subject}",))
        return Entry(Ref(mail.folder, mail.key), item, keys, NOW, "full")

    async def update(self, refs: Sequence[Ref], change: Change) -> Batch:
        self.server.calls.append([ref.key for ref in refs])
        if self.server.fails is not None:
            raise self.server.fails
        patches, removed, items = [], [], []
        for mail in list(self.server.mails):
            ref = Ref(mail.folder, mail.key)
            if ref not in refs or ref.key in self.server.ignores:
                continue
            mail.read = mail.read if change.read is None else change.read
            mail.flagged = mail.flagged if change.flagged is None else change.flagged
            to = change.move_to or ("Archive" if change.archive else "")
            if to:
                mail.folder, mail.key = to, f"{mail.key}m"
                removed.append(ref)
                items += [self._entry(mail)] if self.server.tells else []
            elif change.delete:
                self.server.mails.remove(mail)
                removed.append(ref)
            else:
                patches.append(Patch(ref, read=change.read, flagged=change.flagged))
        return Batch(items=tuple(items), patches=tuple(patches), removed=tuple(removed))

    async def download(self, ref: Ref, attachment: Attachment) -> AsyncIterator[bytes]:
        for piece in self.server.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def assistant(folder: Path, server: Server, **environment: str) -> AssistantOrchestrator:
    """An assistant with the account ``fake:default``."""
    registry = Registry()
    registry.register_mail_connector(FAKE, Mailbox(server))
    given = {"JACKFIELD_CONFIG": str(folder / "config.toml"), **environment}
    configuration = load_configuration(given)
    return AssistantOrchestrator(
        registry=registry, configuration=configuration, store=folder / "store.db"
    )
