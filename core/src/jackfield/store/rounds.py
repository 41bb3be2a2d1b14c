"""Rounds over an account's collections: where each stands, and what may be dropped when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jackfield.store.identity import Place

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from jackfield.batches import JSON, Collection, IndexEntry

LARGE = 50
"""A collection of more items than this never loses more than half of them unasked."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the sync of a collection stands.

    Attributes:
        cursor: The last committed one.
        generation: Of the snapshot under way, or of the last one.
        snapshot: A snapshot is under way.
    """

    cursor: JSON
    generation: int
    snapshot: bool


def register(db: sqlite3.Connection, account: str, identity: str) -> None:
    """Make an account known, with the mailbox that it opens.

    Args:
        db: The store, within a transaction.
        account: ``source:name``.
        identity: The mailbox's own identity. The first one known for an account stays, so that
            ids do not change when an address is added.
    """
    db.execute("INSERT OR IGNORE INTO mailbox (identity) VALUES (?)", (identity,))
    db.execute(
        "INSERT OR IGNORE INTO account (name, mailbox)"
        " SELECT ?, id FROM mailbox WHERE identity = ?",
        (account, identity),
    )


def place_of(db: sqlite3.Connection, account: str, collection: str, kind: str) -> Place:
    """Find a collection, or make room for one that only a listing has shown.

    Args:
        db: The store, within a transaction.
        account: ``source:name``, registered.
        collection: `Collection.id`.
        kind: The kind of its items.

    Returns:
        Its place.
    """
    account_id, mailbox, identity = db.execute(
        "SELECT account.id, mailbox.id, identity FROM account"
        " JOIN mailbox ON mailbox.id = account.mailbox WHERE name = ?",
        (account,),
    ).fetchone()
    db.execute(
        "INSERT OR IGNORE INTO collection (account, key, item_kind, name) VALUES (?, ?, ?, ?)",
        (account_id, collection, kind, collection),
    )
    (row,) = db.execute(
        "SELECT id FROM collection WHERE account = ? AND key = ? AND item_kind = ?",
        (account_id, collection, kind),
    ).fetchone()
    return Place(row, mailbox, identity, kind)


def enter_collection(db: sqlite3.Connection, place: Place, found: Collection) -> None:
    """Take over what the provider says of a collection; a new epoch voids the cursor.

    Args:
        db: The store, within a transaction.
        place: The collection.
        found: As `Connector.collections` gave it.
    """
    db.execute(
        "UPDATE collection SET name = ?, kind = ?, role = ?, parent = ? WHERE id = ?",
        (found.name, found.kind, found.role, found.parent, place.collection),
    )
    (epoch,) = db.execute(
        "SELECT epoch FROM collection WHERE id = ?", (place.collection,)
    ).fetchone()
    if epoch != found.epoch:
        db.execute("UPDATE collection SET epoch = ? WHERE id = ?", (found.epoch, place.collection))
        begin_snapshot(db, place)


def standing(db: sqlite3.Connection, place: Place) -> Standing:
    """Tell where a collection's sync stands.

    Args:
        db: The store.
        place: The collection.

    Returns:
        Its standing.
    """
    cursor, generation, snapshot = db.execute(
        "SELECT cursor, generation, snapshot FROM collection WHERE id = ?", (place.collection,)
    ).fetchone()
    return Standing(None if cursor is None else json.loads(cursor), generation, bool(snapshot))


def begin_snapshot(db: sqlite3.Connection, place: Place) -> None:
    """Forget the cursor and number a new full pass.

    Args:
        db: The store, within a transaction.
        place: The collection.
    """
    db.execute(
        "UPDATE collection SET cursor = NULL, snapshot = 1, generation = generation + 1"
        " WHERE id = ?",
        (place.collection,),
    )


def end_snapshot(
    db: sqlite3.Connection, place: Place, *, horizon: datetime | None, accept: bool
) -> tuple[int, int]:
    """Drop the places that a complete pass did not see.

    Args:
        db: The store, within a transaction.
        place: The collection.
        horizon: Nothing received before it was looked at, so nothing older is dropped.
        accept: A person agreed to lose more than half.

    Returns:
        How many places were dropped, and how many wait for a person.
    """
    generation = standing(db, place).generation
    unseen = db.execute(
        "SELECT epoch, key FROM membership WHERE collection = ? AND stamp < ?"
        " AND item IN (SELECT born FROM item WHERE born = membership.item AND rowid >= ?)",
        (place.collection, generation, _rowid(horizon)),
    ).fetchall()
    return drop(db, place, unseen, accept=accept)


def drop(
    db: sqlite3.Connection, place: Place, doomed: Sequence[tuple[str, str]], *, accept: bool
) -> tuple[int, int]:
    """Drop places, unless that empties most of a large collection and nobody agreed.

    Args:
        db: The store, within a transaction.
        place: The collection.
        doomed: Epoch and key of each.
        accept: A person agreed.

    Returns:
        How many places were dropped, and how many wait for a person.
    """
    gone = set(doomed)
    members = db.execute(
        "SELECT epoch, key, item FROM membership WHERE collection = ?", (place.collection,)
    ).fetchall()
    staying = {item for epoch, key, item in members if (epoch, key) not in gone}
    leaving = {item for epoch, key, item in members if (epoch, key) in gone} - staying
    total = len(staying) + len(leaving)
    waiting = len(leaving) if total > LARGE and 2 * len(leaving) > total and not accept else 0
    db.execute(
        "UPDATE collection SET withheld = ?, snapshot = 0 WHERE id = ?",
        (waiting, place.collection),
    )
    if waiting:
        return 0, waiting
    db.executemany(
        "DELETE FROM membership WHERE collection = ? AND epoch = ? AND key = ?",
        [(place.collection, epoch, key) for epoch, key in gone],
    )
    return len(gone), 0


def compare(
    db: sqlite3.Connection, place: Place, epoch: str, index: Iterable[IndexEntry]
) -> tuple[list[str], list[IndexEntry], list[tuple[str, str]]]:
    """Compare a complete index with what is stored.

    Args:
        db: The store.
        place: The collection.
        epoch: In which the index was read.
        index: All its entries.

    Returns:
        Keys to get, entries whose version changed, and epoch and key of what is gone.
    """
    rows = db.execute(
        "SELECT epoch, key, index_version FROM membership WHERE collection = ?",
        (place.collection,),
    ).fetchall()
    stored = {key: version for old, key, version in rows if old == epoch}
    listed = {entry.key: entry for entry in index}
    missing = [key for key in listed if key not in stored]
    changed = [e for key, e in listed.items() if key in stored and stored[key] != e.version]
    gone = [(old, key) for old, key, _ in rows if old != epoch or key not in listed]
    return missing, changed, gone


def remember_versions(
    db: sqlite3.Connection, place: Place, epoch: str, entries: Iterable[IndexEntry]
) -> None:
    """Keep what the index said, so that the next comparison sees changes.

    Args:
        db: The store, within a transaction.
        place: The collection.
        epoch: In which the index was read.
        entries: What was handled.
    """
    db.executemany(
        "UPDATE membership SET index_version = ? WHERE collection = ? AND epoch = ? AND key = ?",
        [(entry.version, place.collection, epoch, entry.key) for entry in entries],
    )


def unknown_keys(
    db: sqlite3.Connection, place: Place, keys: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Find the places that are not stored.

    Args:
        db: The store.
        place: The collection.
        keys: Epoch and key of each.

    Returns:
        Those that are not there.
    """
    query = "SELECT 1 FROM membership WHERE collection = ? AND epoch = ? AND key = ?"
    return [at for at in keys if db.execute(query, (place.collection, *at)).fetchone() is None]


def forget_unlisted(db: sqlite3.Connection, account: str, kind: str, listed: Iterable[str]) -> int:
    """Drop the places in collections that the provider no longer has. Their items stay.

    Args:
        db: The store, within a transaction.
        account: ``source:name``.
        kind: The kind of items.
        listed: The ids of all collections there are.

    Returns:
        How many collections were forgotten; a round that forgot one sweeps nothing.
    """
    keep = set(listed)
    rows = db.execute(
        "SELECT collection.id, key FROM collection JOIN account ON account.id = account"
        " WHERE account.name = ? AND item_kind = ?",
        (account, kind),
    ).fetchall()
    gone = [(row,) for row, key in rows if key not in keep]
    db.executemany("DELETE FROM membership WHERE collection = ?", gone)
    db.executemany("DELETE FROM collection WHERE id = ?", gone)
    return len(gone)


def note_answer(db: sqlite3.Connection, account: str, now: datetime) -> None:
    """Remember that an account answered, so that what is stored has an age.

    Args:
        db: The store, within a transaction.
        account: ``source:name``.
        now: The time.
    """
    db.execute("UPDATE account SET answered_at = ? WHERE name = ?", (now.timestamp(), account))


def sweep(db: sqlite3.Connection, account: str, kind: str) -> int:
    """Delete the items that are nowhere any more; only after a round in which all went well.

    While a snapshot is unfinished nothing is deleted: what seems gone may be in its other half.

    Args:
        db: The store, within a transaction.
        account: ``source:name``.
        kind: The kind of items.

    Returns:
        How many were deleted.
    """
    rows = db.execute(
        """SELECT born FROM item WHERE kind = ?
             AND mailbox = (SELECT mailbox FROM account WHERE name = ?)
             AND NOT EXISTS (SELECT 1 FROM membership WHERE item = born)
             AND NOT EXISTS (SELECT 1 FROM collection JOIN account ON account.id = account
                             WHERE account.name = ? AND item_kind = ? AND snapshot = 1)""",
        (kind, account, account, kind),
    ).fetchall()
    for table in ("item_key", "alias", "body"):
        db.executemany(f"DELETE FROM {table} WHERE item = ?", rows)
    db.executemany("DELETE FROM item WHERE born = ?", rows)
    return len(rows)


def _rowid(horizon: datetime | None) -> int:
    return -(1 << 62) if horizon is None else int(horizon.timestamp()) << 10
