"""Brings a database file to the newest schema, and refuses one that is newer still."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from jackfield.errors import StoreError

Step = str | Callable[[sqlite3.Connection], None]
"""SQL, or a function that moves what is there."""

Migrations = tuple[tuple[Step, ...], ...]
"""The steps that lead from each version to the next; the first makes an empty file."""


def is_current(db: sqlite3.Connection, name: str, migrations: Migrations) -> bool:
    """Look at a database without changing it.

    Args:
        db: An open connection.
        name: The file's name, for the message.
        migrations: What leads to the newest schema.

    Returns:
        Whether its schema is the newest.

    Raises:
        StoreError: The file comes from a newer Jackfield.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise StoreError(
            f"{name} has schema {version}; this Jackfield knows {len(migrations)}",
            fix="upgrade jackfield, or name another folder in JACKFIELD_DATA_DIR",
        )
    return bool(version == len(migrations))


def migrate(db: sqlite3.Connection, migrations: Migrations) -> None:
    """Bring a database to the newest schema; of two processes at once, one does it.

    Args:
        db: An open connection, in autocommit mode.
        migrations: What leads to the newest schema.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        for step in (step for steps in migrations[version:] for step in steps):
            _take(db, step)
        db.execute(f"PRAGMA user_version = {len(migrations)}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _take(db: sqlite3.Connection, step: Step) -> None:
    """Take one step of a migration; `executescript` would commit before its end."""
    if not isinstance(step, str):
        step(db)
        return
    statement = ""
    for line in step.splitlines():
        statement += f"{line}\n"
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
