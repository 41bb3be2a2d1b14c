"""Times as people say them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from jackfield.errors import ConfigError

_AGO = re.compile(r"(\d{1,6})\s*([hdwmy])")
_UNITS = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse_since(value: str | datetime | date | timedelta | None, now: datetime) -> datetime | None:
    """Find the time that is meant.

    Args:
        value: A time with a zone, a day, how long ago, ``2d`` (h, d, w, m, y), a weekday, or
            ``2026-01-31``. Days begin at midnight in the machine's zone.
        now: The time, with a zone.

    Returns:
        The time in UTC, or None for None.

    Raises:
        ConfigError: It is none of these.
    """
    if value is None:
        return None
    try:
        found = _find(value, now)
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            f"{value!r} is no time", fix="try 2d, 3w, monday or 2026-01-31"
        ) from error
    return found.astimezone(UTC)


def _find(value: str | datetime | date | timedelta, now: datetime) -> datetime:
    if isinstance(value, timedelta):
        return now - value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value
    if isinstance(value, date):
        return datetime.combine(value, time()).astimezone()
    text = value.strip().lower()
    if ago := _AGO.fullmatch(text):
        return now - timedelta(days=int(ago[1]) * _UNITS[ago[2]])
    today = now.astimezone().date()
    if text in {"today", "yesterday"}:
        return _find(today - timedelta(days=text == "yesterday"), now)
    if text in _WEEKDAYS:
        return _find(today - timedelta(days=(today.weekday() - _WEEKDAYS.index(text)) % 7), now)
    return _find(date.fromisoformat(text), now)
