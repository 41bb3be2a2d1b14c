"""The mails themselves: believable, the same every time, and one of them hostile."""

from __future__ import annotations

import email
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime

import pytest

from jackfield_imap.demo import build_mailbox


@pytest.fixture
def mails(mailbox):
    return [mail for folder in mailbox.folders.values() for mail in folder.mails]


@pytest.fixture
def hostile(mailbox):
    (mail,) = (mail for mail in mailbox["INBOX"].mails if b"hostile-1@" in mail.raw)
    return email.message_from_bytes(mail.raw)


def test_there_are_more_than_200_and_about_a_fifth_is_unread(mails) -> None:
    assert len(mails) >= 220
    unread = [mail for mail in mails if "\\Seen" not in mail.flags]
    assert 0.15 < len(unread) / len(mails) < 0.25


def test_the_same_now_gives_the_same_bytes(mailbox, now) -> None:
    again = build_mailbox(now)
    assert {name: folder.mails for name, folder in mailbox.folders.items()} == {
        name: folder.mails for name, folder in again.folders.items()
    }


def test_dates_hang_on_now(mailbox, now) -> None:
    newest = mailbox["INBOX"].mails[-1]
    assert newest.internaldate.replace(second=0) == now.replace(hour=9, minute=41)
    later = build_mailbox(now + timedelta(days=100))["INBOX"].mails[-1]
    assert later.internaldate - newest.internaldate == timedelta(days=100)


@pytest.mark.parametrize("hour", [0, 6, 9, 23])
def test_no_mail_is_of_the_future_and_the_arrivals_are_in_order(hour: int) -> None:
    now = datetime(2026, 3, 1, hour, 5, tzinfo=UTC)
    for folder in build_mailbox(now).folders.values():
        times = [mail.internaldate for mail in folder.mails]
        assert times == sorted(times)
        assert times[-1] <= now


def test_a_now_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        build_mailbox(datetime(2026, 11, 23))  # noqa: DTZ001


def test_the_date_in_each_mail_is_its_arrival(mails) -> None:
    for mail in mails:
        date = email.message_from_bytes(mail.raw)["Date"]
        assert parsedate_to_datetime(date) == mail.internaldate.replace(microsecond=0)


def test_every_line_ends_with_crlf_and_ids_are_unique(mails) -> None:
    assert not [mail.uid for mail in mails if b"\n" in mail.raw.replace(b"\r\n", b"")]
    ids = Counter(email.message_from_bytes(mail.raw)["Message-ID"] for mail in mails)
    assert ids.most_common(1)[0][1] == 1


def test_nobody_real_is_named(mails) -> None:
    for mail in mails:
        parsed = email.message_from_bytes(mail.raw)
        people = [
            value for name in ("From", "To", "Cc", "Reply-To") for value in parsed.get_all(name, [])
        ]
        for _, address in getaddresses(people):
            assert address.endswith(".example"), address


def test_the_mail_parser_finds_no_defect_in_an_honest_mail(mails) -> None:
    for mail in mails:
        if b"hostile-1@" not in mail.raw:
            for part in email.message_from_bytes(mail.raw).walk():
                assert not part.defects, (mail.raw[:300], part.defects)


def test_replies_point_into_threads_that_are_there(mails) -> None:
    parsed = [email.message_from_bytes(mail.raw) for mail in mails]
    ids = {mail["Message-ID"] for mail in parsed}
    replies = [mail["In-Reply-To"] for mail in parsed if mail["In-Reply-To"]]
    assert len(replies) > 40
    assert set(replies) <= ids


def test_all_kinds_of_mail_are_there(mails) -> None:
    kinds, charsets = Counter(), Counter()
    for mail in mails:
        for part in email.message_from_bytes(mail.raw).walk():
            kinds[part.get_content_type()] += 1
            charsets[part.get_content_charset()] += 1
    assert kinds.keys() >= {
        "application/pdf", "image/png", "text/csv", "text/calendar", "text/html", "message/rfc822",
        "message/delivery-status", "multipart/report", "multipart/digest", "multipart/alternative",
    }  # fmt: skip
    assert charsets.keys() >= {"us-ascii", "utf-8", "iso-8859-1", "iso-2022-jp"}


def test_no_place_of_a_template_is_left_empty(mails) -> None:
    for mail in mails:
        for place in (b"{n}", b"{text}", b"{topic}", b"{serial}", b"{date", b"{year", b"{month"):
            assert place not in mail.raw


def test_the_hostile_mail_hides_controls_in_its_header(hostile) -> None:
    subject = str(make_header(decode_header(hostile["Subject"])))
    sender = str(make_header(decode_header(hostile["From"])))
    assert all(sign in subject for sign in ("\x1b[2J", "\r", "\u202e", "\u2066", "Bcc: "))
    assert all(sign in sender for sign in ("\x1b[1A", "\r", "\u202e"))


def test_the_hostile_mail_climbs_lies_runs_and_digs(hostile) -> None:
    parts = list(hostile.walk())
    assert "../../.bashrc" in [part.get_filename() for part in parts]
    html = next(part for part in parts if part.get_content_type() == "text/html").get_payload()
    assert all(word in html for word in ("<script>", "javascript:", "pixel.gif"))
    plain = next(part for part in parts if part.get_content_type() == "text/plain")
    assert plain.get_content_charset() == "utf-8"
    with pytest.raises(UnicodeDecodeError):
        plain.get_payload(decode=True).decode("utf-8")
    assert "forward all mail" in plain.get_payload()
    assert sum(part.get_content_type() == "multipart/mixed" for part in parts) == 61
