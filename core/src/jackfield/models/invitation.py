"""An invitation that came with a mail."""

from __future__ import annotations

from pydantic import model_validator

from jackfield.models.base import Model, UtcTime
from jackfield.models.contact import Contact
from jackfield.models.meeting import Attendee


class Invitation(Model):
    """What a mail's iCalendar part says of its first event (RFC 5545, RFC 5546).

    A stranger wrote all of it. Where the part cannot be read only `ics` is filled.

    Attributes:
        method: What is asked, such as ``REQUEST``, ``REPLY`` or ``CANCEL``; empty for a mere file.
        uid: The event's identity, shared by its request, changes and cancellation.
        sequence: Counts up with each change by the organiser.
        title: The event's title.
        start: When it begins; for an all-day event midnight UTC of its first day.
        end: When it ends (exclusive), or None.
        all_day: It has dates and no times.
        timezone: The zone that the organiser wrote, as an IANA name where it is known; ``UTC``;
            empty for a floating time, whose digits are then kept as if they were UTC.
        organizer: Who invites.
        attendees: Who is invited, and what they answered.
        location: Where.
        recurrence: The rule by which it repeats (RFC 5545, section 3.3.10), or empty.
        ics: The iCalendar text.
    """

    method: str = ""
    uid: str = ""
    sequence: int = 0
    title: str = ""
    start: UtcTime | None = None
    end: UtcTime | None = None
    all_day: bool = False
    timezone: str = ""
    organizer: Contact = Contact()
    attendees: tuple[Attendee, ...] = ()
    location: str = ""
    recurrence: str = ""
    ics: str = ""

    @model_validator(mode="before")
    @classmethod
    def _was_a_text(cls, given: object) -> object:
        """Take what an older store holds: the text alone."""
        return {"ics": given} if isinstance(given, str) else given
