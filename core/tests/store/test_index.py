"""The full-text index and the table that it mirrors."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.tests.store.mails import EVERYTHING, ME, NOW, everything, found, mail, put
from jackfield.batches import Batch, Keys, Ref
from jackfield.query.tree import Words
from jackfield.store import merging, rounds
from jackfield.store.database import commit
from jackfield.store.searching import Search, search

if TYPE_CHECKING:
    from collections.abc import Callable


def check_integrity(db: sqlite3.Connection) -> None:
    """Compare the index with its table; without the rank FTS5 looks at the index alone."""
    db.execute("INSERT INTO fts (fts, rank) VALUES ('integrity-check', 1)")


def test_an_index_that_contradicts_its_table_is_noticed(db: sqlite3.Connection) -> None:
    put(db, mail("1"))
    db.execute("DROP TRIGGER content_changed")
    db.execute("UPDATE content SET body = 'another text altogether'")
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):
        check_integrity(db)


def change(db: sqlite3.Connection) -> None:
    put(db, mail("1", "forecast"))


def move_in_time(db: sqlite3.Connection) -> None:
    put(db, mail("1", received=NOW - timedelta(days=1)))


def delete(db: sqlite3.Connection) -> None:
    commit(db, ME, "INBOX", "email", Batch(removed=(Ref("INBOX", "1"),)), NOW)
    rounds.sweep(db, ME, "email")


def join(db: sqlite3.Connection) -> None:
    put(db, mail("1", folder="Archive", keys=Keys(strong=("id:INBOX/1", "id:INBOX/2"))))


@pytest.mark.parametrize("happens", [change, move_in_time, delete, join])
def test_the_index_says_what_its_table_says(
    happens: Callable[[sqlite3.Connection], None], db: sqlite3.Connection
) -> None:
    put(db, mail("1"), mail("2", "lunch"))
    happens(db)
    check_integrity(db)


def test_a_word_that_was_edited_out_is_not_found_any_more(db: sqlite3.Connection) -> None:
    put(db, mail("1", "budget"))
    put(db, mail("1", "forecast"))
    assert (found(db, "budget"), found(db, "forecast")) == ([], ["forecast"])


def test_accents_make_no_difference(db: sqlite3.Connection) -> None:
    put(db, mail("1", "naïve Ångström"), mail("2", "thuế"))
    assert (found(db, "naive angstrom"), found(db, "thue")) == (["naïve Ångström"], ["thuế"])


def test_two_letters_within_a_run_of_chinese_or_japanese_are_found(db: sqlite3.Connection) -> None:
    put(db, mail("1", "議事録を確認しました"), mail("2", "会议纪要"))
    assert found(db, "確認") == ["議事録を確認しました"]
    assert found(db, "纪要") == ["会议纪要"]
    assert found(db, "録議") == []


def test_the_newest_hits_come_without_sorting_all(db: sqlite3.Connection) -> None:
    put(db, *(mail(str(n), received=NOW + timedelta(seconds=n)) for n in range(5)))
    for wanted in (EVERYTHING, Search(Words("budget")), Search(kinds=("email",), accounts=(ME,))):
        said: list[str] = []
        db.set_trace_callback(said.append)
        search(db, wanted)
        db.set_trace_callback(None)
        (statement,) = [line for line in said if "DESC LIMIT" in line and line[:2] != "--"]
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
        assert not any("TEMP B-TREE" in step for step in plan), plan


def test_newest_first_is_oldest_first_turned_round(db: sqlite3.Connection) -> None:
    put(db, *(mail(str(n), received=NOW + timedelta(seconds=n % 7)) for n in range(40)))
    newest_first = [item.id for item in search(db, Search(Words("budget"), limit=25)).items]
    query = "SELECT id FROM fts JOIN item ON item.rowid = fts.rowid WHERE fts MATCH 'budget'"
    oldest_first = [id for (id,) in db.execute(f"{query} ORDER BY fts.rowid")]
    assert newest_first == oldest_first[::-1][:25]
    assert len(oldest_first) == 40


def written(db: sqlite3.Connection, *entries: object) -> set[str]:
    """Which tables an upsert of these mails wrote texts or bytes to."""
    db.execute("CREATE TEMP TABLE log (name TEXT)")
    for table in ("content", "body", "main.item_key"):
        for event in ("INSERT", "UPDATE", "DELETE"):
            name = f"{table.replace('.', '_')}_{event}"
            db.execute(
                f"CREATE TEMP TRIGGER {name} AFTER {event} ON {table}"
                f" BEGIN INSERT INTO log VALUES ('{table} {event}'); END"
            )
    put(db, *entries)  # type: ignore[arg-type]
    return {name for (name,) in db.execute("SELECT name FROM log")}


def test_what_comes_again_unchanged_is_not_written_again(db: sqlite3.Connection) -> None:
    put(db, mail("1", raw=b"budget"))
    assert written(db, mail("1", raw=b"budget")) == set()


def test_a_change_that_is_not_searched_leaves_the_index_alone(db: sqlite3.Connection) -> None:
    put(db, mail("1"))
    assert written(db, mail("1", html="<p>budget</p>")) == set()
    assert everything(db)[0].html == "<p>budget</p>"


def segments(db: sqlite3.Connection) -> int:
    """Count the segments of the index: a page's id begins with that of its segment."""
    (number,) = db.execute("SELECT count(DISTINCT id >> 37) FROM fts_data WHERE id > 10").fetchone()
    return int(number)


def test_merging_makes_one_segment_and_changes_no_answer(db: sqlite3.Connection) -> None:
    for number in range(40):
        put(db, mail(str(number), f"budget {number}"))
    before, parted = found(db, "budget"), segments(db)
    more, begin = True, True
    while more:
        more, begin = merging.merge(db, begin=begin), False
    check_integrity(db)
    assert parted > 1
    assert segments(db) == 1
    assert found(db, "budget") == before


def test_merging_is_worth_it_only_where_most_of_a_store_is_new(db: sqlite3.Connection) -> None:
    put(db, *(mail(str(number), f"budget {number}") for number in range(10)))
    assert merging.grew(db, 6)
    assert not merging.grew(db, 5)
