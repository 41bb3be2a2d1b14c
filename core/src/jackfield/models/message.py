"""A chat message."""

from __future__ import annotations

from typing import Literal

from jackfield.models.base import Model
from jackfield.models.contact import Contact
from jackfield.models.item import Item


class Reaction(Model):
    """One person's reaction.

    Attributes:
        emoji: The emoji itself, or the platform's name of it.
        sender: Who reacted.
    """

    emoji: str
    sender: Contact = Contact()


class UnifiedMessage(Item):
    """A message of any chat platform.

    Attributes:
        kind: Always ``message``.
        chat: The name of the room or of the other person.
        reply_to_id: The provider's id of the message that this one answers.
        mentions: Who is named in it.
        reactions: Reactions, oldest first.
        delivery: How far what I sent has come; None for what others sent.
    """

    kind: Literal["message"] = "message"
    chat: str = ""
    reply_to_id: str | None = None
    mentions: tuple[Contact, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    delivery: Literal["pending", "sent", "delivered", "read", "failed"] | None = None
