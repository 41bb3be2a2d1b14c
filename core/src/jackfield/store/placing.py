"""What a provider changed because we asked: written down without any cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.batches import Batch
from jackfield.store import rounds
from jackfield.store.committing import Commit

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime


def apply(db: sqlite3.Connection, account: str, kind: str, batch: Batch, now: datetime) -> None:
    """Write a change down; what is entered comes first, so that nothing is nowhere in between.

    Args:
        db: The store, within a transaction.
        account: ``source:name``.
        kind: The kind of the items.
        batch: What is different now, in any collections of the account.
        now: The time.
    """
    entered = {entry.ref.collection for entry in batch.items}
    others = {patch.ref.collection for patch in batch.patches}
    others |= {ref.collection for ref in batch.removed}
    for collection in (*sorted(entered), *sorted(others - entered)):
        place = rounds.place_of(db, account, collection, kind)
        stamp = rounds.standing(db, place).generation
        Commit(db, place, stamp, now).write(_of(batch, collection))
        rounds.look_again(db, place)


def _of(batch: Batch, collection: str) -> Batch:
    """Take out what belongs to one collection."""
    return Batch(
        items=tuple(each for each in batch.items if each.ref.collection == collection),
        patches=tuple(each for each in batch.patches if each.ref.collection == collection),
        removed=tuple(ref for ref in batch.removed if ref.collection == collection),
    )


def role(db: sqlite3.Connection, account: str, collection: str) -> str:
    """Tell what a collection is for.

    Args:
        db: The store.
        account: ``source:name``.
        collection: `Collection.id`.

    Returns:
        As in `Collection.role`; empty where nobody knows.
    """
    row = db.execute(
        "SELECT role FROM collection JOIN account ON account.id = collection.account"
        " WHERE account.name = ? AND key = ?",
        (account, collection),
    ).fetchone()
    return row[0] if row else ""
