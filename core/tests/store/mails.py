"""Mails for a store, as small as they can be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from jackfield.batches import Batch, Entry, Keys, Ref
from jackfield.models import SourceType, UnifiedEmail
from jackfield.query.parser import parse
from jackfield.store.database import commit
from jackfield.store.searching import Search, search

if TYPE_CHECKING:
    import sqlite3

    from jackfield.models import AnyItem

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ME = "imap:default"
EVERYTHING = Search(limit=10_000, left_out=frozenset())


def mail(
    key: str,
    word: str = "budget",
    *,
    folder: str = "INBOX",
    received: datetime = NOW,
    keys: Keys | None = None,
    account: str = ME,
    **fields: Any,
) -> Entry:
    """A mail whose subject and text are a word; without keys it joins nothing but itself."""
    item = UnifiedEmail.model_validate({
        "source": SourceType(account.partition(":")[0]),
        "account": account,
        "time": NOW,
        "subject": word,
        "text": word,
        "unread": True,
        **fields,
    })
    keys = keys or Keys(strong=(f"id:{folder}/{key}",))
    return Entry(Ref(folder, key), item, keys, received)


def put(
    db: sqlite3.Connection, *mails: Entry, account: str = ME, stamped: datetime = NOW, **more: Any
) -> None:
    """Commit mails, each into its folder."""
    for one in mails:
        batch = Batch(items=(one,), **more)
        commit(db, account, one.ref.collection, one.item.kind, batch, stamped)


def everything(db: sqlite3.Connection) -> list[AnyItem]:
    return search(db, EVERYTHING).items


def found(db: sqlite3.Connection, query: str) -> list[str]:
    """The texts that a query finds, newest first."""
    wanted = Search(parse(query, now=NOW, zone=UTC), limit=10_000, left_out=frozenset())
    return [item.text for item in search(db, wanted).items]
