"""An item whose time becomes known changes its private row id, and nobody notices."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.tests.store.mails import ME, NOW, everything, found, mail, put
from jackfield.batches import Batch, Keys, Ref
from jackfield.store import reading
from jackfield.store.database import commit
from jackfield.store.searching import Search, search

if TYPE_CHECKING:
    import sqlite3


def test_an_item_that_moves_in_time_keeps_id_text_and_bytes(db: sqlite3.Connection) -> None:
    put(db, mail("1", raw=b"bytes"), mail("2", "lunch"))
    before = next(item for item in everything(db) if item.text == "budget")
    put(db, mail("1", raw=b"bytes", received=NOW - timedelta(days=1)))
    newest, moved = everything(db)
    assert (newest.text, moved.text, moved.id) == ("lunch", "budget", before.id)
    assert (moved.folders, reading.original(db, moved.id)) == (("INBOX",), b"bytes")
    assert found(db, "budget") == ["budget"]


def test_an_item_is_as_new_as_its_newest_copy(db: sqlite3.Connection) -> None:
    one = Keys(strong=("gm:1",))
    old = mail("1", keys=one, received=NOW - timedelta(days=1))
    put(db, old, mail("2", "lunch", received=NOW - timedelta(hours=1)))
    put(db, mail("1", folder="Archive", keys=one, received=NOW))
    assert [item.text for item in everything(db)] == ["budget", "lunch"]
    commit(db, ME, "Archive", "email", Batch(removed=(Ref("Archive", "1"),)), NOW)
    assert [item.text for item in everything(db)] == ["lunch", "budget"]


def test_a_reader_of_pages_sees_each_item_once_while_they_move(db: sqlite3.Connection) -> None:
    hours = [NOW - timedelta(hours=n) for n in range(6)]
    put(db, *(mail(str(n), str(n), received=at) for n, at in enumerate(hours)))
    seen: list[str] = []
    page = None
    for turn in range(3):
        found = search(db, Search(limit=2, page=page, left_out=frozenset()))
        seen += [item.text for item in found.items]
        page = found.next
        if turn == 0:
            put(db, mail("0", "0", received=NOW - timedelta(days=1)))
            put(db, mail("5", "5", received=NOW + timedelta(hours=1)))
    assert (seen, page) == (["0", "1", "2", "3", "4", "5"], None)


def test_items_of_one_second_are_on_one_page_each(db: sqlite3.Connection) -> None:
    put(db, *(mail(str(n), str(n)) for n in range(7)))
    seen: list[str] = []
    page = None
    while not seen or page:
        found = search(db, Search(limit=2, page=page, left_out=frozenset()))
        seen += [item.text for item in found.items]
        page = found.next
    assert sorted(seen) == [str(n) for n in range(7)]
