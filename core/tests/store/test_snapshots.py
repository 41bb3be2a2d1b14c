"""What a full pass over a folder may drop."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.tests.store.mails import ME, NOW, everything, mail
from jackfield.batches import Batch
from jackfield.store import rounds
from jackfield.store.database import commit

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from jackfield.store.committing import Report


def fill(db: sqlite3.Connection, count: int) -> None:
    mails = tuple(mail(str(n), str(n), received=NOW - timedelta(days=n)) for n in range(count))
    commit(db, ME, "INBOX", "email", Batch(items=mails), NOW)


def pass_over(
    db: sqlite3.Connection,
    seen: int,
    *,
    complete: bool = True,
    horizon: datetime | None = None,
    accept: bool = False,
) -> Report:
    """Begin a snapshot that sees the newest so many mails."""
    rounds.begin_snapshot(db, rounds.place_of(db, ME, "INBOX", "email"))
    mails = tuple(mail(str(n), str(n), received=NOW - timedelta(days=n)) for n in range(seen))
    batch = Batch(items=mails, cursor={"at": 1}, snapshot_complete=complete)
    return commit(db, ME, "INBOX", "email", batch, NOW, horizon=horizon, accept=accept)


def texts(db: sqlite3.Connection) -> list[str]:
    return [item.text for item in everything(db)]


def test_a_complete_pass_drops_what_it_did_not_see(db: sqlite3.Connection) -> None:
    fill(db, 4)
    assert pass_over(db, 2).removed == 2
    assert texts(db) == ["0", "1"]


def test_a_pass_that_is_not_complete_drops_nothing(db: sqlite3.Connection) -> None:
    fill(db, 4)
    assert pass_over(db, 2, complete=False).removed == 0
    assert texts(db) == ["0", "1", "2", "3"]


def test_every_pass_has_a_number_and_what_it_saw_bears_it(db: sqlite3.Connection) -> None:
    fill(db, 4)
    pass_over(db, 4, complete=False)
    pass_over(db, 2, complete=False)
    stamps = [row[0] for row in db.execute("SELECT stamp FROM membership ORDER BY key")]
    assert stamps == [2, 2, 1, 1]


def test_a_mail_older_than_the_horizon_was_not_looked_for_and_stays(
    db: sqlite3.Connection,
) -> None:
    fill(db, 6)
    assert pass_over(db, 2, horizon=NOW - timedelta(days=3)).removed == 2
    assert texts(db) == ["0", "1", "4", "5"]


@pytest.mark.parametrize(
    ("there", "left", "dropped"),
    [(50, 1, 49), (51, 26, 25), (51, 25, 0), (60, 30, 30), (60, 29, 0)],
)
def test_more_than_half_of_more_than_fifty_waits_for_a_person(
    there: int, left: int, dropped: int, db: sqlite3.Connection
) -> None:
    fill(db, there)
    report = pass_over(db, left)
    assert (report.removed, report.withheld) == (dropped, 0 if dropped else there - left)
    assert len(everything(db)) == there - dropped


def test_a_person_who_accepts_the_removals_gets_them(db: sqlite3.Connection) -> None:
    fill(db, 60)
    pass_over(db, 10)
    report = pass_over(db, 10, accept=True)
    assert (report.removed, report.withheld) == (50, 0)
    assert len(everything(db)) == 10
