"""A store that an older Jackfield made."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from core.tests.store.mails import NOW, everything, found
from jackfield.batches import Ref
from jackfield.errors import StoreError
from jackfield.store import reading, schema
from jackfield.store.files import open_file

if TYPE_CHECKING:
    from pathlib import Path

PAYLOAD = (
    '{"kind":"email","source":"imap","account":"imap:default","time":"2026-11-20T08:00:00Z",'
    '"subject":"budget %d","text":"the forecast 議事録 %d","sender":{"name":"Ana","addresses":'
    '[{"scheme":"mailto","value":"ana@acme.example"}]}}'
)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store of the first schema, with two mails of one second and all that belongs to them."""
    path = tmp_path / "store.db"
    db = sqlite3.connect(path, isolation_level=None)
    for step in schema.MIGRATIONS[0]:
        assert isinstance(step, str)
        db.executescript(step)
    db.execute("PRAGMA user_version = 1")
    db.execute("INSERT INTO mailbox VALUES (1, 'me@acme.example')")
    db.execute("INSERT INTO account VALUES (1, 'imap:default', 1, 5.0)")
    db.execute(
        "INSERT INTO collection VALUES (1, 1, 'INBOX', 'email', 'Inbox', 'folder', 'inbox', NULL,"
        " '7', '{\"at\": 3}', 2, 0, 0, 5.0)"
    )
    second = int(NOW.timestamp())
    for born in (1, 2):
        rowid, payload = (second << 10) + born, PAYLOAD % (born, born)
        db.execute(
            "INSERT INTO item VALUES (?, ?, ?, 1, 'email', 'd', 9, 1, 2, 1, 0, 5.0, ?)",
            (rowid, born, f"id{born}", payload),
        )
        db.execute(
            "INSERT INTO membership VALUES (1, '7', ?, ?, 2, 1, 0, '[\"work\"]', 4, 'h', '')",
            (str(born), born),
        )
        db.execute("INSERT INTO body VALUES (?, ?)", (born, f"bytes {born}".encode()))
    db.execute("INSERT INTO alias VALUES ('old1', 1)")
    db.execute("INSERT INTO item_key VALUES (1, 'email', 'gm:1', 1)")
    db.execute("UPDATE counter SET value = 2 WHERE name = 'born'")
    db.close()
    return path


def test_a_store_of_the_first_schema_keeps_all_it_has(old: Path) -> None:
    db = open_file(old)
    newer, older = everything(db)
    assert (newer.id, newer.text, newer.subject) == (  # type: ignore[union-attr]
        "id2",
        "the forecast 議事録 2",
        "budget 2",
    )
    assert (older.labels, older.folders, older.unread) == (("work",), ("Inbox",), True)
    assert reading.original(db, "id1") == b"bytes 1"
    assert reading.find(db, "old1") == ["id1"]
    assert reading.places(db, "id1") == [("imap:default", Ref("INBOX", "1", "7"), "full")]
    assert db.execute("SELECT cursor, generation FROM collection").fetchone() == ('{"at": 3}', 2)
    assert db.execute("SELECT key, item FROM item_key").fetchall() == [("gm:1", 1)]
    db.close()


def test_what_an_older_schema_stored_can_be_searched(old: Path) -> None:
    db = open_file(old)
    for query in ("forecast", "subject:budget", "from:ana", "議事", "-lunch", "kind:email"):
        assert len(found(db, query)) == 2, query
    db.execute("INSERT INTO fts (fts, rank) VALUES ('integrity-check', 1)")
    db.close()


def test_what_an_older_schema_stored_is_as_old_as_it_was(old: Path) -> None:
    db = open_file(old)
    times = db.execute("SELECT received FROM item UNION ALL SELECT received FROM membership")
    assert {row[0] for row in times} == {NOW.timestamp()}
    assert len(found(db, "after:2026-11-23T12:00Z before:2026-11-23T12:01Z")) == 2
    db.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(old: Path) -> None:
    def fail(_: sqlite3.Connection) -> None:
        raise RuntimeError("the power is gone")

    first, second = schema.MIGRATIONS[:2]
    with pytest.raises(RuntimeError, match="power"):
        open_file(old, migrations=(first, (*second, fail)))
    db = sqlite3.connect(old)
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    assert "the forecast" in db.execute("SELECT payload FROM item").fetchone()[0]
    db.close()
    migrated = open_file(old)
    assert len(everything(migrated)) == 2
    migrated.close()


def test_a_store_of_a_newer_schema_is_left_as_it_is(tmp_path: Path) -> None:
    path, newer = tmp_path / "store.db", len(schema.MIGRATIONS) + 1
    db = open_file(path)
    db.execute(f"PRAGMA user_version = {newer}")
    db.close()
    with pytest.raises(StoreError, match=f"has schema {newer}"):
        open_file(path)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (newer,)
    db.close()
