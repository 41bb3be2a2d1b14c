"""What a search that a person typed means, and where a caret points when it means nothing."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.errors import QueryError
from jackfield.query.parser import parse
from jackfield.query.tree import And, Everything, Field, Not, Or, When, Words

if TYPE_CHECKING:
    from jackfield.query.tree import Query

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/St_Johns")
A, B, C = Words("a"), Words("b"), Words("c")


def understood(text: str) -> Query:
    return parse(text, now=NOW, zone=ZONE)


def tried(text: str) -> Query | QueryError:
    try:
        return understood(text)
    except QueryError as error:
        return error


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Everything()),
        (" \t\u3000", Everything()),
        (" - ", Everything()),
        ("a", A),
        ("a b", And((A, B))),
        ("a\u3000b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a and or not", And((A, Words("and"), Words("or"), Words("not")))),
        ("a OR b", Or((A, B))),
        ("a b OR c", Or((And((A, B)), C))),
        ("a (b OR c)", And((A, Or((B, C))))),
        ("a (b c)", And((A, B, C))),
        ("a OR (b OR c)", Or((A, B, C))),
        ("((a))", A),
        ("a(b)c", And((A, B, C))),
        ("-a", Not(A)),
        ("NOT a", Not(A)),
        ("--a", A),
        ("-(-a)", A),
        ("NOT -a", A),
        ("-(a b)", Not(And((A, B)))),
        ("-from:ana", Not(Field("from", "ana"))),
        ("a - b", And((A, B))),
        ("a OR - b", Or((A, B))),
        ("re-run", Words("re-run")),
        ("10:30", Words("10:30")),
        ("a:5", Words("a:5")),
        ("a1:b", Words("a1:b")),
        ("größe:b", Words("größe:b")),
        ("https://example.org/?a=b", Words("https://example.org/?a=b")),
        ("in://box", Words("in://box")),
        ("🎉", Words("🎉")),
        ('"q3 report"', Words("q3 report")),
        ("“q3 report”", Words("q3 report")),
        ("„q3 report“", Words("q3 report")),
        ('"he said “hi”"', Words("he said “hi”")),
        (r'"a \"b\" \\ \c"', Words(r'a "b" \ \c')),
        ('"-a OR foo:b*"', Words("-a OR foo:b*")),
        ('"foo:bar"', Words("foo:bar")),
        ('a"b"', And((A, B))),
        ("budg*", Words("budg", prefix=True)),
        ("予*", Words("予", prefix=True)),
        ("ｶ*", Words("ｶ", prefix=True)),
        ("한*", Words("한", prefix=True)),
        ("a\x00b\ue000c", And((A, B, C))),
        ("from:Ana", Field("from", "Ana")),
        ("From:me", Field("from", "me")),
        ('subject:"Q3 report"', Field("subject", "Q3 report")),
        ("subject:OR", Field("subject", "OR")),
        ("from:(a OR -b)", Or((Field("from", "a"), Not(Field("from", "b"))))),
        ('to:("a b" c)', And((Field("to", "a b"), Field("to", "c")))),
        ("in:INBOX", Field("in", "inbox")),
        ("source:GMail", Field("source", "gmail")),
        ("account:Work thread:Ab1", And((Field("account", "Work"), Field("thread", "Ab1")))),
        ("is:UNREAD", Field("is", "unread")),
        ("is:starred", Field("is", "flagged")),
        ("is:unstarred", Field("is", "unflagged")),
        ("is:seen", Field("is", "read")),
        ("is:unseen", Field("is", "unread")),
        ("has:attachments", Field("has", "attachment")),
        ("has:file", Field("has", "attachment")),
        ("kind:emails", Field("kind", "email")),
        ("type:Note", Field("kind", "note")),
        ("larger:500", Field("larger", "500")),
        ("larger:10k", Field("larger", "10240")),
        ("smaller:5mb", Field("smaller", "5242880")),
        ("smaller:1G", Field("smaller", "1073741824")),
        ("after:2026-01-01", When("since", datetime(2026, 1, 1, 3, 30, tzinfo=UTC))),
        ("since:2026-07", When("since", datetime(2026, 7, 1, 2, 30, tzinfo=UTC))),
        ("before:2026-01-01", When("before", datetime(2026, 1, 1, 3, 30, tzinfo=UTC))),
        ("until:2026-01-01T10:00Z", When("before", datetime(2026, 1, 1, 10, tzinfo=UTC))),
        ("newer_than:2d", When("since", NOW - timedelta(days=2))),
        ("newer:3h", When("since", NOW - timedelta(hours=3))),
        ("older_than:2w", When("before", NOW - timedelta(weeks=2))),
        ("older:1y", When("before", NOW - timedelta(days=365))),
    ],
)
def test_that_a_search_means(text: Any, tree: Any) -> None:
    assert understood(text) == tree


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ('a "b', 2, "this quotation is never closed"),
        (r'"b\"', 0, "this quotation is never closed"),
        ("a (b", 2, "this bracket is never closed"),
        ("a (", 2, "this bracket is never closed"),
        ("(a (b)", 0, "this bracket is never closed"),
        ("a) b", 1, "this bracket closes nothing"),
        (")", 0, "this bracket closes nothing"),
        ("a ( )", 2, "there is nothing in these brackets"),
        ("from:()", 5, "there is nothing in these brackets"),
        ("OR a", 0, "OR needs something on both sides"),
        ("a OR", 2, "OR needs something on both sides"),
        ("a (b OR )", 5, "OR needs something on both sides"),
        ("a OR OR b", 5, "OR needs something on both sides"),
        ("a AND", 2, "AND needs something on both sides"),
        ("a NOT", 2, "NOT needs something after it"),
        ("a from:", 7, "from: needs a value"),
        ("from: a", 5, "from: needs a value"),
        ('from:" "', 5, "from: needs a value"),
        ("a form:ana", 2, "there is no field 'form:'; did you mean from:?"),
        ("foo:bar", 0, 'to find the text itself, quote it: "foo:bar"'),
        ("from:(a subject:b)", 8, "subject: cannot stand in the brackets of from:"),
        ("is:new", 3, "is: is one of read, unread, flagged, unflagged; not 'new'"),
        ("has:legs", 4, "has: is one of attachment; not 'legs'"),
        ("kind:fax", 5, "kind: is one of email, message, note, meeting; not 'fax'"),
        ("larger:big", 7, "larger: needs a size such as 500, 10k or 5M, not 'big'"),
        ("larger:999999999999999g", 7, "larger: needs a size"),
        ("after:soon", 6, "after: needs a day such as 2026-01-31, monday or 2d, not 'soon'"),
        ("after:999999y", 6, "after: needs a day"),
        ("newer_than:monday", 11, "newer_than: needs a number and h, d, w, m or y, such as 2d"),
        ("bu*", 2, "give at least three letters before *"),
        ("a *", 2, "give at least three letters before *"),
        ("🎉*", 1, "give at least three letters before *"),
        ("bu*get", 2, "* is allowed at the end of a word only; to find the sign itself, quote it"),
        ("budget**", 6, "* is allowed at the end of a word only"),
        ("from:ana*", 8, "* is allowed after words without a field only"),
        ("a & b", 2, "nothing to search for in '&'"),
        ("a --", 2, "nothing to search for in '--'"),
        ('""', 0, "nothing to search for in ''"),
        ("subject:...", 8, "nothing to search for in '...'"),
        ("\x01a\ue000)", 3, "this bracket closes nothing"),
        ("a" * 4097, 4096, "a search may have 4,096 characters at most"),
        ("(" * 21 + "a" + ")" * 21, 20, "brackets may be 20 deep at most"),
        ("a " * 101, 200, "a search may have 100 words and fields at most"),
    ],
)
def test_that_an_error_points_at_its_cause(text: Any, position: Any, message: Any) -> None:
    with pytest.raises(QueryError) as caught:
        understood(text)
    assert message in caught.value.message
    assert caught.value.position == position


@pytest.mark.parametrize(
    "text", ["a" * 4096, "(" * 20 + "a" + ")" * 20, "a " * 100, "-" * 4095 + "a"]
)
def test_that_a_search_at_the_bounds_is_understood(text: Any) -> None:
    assert understood(text)


PIECES = st.sampled_from([
    *("(", ")", '"', "“", "”", "\\", "-", "*", " ", "OR", "AND", "NOT", "from:", "in:", "is:read"),
    *(
        "after:",
        "newer_than:",
        "larger:",
        "foo:",
        "2d",
        "5mb",
        "a",
        "abc",
        "予",
        "🎉",
        "\x00",
        "://",
    ),
])


def holds_together(tree: Query) -> None:
    parts = getattr(tree, "parts", ())
    if isinstance(tree, Not):
        parts = (tree.part,)
        assert not isinstance(tree.part, Not)
    assert not isinstance(tree, And | Or) or len(parts) > 1
    for part in parts:
        assert not isinstance(part, Everything)
        assert not isinstance(tree, And | Or) or type(part) is not type(tree)
        holds_together(part)


@given(
    st.text()
    | st.lists(PIECES, max_size=40).map("".join)
    | st.text(max_size=8).map("from:".__add__)
)
def test_that_any_text_is_understood_or_refused_with_a_position_in_it(text: Any) -> None:
    found = tried(text)
    if isinstance(found, QueryError):
        assert 0 <= found.position <= len(text)
    else:
        holds_together(found)


@given(st.characters(codec=None) | st.sampled_from(["\ud800", "\udfff", "\x00", "\ue000", "\x85"]))
def test_that_no_leaf_holds_what_a_store_cannot_keep(character: Any) -> None:
    try:
        tree = understood(f'"abc{character}d" abc{character}d')
    except QueryError:
        return
    for leaf in getattr(tree, "parts", ()):
        text = getattr(leaf, "text", "")
        text.encode()
        assert "\x00" not in text
        assert "\ue000" not in text


@pytest.mark.parametrize(
    "piece",
    ["-", "(", '"', "\\", '"\\', "a:", "from:", "*", "a*", " - ", "- ", "a_", "NOT ", "é", "“"],
)
def test_that_the_longest_text_takes_little_time(piece: Any) -> None:
    start = time.perf_counter()
    found = tried((piece * 4096)[:4096])
    assert len(getattr(found, "message", "")) < 300
    assert time.perf_counter() - start < 1
