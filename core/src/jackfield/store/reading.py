"""Items out of the store."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jackfield.batches import LEVELS, Ref
from jackfield.errors import StoreError
from jackfield.query.evaluating import Candidate
from jackfield.store.payloads import read_payload

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from jackfield.batches import Level
    from jackfield.models import AnyItem

_SHORTEST = 5
_COLUMNS = "item.rowid, born, item.id, unread, flagged, fetched_at, payload, body"
_JSON = ("false", "true")
_TABLES = "item JOIN content ON content.id = item.rowid"


def by_rowids(db: sqlite3.Connection, rowids: Sequence[int]) -> list[AnyItem]:
    """Read items by their private row ids.

    Args:
        db: The store.
        rowids: Row ids.

    Returns:
        Those that are there, in the order asked.
    """
    query = f"SELECT {_COLUMNS} FROM {_TABLES} WHERE item.rowid IN (SELECT value FROM json_each(?))"
    found = {row[0]: row for row in db.execute(query, (json.dumps(rowids),))}
    return _items(db, [found[rowid] for rowid in rowids if rowid in found])


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
            f"SELECT {_COLUMNS} FROM {_TABLES} WHERE item.id = ?1"
            " OR born = (SELECT item FROM alias WHERE id = ?1)",
            (id,),
        ).fetchall()
    return _items(db, found)


def newest_of(
    db: sqlite3.Connection, ids: Sequence[str], limit: int, before: int
) -> tuple[list[AnyItem], int]:
    """Order some items.

    Args:
        db: The store.
        ids: Whole ids.
        limit: At most so many.
        before: Only items whose private row id lies below.

    Returns:
        The newest received of them, newest first, and the row id of the last.
    """
    query = f"""SELECT {_COLUMNS} FROM {_TABLES}
                WHERE (item.id IN (SELECT value FROM json_each(?1)) OR born IN
                  (SELECT item FROM alias WHERE id IN (SELECT value FROM json_each(?1))))
                AND item.rowid < ?3 ORDER BY item.rowid DESC LIMIT ?2"""
    rows = db.execute(query, (json.dumps(ids), limit, before)).fetchall()
    return _items(db, rows), rows[-1][0] if rows else before


def shown_within(db: sqlite3.Connection, before: int) -> int:
    """Count the items of one second that lie at or above a row id.

    Args:
        db: The store.
        before: The row id.

    Returns:
        How many.
    """
    query = "SELECT count(*) FROM item WHERE rowid >= ? AND rowid <= (? | 1023)"
    (count,) = db.execute(query, (before, before)).fetchone()
    return int(count)


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
    query = f"""SELECT {_COLUMNS} FROM {_TABLES} WHERE born = (
        SELECT item FROM membership JOIN collection ON collection.id = collection
        JOIN account ON account.id = collection.account
        WHERE account.name = ? AND item_kind = ? AND collection.key = ?
          AND membership.epoch = ? AND membership.key = ?)"""
    rows = {}
    for ref in refs:
        for row in db.execute(query, (account, kind, ref.collection, ref.epoch, ref.key)):
            rows[row[1]] = row
    return _items(db, list(rows.values()))


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
        """SELECT item.id FROM item WHERE id >= ?1 AND id < ?2 UNION
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


def _items(db: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> list[AnyItem]:
    """Build items: three queries for all of them, and each is validated once."""
    shorts = short_ids(db, [row[2] for row in rows])
    places = _places_of(db, [row[1] for row in rows])
    return [_item(row, shorts[row[2]], *places.get(row[1], ((), ()))) for row in rows]


def _item(row: Sequence[Any], short: str, labels: Sequence[str], folders: Sequence[str]) -> AnyItem:
    _, _, id, unread, flagged, fetched_at, payload, text = row
    known = "null" if unread is None else _JSON[unread]
    here = (
        f'"id":"{id}","short_id":"{short}","text":{json.dumps(text)},"unread":{known},'
        f'"flagged":{_JSON[flagged]},"labels":{_names(tuple(labels))},'
        f'"folders":{_names(tuple(folders))},"fetched_at":{fetched_at}'
    )
    try:
        return read_payload(f"{payload[:-1]},{here}}}")
    except ValueError as error:
        raise StoreError(f"item {id} in the store cannot be read: {error}") from error


@lru_cache(maxsize=512)
def _names(names: tuple[str, ...]) -> str:
    return json.dumps(names)


def _places_of(
    db: sqlite3.Connection, items: Sequence[int]
) -> dict[int, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Give labels and names of collections, each once, for each item that is somewhere."""
    rows = db.execute(
        "SELECT item, labels, name FROM membership JOIN collection ON collection.id = collection"
        " WHERE item IN (SELECT value FROM json_each(?)) ORDER BY item, collection",
        (json.dumps(items),),
    )
    labels: dict[int, dict[str, None]] = {}
    names: dict[int, dict[str, None]] = {}
    for item, written, name in rows:
        labels.setdefault(item, {}).update(dict.fromkeys(json.loads(written)))
        names.setdefault(item, {})[name] = None
    return {item: (tuple(labels[item]), tuple(names[item])) for item in names}


def short_ids(db: sqlite3.Connection, ids: Sequence[str]) -> dict[str, str]:
    """Cut ids to the shortest prefixes that no other item and no alias has.

    Args:
        db: The store.
        ids: Whole ids.

    Returns:
        At least five characters of each.
    """
    (aliases,) = db.execute("SELECT EXISTS (SELECT 1 FROM alias)").fetchone()
    rows = db.execute(_NEIGHBOURS_BESIDE_ALIASES if aliases else _NEIGHBOURS, (json.dumps(ids),))
    return {id: id[: max(_SHORTEST, _shared(id, others) + 1)] for id, *others in rows}


_BESIDE = "(SELECT max(id) FROM {0} WHERE id < value), (SELECT min(id) FROM {0} WHERE id > value)"
_NEIGHBOURS = f"SELECT value, {_BESIDE.format('item')} FROM json_each(?)"
_NEIGHBOURS_BESIDE_ALIASES = (
    f"SELECT value, {_BESIDE.format('item')}, {_BESIDE.format('alias')} FROM json_each(?)"
)


def _shared(id: str, others: Iterable[str | None]) -> int:
    """Count the characters that an id has in common with its neighbours in order."""
    near = [other for other in others if other and other[:_SHORTEST] == id[:_SHORTEST]]
    return max((_alike(id, other) for other in near), default=0)


def _alike(id: str, other: str) -> int:
    pairs = zip(id, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(id), len(other)))


def without_text(db: sqlite3.Connection, ids: Sequence[str]) -> list[str]:
    """Choose the items of which only the headers are stored.

    Args:
        db: The store.
        ids: Whole ids.

    Returns:
        Some of them.
    """
    query = "SELECT id FROM item WHERE level = 0 AND id IN (SELECT value FROM json_each(?))"
    return [id for (id,) in db.execute(query, (json.dumps(ids),))]


def candidates(db: sqlite3.Connection, ids: Sequence[str]) -> list[Candidate]:
    """Read items with all that a query may ask about them.

    Args:
        db: The store.
        ids: Whole ids, or aliases of such.

    Returns:
        Those that are there, in the order asked.
    """
    return [_candidate(db, item) for item in by_ids(db, ids)]


def _candidate(db: sqlite3.Connection, item: AnyItem) -> Candidate:
    received, names, size = db.execute(
        "SELECT received, names, coalesce(size, (SELECT length(original) FROM body"
        " WHERE item = born)) FROM item JOIN mailbox ON mailbox.id = mailbox WHERE item.id = ?",
        (item.id,),
    ).fetchone()
    rows = db.execute(
        "SELECT collection.key, collection.name, role, account.name FROM item"
        " JOIN membership ON item = born JOIN collection ON collection.id = collection"
        " JOIN account ON account.id = account WHERE item.id = ?",
        (item.id,),
    ).fetchall()
    places = frozenset(name.lower() for *names, _ in rows for name in names)
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=received)
    return Candidate(
        item,
        moment,
        size,
        places,
        frozenset(account for *_, account in rows),
        frozenset(json.loads(names)),
    )
