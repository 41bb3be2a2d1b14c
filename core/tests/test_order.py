"""Order and pages: newest first, whatever happens meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.batches import Batch, Entry, Keys, Ref
from jackfield.errors import QueryError
from jackfield.models import SourceType, UnifiedMeeting
from jackfield.query.tree import Words
from jackfield.store import rounds
from jackfield.store.database import commit
from jackfield.store.files import open_file
from jackfield.store.searching import Search, search
from jackfield.store.slots import free_rowid

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ME = "outlook:work"


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = open_file(None)
    rounds.register(connection, ME, "me@acme.example")
    yield connection
    connection.close()


def meeting(key: str, hours: float) -> Entry:
    """A meeting that was last changed so many hours ago."""
    item = UnifiedMeeting(
        source=SourceType("outlook"), account=ME, time=NOW, title=key, start=NOW, end=NOW
    )
    received = NOW - timedelta(hours=hours)
    return Entry(Ref("calendar", key), item, Keys(strong=(f"graph:{key}",)), received)


def put(db: sqlite3.Connection, *entries: Entry) -> None:
    commit(db, ME, "calendar", "meeting", Batch(items=entries), NOW)


def titles(
    db: sqlite3.Connection, page: str | None = None, limit: int = 2
) -> tuple[list[str], str | None]:
    found = search(db, Search(limit=limit, page=page))
    return [item.title for item in found.items], found.next  # type: ignore[union-attr]


def read_pages(db: sqlite3.Connection, reschedule: dict[int, tuple[str, float]]) -> list[str]:
    """Turn all pages; before the nth, a meeting is changed."""
    seen: list[str] = []
    page: str | None = None
    for number in range(100):
        if number in reschedule:
            put(db, meeting(*reschedule[number]))
        some, page = titles(db, page)
        seen += some
        if page is None:
            return seen
    raise AssertionError("pages without end")


def test_a_meeting_that_moves_up_while_pages_are_turned_is_not_left_out(
    db: sqlite3.Connection,
) -> None:
    put(db, *(meeting(name, hours) for hours, name in enumerate("abcdef")))
    assert read_pages(db, {1: ("f", -0.5)}) == list("abcdef")
    assert titles(db, limit=9)[0] == list("fabcde")


def test_a_meeting_that_moves_down_while_pages_are_turned_is_not_shown_twice(
    db: sqlite3.Connection,
) -> None:
    put(db, *(meeting(name, hours) for hours, name in enumerate("abcdef")))
    assert read_pages(db, {1: ("a", 100)}) == list("abcdef")
    assert titles(db, limit=9)[0] == list("bcdefa")


@given(
    st.dictionaries(
        st.integers(1, 5),
        st.tuples(st.sampled_from("abcdefgh"), st.integers(-3, 20).map(lambda n: n + 0.5)),
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_rescheduled_every_item_comes_exactly_once(
    changes: dict[int, tuple[str, float]],
) -> None:
    db = open_file(None)
    try:
        rounds.register(db, ME, "me@acme.example")
        put(db, *(meeting(name, hours * 2) for hours, name in enumerate("abcdefgh")))
        assert sorted(read_pages(db, changes)) == list("abcdefgh")
    finally:
        db.close()


def test_what_is_no_page_is_refused(db: sqlite3.Connection) -> None:
    with pytest.raises(QueryError, match="is no page"):
        search(db, Search(page="yesterday"))


def test_a_hundred_thousand_items_of_one_second_are_kept_in_order_and_found(
    db: sqlite3.Connection,
) -> None:
    second = int(NOW.timestamp())
    db.execute("BEGIN")
    neighbours = [free_rowid(db, second + offset) for offset in (-1, 0, 1, 40)]
    rowids = []
    for number in range(100_000):
        rowid = free_rowid(db, second)
        rowids.append(rowid)
        db.execute(
            "INSERT INTO item (rowid, born, id, mailbox, kind, joins, level, flagged,"
            " fetched_at, payload, received) VALUES (?, ?, ?, 1, 'email', 1, 2, 0, 0, '', ?)",
            (rowid, number + 1, f"id{number}", second),
        )
    db.execute("COMMIT")
    assert len(set(rowids)) == 100_000
    assert rowids == sorted(rowids)
    assert free_rowid(db, second - 1) == neighbours[0]
    (spill,) = db.execute("SELECT value FROM counter WHERE name = 'largest_spill'").fetchone()
    assert spill >= rowids[-1] - (second << 10)


def test_descending_is_ascending_turned_round(db: sqlite3.Connection) -> None:
    """An older SQLite was reported to lose rows on the way down (3.40.1); this one must not."""
    db.execute("BEGIN")
    for number in range(20_000):
        rowid = (1_700_000_000 + number // 3 * (1 + number % 7)) << 10 | number % 1024
        body = f"word{number % 3} every {'rare' if number % 997 == 0 else 'other'}"
        db.execute("INSERT OR REPLACE INTO content (id, body) VALUES (?, ?)", (rowid, body))
    db.execute("DELETE FROM content WHERE id % 5 = 0")
    db.execute("COMMIT")
    for word in ("every", "word1", "rare", '"every other"', "every NOT word2"):
        down, up = (
            db.execute(f"SELECT rowid FROM fts WHERE fts MATCH ? ORDER BY rowid {order}", (word,))
            for order in ("DESC", "ASC")
        )
        assert down.fetchall() == up.fetchall()[::-1]


def test_a_text_that_changes_is_no_longer_found_by_what_it_was(db: sqlite3.Connection) -> None:
    put(db, meeting("a", 1))
    changed = meeting("a", 1)
    item = changed.item.model_copy(update={"title": "review"})
    put(db, Entry(changed.ref, item, changed.keys, changed.received))
    assert [len(search(db, Search(Words(word))).items) for word in ("a", "review")] == [0, 1]
    db.execute("INSERT INTO fts (fts, rank) VALUES ('integrity-check', 1)")


def test_the_check_of_the_index_sees_an_index_that_contradicts_its_table(
    db: sqlite3.Connection,
) -> None:
    put(db, meeting("a", 1))
    db.execute("DROP TRIGGER content_changed")
    db.execute("UPDATE content SET subject = 'other'")
    db.execute("INSERT INTO fts (fts) VALUES ('integrity-check')")
    with pytest.raises(Exception, match="malformed"):
        db.execute("INSERT INTO fts (fts, rank) VALUES ('integrity-check', 1)")


def test_a_place_that_an_item_left_is_given_to_nobody_else_while_pages_may_be_turned(
    db: sqlite3.Connection,
) -> None:
    put(db, meeting("a", 1), meeting("b", 1))
    (left,) = db.execute("SELECT max(rowid) FROM item").fetchone()
    put(db, meeting("b", 5))
    put(db, meeting("c", 1))
    assert not list(db.execute("SELECT rowid FROM item WHERE rowid = ?", (left,)))


@pytest.mark.parametrize("page", ["zzzzzzzzzzzzzzzzzzzzzzzzzz.0", "0.zzzzzzzzzzzzzzzzzzzzzzzzzz"])
def test_a_page_of_more_than_a_store_can_hold_is_refused(db: sqlite3.Connection, page: str) -> None:
    with pytest.raises(QueryError, match="is no page"):
        titles(db, page)
