"""Rounds over an account's collections: where each stands, and what may be dropped when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jackfield.errors import StoreError
from jackfield.store.identity import Place

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence

    from jackfield.batches import JSON
    from jackfield.batches import Collection as Listed


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the sync of a collection stands.

    Attributes:
        cursor: The last committed one.
        generation: Of the snapshot under way, or of the last one.
        snapshot: A snapshot is under way.
        version: `Collection.version` when it was last in step.
        withheld: Items whose removal waits for a person.
        unfetched: Keys that the last index named and that could not be fetched.
        horizon: Nothing received before this time, in seconds, was asked for under the cursor;
            None means all was.
    """

    cursor: JSON
    generation: int
    snapshot: bool
    version: str
    withheld: int
    unfetched: tuple[str, ...]
    horizon: float | None

    def reaches(self, horizon: datetime | None) -> bool:
        """Tell whether what the cursor stands for goes back as far as a horizon.

        Args:
            horizon: Of the sync that is wanted; None means all.

        Returns:
            False where older items were never asked for.
        """
        if self.cursor is None or self.horizon is None:
            return True
        return horizon is not None and horizon.timestamp() >= self.horizon


def register(
    db: sqlite3.Connection, account: str, identity: str, aliases: Sequence[str] = ()
) -> None:
    """Make an account known, with the mailbox that it opens.

    Args:
        db: The store, within a transaction.
        account: ``source:name``.
        identity: The mailbox's own identity. The first one known for an account stays, so that
            ids do not change when an address is added.
        aliases: Other names of the same mailbox.

    Raises:
        StoreError: The account opened another mailbox before: its stored mail would be taken for
            this one's.
    """
    row = db.execute(
        "SELECT identity FROM account JOIN mailbox ON mailbox.id = mailbox WHERE name = ?",
        (account,),
    ).fetchone()
    if row is not None and row[0] not in {identity, *aliases}:
        raise StoreError(
            f"{account} was the mailbox of {row[0]} and is now that of {identity}",
            fix=f"give {identity} an account name of its own, or name {row[0]} as an address too",
        )
    first = identity if row is None else row[0]
    if row is None:
        db.execute("INSERT OR IGNORE INTO mailbox (identity) VALUES (?)", (identity,))
        db.execute(
            "INSERT INTO account (name, mailbox) SELECT ?, id FROM mailbox WHERE identity = ?",
            (account, identity),
        )
    (known,) = db.execute("SELECT names FROM mailbox WHERE identity = ?", (first,)).fetchone()
    names = {*json.loads(known), *(name.lower() for name in (first, identity, *aliases))}
    db.execute(
        "UPDATE mailbox SET names = ? WHERE identity = ?", (json.dumps(sorted(names)), first)
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
    account_id, mailbox, identity, names = db.execute(
        "SELECT account.id, mailbox.id, identity, names FROM account"
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
    return Place(row, mailbox, identity, kind, frozenset(json.loads(names)))


def unnamed_collections(
    db: sqlite3.Connection, account: str, kind: str, keys: Collection[str]
) -> frozenset[str]:
    """Find the collections of which nothing but their ids is known.

    Args:
        db: The store.
        account: ``source:name``.
        kind: The kind of their items.
        keys: `Collection.id` of each.

    Returns:
        Those that were never entered.
    """
    rows = db.execute(
        "SELECT key FROM collection JOIN account ON account.id = collection.account"
        " WHERE account.name = ? AND item_kind = ? AND collection.kind <> ''",
        (account, kind),
    )
    return frozenset(keys) - {key for (key,) in rows}


def name_collections(
    db: sqlite3.Connection, account: str, kind: str, found: Iterable[Listed]
) -> None:
    """Take over names and roles alone; a sync takes over the rest.

    Args:
        db: The store, within a transaction.
        account: ``source:name``, registered.
        kind: The kind of their items.
        found: As `Connector.collections` gave them.
    """
    for each in found:
        place = place_of(db, account, each.id, kind)
        db.execute(
            "UPDATE collection SET name = ?, kind = ?, role = ?, parent = ? WHERE id = ?",
            (each.name, each.kind, each.role, each.parent, place.collection),
        )


def enter_collection(db: sqlite3.Connection, place: Place, found: Listed) -> None:
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
    if found.epoch and epoch != found.epoch:  # a provider that names none just now changed none
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
    cursor, generation, snapshot, version, withheld, unfetched, horizon = db.execute(
        "SELECT cursor, generation, snapshot, version, withheld, unfetched, horizon"
        " FROM collection WHERE id = ?",
        (place.collection,),
    ).fetchone()
    known = None if cursor is None else json.loads(cursor)
    missing = tuple(json.loads(unfetched))
    return Standing(known, generation, bool(snapshot), version, withheld, missing, horizon)


def count_places(db: sqlite3.Connection, place: Place) -> int:
    """Count what is stored of a collection.

    Args:
        db: The store.
        place: The collection.

    Returns:
        Places.
    """
    query = "SELECT count(*) FROM membership WHERE collection = ?"
    (count,) = db.execute(query, (place.collection,)).fetchone()
    return int(count)


@dataclass(frozen=True, slots=True)
class Synced:
    """How far an account is in step with its provider.

    Attributes:
        oldest: When the collection that was synced longest ago was in step; None: none ever was.
        never: Names of the collections that never were.
    """

    oldest: datetime | None
    never: tuple[str, ...]


def synced(db: sqlite3.Connection, account: str, kind: str) -> Synced:
    """Tell how far an account is in step with its provider.

    Args:
        db: The store.
        account: ``source:name``.
        kind: Of which kind.

    Returns:
        How far.
    """
    rows = db.execute(
        "SELECT collection.name, synced_at FROM collection"
        " JOIN account ON account.id = collection.account"
        " WHERE account.name = ? AND item_kind = ? ORDER BY collection.name",
        (account, kind),
    ).fetchall()
    times = [at for _, at in rows if at is not None]
    oldest = datetime.fromtimestamp(min(times), UTC) if times else None
    return Synced(oldest, tuple(name for name, at in rows if at is None))


def count_account(db: sqlite3.Connection, account: str) -> int:
    """Count what is stored of an account.

    Args:
        db: The store.
        account: ``source:name``.

    Returns:
        Places.
    """
    (count,) = db.execute(
        "SELECT count(*) FROM membership JOIN collection ON collection.id = collection"
        " JOIN account ON account.id = account WHERE account.name = ?",
        (account,),
    ).fetchone()
    return int(count)


def stored_kinds(db: sqlite3.Connection, account: str) -> frozenset[str]:
    """Tell of which kinds an account has collections.

    Args:
        db: The store.
        account: ``source:name``.

    Returns:
        Kinds; none where it was never heard of.
    """
    rows = db.execute(
        "SELECT DISTINCT item_kind FROM collection JOIN account ON account.id = account"
        " WHERE account.name = ?",
        (account,),
    )
    return frozenset(kind for (kind,) in rows)


def end_round(
    db: sqlite3.Connection,
    place: Place,
    now: datetime,
    version: str,
    unfetched: Sequence[str] = (),
) -> None:
    """Note that a collection is in step with its provider.

    Args:
        db: The store, within a transaction.
        place: The collection.
        now: The time.
        version: `Collection.version` as it was before the round; empty to look again next time.
        unfetched: Keys that the index named and that could not be fetched.
    """
    db.execute(
        "UPDATE collection SET version = ?, unfetched = ?, synced_at = ? WHERE id = ?",
        (version, json.dumps(list(unfetched)), now.timestamp(), place.collection),
    )


def note_horizon(db: sqlite3.Connection, place: Place, horizon: datetime | None) -> None:
    """Remember how far back the cursor that is about to begin will reach.

    Args:
        db: The store, within a transaction.
        place: The collection, without a cursor.
        horizon: Of the sync.
    """
    seconds = None if horizon is None else horizon.timestamp()
    db.execute("UPDATE collection SET horizon = ? WHERE id = ?", (seconds, place.collection))


def look_again(db: sqlite3.Connection, place: Place) -> None:
    """Let the next round look into a collection even if its version has not moved.

    A listing may have been read before what it shows went.

    Args:
        db: The store, within a transaction.
        place: The collection.
    """
    db.execute("UPDATE collection SET version = '' WHERE id = ?", (place.collection,))


def begin_snapshot(db: sqlite3.Connection, place: Place) -> None:
    """Forget the cursor and number a new full pass.

    Args:
        db: The store, within a transaction.
        place: The collection.
    """
    db.execute(
        "UPDATE collection SET cursor = NULL, snapshot = 1, generation = generation + 1,"
        " version = '' WHERE id = ?",
        (place.collection,),
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
        """SELECT born FROM orphan JOIN item ON born = orphan.item WHERE kind = ?
             AND mailbox = (SELECT mailbox FROM account WHERE name = ?)
             AND NOT EXISTS (SELECT 1 FROM collection JOIN account ON account.id = account
                             WHERE account.mailbox = item.mailbox AND item_kind = item.kind
                               AND (snapshot = 1 OR withheld > 0))""",
        (kind, account),
    ).fetchall()
    for table in ("item_key", "alias", "body", "orphan"):
        db.executemany(f"DELETE FROM {table} WHERE item = ?", rows)
    db.executemany("DELETE FROM content WHERE id = (SELECT rowid FROM item WHERE born = ?)", rows)
    db.executemany("DELETE FROM item WHERE born = ?", rows)
    return len(rows)
