"""Makes one segment of the full-text index after much was added: every search reads fewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

STEP_PAGES = 500
"""Pages that one step writes: some 50 ms, so that nobody waits long for the writer."""


def grew(db: sqlite3.Connection, added: int) -> bool:
    """Tell whether merging is worth its price: it writes the whole index once.

    Args:
        db: The store.
        added: Items that were added since the last time.

    Returns:
        True where they are more than half of all.
    """
    (number,) = db.execute("SELECT count(*) FROM item").fetchone()
    return 2 * added > int(number)


def merge(db: sqlite3.Connection, *, begin: bool) -> bool:
    """Take one step (https://www.sqlite.org/fts5.html, "The 'merge' command").

    Args:
        db: The store, within a transaction.
        begin: The first step: it chooses what is merged.

    Returns:
        Whether there is another step to take.
    """
    before = db.total_changes
    pages = -STEP_PAGES if begin else STEP_PAGES
    db.execute("INSERT INTO fts (fts, rank) VALUES ('merge', ?)", (pages,))
    return db.total_changes - before >= 2
