"""A query as SQL: what the full-text index can answer goes there, whole; the rest are conditions.

``MATCH`` streams row ids newest first, and SQL checks each until enough are found. So text,
kinds, platforms, mailboxes and the like are words of one match, under any AND, OR and NOT.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jackfield.query.columns import FIELDS, phrase
from jackfield.query.tree import And, Everything, Field, Not, Or, When, Words
from jackfield.store import texts

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence

    from jackfield.query.tree import Query

_IS = {
    "unread": "item.unread IS 1",
    "read": "item.unread IS 0",
    "flagged": "item.flagged = 1",
    "unflagged": "item.flagged = 0",
}
_INDEXED: Mapping[Query, str] = {
    Field("is", "unread"): "item.unread = 1",
    Field("is", "flagged"): "item.flagged = 1",
}
"""Where a condition stands alone, in the form that a partial index knows."""

_SIZE = "(SELECT length(original) FROM body WHERE body.item = item.born)"
_SIZES = {
    "larger": f"coalesce(item.size, {_SIZE}, -1) > ?",
    "smaller": f"coalesce(item.size, {_SIZE}, 1 << 62) < ?",
}
"""An item whose size nobody knows is neither larger nor smaller."""


@dataclass(frozen=True, slots=True)
class Matching:
    """A compiled query.

    Attributes:
        match: The full-text expression, or None where the items' own table leads.
        conditions: What SQL checks.
        values: For the question marks of both.
    """

    match: str | None
    conditions: tuple[str, ...]
    values: tuple[object, ...]

    @property
    def rowid(self) -> str:
        """The row id's name: an index streams in the order of its own alone."""
        return "item.rowid" if self.match is None else "fts.rowid"

    def select(self, what: str, *more: str) -> str:
        """Write the statement.

        Args:
            what: What is selected.
            *more: Conditions whose values follow `values`.

        Returns:
            A SELECT without order and limit.
        """
        source = "item" if self.match is None else "fts CROSS JOIN item ON item.rowid = fts.rowid"
        match = () if self.match is None else ("fts MATCH ?",)
        where = " AND ".join([*match, *self.conditions, *more]) or "1"
        return f"SELECT {what} FROM {source} WHERE {where}"

    def check(self) -> tuple[str, tuple[object, ...]]:
        """Write a statement that checks the conditions of one row, whose id comes first.

        Returns:
            The statement, and the values that follow the row id.
        """
        where = " AND ".join(self.conditions) or "1"
        values = self.values if self.match is None else self.values[1:]
        return (
            "SELECT 1 FROM (SELECT ? AS rowid) AS fts CROSS JOIN item ON item.rowid = fts.rowid"
            f" WHERE {where}",
            values,
        )


def compile_query(
    db: sqlite3.Connection,
    query: Query,
    kinds: Sequence[str] | None,
    accounts: Sequence[str] | None,
    left_out: Collection[str],
) -> Matching:
    """Compile a query.

    Args:
        db: The store; its accounts and collections are looked up.
        query: What items must match.
        kinds: Of these kinds; None means all.
        accounts: Of these accounts; None means all.
        left_out: Roles of collections that do not count, unless the query says ``in:``.

    Returns:
        What to ask SQLite.
    """
    parts: list[Query] = list(query.parts) if isinstance(query, And) else [query]
    parts = [part for part in parts if not isinstance(part, Everything)]
    textual = [part for part in parts if is_textual(part)]
    compiler = _Compiler(db, "fts.rowid" if textual else "item.rowid")
    others = [
        _INDEXED.get(part) or compiler.condition(part) for part in parts if not is_textual(part)
    ]
    match = None
    if textual:
        scope = _scope(db, kinds, accounts)
        match = expression(And((*textual, *scope)) if scope else _all_of(textual))
    elif kinds is not None:
        others.append(compiler.among("item.kind", kinds))
    if match is None and accounts is not None:
        mailboxes = _mailboxes(db, accounts)
        # Of one mailbox an index streams the newest; of several it would have to sort them all.
        column = "item.mailbox" if len(mailboxes) == 1 else "+item.mailbox"
        others.append(compiler.among(column, mailboxes))
    others.append(compiler.somewhere(accounts, () if _says_where(query) else left_out))
    values = tuple(compiler.values)
    return Matching(match, tuple(others), values if match is None else (match, *values))


def is_textual(query: Query) -> bool:
    """Tell whether the full-text index alone can answer a query.

    Args:
        query: Any.

    Returns:
        False where flags, times, sizes or places play a part.
    """
    match query:
        case Words() | Everything():
            return True
        case Field(name, _):
            return name in FIELDS or name in {"has", "kind", "source", "thread"}
        case Not(part):
            return is_textual(part)
        case And(parts) | Or(parts):
            return all(map(is_textual, parts))
    return False


def expression(query: Query) -> str:
    """Write a query in FTS5's own language.

    Args:
        query: One that `is_textual`, or a `_Tag`.

    Returns:
        An expression for MATCH.
    """
    match query:
        case Words(text, prefix):
            return phrase(text, prefix=prefix)
        case Field(name, value):
            return _field(name, value)
        case Not(part):
            return f"({_tag(texts.EVERY)} NOT {expression(part)})"
        case Or(parts):
            return f"({' OR '.join(map(expression, parts))})"
        case And(parts):
            return _all_expression(parts)
        case _Tags(tags):
            return f"({' OR '.join(map(_tag, tags))})"
    return _tag(texts.EVERY)


def _field(name: str, value: str) -> str:
    if value == "me" and name in {"from", "to"}:
        return _tag(texts.FROM_ME if name == "from" else texts.TO_ME)
    if name in FIELDS:
        return f"({phrase(value, (FIELDS[name],))})"
    make = {"kind": texts.kind_tag, "source": texts.source_tag, "thread": texts.thread_tag}
    return _tag(make[name](value) if name in make else texts.ATTACHMENT)


def _tag(token: str) -> str:
    return f'tag : "{token}"'


def _all_expression(parts: Sequence[Query]) -> str:
    """Write AND; FTS5 knows NOT only between two expressions."""
    wanted = [expression(part) for part in parts if not isinstance(part, Not)]
    unwanted = [expression(part.part) for part in parts if isinstance(part, Not)]
    whole = " AND ".join(wanted or [_tag(texts.EVERY)])
    for each in unwanted:
        whole = f"({whole}) NOT {each}"
    return f"({whole})"


@dataclass(frozen=True, slots=True)
class _Tags:
    """Any of some tags; a leaf that only the compiler makes."""

    tags: tuple[str, ...]


def _scope(
    db: sqlite3.Connection, kinds: Sequence[str] | None, accounts: Sequence[str] | None
) -> list[Query]:
    """Narrow a match to kinds and mailboxes, so that the index need not name the others' hits."""
    scope: list[object] = []
    if kinds is not None:
        scope.append(_Tags(tuple(map(texts.kind_tag, kinds or ("none",)))))
    if accounts is not None:
        mailboxes = _mailboxes(db, accounts)
        scope.append(_Tags(tuple(map(texts.mailbox_tag, mailboxes or [0]))))
    return scope  # type: ignore[return-value]


def _all_of(parts: Sequence[Query]) -> Query:
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _mailboxes(db: sqlite3.Connection, accounts: Sequence[str]) -> list[int]:
    marks = ", ".join("?" * len(accounts))
    query = f"SELECT DISTINCT mailbox FROM account WHERE name IN ({marks})"
    return [mailbox for (mailbox,) in db.execute(query, tuple(accounts))]


def _says_where(query: Query) -> bool:
    match query:
        case Field("in", _):
            return True
        case And(parts) | Or(parts):
            return any(map(_says_where, parts))
    return False


class _Compiler:
    """Writes conditions, and gathers their values in order.

    Args:
        db: The store.
        rowid: The name of the row id that leads.
    """

    def __init__(self, db: sqlite3.Connection, rowid: str) -> None:
        self.db = db
        self.rowid = rowid
        self.values: list[object] = []

    def condition(self, query: Query) -> str:
        """Write a query as a condition on a row of `item`."""
        if is_textual(query):
            self.values.append(expression(query))
            return "item.rowid IN (SELECT rowid FROM fts WHERE fts MATCH ?)"
        match query:
            case Not(part):
                return f"NOT {self.condition(part)}"
            case And(parts):
                return f"({' AND '.join(map(self.condition, parts))})"
            case Or(parts):
                return f"({' OR '.join(map(self.condition, parts))})"
            case When(order, instant):
                return self._time(order, instant.timestamp())
            case Field(name, value):
                return self._field(name, value)
        return "1"

    def _time(self, order: str, instant: float) -> str:
        """A range of row ids first, which an index can skip to; then the very time."""
        second = int(instant // 1) << 10
        if order == "since":
            self.values += [second, instant]
            return f"({self.rowid} >= ? AND item.received >= ?)"
        (spill,) = self.db.execute(
            "SELECT value FROM counter WHERE name = 'largest_spill'"
        ).fetchone()
        self.values += [second + 1024 + spill, instant]
        return f"({self.rowid} < ? AND item.received < ?)"

    def _field(self, name: str, value: str) -> str:
        if name == "is":
            return f"({_IS[value]})"
        if name in {"larger", "smaller"}:
            self.values.append(int(value))
            return f"({_SIZES[name]})"
        if name == "in":
            rows = self.db.execute("SELECT id, role, name, key FROM collection").fetchall()
            places = [row for row, *names in rows if value.lower() in map(str.lower, names)]
        else:
            source, _, account = value.rpartition(":")
            rows = self.db.execute(_COLLECTIONS).fetchall()
            places = [row for row, _, full in rows if _is_account(full, source, account)]
        return f"EXISTS ({_MEMBER} AND {self.among('collection', places)})"

    def among(self, column: str, values: Sequence[object]) -> str:
        """Write that a column is one of some values."""
        self.values += values
        return f"{column} IN ({', '.join('?' * len(values))})"

    def somewhere(self, accounts: Sequence[str] | None, left_out: Collection[str]) -> str:
        """Write that an item is in a collection that counts."""
        if accounts is None and not left_out:
            return f"EXISTS ({_MEMBER})"
        rows = self.db.execute(_COLLECTIONS).fetchall()
        places = [
            row
            for row, role, account in rows
            if role not in left_out and (accounts is None or account in accounts)
        ]
        return f"EXISTS ({_MEMBER} AND {self.among('collection', places)})"


_MEMBER = "SELECT 1 FROM membership WHERE membership.item = item.born"

_COLLECTIONS = """SELECT collection.id, role, account.name FROM collection
                  JOIN account ON account.id = account"""


def _is_account(full: str, source: str, name: str) -> bool:
    return full == f"{source}:{name}" if source else name in full.split(":")
