"""A meeting."""

from __future__ import annotations

from typing import Literal

from jackfield.models.base import Model, UtcTime
from jackfield.models.contact import Contact
from jackfield.models.item import Item

Response = Literal["accepted", "declined", "tentative", "none"]


class Attendee(Model):
    """Someone who is invited.

    Attributes:
        contact: Who.
        response: What they answered.
        optional: They need not come.
    """

    contact: Contact
    response: Response = "none"
    optional: bool = False


class UnifiedMeeting(Item):
    """A calendar event of any provider. `Item.time` is when it was sent or last changed.

    Attributes:
        kind: Always ``meeting``.
        title: The event's title.
        start: When it begins; for an all-day event midnight UTC of its first day.
        end: When it ends (exclusive), or None.
        all_day: It has dates and no times.
        timezone: The IANA zone that the organiser wrote it in, or empty.
        organizer: Who invites.
        attendees: Who is invited.
        my_response: What the account's owner answered.
        location: Where.
        join_url: The link to the call.
        series_id: Shared by the occurrences of a recurring event.
        status: The provider's state of the event.
    """

    kind: Literal["meeting"] = "meeting"
    title: str = ""
    start: UtcTime
    end: UtcTime | None = None
    all_day: bool = False
    timezone: str = ""
    organizer: Contact = Contact()
    attendees: tuple[Attendee, ...] = ()
    my_response: Response = "none"
    location: str = ""
    join_url: str = ""
    series_id: str = ""
    status: Literal["confirmed", "tentative", "cancelled"] = "confirmed"
