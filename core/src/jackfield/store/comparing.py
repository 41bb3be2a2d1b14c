"""What a provider lists against what is stored, page by page, in a table that Python never holds.

What was stored before the listing began goes into a temporary table; what is listed is taken
out of it; what is left is gone. A mail that comes meanwhile is in neither, and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.store.folding import fold_copies
from jackfield.store.rounds import place_of, standing

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from jackfield.batches import IndexEntry
    from jackfield.store.identity import Place

LARGE = 50
"""A collection of more items than this never loses more than half of them unasked."""

_TABLE = """CREATE TEMP TABLE IF NOT EXISTS unlisted (
    collection INTEGER, epoch TEXT, key TEXT, version TEXT,
    PRIMARY KEY (collection, epoch, key)) WITHOUT ROWID"""

_DOOMED = """EXISTS (SELECT 1 FROM temp.unlisted AS u WHERE u.collection = m.collection
                     AND u.epoch = m.epoch AND u.key = m.key)"""


def begin_comparison(db: sqlite3.Connection, place: Place) -> None:
    """Note what is stored of a collection, before its index is read.

    Args:
        db: The store's writing connection, within a transaction.
        place: The collection.
    """
    _clear(db, place)
    db.execute(
        "INSERT INTO temp.unlisted SELECT collection, epoch, key, index_version"
        " FROM membership WHERE collection = ?",
        (place.collection,),
    )


def _clear(db: sqlite3.Connection, place: Place) -> None:
    db.execute(_TABLE)
    db.execute("DELETE FROM temp.unlisted WHERE collection = ?", (place.collection,))


def compare(
    db: sqlite3.Connection, place: Place, epoch: str, page: Iterable[IndexEntry]
) -> tuple[list[IndexEntry], list[IndexEntry]]:
    """Compare a page of an index with what was stored when the comparison began.

    Args:
        db: The store's writing connection, within a transaction.
        place: The collection.
        epoch: In which the index was read.
        page: Some of its entries.

    Returns:
        Entries of which nothing is stored, and those whose version changed.
    """
    missing, changed = [], []
    for entry in page:
        at = (place.collection, epoch, entry.key)
        row = db.execute(
            "DELETE FROM temp.unlisted WHERE collection = ? AND epoch = ? AND key = ?"
            " RETURNING version",
            at,
        ).fetchone()
        if row is None:
            if not _is_stored(db, at):
                missing.append(entry)
        elif entry.version is not None and entry.version != row[0]:
            changed.append(entry)
    return missing, changed


def _is_stored(db: sqlite3.Connection, at: tuple[int, str, str]) -> bool:
    query = "SELECT 1 FROM membership WHERE collection = ? AND epoch = ? AND key = ?"
    return db.execute(query, at).fetchone() is not None


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


def unseen(db: sqlite3.Connection, place: Place, horizon: datetime | None) -> None:
    """Name what a complete snapshot did not see as what is gone.

    Args:
        db: The store's writing connection, within a transaction.
        place: The collection.
        horizon: Nothing received before it was looked at, so nothing older is gone.
    """
    _clear(db, place)
    db.execute(
        "INSERT INTO temp.unlisted SELECT collection, epoch, key, NULL FROM membership"
        " WHERE collection = ? AND stamp < ? AND received >= ?",
        (
            place.collection,
            standing(db, place).generation,
            -1e300 if horizon is None else horizon.timestamp(),
        ),
    )


def spare_older(db: sqlite3.Connection, place: Place, horizon: datetime | None) -> None:
    """Let stay what was received before a horizon: nothing was asked about it.

    Args:
        db: The store's writing connection, within a transaction.
        place: The collection.
        horizon: Of the sync; None means that all was asked about.
    """
    if horizon is not None:
        db.execute(
            """DELETE FROM temp.unlisted AS u WHERE collection = ? AND EXISTS (
                 SELECT 1 FROM membership AS m WHERE m.collection = u.collection
                 AND m.epoch = u.epoch AND m.key = u.key AND m.received < ?)""",
            (place.collection, horizon.timestamp()),
        )


def drop_unlisted(db: sqlite3.Connection, place: Place, *, accept: bool) -> tuple[int, int]:
    """Drop what is gone, unless that costs most of a large collection and nobody agreed.

    Items are counted and not places: after a new UIDVALIDITY every old place goes and no item. One
    that is in another collection too is not lost.

    Args:
        db: The store's writing connection, within a transaction.
        place: The collection.
        accept: A person agreed.

    Returns:
        How many items left the collection, and how many wait for a person.
    """
    (leaving,) = db.execute(
        f"""SELECT count(DISTINCT item) FROM membership AS m WHERE collection = ?1 AND {_DOOMED}
            AND NOT EXISTS (SELECT 1 FROM membership AS o WHERE o.item = m.item
                            AND NOT (o.collection = ?1 AND {_DOOMED.replace("m.", "o.")}))""",
        (place.collection,),
    ).fetchone()
    (total,) = db.execute(
        "SELECT count(DISTINCT item) FROM membership WHERE collection = ?", (place.collection,)
    ).fetchone()
    waiting = leaving if total > LARGE and 2 * leaving > total and not accept else 0
    db.execute(
        "UPDATE collection SET withheld = ?, snapshot = 0 WHERE id = ?",
        (waiting, place.collection),
    )
    return (0, waiting) if waiting else (_drop(db, place), 0)


def unlisted_collections(
    db: sqlite3.Connection,
    account: str,
    kind: str,
    listed: Iterable[str],
    horizon: datetime | None,
) -> list[tuple[Place, str]]:
    """Find the collections that the provider no longer names, and take all in them for gone.

    Args:
        db: The store's writing connection, within a transaction.
        account: ``source:name``.
        kind: The kind of items.
        listed: The ids of all collections there are.
        horizon: Of the sync.

    Returns:
        Place and name of each.
    """
    keep = set(listed)
    rows = db.execute(
        "SELECT key, collection.name FROM collection JOIN account ON account.id = account"
        " WHERE account.name = ? AND item_kind = ?",
        (account, kind),
    ).fetchall()
    gone = [(place_of(db, account, key, kind), name) for key, name in rows if key not in keep]
    for place, _ in gone:
        begin_comparison(db, place)
        spare_older(db, place, horizon)
    return gone


def forget_collection(db: sqlite3.Connection, place: Place, *, accept: bool) -> tuple[int, int]:
    """Forget a collection that is gone, by the rule of `drop_unlisted`.

    Args:
        db: The store's writing connection, within a transaction.
        place: As `unlisted_collections` gave it.
        accept: A person agreed.

    Returns:
        As `drop_unlisted`; the collection stays while anything is in it.
    """
    dropped, waiting = drop_unlisted(db, place, accept=accept)
    db.execute(
        "DELETE FROM collection WHERE id = ?1"
        " AND NOT EXISTS (SELECT 1 FROM membership WHERE collection = ?1)",
        (place.collection,),
    )
    return dropped, waiting


def _drop(db: sqlite3.Connection, place: Place) -> int:
    touched = [
        row[0]
        for row in db.execute(
            f"SELECT DISTINCT item FROM membership AS m WHERE collection = ? AND {_DOOMED}",
            (place.collection,),
        )
    ]
    db.execute(
        f"DELETE FROM membership AS m WHERE collection = ? AND {_DOOMED}", (place.collection,)
    )
    fold_copies(db, touched)
    query = "SELECT 1 FROM membership WHERE item = ? AND collection = ?"
    return sum(db.execute(query, (item, place.collection)).fetchone() is None for item in touched)
