"""Items out of the store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from jackfield.batches import LEVELS, Ref
from jackfield.errors import StoreError
from jackfield.models import AnyItem, Kind
from jackfield.requests import LEFT_OUT_OF_LISTS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from jackfield.batches import Level

_ITEM: TypeAdapter[AnyItem] = TypeAdapter(AnyItem)
_SHORTEST = 5
_COLUMNS = "rowid, born, id, unread, flagged, fetched_at, payload"


@dataclass(frozen=True, slots=True)
class Listing:
    """What is asked of the store.

    Attributes:
        kinds: Of these kinds.
        accounts: Of these accounts (``source:name``); None means all.
        limit: At most so many.
        unread_only: Only what is unread.
        since: Only what was received at or after this time.
        before: Only what was received before this time.
        left_out: Roles of collections that do not count.
    """

    kinds: tuple[Kind, ...]
    accounts: tuple[str, ...] | None = None
    limit: int = 50
    unread_only: bool = False
    since: datetime | None = None
    before: datetime | None = None
    left_out: frozenset[str] = LEFT_OUT_OF_LISTS


def newest(db: sqlite3.Connection, listing: Listing) -> list[AnyItem]:
    """List the newest items.

    Args:
        db: The store.
        listing: What is wanted.

    Returns:
        Items, newest received first.
    """
    where = [f"kind IN ({_marks(listing.kinds)})"]
    values: list[object] = [*listing.kinds]
    if listing.unread_only:
        where.append("unread = 1")
    if listing.since is not None:
        where.append("rowid >= ?")
        values.append(int(listing.since.timestamp()) << 10)
    if listing.before is not None:
        where.append("rowid < ?")
        values.append(int(listing.before.timestamp()) << 10)
    where.append(_somewhere(listing, values))
    query = f"SELECT {_COLUMNS} FROM item WHERE {' AND '.join(where)} ORDER BY rowid DESC LIMIT ?"
    return _items(db, db.execute(query, (*values, listing.limit)).fetchall())


def _somewhere(listing: Listing, values: list[object]) -> str:
    places = [f"collection.role NOT IN ({_marks(listing.left_out)})"]
    values.extend(sorted(listing.left_out))
    if listing.accounts is not None:
        places.append(f"account.name IN ({_marks(listing.accounts)})")
        values.extend(listing.accounts)
    return (
        "EXISTS (SELECT 1 FROM membership JOIN collection ON collection.id = collection"
        " JOIN account ON account.id = collection.account"
        f" WHERE item = born AND {' AND '.join(places)})"
    )


def by_ids(db: sqlite3.Connection, ids: Sequence[str]) -> list[AnyItem]:
    """Read items.

    Args:
        db: The store.
        ids: Whole ids, or aliases of such.

    Returns:
        Those that are there, in the order asked.
    """
    found = []
    for id in ids:
        found += db.execute(
            f"SELECT {_COLUMNS} FROM item WHERE id = ?1"
            " OR born = (SELECT item FROM alias WHERE id = ?1)",
            (id,),
        ).fetchall()
    return _items(db, found)


def newest_of(db: sqlite3.Connection, ids: Sequence[str], limit: int) -> list[AnyItem]:
    """Order some items.

    Args:
        db: The store.
        ids: Whole ids.
        limit: At most so many.

    Returns:
        The newest received of them, newest first.
    """
    query = f"""SELECT {_COLUMNS} FROM item WHERE id IN (SELECT value FROM json_each(?1))
                OR born IN (SELECT item FROM alias WHERE id IN (SELECT value FROM json_each(?1)))
                ORDER BY rowid DESC LIMIT ?2"""
    return _items(db, db.execute(query, (json.dumps(ids), limit)).fetchall())


def at(db: sqlite3.Connection, account: str, kind: str, refs: Iterable[Ref]) -> list[AnyItem]:
    """Read the items at some places.

    Args:
        db: The store.
        account: ``source:name``.
        kind: The kind of items.
        refs: The places.

    Returns:
        The items that are there, each once, in the order asked.
    """
    query = f"""SELECT {_COLUMNS} FROM item WHERE born = (
        SELECT item FROM membership JOIN collection ON collection.id = collection
        JOIN account ON account.id = collection.account
        WHERE account.name = ? AND item_kind = ? AND collection.key = ?
          AND membership.epoch = ? AND membership.key = ?)"""
    rows = {}
    for ref in refs:
        for row in db.execute(query, (account, kind, ref.collection, ref.epoch, ref.key)):
            rows[row[1]] = row
    return _items(db, rows.values())


def find(db: sqlite3.Connection, prefix: str) -> list[str]:
    """Resolve a short id.

    Args:
        db: The store.
        prefix: The beginning of an id, or of an id that another item took over.

    Returns:
        The ids that it may mean, at most ten; one where it is clear.
    """
    end = prefix + "\uffff"
    rows = db.execute(
        """SELECT id FROM item WHERE id >= ?1 AND id < ?2 UNION
           SELECT item.id FROM alias JOIN item ON born = item
           WHERE alias.id >= ?1 AND alias.id < ?2 LIMIT 10""",
        (prefix.lower(), end.lower()),
    )
    return [row[0] for row in rows]


def original(db: sqlite3.Connection, id: str) -> bytes | None:
    """Read the original bytes.

    Args:
        db: The store.
        id: An item's id.

    Returns:
        The bytes, or None where only a part of the item is stored.
    """
    row = db.execute(
        "SELECT original FROM body JOIN item ON born = item WHERE id = ?", (id,)
    ).fetchone()
    return row[0] if row else None


def places(db: sqlite3.Connection, id: str) -> list[tuple[str, Ref, Level]]:
    """Tell where an item can be fetched.

    Args:
        db: The store.
        id: An item's id.

    Returns:
        Account, ref and how much of it is stored, for each place.
    """
    names = {number: level for level, number in LEVELS.items()}
    rows = db.execute(
        """SELECT account.name, collection.key, membership.key, membership.epoch, level
           FROM item JOIN membership ON item = born JOIN collection ON collection.id = collection
           JOIN account ON account.id = collection.account WHERE item.id = ?
           ORDER BY stamp DESC""",
        (id,),
    )
    return [(account, Ref(c, key, epoch), names[level]) for account, c, key, epoch, level in rows]


def answered_at(db: sqlite3.Connection, account: str) -> datetime | None:
    """Tell when an account last answered.

    Args:
        db: The store.
        account: ``source:name``.

    Returns:
        The time, or None.
    """
    row = db.execute("SELECT answered_at FROM account WHERE name = ?", (account,)).fetchone()
    return datetime.fromtimestamp(row[0], UTC) if row and row[0] is not None else None


def _items(db: sqlite3.Connection, rows: Iterable[Sequence[Any]]) -> list[AnyItem]:
    return [_item(db, row) for row in rows]


def _item(db: sqlite3.Connection, row: Sequence[Any]) -> AnyItem:
    _, born, id, unread, flagged, fetched_at, payload = row
    labels, folders = _places_of(db, born)
    try:
        item = _ITEM.validate_json(payload)
    except ValueError as error:
        raise StoreError(f"item {id} in the store cannot be read: {error}") from error
    return item.model_copy(
        update={
            "id": id,
            "short_id": _short(db, id),
            "unread": None if unread is None else bool(unread),
            "flagged": bool(flagged),
            "labels": labels,
            "folders": folders,
            "fetched_at": datetime.fromtimestamp(fetched_at, UTC),
        }
    )


def _places_of(db: sqlite3.Connection, born: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    rows = db.execute(
        "SELECT labels, name FROM membership JOIN collection ON collection.id = collection"
        " WHERE item = ? ORDER BY collection",
        (born,),
    ).fetchall()
    labels = [label for text, _ in rows for label in json.loads(text)]
    return tuple(dict.fromkeys(labels)), tuple(dict.fromkeys(name for _, name in rows))


def _short(db: sqlite3.Connection, id: str) -> str:
    """Cut an id to the shortest prefix that no other item and no alias has."""
    neighbours = db.execute(
        """SELECT max(id) FROM item WHERE id < ?1 UNION ALL SELECT min(id) FROM item WHERE id > ?1
           UNION ALL SELECT max(id) FROM alias WHERE id < ?1
           UNION ALL SELECT min(id) FROM alias WHERE id > ?1""",
        (id,),
    )
    shared = max(_shared(id, other) for (other,) in neighbours)
    return id[: max(_SHORTEST, shared + 1)]


def _shared(one: str, other: str | None) -> int:
    pairs = zip(one, other or "", strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other or "")))


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)
