"""What the headers of a mail become."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jackfield.content.headers import decode_text, message_ids, parse_date
from jackfield.content.mime import parse_headers


def test_that_adjacent_encoded_words_are_joined_without_the_space():
    assert decode_text(b"=?utf-8?q?Gr=C3=BC=C3=9Fe?= =?utf-8?b?IGF1cw==?= Ulm") == "Grüße aus Ulm"


def test_that_a_character_split_between_two_words_survives():
    assert decode_text(b"=?utf-8?b?w4Q=?=\r\n =?utf-8?q?=C3?= =?utf-8?q?=96_x?=") == "ÄÖ x"


def test_that_underscores_of_q_are_spaces():
    assert decode_text(b"=?iso-8859-1?Q?a_b=5Fc?=") == "a b_c"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?x-nobody?q?caf=C3=A9?=", "café"),
        (b"=?x-nobody?q?caf=E9?=", "café"),
        (b"caf\xc3\xa9", "café"),
        (b"caf\xe9", "café"),
        (b"=?utf-8?q?Really??=", "Really?"),
        (b"=?utf-8?b?YWJj", "=?utf-8?b?YWJj"),
        (b"=?utf-8?b?YWJ?=", "ab"),
        (b"=?idna?q?xn--a?=", "xn--a"),
        (b"=?utf-8*en?q?a?=", "a"),
        (b"a\x00b\x1b[31m", "ab"),
    ],
)
def test_that_odd_words_are_read_as_far_as_they_go(raw, text):
    assert decode_text(raw) == text


def test_that_folded_lines_are_unfolded():
    assert parse_headers(b"Subject: one\r\n two\r\n\tthree\r\n\r\n").subject == "one two three"


@pytest.mark.parametrize(
    "before", [b"From ana Mon Jan 1 00:00:00 2026\n", b"\n\r\n", b"\xef\xbb\xbf", b">From x\n"]
)
def test_that_what_stands_before_the_headers_is_skipped(before):
    assert parse_headers(before + b"Subject: x\nTo: a@b\n\nbody").subject == "x"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_that_any_line_end_will_do(end):
    mail = parse_headers(end.join([b"Subject: x", b"To: a@example.org", b"", b"Cc: no@x"]))
    assert (mail.subject, len(mail.to), mail.cc) == ("x", 1, ())


def test_that_a_broken_line_does_not_hide_the_fields_after_it():
    assert parse_headers(b"To: a@b\nthis is no field\nSubject: x\n\n").subject == "x"


def test_that_a_line_which_is_no_field_begins_the_body():
    assert parse_headers(b"Subject: x\nHello Ana,\nnote: this\n\n").subject == "x"


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        (b" <a@b> ", ("<a@b>",)),
        (b"<a@b>\r\n <c@d>", ("<a@b>", "<c@d>")),
        (b"<garbage> <a@b>", ("<a@b>",)),
        (b"a@b", ("a@b",)),
        (b"Message of Monday <a@b>", ("<a@b>",)),
        (b"strange", ("strange",)),
        (b"", ()),
    ],
)
def test_that_message_ids_are_found_in_what_is_sent(value, ids):
    assert message_ids(value) == ids


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("Mon, 2 Nov 2026 10:00:00 +0100", datetime(2026, 11, 2, 9, tzinfo=UTC)),
        ("Mon, 2 Nov 2026 10:00:00", datetime(2026, 11, 2, 10, tzinfo=UTC)),
        ("2 Nov 26 10:00 EST", datetime(2026, 11, 2, 15, tzinfo=UTC)),
        ("2 Nov 99 10:00:00 GMT", datetime(1999, 11, 2, 10, tzinfo=UTC)),
        ("Mon, 2 Nov 2026 10:00:60 -0000 (UTC)", datetime(2026, 11, 2, 10, 0, 59, tzinfo=UTC)),
        ("2026-11-02T10:00:00+01:00", datetime(2026, 11, 2, 9, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("Mon, 2 Nov 99999999999 10:00:00 +0100", None),
        ("Fri, 31 Dec 9999 23:00:00 -0500", None),
        ("Mon, 2 Nov 2026 10:00:00 +999999", None),
    ],
)
def test_that_dates_are_aware_or_none(value, date):
    found = parse_date(value)
    assert found == date
    assert found is None or isinstance(found.utcoffset(), timedelta)


@pytest.mark.parametrize(
    ("field", "bulk"),
    [
        (b"List-Id: <x.example.org>", True),
        (b"List-Unsubscribe: <https://example.org/u>", True),
        (b"Precedence: BULK", True),
        (b"Auto-Submitted: auto-replied", True),
        (b"Auto-Submitted: no", False),
        (b"Feedback-ID: 1:x:y:esp", True),
        (b"X-Auto-Response-Suppress: DR, OOF, AutoReply", True),
        (b"X-Auto-Response-Suppress: DR, RN", False),
        (b"List-Id: <x.example.org>\nFrom: Ana <ana@example.org>\nIn-Reply-To: <a@b>", True),
        (b"Reply-To: x@example.org", False),
        (b"Precedence: first-class", False),
    ],
)
def test_that_lists_and_machines_are_told_from_people(field, bulk):
    assert parse_headers(b"Subject: x\n" + field + b"\n\n").is_bulk is bulk


def test_that_the_web_is_preferred_for_leaving_a_list():
    mail = parse_headers(b"List-Unsubscribe: <mailto:a@b?x>, <https://example.org/u>\n\n")
    assert mail.unsubscribe == "https://example.org/u"
