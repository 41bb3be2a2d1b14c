"""Times that look natural beside a given now, and the words in a text that hang on them."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

NEWEST = time(9, 45)
"""Later than every mail of today: if now is earlier, all of today's move back together."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_WORD = re.compile(r"\{(date|weekday|month|year)(?::([+-]?\d{1,3}))?\}")


def moment(now: datetime, days: int, clock: str) -> datetime:
    """Find the time of a mail.

    Args:
        now: Aware.
        days: How many days before.
        clock: The time of that day, such as ``09:41``.

    Returns:
        That time in the zone of `now`, and never later than `now`.
    """
    at = datetime.combine(now.date() - timedelta(days=days), time.fromisoformat(clock), now.tzinfo)
    if days == 0:
        at -= max(datetime.combine(now.date(), NEWEST, now.tzinfo) - now, timedelta(0))
    return at


def fill(text: str, at: datetime, /, **words: object) -> str:
    """Put words in the places of a text.

    Args:
        text: With places such as ``{date:3}``, ``{weekday}``, ``{month:-1}``, ``{year}``.
        at: The mail's time, from which those are counted.
        **words: Further words, by their names.

    Returns:
        The text; braces around anything else stay.
    """
    for name, value in words.items():
        text = text.replace("{" + name + "}", str(value))
    return _WORD.sub(lambda found: _word(found[1], int(found[2] or 0), at), text)


def _word(name: str, offset: int, at: datetime) -> str:
    if name == "month":
        return _MONTHS[(at.month - 1 + offset) % 12]
    if name == "year":
        return str(at.year + offset)
    day = at + timedelta(days=offset)
    return _DAYS[day.weekday()] if name == "weekday" else f"{day.day} {_MONTHS[day.month - 1]}"
