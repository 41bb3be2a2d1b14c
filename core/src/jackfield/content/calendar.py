"""An iCalendar part of a mail to an `Invitation`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from jackfield.content.charsets import decode
from jackfield.models.contact import Contact
from jackfield.models.invitation import Invitation
from jackfield.models.meeting import Attendee

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jackfield.models.meeting import Response

MOST_BYTES: Final = 256 << 10
_MOST_ATTENDEES: Final = 1_000
_LONGEST: Final = 2_000
_LONGEST_ZONE: Final = 8 << 10
_RESPONSES: dict[str, Response] = {
    "ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative",
}  # fmt: skip
_ZONE = re.compile(
    r"^BEGIN:VTIMEZONE[ \t]*$.*?^END:VTIMEZONE[ \t]*$\n?", re.DOTALL | re.MULTILINE | re.IGNORECASE
)
_RULE = re.compile(r"^(?:RRULE|RDATE|EXRULE)[^\n]*", re.MULTILINE | re.IGNORECASE)
_PLAIN_RULE = re.compile(
    r"RRULE:(?:;?(?:FREQ=YEARLY|BYDAY=-?\d?[A-Z]{2}|BYMONTH=\d{1,2}|WKST=[A-Z]{2}|UNTIL=\w{8,16}"
    r"|INTERVAL=1))+\s*",
    re.IGNORECASE,
)


def read_invitation(content: bytes) -> Invitation:
    """Read a text/calendar part. Never raises for any bytes.

    Args:
        content: The decoded bytes of the part; at most 256 KiB are read.

    Returns:
        Its first event; the text alone where it holds none or cannot be read.

    Raises:
        ImportError: A library of the extra ``mail`` is not installed.
    """
    ics = decode(content[:MOST_BYTES], "utf-8")
    try:
        return _read(ics) if len(content) <= MOST_BYTES else Invitation(ics=ics)
    except ImportError:
        raise
    except Exception:  # noqa: BLE001  the library raises whatever a strange value makes it raise
        return Invitation(ics=ics)


def _read(ics: str) -> Invitation:
    from icalendar import Calendar

    text = _ZONE.sub(_bounded_zone, ics.replace("\r\n", "\n").replace("\r", "\n"))
    calendar: Any = Calendar.from_ical(text, multiple=True)[0]
    event = next(iter(calendar.walk("VEVENT")), None)
    if event is None:
        return Invitation(method=_word(calendar, "METHOD").upper(), ics=ics)
    start, end = _times(event)
    return Invitation(
        method=_word(calendar, "METHOD").upper(),
        uid=_word(event, "UID"),
        sequence=_number(_word(event, "SEQUENCE")),
        title=_word(event, "SUMMARY"),
        start=_aware(start),
        end=_aware(end),
        all_day=start is not None and not isinstance(start, datetime),
        timezone=_zone_name(event, start),
        organizer=_contact(next(iter(_values(event, "ORGANIZER")), None)),
        attendees=tuple(map(_attendee, list(_values(event, "ATTENDEE"))[:_MOST_ATTENDEES])),
        location=_word(event, "LOCATION"),
        recurrence=_recurrence(event),
        ics=ics,
    )


def _bounded_zone(zone: re.Match[str]) -> str:
    """Leave out a zone whose rules are no summer time: evaluating them may take for ever."""
    rules = _RULE.findall(zone[0])
    plain = all(_PLAIN_RULE.fullmatch(rule) for rule in rules) and len(rules) <= 20
    return zone[0] if plain and len(zone[0]) <= _LONGEST_ZONE else ""


def _values(component: Any, name: str) -> Iterable[Any]:
    found = component.get(name)
    yield from () if found is None else found if isinstance(found, list) else [found]


def _word(component: Any, name: str) -> str:
    first = next(iter(_values(component, name)), "")
    return "".join(c for c in str(first)[:_LONGEST] if c.isprintable() or c == "\n").strip()


def _number(word: str) -> int:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0


def _moment(component: Any, name: str) -> date | datetime | None:
    found = getattr(next(iter(_values(component, name)), None), "dt", None)
    return found if isinstance(found, date) else None


def _times(event: Any) -> tuple[date | datetime | None, date | datetime | None]:
    """Find start and end; an event has an end, a duration or neither (RFC 5545, 3.6.1)."""
    start, end = _moment(event, "DTSTART"), _moment(event, "DTEND")
    if start is None or end is not None:
        return start, end
    duration = getattr(next(iter(_values(event, "DURATION")), None), "dt", None)
    if isinstance(duration, timedelta):
        return start, start + duration
    return start, None if isinstance(start, datetime) else start + timedelta(days=1)


def _aware(moment: date | datetime | None) -> datetime | None:
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)


def _zone_name(event: Any, start: date | datetime | None) -> str:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    if not isinstance(start, datetime):
        return ""
    named = str(next(iter(_values(event, "DTSTART"))).params.get("TZID", ""))[:100]
    if start.utcoffset() is None:
        return ""
    return WINDOWS_TO_OLSON.get(named, named) or "UTC"


def _contact(value: Any) -> Contact:
    if value is None:
        return Contact()
    address = str(value)[:_LONGEST].strip()
    if address[:7].lower() == "mailto:":
        address = address[7:]
    name = " ".join(str(value.params.get("CN", ""))[:_LONGEST].split())
    return Contact.mail(address, "".join(filter(str.isprintable, name)))


def _attendee(value: Any) -> Attendee:
    return Attendee(
        contact=_contact(value),
        response=_RESPONSES.get(str(value.params.get("PARTSTAT", "")).upper(), "none"),
        optional=str(value.params.get("ROLE", "")).upper() == "OPT-PARTICIPANT",
    )


def _recurrence(event: Any) -> str:
    rule = next(iter(_values(event, "RRULE")), None)
    return "" if rule is None else rule.to_ical().decode("utf-8", "replace")[:_LONGEST]
