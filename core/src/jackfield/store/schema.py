"""The tables, one migration after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.errors import StoreError

if TYPE_CHECKING:
    import sqlite3

# item.rowid orders by received time (`slots`) and is private: everything else refers to
# item.born, which counts up and is never given twice.
_V1 = """
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter VALUES ('born', 0), ('largest_spill', 0);
CREATE TABLE mailbox (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE);
CREATE TABLE account (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
    mailbox INTEGER NOT NULL REFERENCES mailbox, answered_at REAL);
CREATE TABLE collection (
    id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account, key TEXT NOT NULL,
    item_kind TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL DEFAULT '',
    role TEXT NOT NULL DEFAULT '', parent TEXT, epoch TEXT NOT NULL DEFAULT '', cursor TEXT,
    generation INTEGER NOT NULL DEFAULT 0, snapshot INTEGER NOT NULL DEFAULT 0,
    withheld INTEGER NOT NULL DEFAULT 0, synced_at REAL, UNIQUE (account, key, item_kind));
CREATE TABLE item (
    rowid INTEGER PRIMARY KEY, born INTEGER NOT NULL UNIQUE, id TEXT NOT NULL UNIQUE,
    mailbox INTEGER NOT NULL REFERENCES mailbox, kind TEXT NOT NULL, digest TEXT, size INTEGER,
    joins INTEGER NOT NULL, level INTEGER NOT NULL, unread INTEGER, flagged INTEGER NOT NULL,
    fetched_at REAL NOT NULL, payload TEXT NOT NULL);
CREATE INDEX item_digest ON item (mailbox, kind, digest, size) WHERE digest IS NOT NULL;
CREATE TABLE item_key (
    mailbox INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, item INTEGER NOT NULL,
    PRIMARY KEY (mailbox, kind, key)) WITHOUT ROWID;
CREATE INDEX item_key_item ON item_key (item);
CREATE TABLE alias (id TEXT PRIMARY KEY, item INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX alias_item ON alias (item);
CREATE TABLE membership (
    collection INTEGER NOT NULL REFERENCES collection, epoch TEXT NOT NULL, key TEXT NOT NULL,
    item INTEGER NOT NULL, stamp INTEGER NOT NULL, unread INTEGER, flagged INTEGER NOT NULL,
    labels TEXT NOT NULL, version INTEGER, body_hash TEXT, index_version TEXT,
    PRIMARY KEY (collection, epoch, key)) WITHOUT ROWID;
CREATE INDEX membership_item ON membership (item, collection);
CREATE TABLE body (item INTEGER PRIMARY KEY, original BLOB NOT NULL);
CREATE TABLE spill (second INTEGER PRIMARY KEY, next INTEGER NOT NULL);
"""

MIGRATIONS = (_V1,)


def is_current(db: sqlite3.Connection, name: str) -> bool:
    """Look at a database without changing it.

    Args:
        db: An open connection.
        name: The file's name, for the message.

    Returns:
        Whether its schema is the newest.

    Raises:
        StoreError: The file comes from a newer Jackfield.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{name} has schema {version}; this Jackfield knows {len(MIGRATIONS)}",
            fix="upgrade jackfield, or name another folder in JACKFIELD_DATA_DIR",
        )
    return bool(version == len(MIGRATIONS))


def migrate(db: sqlite3.Connection) -> None:
    """Bring a database to the newest schema; of two processes at once, one does it.

    Args:
        db: An open connection, in autocommit mode.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        for script in MIGRATIONS[version:]:
            for statement in script.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
