"""The store's file: readable by its owner alone, and one writer at a time."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from jackfield.errors import StoreError
from jackfield.store.migrating import is_current, migrate
from jackfield.store.schema import MIGRATIONS

if TYPE_CHECKING:
    from pathlib import Path

    from jackfield.store.migrating import Migrations

BUSY_SECONDS = 10.0
"""How long a write waits for another process."""

CACHE_KIB = 32_000
"""Pages that the writer keeps: its upper levels of four indexes and of the full-text index."""

READ_CACHE_KIB = 16_000
"""Pages that each reader keeps: the upper levels, so that a hit costs few reads."""

CHECKPOINT_PAGES = 4000
"""Written pages after which the log is folded into the file: 16 MiB, a few batches."""


def open_file(
    path: Path | None,
    *,
    read_only: bool = False,
    migrations: Migrations = MIGRATIONS,
    durable: bool = False,
) -> sqlite3.Connection:
    """Open a store, making and migrating it where needed.

    Args:
        path: The file; None for one in memory that leaves nothing behind.
        read_only: Open an existing file for reading.
        migrations: Its schema; by default that of the items.
        durable: A commit must survive the loss of power; else it must only leave the file whole.

    Returns:
        A connection in autocommit mode that any one thread at a time may use.

    Raises:
        StoreError: The file cannot be opened, is no store, or comes from a newer Jackfield.
    """
    try:
        if path is not None:
            _make(path)
        mode = "?mode=ro" if read_only else ""
        db = _connect(":memory:" if path is None else f"file:{path.as_uri()[7:]}{mode}")
        try:
            current = is_current(db, str(path), migrations)
            _prepare(db, read_only=read_only, durable=durable)
            if not current:
                migrate(db, migrations)
        except BaseException:
            db.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"the store {path} cannot be opened: {error}",
            fix="check the folder's owner and space, or name another in JACKFIELD_DATA_DIR",
        ) from error
    return db


def _prepare(db: sqlite3.Connection, *, read_only: bool, durable: bool) -> None:
    db.execute(f"PRAGMA cache_size = -{READ_CACHE_KIB if read_only else CACHE_KIB}")
    if not read_only:
        _use_wal(db)
        db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")


def _connect(name: str) -> sqlite3.Connection:
    return sqlite3.connect(
        name,
        uri=name.startswith("file:"),
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_SECONDS,
    )


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to WAL, which SQLite refuses at once, without waiting, while another is at it."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _make(path: Path) -> None:
    """Make the file where there is none; one that is there is never opened but by SQLite.

    To close a file drops all locks that this process has on it
    (https://www.sqlite.org/howtocorrupt.html, section 2.2): another process would then take
    itself for the last and remove the log that we are writing.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
