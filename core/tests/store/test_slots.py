"""Row ids: a second has 1,024, and what does not fit goes on behind them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.tests.store.mails import ME, NOW, everything, found, mail, put
from jackfield.batches import Batch
from jackfield.store.database import commit
from jackfield.store.slots import free_rowid

if TYPE_CHECKING:
    import sqlite3

COPY = """INSERT INTO item SELECT ?1, ?2, ?2, mailbox, kind, digest, size, joins, level, unread,
          flagged, fetched_at, payload, received FROM item WHERE born = 1"""


def crowd(db: sqlite3.Connection, count: int) -> list[int]:
    """Put so many items into one second; give their row ids in the order they came."""
    put(db, mail("0"))
    rowids = []
    for number in range(count):
        rowids.append(free_rowid(db, NOW.timestamp()))
        db.execute(COPY, (rowids[-1], number + 2))
    return rowids


def test_a_hundred_thousand_items_of_one_second_are_kept_in_the_order_they_came(
    db: sqlite3.Connection,
) -> None:
    rowids = crowd(db, 100_000)
    assert rowids == sorted(set(rowids))


def test_the_first_thousand_and_twenty_four_items_of_a_second_stay_in_it(
    db: sqlite3.Connection,
) -> None:
    rowids = crowd(db, 1024)
    second = int(NOW.timestamp())
    assert [rowid >> 10 for rowid in rowids] == [second] * 1023 + [second + 1]


def test_what_spilled_out_of_its_second_is_found_by_its_second(db: sqlite3.Connection) -> None:
    for start in range(0, 3000, 500):
        mails = tuple(mail(str(n), "crowd") for n in range(start, start + 500))
        commit(db, ME, "INBOX", "email", Batch(items=mails), NOW)
    assert len(found(db, "crowd before:2026-11-23T12:00:01Z")) == 3000
    assert len(found(db, "crowd after:2026-11-23T12:00:01Z")) == 0


def test_within_a_second_the_exact_time_decides(db: sqlite3.Connection) -> None:
    for tenths in (2, 7):
        put(db, mail(str(tenths), str(tenths), received=NOW + timedelta(seconds=tenths / 10)))
    assert found(db, "after:2026-11-23T12:00:00.5Z") == ["7"]
    assert found(db, "before:2026-11-23T12:00:00.5Z") == ["2"]


def test_a_date_header_moves_nothing(db: sqlite3.Connection) -> None:
    put(db, mail("1", "old", received=NOW - timedelta(days=2), time=NOW + timedelta(days=900)))
    put(db, mail("2", "new", received=NOW - timedelta(days=1), time=NOW - timedelta(days=900)))
    assert [item.text for item in everything(db)] == ["new", "old"]


def test_a_time_to_come_counts_as_tomorrow_and_stays_there(db: sqlite3.Connection) -> None:
    far = NOW + timedelta(days=4000)
    put(db, mail("1", received=far))
    put(db, mail("1", received=far), stamped=NOW + timedelta(hours=5))
    (received,) = db.execute("SELECT received FROM item").fetchone()
    assert received == (NOW + timedelta(days=1)).timestamp()
