"""What is found in the store, newest first: lists, searches, counts and pages are one query."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Literal

from jackfield.errors import QueryError
from jackfield.query.tree import Everything
from jackfield.store import reading
from jackfield.store.matching import Matching, compile_query

if TYPE_CHECKING:
    import sqlite3

    from jackfield.models import AnyItem, Kind
    from jackfield.query.tree import Query

Order = Literal["date", "relevance"]

RANKED = 5000
"""Relevance is weighed among so many of the newest hits: all of a million would take 150 ms."""

LEFT_OUT_OF_SEARCHES = frozenset({"spam", "trash"})
"""Roles of collections that a search does not look into, unless it says ``in:``."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked of the store.

    Attributes:
        query: What items must match.
        kinds: Of these kinds; None means all.
        accounts: Of these accounts (``source:name``); None means all.
        limit: At most so many.
        order: Newest received first, or best match first.
        page: Where to go on, as `Found.next` gave it; only with the order ``date``.
        left_out: Roles of collections in which an item does not count. A query with ``in:``
            looks everywhere.
    """

    query: Query = field(default_factory=Everything)
    kinds: tuple[Kind, ...] | None = None
    accounts: tuple[str, ...] | None = None
    limit: int = 50
    order: Order = "date"
    page: str | None = None
    left_out: frozenset[str] = LEFT_OUT_OF_SEARCHES


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        items: Items, in the order asked.
        next: Where the next page begins; None where there is none.
        more: There is more, whether or not a page leads on to it.
    """

    items: list[AnyItem]
    next: str | None = None
    more: bool = False


@dataclass(frozen=True, slots=True)
class Hits:
    """Where the items are that a search finds; nothing of them is read yet.

    Attributes:
        rowids: Private row ids, in the order asked.
        next: As in `Found`.
        more: As in `Found`.
    """

    rowids: list[int]
    next: str | None = None
    more: bool = False


def search(db: sqlite3.Connection, wanted: Search) -> Found:
    """Find items and read them.

    Args:
        db: The store.
        wanted: What is asked.

    Returns:
        The items, and where the next page begins.

    Raises:
        QueryError: `Search.page` is none of ours.
    """
    hits = find(db, wanted)
    return Found(reading.by_rowids(db, hits.rowids), hits.next, hits.more)


def find(db: sqlite3.Connection, wanted: Search) -> Hits:
    """Find items.

    Args:
        db: The store.
        wanted: What is asked.

    Returns:
        Where they are, and where the next page begins.

    Raises:
        QueryError: `Search.page` is none of ours.
    """
    matching = compile_query(db, wanted.query, wanted.kinds, wanted.accounts, wanted.left_out)
    if wanted.order == "relevance" and matching.match is not None:
        best = _ranked(db, matching, wanted.limit + 1)
        return Hits(best[: wanted.limit], more=len(best) > wanted.limit)
    page = Page.read(wanted.page) if wanted.page else Page.first(db)
    spots = _newest(db, matching, page, wanted.limit + 1)
    more = len(spots) > wanted.limit
    following = str(Page(spots[wanted.limit - 1][0], page.moves)) if more else None
    return Hits([rowid for _, rowid in spots[: wanted.limit]], following, more)


def count(db: sqlite3.Connection, wanted: Search) -> int:
    """Count what `search` would find, without a limit.

    Args:
        db: The store.
        wanted: What is asked.

    Returns:
        How many items.
    """
    matching = compile_query(db, wanted.query, wanted.kinds, wanted.accounts, wanted.left_out)
    if matching.match is not None and len(matching.conditions) == 1 and wanted.accounts is None:
        return _count_matches(db, matching)
    return _number(db, matching.select("count(*)"), *matching.values)


def _count_matches(db: sqlite3.Connection, matching: Matching) -> int:
    """Let the index count alone, and take off the few that are nowhere that counts.

    To look at each hit's places takes a thousand times longer than to count hits.

    Returns:
        How many hits there are in places that count.
    """
    hits = _number(db, "SELECT count(*) FROM fts WHERE fts MATCH ?", matching.match)
    (places,), values = matching.conditions, matching.values[1:]
    elsewhere = "SELECT id FROM collection WHERE id NOT IN (SELECT value FROM json_each(?))"
    hidden = f"""SELECT rowid FROM item WHERE NOT {places} AND born IN
        (SELECT item FROM orphan UNION
         SELECT item FROM membership WHERE collection IN ({elsewhere}) AND ?)"""
    unseen = f"SELECT count(*) FROM fts WHERE fts MATCH ? AND rowid IN ({hidden})"
    return hits - _number(
        db, unseen, matching.match, *values, json.dumps(values), "collection IN" in places
    )


def _number(db: sqlite3.Connection, statement: str, *values: object) -> int:
    (number,) = db.execute(statement, values).fetchone()
    return int(number)


@dataclass(frozen=True, slots=True)
class Page:
    """Where a reader of pages stands.

    Attributes:
        before: The row id of the last item seen; what follows lies below.
        moves: How many moves there had been when the first page was read. An item that moved
            since then counts where it was, so that no page shows it twice or leaves it out.
    """

    before: int
    moves: int

    @classmethod
    def first(cls, db: sqlite3.Connection) -> Page:
        """Stand at the newest item."""
        (moves,) = db.execute("SELECT coalesce(max(seq), 0) FROM moved").fetchone()
        return cls(1 << 62, moves)

    @classmethod
    def read(cls, text: str) -> Page:
        """Read what `str` wrote.

        Args:
            text: A page, as a result's `next` gave it.

        Returns:
            The page.

        Raises:
            QueryError: It was somebody else.
        """
        try:
            before, moves = (int(part, 36) for part in text.split("."))
            struct.pack("qq", before, moves)
        except (ValueError, struct.error):
            raise QueryError(f"{text!r} is no page: take the `next` of a result", 0) from None
        return cls(before, moves)

    def __str__(self) -> str:
        return f"{_base36(self.before)}.{_base36(self.moves)}"


def _base36(number: int) -> str:
    digits = ""
    rest = abs(number)
    while rest or not digits:
        rest, digit = divmod(rest, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return f"-{digits}" if number < 0 else digits


def _newest(
    db: sqlite3.Connection, matching: Matching, page: Page, limit: int
) -> list[tuple[int, int]]:
    """Give the next spots and row ids below a page; a spot is where an item was when it began."""
    moved = _spots_of_moved(db, page.moves)
    away = [rowid for rowid, spot in moved.items() if spot < page.before]
    conditions, values = [f"{matching.rowid} < ?"], [page.before]
    if moved:
        conditions.append(f"{matching.rowid} NOT IN ({', '.join('?' * len(moved))})")
        values += list(moved)
    statement = matching.select(matching.rowid, *conditions)
    statement += f" ORDER BY {matching.rowid} DESC LIMIT ?"
    rows = db.execute(statement, (*matching.values, *values, limit)).fetchall()
    found = [(rowid, rowid) for (rowid,) in rows]
    for rowid in away:
        single = matching.select(matching.rowid, f"{matching.rowid} = ?")
        if db.execute(single, (*matching.values, rowid)).fetchone():
            found.append((moved[rowid], rowid))
    return sorted(found, reverse=True)[:limit]


def _spots_of_moved(db: sqlite3.Connection, moves: int) -> dict[int, int]:
    """Give row id and first spot of the items that moved since a page was begun."""
    rows = db.execute(
        "SELECT item.rowid, was, min(seq) FROM moved JOIN item ON born = item"
        " WHERE seq > ? GROUP BY item",
        (moves,),
    )
    return {rowid: was for rowid, was, _ in rows}


def _ranked(db: sqlite3.Connection, matching: Matching, limit: int) -> list[int]:
    """Weigh the newest hits against each other; only the best are then looked at."""
    newest = "SELECT rowid FROM fts WHERE fts MATCH ? ORDER BY rowid DESC LIMIT 1 OFFSET ?"
    row = db.execute(newest, (matching.match, RANKED - 1)).fetchone()
    ranked = db.execute(
        "SELECT rowid FROM fts WHERE fts MATCH ? AND rowid >= ? ORDER BY rank, rowid DESC",
        (matching.match, row[0] if row else -(1 << 62)),
    )
    single, values = matching.check()
    good = (rowid for (rowid,) in ranked if db.execute(single, (rowid, *values)).fetchone())
    return list(islice(good, limit))
