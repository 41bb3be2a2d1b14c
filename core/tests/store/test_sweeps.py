"""When an item that is nowhere may be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.tests.store.mails import ME, NOW, mail, put
from jackfield.batches import Batch, Ref
from jackfield.store import rounds
from jackfield.store.database import commit

if TYPE_CHECKING:
    import sqlite3


def lose_one_of_two(db: sqlite3.Connection) -> None:
    put(db, mail("1"), mail("2"))
    commit(db, ME, "INBOX", "email", Batch(removed=(Ref("INBOX", "1"),)), NOW)


def test_a_sweep_deletes_what_is_nowhere_and_nothing_else(db: sqlite3.Connection) -> None:
    lose_one_of_two(db)
    assert rounds.sweep(db, ME, "email") == 1
    for table in ("item", "content", "item_key", "membership"):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)


def test_nothing_is_swept_while_a_snapshot_is_unfinished(db: sqlite3.Connection) -> None:
    lose_one_of_two(db)
    rounds.begin_snapshot(db, rounds.place_of(db, ME, "Archive", "email"))
    assert rounds.sweep(db, ME, "email") == 0


def test_nothing_is_swept_while_removals_wait_for_a_person(db: sqlite3.Connection) -> None:
    lose_one_of_two(db)
    place = rounds.place_of(db, ME, "Archive", "email")
    db.execute("UPDATE collection SET withheld = 30 WHERE id = ?", (place.collection,))
    assert rounds.sweep(db, ME, "email") == 0


def test_a_sweep_leaves_other_mailboxes_and_kinds_alone(db: sqlite3.Connection) -> None:
    lose_one_of_two(db)
    rounds.register(db, "gmail:work", "work@acme.example")
    assert rounds.sweep(db, "gmail:work", "email") == rounds.sweep(db, ME, "message") == 0
