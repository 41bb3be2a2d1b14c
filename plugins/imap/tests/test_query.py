"""A search as SEARCH keys."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.query.tree import And, Everything, Field, Not, Or, Query, When, Words
from jackfield_imap.query import Criteria, quoted, translate

ALL = Everything()
EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
UNREAD, READ = Field("is", "unread"), Field("is", "read")
FLAGGED, UNFLAGGED = Field("is", "flagged"), Field("is", "unflagged")
BUDGET, LUNCH, FILE = Words("budget"), Words("lunch"), Field("has", "attachment")
LARGE, SMALL = Field("larger", "5000"), Field("smaller", "5000")
MAIL, NOTE = Field("kind", "email"), Field("kind", "note")
SINCE = When("since", datetime(2026, 3, 1, 0, 30, tzinfo=UTC))
BEFORE = When("before", datetime(2026, 2, 27, 23, 30, tzinfo=EAST))

# query, keys as on the wire (None: nobody is asked), residue
TABLE: list[tuple[Query, str | None, Query]] = [
    (ALL, "ALL", ALL),
    (BUDGET, 'TEXT "budget"', BUDGET),
    (Words("q3 report"), 'TEXT "q3" TEXT "report"', Words("q3 report")),
    (Words("budg", prefix=True), 'TEXT "budg"', Words("budg", prefix=True)),
    (Words("a_b-c d.e a"), 'TEXT "a" TEXT "b" TEXT "c" TEXT "d" TEXT "e"', Words("a_b-c d.e a")),
    (Words("!?"), "ALL", Words("!?")),
    (Words("会議room"), 'TEXT "会議" TEXT "room"', Words("会議room")),
    (Words("größe"), 'OR TEXT "größe" TEXT "große"', Words("größe")),
    (Field("from", "ana"), 'FROM "ana"', Field("from", "ana")),
    (
        Field("from", "a@b.example"),
        'FROM "a" FROM "b" FROM "example"',
        Field("from", "a@b.example"),
    ),
    (Field("from", "me"), "ALL", Field("from", "me")),
    (Field("to", "ME"), "ALL", Field("to", "ME")),
    (Field("to", "bob"), 'OR TO "bob" BCC "bob"', Field("to", "bob")),
    (Field("cc", "me"), 'CC "me"', Field("cc", "me")),
    (Field("subject", "q3 budget"), 'SUBJECT "q3" SUBJECT "budget"', Field("subject", "q3 budget")),
    (SINCE, "SINCE 28-Feb-2026", SINCE),
    (BEFORE, "BEFORE 1-Mar-2026", BEFORE),
    (UNREAD, "UNSEEN", ALL),
    (READ, "SEEN", ALL),
    (FLAGGED, "FLAGGED", ALL),
    (UNFLAGGED, "UNFLAGGED", ALL),
    (LARGE, "LARGER 5000", ALL),
    (SMALL, "SMALLER 5000", ALL),
    (Field("larger", str(2**32)), "ALL", Field("larger", str(2**32))),
    (Field("in", "archive"), "ALL", Field("in", "archive")),
    (FILE, "ALL", FILE),
    (Field("source", "imap"), "ALL", Field("source", "imap")),
    (Field("account", "work"), "ALL", Field("account", "work")),
    (Field("thread", "x"), "ALL", Field("thread", "x")),
    (MAIL, "ALL", ALL),
    (NOTE, None, ALL),
    (Not(BUDGET), "ALL", Not(BUDGET)),
    (Not(Field("from", "ana")), "ALL", Not(Field("from", "ana"))),
    (Not(SINCE), "ALL", Not(SINCE)),
    (Not(UNREAD), "NOT UNSEEN", ALL),
    (Not(LARGE), "NOT LARGER 5000", ALL),
    (Not(MAIL), None, ALL),
    (Not(NOTE), "ALL", ALL),
    (Not(Not(BUDGET)), 'TEXT "budget"', BUDGET),
    (Not(And((UNREAD, FLAGGED))), "OR NOT UNSEEN NOT FLAGGED", ALL),
    (Not(Or((UNREAD, BUDGET))), "NOT UNSEEN", Not(BUDGET)),
    (Not(And((UNREAD, BUDGET))), "ALL", Or((Not(UNREAD), Not(BUDGET)))),
    (And(()), "ALL", ALL),
    (And((BUDGET, UNREAD)), 'TEXT "budget" UNSEEN', BUDGET),
    (And((BUDGET, FILE)), 'TEXT "budget"', And((BUDGET, FILE))),
    (And((BUDGET, NOTE)), None, ALL),
    (Or(()), None, ALL),
    (Or((UNREAD, FLAGGED)), "OR UNSEEN FLAGGED", ALL),
    (Or((UNREAD, FLAGGED, LARGE)), "OR UNSEEN OR FLAGGED LARGER 5000", ALL),
    (Or((BUDGET, LUNCH)), 'OR TEXT "budget" TEXT "lunch"', Or((BUDGET, LUNCH))),
    (Or((BUDGET, FILE)), "ALL", Or((BUDGET, FILE))),
    (Or((BUDGET, MAIL)), "ALL", ALL),
    (Or((UNREAD, NOTE)), "UNSEEN", ALL),
    (
        Or((Words("q3 report"), And((UNREAD, LUNCH)))),
        'OR (TEXT "q3" TEXT "report") (UNSEEN TEXT "lunch")',
        Or((Words("q3 report"), And((UNREAD, LUNCH)))),
    ),
    (
        And((Or((BUDGET, Words("größe"))), Not(BUDGET), Not(FLAGGED))),
        'OR TEXT "budget" OR TEXT "größe" TEXT "große" NOT FLAGGED',
        And((Or((BUDGET, Words("größe"))), Not(BUDGET))),
    ),
]
IDS = [str(number) for number in range(len(TABLE))]


def on_the_wire(keys: tuple[str, ...] | None) -> str | None:
    if keys is None:
        return None
    return re.sub(r"\( | \)", lambda found: found[0].strip(), " ".join(keys)) or "ALL"


@pytest.mark.parametrize(("query", "asked", "residue"), TABLE, ids=IDS)
def test_the_keys_and_what_is_left(query: Query, asked: str | None, residue: Query) -> None:
    made = translate(query)
    assert on_the_wire(cast("Criteria", made.native).keys) == asked
    assert made.residue == residue
    assert made.exact is (residue == ALL)


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("order", ["since", "before"])
def test_days_at_the_ends_of_time(year: int, order: Any) -> None:
    at = datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, tzinfo=UTC)
    made = translate(When(order, at))
    assert on_the_wire(cast("Criteria", made.native).keys) in {
        "ALL",
        "BEFORE 3-Jan-0001",
        "SINCE 30-Dec-9999",
    }


def test_a_search_that_is_too_long_finds_everything() -> None:
    query = Or(tuple(Words(f"word{number}") for number in range(1000)))
    assert translate(query).native == Criteria()
    assert translate(query).residue == query


@given(st.text())
def test_no_text_breaks_a_line(text: str) -> None:
    written = quoted(text)
    assert not set(written) & set("\r\n\0")
    assert re.fullmatch(r'"([^"\\]|\\["\\])*"', written)
    keys = cast("Criteria", translate(Words(text)).native).keys or ()
    assert all(re.fullmatch(r'[A-Z]+|"[^"\\]+"', key) for key in keys)
