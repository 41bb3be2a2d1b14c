"""What an item has of its copies: it is unread if all are, and as new as the newest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from jackfield.store.slots import free_rowid

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

KEPT_MOVES = 10_000
"""Moves that are remembered for whoever is turning pages."""

_COPIES = """
    SELECT item.rowid, item.unread, item.flagged, item.received,
           min(membership.unread), max(membership.flagged), max(membership.received)
    FROM item JOIN membership ON membership.item = born WHERE born = ? GROUP BY born
"""


def fold_copies(db: sqlite3.Connection, items: Iterable[int]) -> None:
    """Bring items in line with their copies: a function of what is where, in any order.

    Args:
        db: The store, within a transaction.
        items: `item.born` of those whose places changed; one without a place stays as it is, and
            is noted as an orphan.
    """
    for born in items:
        row = db.execute(_COPIES, (born,)).fetchone()
        if row is None:
            db.execute("INSERT OR IGNORE INTO orphan SELECT born FROM item WHERE born = ?", (born,))
            continue
        db.execute("DELETE FROM orphan WHERE item = ?", (born,))
        rowid, *before = row[:4]
        after = [row[4], row[5] or 0, row[6]]
        if before == after:
            continue
        db.execute(
            "UPDATE item SET unread = ?, flagged = ?, received = ? WHERE born = ?", (*after, born)
        )
        if math.floor(after[2]) != math.floor(before[2]):
            _move(db, born, rowid, after[2])


def _move(db: sqlite3.Connection, born: int, old: int, received: float) -> None:
    """Put an item where its time belongs, and remember where it was."""
    new = free_rowid(db, received)
    db.execute("UPDATE item SET rowid = ? WHERE rowid = ?", (new, old))
    db.execute("UPDATE content SET id = ? WHERE id = ?", (new, old))
    db.execute("INSERT INTO moved (item, was) VALUES (?, ?)", (born, old))
    db.execute("DELETE FROM moved WHERE seq <= (SELECT max(seq) FROM moved) - ?", (KEPT_MOVES,))
