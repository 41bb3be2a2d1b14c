"""A query against items that are at hand: what a provider found, what has just arrived.

Text is matched by FTS5 itself, in a table in memory with the store's own tokenizer: Python folds
letters differently. The rest is plain Python.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jackfield.query.columns import (
    COLUMNS,
    FIELDS,
    TOKENIZER,
    has_attachment,
    is_to,
    phrase,
    text_columns,
)
from jackfield.query.tree import And, Field, Not, Or, When, Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jackfield.models import Item
    from jackfield.query.tree import Query

EXCERPT_WORDS = 12
OPEN, CLOSE = "«", "»"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may match.

    Attributes:
        item: The item.
        received: When its provider received it: what ``after:`` looks at.
        size: Bytes of the original, or None where nobody knows.
        places: Names, ids and roles of the collections that it is in, in lower case.
        accounts: Accounts through which it is known.
        names: The mailbox's addresses in lower case: who ``to:me`` is.
    """

    item: Item
    received: datetime
    size: int | None = None
    places: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def matching(query: Query, candidates: Sequence[Candidate]) -> list[bool]:
    """Tell which candidates match.

    Args:
        query: What they must match.
        candidates: The candidates.

    Returns:
        True or False for each.
    """
    with closing(_table([each.item for each in candidates])) as db:
        found = {leaf: _found(db, leaf) for leaf in _text_leaves(query)}
    return [_holds(query, each, number, found) for number, each in enumerate(candidates)]


def excerpts(query: Query, items: Sequence[Item]) -> dict[str, str]:
    """Cut out of each item's text what a query found in it.

    Args:
        query: What was searched.
        items: As they are shown.

    Returns:
        By id, a line around the first hit, with the words found in guillemets; nothing for an
        item whose text (beside subject and names) holds none of them.
    """
    wanted = [leaf for leaf in _text_leaves(query) if isinstance(leaf, Words)]
    if not wanted or not items:
        return {}
    match = " OR ".join(f"({_match(leaf)})" for leaf in wanted)
    column = COLUMNS.index("body")
    with closing(_table(items)) as db:
        rows = db.execute(
            f"SELECT rowid, snippet(t, {column}, ?, ?, '…', {EXCERPT_WORDS}) FROM t"
            " WHERE t MATCH ?",
            (OPEN, CLOSE, match),
        ).fetchall()
    return {items[number].id: text for number, text in rows if OPEN in text}


def _table(items: Sequence[Item]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    columns = ", ".join(COLUMNS)
    db.execute(f'CREATE VIRTUAL TABLE t USING fts5({columns}, tokenize = "{TOKENIZER}")')
    db.executemany(
        f"INSERT INTO t (rowid, {', '.join(COLUMNS)}) VALUES (?{', ?' * len(COLUMNS)})",
        ((number, *text_columns(item)) for number, item in enumerate(items)),
    )
    return db


def _text_leaves(query: Query) -> list[Words | Field]:
    match query:
        case Words():
            return [query]
        case Field("from" | "to", "me"):
            return []
        case Field(name, _) if name in FIELDS:
            return [query]
        case Not(part):
            return _text_leaves(part)
        case And(parts) | Or(parts):
            return [leaf for part in parts for leaf in _text_leaves(part)]
    return []


def _found(db: sqlite3.Connection, leaf: Words | Field) -> frozenset[int]:
    rows = db.execute("SELECT rowid FROM t WHERE t MATCH ?", (_match(leaf),))
    return frozenset(number for (number,) in rows)


def _match(leaf: Words | Field) -> str:
    if isinstance(leaf, Words):
        return phrase(leaf.text, prefix=leaf.prefix)
    return phrase(leaf.value, (FIELDS[leaf.name],))


def _holds(
    query: Query, each: Candidate, number: int, found: dict[Words | Field, frozenset[int]]
) -> bool:
    match query:
        case Words():
            return number in found[query]
        case Field() if query in found:
            return number in found[query]
        case Field(name, value):
            return _field_holds(name, value, each)
        case When(order, instant):
            return each.received >= instant if order == "since" else each.received < instant
        case Not(part):
            return not _holds(part, each, number, found)
        case And(parts):
            return all(_holds(part, each, number, found) for part in parts)
        case Or(parts):
            return any(_holds(part, each, number, found) for part in parts)
    return True


def _field_holds(name: str, value: str, each: Candidate) -> bool:
    item = each.item
    match name:
        case "is":
            states = {"unread": item.unread is True, "read": item.unread is False}
            states |= {"flagged": item.flagged, "unflagged": not item.flagged}
            return states[value]
        case "larger" | "smaller":
            if each.size is None:
                return False
            return each.size > int(value) if name == "larger" else each.size < int(value)
        case "in":
            return value.lower() in each.places
        case "account":
            source, _, account = value.rpartition(":")
            names = [full for full in each.accounts if not source or full == value]
            return any(full == value or account in full.split(":") for full in names)
        case "has":
            return has_attachment(item)
        case "from":
            return item.is_from_me
        case "to":
            return is_to(item, each.names)
    return bool(value == {"kind": item.kind, "source": item.source, "thread": item.thread_id}[name])
