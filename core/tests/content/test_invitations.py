"""What a calendar part of a mail becomes."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from jackfield.content.calendar import MOST_BYTES, read_invitation
from jackfield.models.invitation import Invitation

SECONDS = 30


def event(*lines: str, method: str = "REQUEST", before: str = "") -> bytes:
    inside = "\r\n".join(["BEGIN:VEVENT", "UID:7@example.org", *lines, "END:VEVENT"])
    return f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\n{before}{inside}\r\nEND:VCALENDAR\r\n".encode()


def test_that_a_request_is_read_whole():
    ics = event(
        "SUMMARY:Bees\\, and\r\n  hives",
        "DTSTART:20261201T100000Z",
        "DTEND:20261201T110000Z",
        "SEQUENCE:3",
        "LOCATION:Orchard",
        "RRULE:FREQ=WEEKLY;COUNT=3",
        'ORGANIZER;CN="Bell, Ana":mailto:ana@example.org',
        "ATTENDEE;PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT:MAILTO:ben@example.org",
        "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:cid@example.org",
    )
    found = read_invitation(ics)
    assert (found.method, found.uid, found.sequence) == ("REQUEST", "7@example.org", 3)
    assert (found.title, found.location) == ("Bees, and hives", "Orchard")
    assert found.start == datetime(2026, 12, 1, 10, tzinfo=UTC)
    assert found.end == datetime(2026, 12, 1, 11, tzinfo=UTC)
    assert (found.all_day, found.timezone, found.recurrence) == (
        False, "UTC", "FREQ=WEEKLY;COUNT=3",
    )  # fmt: skip
    assert str(found.organizer) == "Bell, Ana <ana@example.org>"
    assert [(a.contact.address, a.response, a.optional) for a in found.attendees] == [
        ("ben@example.org", "accepted", True),
        ("cid@example.org", "none", False),
    ]
    assert found.ics == ics.decode()


@pytest.mark.parametrize("method", ["CANCEL", "REPLY", "PUBLISH"])
def test_that_it_says_what_is_asked(method):
    assert read_invitation(event("SUMMARY:x", method=method.lower())).method == method


@pytest.mark.parametrize(
    ("zone", "name"),
    [("Europe/Berlin", "Europe/Berlin"), ("W. Europe Standard Time", "Europe/Berlin")],
)
def test_that_times_of_a_known_zone_are_utc_and_keep_its_name(zone, name):
    found = read_invitation(event(f"DTSTART;TZID={zone}:20260701T100000"))
    assert (found.start, found.timezone) == (datetime(2026, 7, 1, 8, tzinfo=UTC), name)


def test_that_a_zone_nobody_knows_is_read_from_the_mail():
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Our own\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n"
        "TZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    found = read_invitation(event("DTSTART;TZID=Our own:20260701T100000", before=zone))
    assert (found.start, found.timezone) == (datetime(2026, 7, 1, 7, tzinfo=UTC), "Our own")


def test_that_a_floating_time_keeps_its_digits_and_has_no_zone():
    found = read_invitation(event("DTSTART:20260701T100000"))
    assert (found.start, found.timezone) == (datetime(2026, 7, 1, 10, tzinfo=UTC), "")


def test_that_an_event_of_days_ends_with_its_day():
    found = read_invitation(event("DTSTART;VALUE=DATE:20260701"))
    assert (found.all_day, found.start, found.end) == (
        True, datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC),
    )  # fmt: skip


def test_that_a_duration_gives_the_end():
    found = read_invitation(event("DTSTART:20260701T100000Z", "DURATION:PT90M"))
    assert found.end == datetime(2026, 7, 1, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "ics",
    [
        b"",
        b"\0\xff",
        b"BEGIN:VCALENDAR",
        b"BEGIN:VCALENDAR\nEND:VCALENDAR\n",
        b"BEGIN:VEVENT\n" * 5_000,
        b"END:VCALENDAR",
        event("DTSTART:99999999T999999Z"),
        event("DTSTART:00010101T000000Z", "DURATION:-P900000D"),
        event("DTSTART;TZID=Nowhere:20260701T100000"),
        event("DTSTART;TZID=../../etc/passwd:20260701T100000"),
        event("RRULE:FREQ=NEVER", "SEQUENCE:many", "ATTENDEE:", "ORGANIZER:"),
        event("SUMMARY:x" * 20_000),
    ],
)
def test_that_whatever_it_is_the_text_is_kept(ics):
    found = read_invitation(ics)
    assert found.ics == ics.decode("utf-8", "ignore").replace("\0", "") or b"\xff" in ics
    assert type(found).model_validate_json(found.model_dump_json()) == found


def test_that_a_calendar_without_end_is_cut_and_not_read():
    found = read_invitation(event("SUMMARY:x") + b" " * MOST_BYTES)
    assert (len(found.ics), found.uid) == (MOST_BYTES, "")


@pytest.mark.parametrize(
    "rule",
    ["FREQ=SECONDLY", "FREQ=YEARLY;BYSECOND=" + ",".join(map(str, range(60))), "FREQ=MINUTELY"],
)
def test_that_a_zone_with_a_hostile_rule_takes_bounded_time(rule):
    seasons = "".join(
        f"BEGIN:{season}\nDTSTART:19700101T000000\nRRULE:{rule}\n"
        f"TZOFFSETFROM:+0300\nTZOFFSETTO:+0{hours}00\nEND:{season}\n"
        for season, hours in (("STANDARD", 3), ("DAYLIGHT", 4))
    )
    zone = f"BEGIN:VTIMEZONE\nTZID:Our own\n{seasons}END:VTIMEZONE\n"
    start = time.perf_counter()
    assert read_invitation(event("DTSTART;TZID=Our own:20260701T100000", before=zone)).uid
    assert time.perf_counter() - start < SECONDS


@pytest.mark.parametrize(
    "line", ["ATTENDEE;CN=a:mailto:a@b\r\n", "RDATE:20260101\r\n", "X-Y" + ";A=b" * 50 + ":c\r\n"]
)
def test_that_very_many_lines_take_bounded_time(line):
    start = time.perf_counter()
    found = read_invitation(event(line * ((MOST_BYTES - 500) // len(line))))
    assert len(found.attendees) <= 1_000
    assert time.perf_counter() - start < SECONDS


def test_that_the_calendar_library_is_not_imported_for_a_mail_without_one():
    code = "import jackfield.content.calendar, sys; sys.exit('icalendar' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_invitation_that_an_older_store_holds_as_text_is_read() -> None:
    assert Invitation.model_validate("BEGIN:VCALENDAR").ics == "BEGIN:VCALENDAR"
