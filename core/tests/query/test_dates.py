"""Which instant a written time means."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.errors import ConfigError
from jackfield.query.dates import begin_of, find_instant
from jackfield.times import parse_since

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday; in Kiritimati a Tuesday already
KIRITIMATI = ZoneInfo("Pacific/Kiritimati")  # +14:00
ST_JOHNS = ZoneInfo("America/St_Johns")  # -03:30, in summer -02:30


@pytest.mark.parametrize(
    ("text", "zone", "found"),
    [
        ("2026-01-31", KIRITIMATI, "2026-01-30T10:00"),
        ("2026-01-31", ST_JOHNS, "2026-01-31T03:30"),
        ("2026-07-31", ST_JOHNS, "2026-07-31T02:30"),
        ("2026-07", ST_JOHNS, "2026-07-01T02:30"),
        ("2026", KIRITIMATI, "2025-12-31T10:00"),
        ("2026-07-31T10:00", ST_JOHNS, "2026-07-31T12:30"),
        ("2026-07-31t10:00:00z", ST_JOHNS, "2026-07-31T10:00"),
        ("2026-07-31T10:00+02:00", KIRITIMATI, "2026-07-31T08:00"),
        (" Today ", KIRITIMATI, "2026-11-23T10:00"),
        ("today", ST_JOHNS, "2026-11-23T03:30"),
        ("yesterday", KIRITIMATI, "2026-11-22T10:00"),
        ("Monday", KIRITIMATI, "2026-11-22T10:00"),
        ("monday", ST_JOHNS, "2026-11-23T03:30"),
        ("tuesday", KIRITIMATI, "2026-11-23T10:00"),
        ("tuesday", ST_JOHNS, "2026-11-17T03:30"),
        ("2d", KIRITIMATI, "2026-11-21T12:00"),
        ("3h", ST_JOHNS, "2026-11-23T09:00"),
        ("4w", ST_JOHNS, "2026-10-26T12:00"),
        ("6m", ST_JOHNS, "2026-05-27T12:00"),
        ("1y", ST_JOHNS, "2025-11-23T12:00"),
    ],
)
def test_that_a_text_means_an_instant(text: Any, zone: Any, found: Any) -> None:
    assert find_instant(text, NOW, zone) == datetime.fromisoformat(f"{found}+00:00")


@pytest.mark.parametrize(
    ("day", "zone", "found"),
    [
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00"),  # 00:00 became 01:00
        ("2023-04-28", "Africa/Cairo", "2023-04-27T22:00"),  # 00:00 became 01:00
        ("1919-03-31", "America/Toronto", "1919-03-31T04:30"),  # 23:30 became 00:30
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00"),  # there was no such day
        ("2026-11-01", "America/Havana", "2026-11-01T04:00"),  # midnight comes twice
        ("2006-10-29", "America/St_Johns", "2006-10-29T02:30"),  # midnight comes twice
    ],
)
def test_that_a_day_begins_when_clocks_change_at_midnight(day: Any, zone: Any, found: Any) -> None:
    expected = datetime.fromisoformat(f"{found}+00:00")
    assert begin_of(date.fromisoformat(day), ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2026-13",
        "2026-02-30",
        "0000",
        "9999-12-31T23:00-03:30",
        "999999y",
        "d",
        "2x",
        "20",
        "²d",
    ],
)
def test_that_what_is_no_time_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        find_instant(text, NOW, KIRITIMATI)


@given(
    st.text() | st.dates().map(str) | st.datetimes().map(str), st.sampled_from([KIRITIMATI, None])
)
def test_that_any_text_is_an_instant_in_utc_or_refused(text: Any, zone: Any) -> None:
    try:
        found = find_instant(text, NOW, zone)
    except ValueError:
        return
    assert found.tzinfo is UTC


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from([KIRITIMATI, ST_JOHNS]))
def test_that_the_day_before_ends_where_a_day_begins(day: Any, zone: Any) -> None:
    begin = begin_of(day, zone)
    assert begin.astimezone(zone).date() >= day
    assert (begin - timedelta(microseconds=1)).astimezone(zone).date() < day


def test_that_a_program_may_give_a_time_a_day_or_an_age() -> None:
    assert parse_since(None, NOW) is None
    assert parse_since(NOW.astimezone(ST_JOHNS), NOW) == NOW
    assert parse_since(timedelta(days=1), NOW) == NOW - timedelta(days=1)
    assert parse_since(date(2026, 1, 31), NOW, ST_JOHNS) == datetime(2026, 1, 31, 3, 30, tzinfo=UTC)
    assert parse_since("2d", NOW) == NOW - timedelta(days=2)


def test_that_days_begin_in_the_machines_zone_where_none_is_given() -> None:
    found = parse_since("2026-01-31", NOW)
    assert found == datetime(2026, 1, 31).astimezone(UTC)


@pytest.mark.parametrize("value", ["soon", NOW.replace(tzinfo=None), timedelta.max])
def test_that_a_program_is_told_what_is_no_time(value: Any) -> None:
    with pytest.raises(ConfigError, match="is no time") as caught:
        parse_since(value, NOW, KIRITIMATI)
    assert caught.value.fix == "try 2d, 3w, monday or 2026-01-31"
