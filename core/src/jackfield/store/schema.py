"""The tables, one migration after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.query.columns import TOKENIZER
from jackfield.store.payloads import read_payload, write_payload
from jackfield.store.texts import COLUMNS, searched_columns, write_content

if TYPE_CHECKING:
    import sqlite3

    from jackfield.store.migrating import Migrations

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

_INDEXED = ", ".join(COLUMNS)
_OLD, _NEW = (", ".join(f"{row}.{name}" for name in COLUMNS) for row in ("old", "new"))

# The index keeps no text: it reads `content`, and only triggers write it, since FTS5 must be
# told the very text that it forgets.
_V2 = f"""
ALTER TABLE mailbox ADD COLUMN names TEXT NOT NULL DEFAULT '[]';
UPDATE mailbox SET names = json_array(lower(identity));
ALTER TABLE item ADD COLUMN received REAL NOT NULL DEFAULT 0;
ALTER TABLE membership ADD COLUMN received REAL NOT NULL DEFAULT 0;
UPDATE item SET received = rowid >> 10;
UPDATE membership SET received = (SELECT received FROM item WHERE born = item);
ALTER TABLE collection ADD COLUMN version TEXT NOT NULL DEFAULT '';
ALTER TABLE collection ADD COLUMN horizon REAL;
ALTER TABLE collection ADD COLUMN unfetched TEXT NOT NULL DEFAULT '[]';
CREATE INDEX item_mailbox ON item (mailbox);
CREATE INDEX item_unread ON item (unread) WHERE unread = 1;
CREATE INDEX item_flagged ON item (flagged) WHERE flagged = 1;
CREATE TABLE orphan (item INTEGER PRIMARY KEY);
INSERT INTO orphan SELECT born FROM item
    WHERE NOT EXISTS (SELECT 1 FROM membership WHERE item = born);
CREATE TABLE moved (seq INTEGER PRIMARY KEY AUTOINCREMENT, item INTEGER NOT NULL,
    was INTEGER NOT NULL);
CREATE INDEX moved_was ON moved (was);
CREATE TABLE content (id INTEGER PRIMARY KEY, {_INDEXED});
CREATE VIRTUAL TABLE fts USING fts5({_INDEXED}, content = 'content', content_rowid = 'id',
    tokenize = "{TOKENIZER}");
CREATE TRIGGER content_added AFTER INSERT ON content BEGIN
    INSERT INTO fts (rowid, {_INDEXED}) VALUES (new.id, {_NEW}); END;
CREATE TRIGGER content_gone AFTER DELETE ON content BEGIN
    INSERT INTO fts (fts, rowid, {_INDEXED}) VALUES ('delete', old.id, {_OLD}); END;
CREATE TRIGGER content_changed AFTER UPDATE ON content BEGIN
    INSERT INTO fts (fts, rowid, {_INDEXED}) VALUES ('delete', old.id, {_OLD});
    INSERT INTO fts (rowid, {_INDEXED}) VALUES (new.id, {_NEW}); END;
"""


def _fill_content(db: sqlite3.Connection) -> None:
    """Move every item's text out of its payload into what is searched."""
    mailboxes = {
        row: frozenset({identity.lower()})
        for row, identity in db.execute("SELECT id, identity FROM mailbox").fetchall()
    }
    rows = db.execute("SELECT rowid, mailbox, payload FROM item").fetchall()
    for rowid, mailbox, payload in rows:
        item = read_payload(payload)
        write_content(db, rowid, searched_columns(item, mailbox, mailboxes[mailbox]))
        db.execute("UPDATE item SET payload = ? WHERE rowid = ?", (write_payload(item), rowid))


MIGRATIONS: Migrations = ((_V1,), (_V2, _fill_content))
