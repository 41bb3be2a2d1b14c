"""Times as people write them."""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

_AGO = re.compile(r"(\d{1,6})\s*([hdwmy])")
_UNITS = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def find_instant(text: str, now: datetime, zone: tzinfo | None) -> datetime:
    """Find the instant that a text means.

    Args:
        text: ``2026-01-31``, ``2026-01``, ``2026``, an ISO time with or without a zone, ``today``,
            ``yesterday``, a weekday (the last one, today included), or how long ago: ``2d``.
        now: The time, with a zone.
        zone: Where days begin at midnight; None for the machine's.

    Returns:
        The instant in UTC.

    Raises:
        ValueError: It is none of these, or lies outside the years 1 to 9999.
    """
    text = text.strip().lower()
    try:
        if _AGO.fullmatch(text):
            return (now - find_age(text)).astimezone(UTC)
        day = _named_day(text, now.astimezone(zone).date()) or _written_day(text)
        return begin_of(day, zone) if day else _written_time(text, zone)
    except (OverflowError, OSError) as error:
        raise ValueError(f"{text!r} is too far away") from error


def find_age(text: str) -> timedelta:
    """Find how long ago a text means.

    Args:
        text: A number and ``h``, ``d``, ``w``, ``m`` (30 days) or ``y`` (365 days).

    Returns:
        The time that has passed since.

    Raises:
        ValueError: It is no such text.
    """
    ago = _AGO.fullmatch(text.strip().lower())
    if ago is None:
        raise ValueError(f"{text!r} is no age")
    return timedelta(days=int(ago[1]) * _UNITS[ago[2]])


def begin_of(day: date, zone: tzinfo | None) -> datetime:
    """Find the first instant of a day.

    Args:
        day: The day.
        zone: Where; None for the machine's zone.

    Returns:
        Midnight in UTC, or the instant after which clocks skipped it.

    Raises:
        OverflowError: It lies outside the years 1 to 9999 in UTC.
    """
    midnight = datetime.combine(day, time(), zone)
    found = midnight.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return found
    # Clocks skip midnight, and may do so from 23:30 (Toronto, 1919): look for the very second.
    # With fold=1 a skipped time is read by the clock after the change, so it lies before it.
    early = midnight.replace(fold=1).astimezone(UTC)
    seconds = range(int((found - early).total_seconds()))
    return early + timedelta(
        seconds=bisect_left(
            seconds,
            True,
            key=lambda second: (early + timedelta(seconds=second)).astimezone(zone).date() >= day,
        )
    )


def _named_day(text: str, today: date) -> date | None:
    if text in {"today", "yesterday"}:
        return today - timedelta(days=text == "yesterday")
    if text in _WEEKDAYS:
        return today - timedelta(days=(today.weekday() - _WEEKDAYS.index(text)) % 7)
    return None


def _written_day(text: str) -> date | None:
    if re.fullmatch(r"\d{4}(-\d\d)?", text, re.ASCII):
        text += "-01" if "-" in text else "-01-01"
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _written_time(text: str, zone: tzinfo | None) -> datetime:
    found = datetime.fromisoformat(text.upper())
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
