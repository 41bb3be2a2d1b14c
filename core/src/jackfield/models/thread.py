"""A conversation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jackfield.models.base import Model, UtcTime
from jackfield.models.contact import Contact
from jackfield.models.email import UnifiedEmail
from jackfield.models.meeting import UnifiedMeeting
from jackfield.models.message import UnifiedMessage
from jackfield.models.note import UnifiedNote

AnyItem = Annotated[
    UnifiedMessage | UnifiedEmail | UnifiedNote | UnifiedMeeting, Field(discriminator="kind")
]
"""An item of any kind, told apart by `kind`."""


class Thread(Model):
    """Items that belong together.

    Attributes:
        id: The conversation's id.
        subject: The subject of its first item.
        participants: Everybody who wrote or received, once each.
        items: The items, oldest first.
        unread: How many are unread.
        last_time: The time of the newest.
    """

    id: str
    subject: str = ""
    participants: tuple[Contact, ...] = ()
    items: tuple[AnyItem, ...] = ()
    unread: int = 0
    last_time: UtcTime
