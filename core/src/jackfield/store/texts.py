"""The rows of ``content``, which the full-text index mirrors: an item's texts, and its tags."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from jackfield.query.columns import COLUMNS as TEXTS
from jackfield.query.columns import has_attachment, is_to, text_columns
from jackfield.query.segments import MARK

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection

    from jackfield.models import Item

COLUMNS = (*TEXTS, "tag")

EVERY = f"{MARK}i"
"""The tag that all items bear, so that ``NOT word`` has something to stand on."""

ATTACHMENT, FROM_ME, TO_ME = f"{MARK}ha", f"{MARK}fme", f"{MARK}tome"


def kind_tag(kind: str) -> str:
    """Name a kind's tag."""
    return f"{MARK}k{kind}"


def source_tag(source: str) -> str:
    """Name a platform's tag, in the letters and digits that a tag may have."""
    return f"{MARK}s{source.encode().hex()}"


def mailbox_tag(mailbox: int) -> str:
    """Name a mailbox's tag."""
    return f"{MARK}m{mailbox}"


def thread_tag(thread: str) -> str:
    """Name a conversation's tag."""
    return f"{MARK}t{hashlib.blake2b(thread.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"


def searched_columns(item: Item, mailbox: int, names: Collection[str]) -> tuple[str, ...]:
    """Lay out what can be found of an item.

    Args:
        item: The item.
        mailbox: The mailbox's row.
        names: The mailbox's addresses in lower case: who ``to:me`` is.

    Returns:
        A value for each of `COLUMNS`.
    """
    return (*text_columns(item), " ".join(_tags(item, mailbox, names)))


_WRITE = (
    f"INSERT INTO content (id, {', '.join(COLUMNS)}) VALUES (?{', ?' * len(COLUMNS)})"
    f" ON CONFLICT (id) DO UPDATE SET"
    f" ({', '.join(COLUMNS)}) = ({', '.join(f'excluded.{name}' for name in COLUMNS)})"
    f" WHERE ({', '.join(COLUMNS)}) IS NOT ({', '.join(f'excluded.{name}' for name in COLUMNS)})"
)


def write_content(db: sqlite3.Connection, rowid: int, columns: tuple[str, ...]) -> None:
    """Write what is searched of an item; an unchanged text costs the index nothing.

    Args:
        db: The store, within a transaction.
        rowid: The item's.
        columns: As `searched_columns` gave them.
    """
    db.execute(_WRITE, (rowid, *columns))


def _tags(item: Item, mailbox: int, names: Collection[str]) -> list[str]:
    tags = [EVERY, kind_tag(item.kind), source_tag(item.source), mailbox_tag(mailbox)]
    if has_attachment(item):
        tags.append(ATTACHMENT)
    if item.is_from_me:
        tags.append(FROM_ME)
    if is_to(item, names):
        tags.append(TO_ME)
    if item.thread_id:
        tags.append(thread_tag(item.thread_id))
    return tags
