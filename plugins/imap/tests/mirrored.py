"""A mailbox, its copy in a store, and somebody else who changes the mailbox."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from imapclient import IMAPClient

from jackfield.base import Context
from jackfield.clock import SystemClock
from jackfield.config import load_configuration, read_settings
from jackfield.hooks import AccountHooks
from jackfield.mirror import Mirror
from jackfield.models import Account, SourceType
from jackfield.store.database import Store
from jackfield_imap import ImapConnector
from jackfield_imap.settings import ImapSettings

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator, Iterator, Mapping

    from jackfield.batches import Collection
    from jackfield.mirror import CollectionSync
    from tests.peers.fixtures import DovecotAccount

ACCOUNT = Account(SourceType.IMAP)


def letter(subject: str, *, body: str = "hello", **headers: str) -> bytes:
    """A small mail of its own."""
    fields = {
        "Message-ID": f"<{subject.replace(' ', '.')}@acme.example>",
        "Date": "Mon, 02 Nov 2026 09:00:00 +0000",
        "From": "Ana <ana@acme.example>",
        "To": "me@acme.example",
        "Subject": subject,
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}\r\n{body}\r\n".encode()


@asynccontextmanager
async def opened(environment: Mapping[str, str]) -> AsyncIterator[ImapConnector]:
    settings = read_settings(ImapSettings, ACCOUNT, load_configuration(dict(environment)))
    nothing: Any = None
    connector = ImapConnector()
    await connector.open(Context(ACCOUNT, settings, nothing, nothing, SystemClock(), nothing))
    try:
        yield connector
    finally:
        await connector.close()


@contextmanager
def another_client(mailbox: DovecotAccount, folder: str = "INBOX") -> Iterator[IMAPClient]:
    """Somebody else who works in the same mailbox."""
    with IMAPClient(mailbox.server.host, port=mailbox.server.port, ssl=False) as client:
        client.login(mailbox.username, mailbox.password)
        client.select_folder(folder)
        yield client


class Mirrored:
    """One connector and one store in memory."""

    def __init__(self, connector: ImapConnector, store: Store) -> None:
        self.connector = connector
        self.store = store

    async def round(self, **options: Any) -> list[CollectionSync]:
        """Sync once; no folder may fail."""
        hooks = AccountHooks(ACCOUNT, self.connector)
        outcomes = await Mirror(hooks, self.store, SystemClock(), "email", **options).round()
        assert [each.error for each in outcomes if each.error] == []
        return outcomes

    async def places(self) -> dict[str, tuple[str, bool, bool]]:
        """Folder and subject to id, unread and flagged."""
        return await self.store.read(_places)

    async def flags(self) -> dict[str, tuple[bool, bool]]:
        return {place: flags[1:] for place, flags in (await self.places()).items()}

    async def folder(self, name: str) -> Collection:
        return next(each for each in await self.connector.collections() if each.name == name)


def _places(db: sqlite3.Connection) -> dict[str, tuple[str, bool, bool]]:
    rows = db.execute(
        "SELECT collection.name, payload, item.id, membership.unread, membership.flagged"
        " FROM membership JOIN collection ON collection.id = collection JOIN item ON born = item"
    )
    found: dict[str, tuple[str, bool, bool]] = {}
    for folder, payload, id, unread, flagged in rows:
        place = f"{folder}/{json.loads(payload)['subject']}"
        assert place not in found, f"{place} is there twice"
        found[place] = (id, bool(unread), bool(flagged))
    return found


@asynccontextmanager
async def mirrored(
    environment: Mapping[str, str], store: Store | None = None
) -> AsyncIterator[Mirrored]:
    """Open a connector over a store, by default one of its own."""
    used = store or Store(None)
    try:
        async with opened(environment) as connector:
            yield Mirrored(connector, used)
    finally:
        if store is None:
            used.close()
