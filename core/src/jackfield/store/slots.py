"""Row ids that order by received time: ``unix_seconds << 10 | slot``.

A full-text index that is keyed so streams its newest hits first and stops; sorting them takes
a thousand times longer (ARCHITECTURE.md, "Figures").
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

BITS = 10
_LAST = (1 << BITS) - 1

# A place that an item left is not given again: whoever turns pages still sees the item there.
_HIGHEST = """SELECT max(top) FROM (SELECT max(rowid) AS top FROM item WHERE rowid BETWEEN ?1 AND ?2
              UNION ALL SELECT max(was) FROM moved WHERE was BETWEEN ?1 AND ?2)"""


def free_rowid(db: sqlite3.Connection, received: float) -> int:
    """Find the row id for an item.

    Args:
        db: The store.
        received: When the provider received it, in seconds.

    Returns:
        A row id that nothing has; beyond the second's own 1,024 when they are taken.
    """
    second = math.floor(received)
    base = second << BITS
    spilled = db.execute("SELECT next FROM spill WHERE second = ?", (second,)).fetchone()
    rowid = _next_free(db, spilled[0] if spilled else base)
    if rowid > base + _LAST:
        db.execute("INSERT OR REPLACE INTO spill VALUES (?, ?)", (second, rowid + 1))
        db.execute(
            "UPDATE counter SET value = max(value, ?) WHERE name = 'largest_spill'",
            (rowid - base,),
        )
    return rowid


def _next_free(db: sqlite3.Connection, start: int) -> int:
    while True:
        end = start | _LAST
        (top,) = db.execute(_HIGHEST, (start, end)).fetchone()
        if top is None:
            return start
        if top < end:
            return int(top) + 1
        start = end + 1
