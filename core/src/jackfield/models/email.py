"""A mail."""

from __future__ import annotations

from typing import Literal

from jackfield.models.base import Model
from jackfield.models.contact import Contact
from jackfield.models.invitation import Invitation
from jackfield.models.item import Item


class MailAuthentication(Model):
    """What the receiving server found (RFC 8601); None where it does not say.

    Attributes:
        spf: Result of SPF, such as ``pass``.
        dkim: Result of DKIM.
        dmarc: Result of DMARC.
    """

    spf: str | None = None
    dkim: str | None = None
    dmarc: str | None = None


class UnifiedEmail(Item):
    """A mail of any provider.

    Attributes:
        kind: Always ``email``.
        subject: The decoded subject.
        cc: Copies.
        bcc: Blind copies; known only for what the owner sent.
        reply_to: Where answers shall go, when it is not the sender.
        message_id: The Message-ID with its angle brackets. Never an identity: senders repeat it.
        in_reply_to: The Message-ID that this one answers.
        references: The Message-IDs of the conversation, oldest first.
        is_bulk: From a list or an automatic sender; also what a person writes to a list.
        unsubscribe: The List-Unsubscribe header. Shown, never fetched.
        auth: SPF, DKIM and DMARC.
        invitation: The calendar part that came with it, or None.
    """

    kind: Literal["email"] = "email"
    subject: str = ""
    cc: tuple[Contact, ...] = ()
    bcc: tuple[Contact, ...] = ()
    reply_to: tuple[Contact, ...] = ()
    message_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    is_bulk: bool = False
    unsubscribe: str | None = None
    auth: MailAuthentication = MailAuthentication()
    invitation: Invitation | None = None
