"""Which copies of one mail are one item: a function of what is where, not of what came first.

Without a provider's id the same bytes in several folders are one item, and the second copy in
one folder is a second item. While only headers are known that is a guess; once bodies are known
it is settled here, so that every order of commits ends the same (ARCHITECTURE.md, "Copies").
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from jackfield.store.identity import merge

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

Slot = tuple[int, str]  # collection and epoch: where two equal mails are two items
Copy = tuple[int, int, str, str]  # item, collection, epoch, key


def settle(db: sqlite3.Connection, items: Iterable[int]) -> set[int]:
    """Join and part the equal mails among which these items are.

    Args:
        db: The store, within a transaction.
        items: Items whose places changed.

    Returns:
        Items whose places this changed in turn.
    """
    touched: set[int] = set()
    groups = {group for item in items if (group := _group(db, item)) is not None}
    for group in sorted(groups):
        for copies in _known_copies(db, group).values():
            touched |= _settle_equal(db, copies)
    return touched


def _group(db: sqlite3.Connection, item: int) -> tuple[int, str, str, int] | None:
    """Name the digest group of an item, if it may be joined and is not alone in it."""
    row = db.execute(
        "SELECT mailbox, kind, digest, size FROM item WHERE born = ? AND digest IS NOT NULL"
        " AND joins AND NOT EXISTS (SELECT 1 FROM item_key WHERE item = born)",
        (item,),
    ).fetchone()
    if row is None:
        return None
    (count,) = db.execute(
        "SELECT count(*) FROM item WHERE mailbox = ? AND kind = ? AND digest = ? AND size IS ?"
        " AND NOT EXISTS (SELECT 1 FROM item_key WHERE item = born)",
        row,
    ).fetchone()
    return row if count > 1 else None


def _known_copies(
    db: sqlite3.Connection, group: tuple[int, str, str, int]
) -> dict[str, list[Copy]]:
    """Sort a group's places by their bytes, as far as those are known."""
    rows = db.execute(
        """SELECT body_hash, item, collection, epoch, key FROM membership JOIN item ON born = item
           WHERE mailbox = ? AND item.kind = ? AND digest = ? AND size IS ?
             AND NOT EXISTS (SELECT 1 FROM item_key WHERE item_key.item = born)
             AND body_hash IS NOT NULL ORDER BY item, collection, epoch, key""",
        group,
    )
    copies = defaultdict(list)
    for body_hash, *copy in rows:
        copies[body_hash].append(tuple(copy))
    return copies


def _settle_equal(db: sqlite3.Connection, copies: list[Copy]) -> set[int]:
    """Give the nth copy in every collection to the nth oldest item."""
    slots: dict[Slot, list[Copy]] = defaultdict(list)
    for copy in copies:
        slots[copy[1], copy[2]].append(copy)
    items = list(dict.fromkeys(copy[0] for copy in copies))
    needed = max(len(slot) for slot in slots.values())
    touched = set()
    for slot in slots.values():
        wanted = dict.fromkeys(items[: len(slot)])
        there = {copy[0] for copy in slot}
        free = iter([item for item in wanted if item not in there])
        seen: set[int] = set()
        for item, *at in slot:
            if item not in wanted or item in seen:
                target = next(free)
                _give(db, at, item, target)
                touched |= {item, target}
            seen.add(item)
    for surplus in items[needed:]:
        if db.execute("SELECT 1 FROM membership WHERE item = ?", (surplus,)).fetchone() is None:
            merge(db, items[0], surplus)
    return touched


def _give(db: sqlite3.Connection, place: list[object], old: int, new: int) -> None:
    """Give a place to another item; a copy there that is only guessed makes room."""
    db.execute(
        "UPDATE membership SET item = ?"
        " WHERE item = ? AND collection = ? AND epoch = ? AND body_hash IS NULL",
        (old, new, *place[:2]),
    )
    db.execute(
        "UPDATE membership SET item = ? WHERE collection = ? AND epoch = ? AND key = ?",
        (new, *place),
    )
