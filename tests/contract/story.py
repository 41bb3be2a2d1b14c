"""Plays a hard case: a provider, a client that may die, and one store that stays."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from jackfield.clock import SystemClock
from jackfield.hooks import AccountHooks
from jackfield.hookspecs import hookimpl
from jackfield.mirror import Mirror
from jackfield.models import Account, SourceType
from jackfield.store.database import Store
from tests.contract.graph_fake import GraphFake, GraphServer
from tests.contract.imap_fake import ImapFake, ImapServer
from tests.contract.queue_fake import QueueFake, QueueServer

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from jackfield.batches import Batch
    from jackfield.mirror import CollectionSync

ACCOUNT = Account(SourceType("fake"))
FAKES: dict[str, tuple[Any, Any, Any]] = {
    "imap": (ImapServer, ImapFake, "email"),
    "graph": (GraphServer, GraphFake, "email"),
    "queue": (QueueServer, QueueFake, "message"),
}


class Died(BaseException):
    """The process is gone."""


class Dying:
    """A plugin that ends the process with the Nth batch in its hands."""

    def __init__(self, at: int) -> None:
        self.left = at

    @hookimpl
    def on_ingest(self, batch: Batch) -> Batch:
        self.left -= 1
        if self.left == 0:
            raise Died
        return batch


class Story:
    """One account from the provider's and from the client's side."""

    def __init__(self, provider: str, path: Path) -> None:
        server, self._fake, self.kind = FAKES[provider]
        self.server = server()
        self.path = path
        self.ids: dict[str, set[str]] = {}

    async def play(self, script: str) -> None:
        """Play all lines of a script."""
        for line in script.strip().splitlines():
            verb, *words = line.split()
            if verb in {"sync", "poll"}:
                await self.sync(words)
                await self.note_ids()
            else:
                getattr(self.server, verb.replace("-", "_"))(*words)
                if verb == "stale":
                    await self.sync([])

    async def sync(self, words: list[str]) -> list[CollectionSync]:
        """Run one round in a process of its own, which may die on the way."""
        names, _, fate = " ".join(words).partition("/")
        how, _, count = fate.strip().partition(" ")
        plugins = {"dying": Dying(int(count))} if how == "lose" else {}
        left = int(count) if how == "stop" else -1

        def on_commit(progress: CollectionSync) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Died

        store = Store(self.path)
        hooks = AccountHooks(ACCOUNT, self._connector(), plugins)
        mirror = Mirror(hooks, store, SystemClock(), self.kind, concurrency=1, on_commit=on_commit)
        outcomes: list[CollectionSync] = []
        try:
            outcomes = await mirror.round(names.split() or None)
        except* Died:
            pass
        finally:
            store.close()
        assert [each.error for each in outcomes if each.error] == []
        return outcomes

    def _connector(self) -> Any:
        connector = self._fake(self.server)
        connector.mailbox_identity = lambda: "me@example.org"
        return connector

    async def note_ids(self) -> None:
        """Remember under which ids each word was ever seen."""
        for word, id in await self.read(_ids):
            self.ids.setdefault(word, set()).add(id)

    async def read(self, work: Any) -> Any:
        """Read from the store as a later process would."""
        store = Store(self.path)
        try:
            return await store.read(work)
        finally:
            store.close()


def _ids(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute(f"SELECT body, item.id FROM {_ITEMS}").fetchall()


_ITEMS = "item JOIN content ON content.id = item.rowid"


def shelf(db: sqlite3.Connection) -> Shelf:
    """What the store holds: word, sorted places, and the flags of each place."""
    items = []
    for born, word in db.execute(f"SELECT born, body FROM {_ITEMS}").fetchall():
        rows = db.execute(
            "SELECT collection.key, membership.key, unread, flagged, membership.epoch"
            " FROM membership JOIN collection ON collection.id = collection"
            " WHERE item = ? ORDER BY 1, 2",
            (born,),
        ).fetchall()
        places = tuple(sorted({f"{folder}/{key}" for folder, key, *_ in rows}))
        flags = {
            f"{folder}/{key} {flag}"
            for folder, key, unread, flagged, _ in rows
            for flag, on in (("+seen", unread == 0), ("+flagged", flagged))
            if on
        }
        items.append((word, places, frozenset(flags)))
    return sorted(items, key=repr)


Shelf = list[tuple[str, tuple[str, ...], frozenset[str]]]


def canonical(found: Shelf) -> tuple[Any, Any]:
    """A shelf up to the permutation of byte-identical copies in one folder.

    Which of two equal mails in the inbox is the one that is also in the archive, nobody can
    tell; how many there are, where, and with which flags, everybody can.
    """
    copies = Counter((word, _folder(place)) for word, places, _ in found for place in places)

    def blurred(word: str, place: str) -> str:
        return place if copies[word, _folder(place)] == 1 else f"{_folder(place)}/*"

    items = Counter(
        (word, tuple(sorted(blurred(word, place) for place in places))) for word, places, _ in found
    )
    flags = Counter((word, flag) for word, _, marks in found for flag in marks)
    return items, flags


def _folder(place: str) -> str:
    return place.rpartition("/")[0]
