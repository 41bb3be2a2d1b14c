"""FETCH responses as servers bend them; the table is of RFC 9051 and of facts about servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield_imap.fetching import uid_sets
from jackfield_imap.folders import folders_of, listed_by_default
from jackfield_imap.mapping import modseq_of, parse_internaldate
from jackfield_imap.responses import Malformed, attachments, fetched, statuses


def test_a_literal_belongs_to_the_item_before_it() -> None:
    pieces: list[bytes | tuple[bytes, bytes]] = [
        (b"1 (UID 7 FLAGS (\\Seen $Work) BODY[] {5}", b"a)(\r\n"),
        b" RFC822.SIZE 5)",
    ]
    (said,) = fetched(pieces)
    assert said == {
        b"UID": b"7",
        b"FLAGS": [b"\\Seen", b"$Work"],
        b"BODY[]": b"a)(\r\n",
        b"RFC822.SIZE": b"5",
    }


def test_two_literals_in_one_message() -> None:
    pieces: list[bytes | tuple[bytes, bytes]] = [
        (b"1 (UID 7 BODY[HEADER] {2}", b"h\n"),
        (b" BODY[TEXT] {2}", b"t\n"),
        b")",
    ]
    (said,) = fetched(pieces)
    assert (said[b"BODY[HEADER]"], said[b"BODY[TEXT]"]) == (b"h\n", b"t\n")


def test_a_literal_that_looks_like_a_response_starts_no_message() -> None:
    (said,) = fetched([(b"1 (UID 7 BODY[] {18}", b"2 (UID 8 FLAGS ())"), b")"])
    assert said[b"UID"] == b"7"


def test_header_fields_are_part_of_the_items_name() -> None:
    (said,) = fetched([(b"1 (UID 7 BODY[HEADER.FIELDS (SUBJECT FROM)] {1}", b"x"), b")"])
    assert said[b"BODY[HEADER.FIELDS (SUBJECT FROM)]"] == b"x"


def test_a_keyword_may_hold_a_bracket() -> None:
    (said,) = fetched([b"1 (UID 7 FLAGS ($a[b x[y]z))"])
    assert said[b"FLAGS"] == [b"$a[b", b"x[y]z"]


def test_quoted_strings_may_hold_brackets_quotes_and_braces() -> None:
    (said,) = fetched([rb'1 (UID 7 X "a \"(b\" {3}" Y NIL)'])
    assert (said[b"X"], said[b"Y"]) == (b'a "(b" {3}', None)


def test_one_malformed_message_does_not_lose_the_others() -> None:
    pieces = [b"1 (UID 7 FLAGS ())", b"2 (UID 8 FLAGS (", b"3 (UID 9 FLAGS ())"]
    assert [said[b"UID"] for said in fetched(pieces)] == [b"7", b"9"]


def test_an_index_leaves_no_message_out_in_silence() -> None:
    with pytest.raises(Malformed):
        list(fetched([b"1 (UID 7 FLAGS ())", b"2 (UID 8 FLAGS ("], strict=True))


def test_an_unsolicited_flag_report_without_uid_is_left_out() -> None:
    assert list(fetched([b"4 (FLAGS (\\Seen))"])) == []


def test_a_list_that_is_nested_too_deep_is_cut_and_its_message_kept() -> None:
    deep = b"(" * 5000 + b")" * 5000
    (said,) = fetched([b"1 (UID 7 BODYSTRUCTURE " + deep + b" RFC822.SIZE 5)"])
    assert (said[b"UID"], said[b"RFC822.SIZE"]) == (b"7", b"5")
    assert attachments(said[b"BODYSTRUCTURE"]) == []


@given(st.lists(st.one_of(st.binary(), st.tuples(st.binary(), st.binary())), max_size=6))
def test_no_bytes_raise(pieces: list[bytes | tuple[bytes, bytes]]) -> None:
    list(fetched(pieces))


def test_files_are_found_in_a_structure() -> None:
    text = (
        b'1 (UID 7 BODYSTRUCTURE ((("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 12 1)'
        b'("text" "html" NIL NIL NIL "7bit" 30 2) "alternative")'
        b'("application" "pdf" ("name" "q3.pdf") NIL NIL "base64" 84000 NIL'
        b' ("attachment" ("filename" "Q3.pdf")))'
        b'("image" "png" NIL "<logo>" NIL "base64" 100) "mixed"))'
    )
    (said,) = fetched([text])
    assert attachments(said[b"BODYSTRUCTURE"]) == [
        ("2", b"Q3.pdf", "application/pdf", 84000, False),
        ("3", b"", "image/png", 100, True),
    ]


@pytest.mark.parametrize("structure", [None, b"NIL", [], [None], [[[]]], [b"text"], [b"a"] * 3])
def test_a_malformed_structure_has_no_files(structure: object) -> None:
    assert attachments(structure) == []  # type: ignore[arg-type]


def test_uids_are_folded_into_ranges() -> None:
    assert uid_sets([1, 2, 3, 7, 9, 10]) == ["1:3,7,9:10"]


@given(st.sets(st.integers(1, 10**9), max_size=2000))
def test_uid_sets_name_exactly_the_uids_and_are_short(uids: set[int]) -> None:
    sets = uid_sets(sorted(uids))
    named = [
        n
        for some in sets
        for part in some.split(",")
        for first, _, last in [part.partition(":")]
        for n in range(int(first), int(last or first) + 1)
    ]
    assert named == sorted(uids)
    assert all(len(some) < 8000 for some in sets)


def test_statuses_with_names_of_every_form() -> None:
    pieces: list[bytes | tuple[bytes, bytes]] = [
        b"INBOX (MESSAGES 3 uidnext 9)",
        b'"a (b) \\"c\\"" (UIDVALIDITY 7)',
        (b"{6}", b'x"(1)y'),
        b" (MESSAGES 1)",
        b"broken (MESSAGES 4",
        b'"odd" (MESSAGES NIL UIDNEXT -3 UIDVALIDITY 5)',
        b"",
    ]
    assert dict(statuses(pieces)) == {
        b"INBOX": {b"MESSAGES": 3, b"UIDNEXT": 9},
        b'a (b) "c"': {b"UIDVALIDITY": 7},
        b'x"(1)y': {b"MESSAGES": 1},
        b"odd": {b"UIDVALIDITY": 5},
    }


@given(st.lists(st.one_of(st.binary(), st.tuples(st.binary(), st.binary())), max_size=6))
def test_no_statuses_raise(pieces: list[bytes | tuple[bytes, bytes]]) -> None:
    list(statuses(pieces))


def test_the_number_of_the_latest_change() -> None:
    (said,) = fetched([b"1 (UID 7 FLAGS () MODSEQ (715194045007))"])
    assert modseq_of(said) == 715194045007
    for value in (None, b"5", [], [None], [b"x"], [[b"5"]]):
        assert modseq_of({b"MODSEQ": value}) is None  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("said", "utc"),
    [
        (b"17-Jul-1996 02:44:25 -0700", "1996-07-17T09:44:25+00:00"),
        (b" 1-Feb-2026 00:00:00 +0530", "2026-01-31T18:30:00+00:00"),
        (b"31-Feb-2026 00:00:00 +0000", "1970-01-01T00:00:00+00:00"),
        (b"yesterday", "1970-01-01T00:00:00+00:00"),
        (None, "1970-01-01T00:00:00+00:00"),
    ],
)
def test_internal_dates(said: bytes | None, utc: str) -> None:
    assert parse_internaldate(said).isoformat() == utc


def test_roles_come_from_special_use_and_from_names_where_a_role_is_marked_on_none() -> None:
    marked = folders_of([((b"\\Sent",), b"/", "Sent"), ((), b"/", "Spam"), ((), b"/", "inbox")])
    assert [(f.name, f.role) for f in marked] == [
        ("inbox", "inbox"),
        ("Sent", "sent"),
        ("Spam", "spam"),
    ]
    guessed = folders_of([((), b".", "INBOX.Gesendet"), ((b"\\Noselect",), b".", "x")])
    assert [(f.name, f.role, f.parent) for f in guessed] == [("INBOX.Gesendet", "sent", "INBOX")]


def test_views_of_other_folders_are_not_listed() -> None:
    folders = folders_of([((b"\\All",), b"/", "All Mail"), ((), b"/", "INBOX"), ((), b"/", "Work")])
    assert [folder.name for folder in listed_by_default(folders)] == ["INBOX", "Work"]
