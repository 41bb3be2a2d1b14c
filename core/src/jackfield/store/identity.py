"""Which item is it? The rules of ids, aliases and memberships, in one place.

- A place that is known keeps its item, unless its keys or bytes say otherwise.
- A strong key is identity. Without one, digest and size find candidates: an item of that digest
  that is not yet in this collection. Known bytes must agree.
- In one collection equal mails are different items.
- What was committed first survives; the other's id becomes an alias for ever.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jackfield.batches import hash_body
from jackfield.store.texts import COLUMNS

if TYPE_CHECKING:
    import sqlite3

    from jackfield.batches import Entry, Keys

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class Place:
    """A collection of the store, while a batch is committed into it.

    Attributes:
        collection: Its row.
        mailbox: The mailbox's row.
        identity: The mailbox's own identity.
        kind: The kind of its items.
        names: Addresses and other names of the mailbox: who ``to:me`` is.
    """

    collection: int
    mailbox: int
    identity: str
    kind: str
    names: frozenset[str] = frozenset()


def make_id(identity: str, kind: str, key: str, attempt: int) -> str:
    """Hash an id.

    Args:
        identity: The mailbox's own identity.
        kind: The item's kind.
        key: The strongest key.
        attempt: Counts up while the id is taken (equal mails in one collection).

    Returns:
        26 characters without i, l, o and u.
    """
    text = "\0".join((identity, kind, key, str(attempt)))
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def find(db: sqlite3.Connection, place: Place, entry: Entry) -> int | None:
    """Find the item that an entry is, merging and parting items as its keys demand.

    Args:
        db: The store, within a transaction.
        place: Where the entry was seen.
        entry: What was seen.

    Returns:
        `item.born`, or None for a new item.
    """
    known = db.execute(
        "SELECT item, body_hash FROM membership WHERE collection = ? AND epoch = ? AND key = ?",
        (place.collection, entry.ref.epoch, entry.ref.key),
    ).fetchone()
    if entry.keys.strong:
        return _by_strong_key(db, place, entry.keys, known[0] if known else None)
    if known is None:
        return _candidate(db, place, entry)
    if _bytes_disagree(db, place, known[0], entry):
        return _candidate(db, place, entry)
    return int(known[0])


def _by_strong_key(
    db: sqlite3.Connection, place: Place, keys: Keys, known: int | None
) -> int | None:
    marks = ", ".join("?" * len(keys.strong))
    rows = db.execute(
        f"SELECT DISTINCT item FROM item_key WHERE mailbox = ? AND kind = ? AND key IN ({marks})"
        " ORDER BY item",
        (place.mailbox, place.kind, *keys.strong),
    ).fetchall()
    owners = [int(row[0]) for row in rows]
    keyless = known is not None and not _has_strong_key(db, known)
    if known is not None and keyless and (not owners or not _is_shared(db, known)):
        owners = sorted({*owners, known})
    for other in owners[1:]:
        merge(db, owners[0], other)
    return owners[0] if owners else None


def _candidate(db: sqlite3.Connection, place: Place, entry: Entry) -> int | None:
    """Find the oldest item with this digest that may be this mail at another place."""
    if entry.keys.digest is None:
        return None
    rows = db.execute(
        """SELECT born FROM item WHERE mailbox = :mailbox AND kind = :kind AND digest = :digest
             AND size IS :size
             AND NOT EXISTS (SELECT 1 FROM item_key WHERE item = born)
             AND NOT EXISTS (SELECT 1 FROM membership WHERE item = born
                             AND collection = :collection AND epoch = :epoch)
             AND (:joins OR EXISTS (SELECT 1 FROM membership WHERE item = born
                                    AND collection = :collection))
           ORDER BY born""",
        {
            "mailbox": place.mailbox,
            "kind": place.kind,
            "digest": entry.keys.digest,
            "size": entry.keys.size,
            "collection": place.collection,
            "epoch": entry.ref.epoch,
            "joins": entry.keys.joins,
        },
    )
    return next(
        (int(born) for (born,) in rows if not _bytes_disagree(db, place, born, entry)), None
    )


def _bytes_disagree(db: sqlite3.Connection, place: Place, item: int, entry: Entry) -> bool:
    """Tell whether another place of the item is known to hold other bytes."""
    if entry.keys.body_hash is None:
        return False
    query = """SELECT max(body_hash <> ? AND NOT (collection = ? AND epoch = ? AND key = ?))
               FROM membership WHERE item = ?"""
    here = (place.collection, entry.ref.epoch, entry.ref.key)
    (disagree,) = db.execute(query, (entry.keys.body_hash, *here, item)).fetchone()
    if disagree is None and not _has_place(db, item):
        return _kept_hash(db, item) not in {None, entry.keys.body_hash}
    return bool(disagree)


def _has_place(db: sqlite3.Connection, item: int) -> bool:
    query = "SELECT 1 FROM membership WHERE item = ?"
    return db.execute(query, (item,)).fetchone() is not None


def _kept_hash(db: sqlite3.Connection, item: int) -> str | None:
    row = db.execute("SELECT original FROM body WHERE item = ?", (item,)).fetchone()
    return hash_body(row[0]) if row else None


def _is_shared(db: sqlite3.Connection, item: int) -> bool:
    query = "SELECT count(*) FROM membership WHERE item = ?"
    return bool(db.execute(query, (item,)).fetchone()[0] > 1)


def _has_strong_key(db: sqlite3.Connection, item: int) -> bool:
    return db.execute("SELECT 1 FROM item_key WHERE item = ?", (item,)).fetchone() is not None


def merge(db: sqlite3.Connection, survivor: int, other: int) -> None:
    """Give everything of one item to another; its id becomes an alias.

    Args:
        db: The store, within a transaction.
        survivor: `item.born` of the one that was committed first.
        other: `item.born` of the one that goes.
    """
    for table in ("alias", "item_key", "membership"):
        db.execute(f"UPDATE {table} SET item = ? WHERE item = ?", (survivor, other))
    db.execute("INSERT INTO alias SELECT id, ? FROM item WHERE born = ?", (survivor, other))
    db.execute("UPDATE OR IGNORE body SET item = ? WHERE item = ?", (survivor, other))
    db.execute("DELETE FROM body WHERE item = ?", (other,))
    _take_over_more(db, survivor, other)
    db.execute("DELETE FROM content WHERE id = (SELECT rowid FROM item WHERE born = ?)", (other,))
    db.execute("DELETE FROM orphan WHERE item = ?", (other,))
    db.execute("DELETE FROM item WHERE born = ?", (other,))


def _take_over_more(db: sqlite3.Connection, survivor: int, other: int) -> None:
    """Where the one that goes is better known, keep what is known of it."""
    query = "SELECT rowid, level FROM item WHERE born = ?"
    (to, level), (source, better) = (
        db.execute(query, (born,)).fetchone() for born in (survivor, other)
    )
    if better <= level:
        return
    columns = ", ".join(COLUMNS)
    db.execute(
        f"UPDATE content SET ({columns}) = (SELECT {columns} FROM content WHERE id = ?)"
        " WHERE id = ?",
        (source, to),
    )
    db.execute(
        "UPDATE item SET (level, payload) = (SELECT level, payload FROM item WHERE rowid = ?)"
        " WHERE rowid = ?",
        (source, to),
    )


def remember_keys(db: sqlite3.Connection, place: Place, item: int, keys: Keys) -> None:
    """Let later entries find the item by these keys.

    Args:
        db: The store, within a transaction.
        place: Where it was seen.
        item: `item.born`.
        keys: Its strong keys become its own.
    """
    db.executemany(
        "INSERT OR IGNORE INTO item_key VALUES (?, ?, ?, ?)",
        [(place.mailbox, place.kind, key, item) for key in keys.strong],
    )
