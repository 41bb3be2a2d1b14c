"""Times as a program gives them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from jackfield.errors import ConfigError
from jackfield.query.dates import begin_of, find_instant

if TYPE_CHECKING:
    from datetime import tzinfo


def parse_since(
    value: str | datetime | date | timedelta | None, now: datetime, zone: tzinfo | None = None
) -> datetime | None:
    """Find the time that is meant.

    Args:
        value: A time with a zone, a day, how long ago, or a text for `find_instant`: ``2d`` (h, d,
            w, m, y), a weekday, or ``2026-01-31``.
        now: The time, with a zone.
        zone: Where days begin at midnight; None for the machine's.

    Returns:
        The time in UTC, or None for None.

    Raises:
        ConfigError: It is none of these.
    """
    if value is None:
        return None
    try:
        return _find(value, now, zone)
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(
            f"{value!r} is no time", fix="try 2d, 3w, monday or 2026-01-31"
        ) from error


def _find(value: str | datetime | date | timedelta, now: datetime, zone: tzinfo | None) -> datetime:
    if isinstance(value, timedelta):
        return (now - value).astimezone(UTC)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC)
    return begin_of(value, zone) if isinstance(value, date) else find_instant(value, now, zone)
