"""What shall be sent, and what became of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jackfield.models.base import Model, UtcTime
from jackfield.models.contact import Contact


class Upload(Model):
    """A file to send.

    Attributes:
        name: The name that the receiver sees.
        media_type: Such as ``application/pdf``.
        content: Its bytes.
    """

    name: str
    media_type: str = "application/octet-stream"
    content: bytes = Field(repr=False)


class Draft(Model):
    """Something to send; it has gone nowhere yet.

    Attributes:
        account: ``source:name`` of the account that sends.
        sender: Which of the account's own addresses it comes from; None for its main one.
        to: Receivers.
        cc: Copies.
        bcc: Blind copies.
        subject: The subject, where the platform has one.
        text: The text.
        html: The same as markup, or None.
        attachments: Files.
        in_reply_to: The id of the item that this answers, or None.
        references: Of a mail: the Message-IDs of the conversation, the answered one last.
        created_at: When it was written: the Date that receivers see. The core sets it.
        key: The idempotency key: two drafts of an account with one key are one send. The core
            sets it where it is empty; what a provider needs for its own key follows from it.
    """

    account: str
    sender: Contact | None = None
    to: tuple[Contact, ...] = ()
    cc: tuple[Contact, ...] = ()
    bcc: tuple[Contact, ...] = ()
    subject: str = ""
    text: str = ""
    html: str | None = None
    attachments: tuple[Upload, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    created_at: UtcTime | None = None
    key: str = ""


class SendResult(Model):
    """What became of a send.

    Attributes:
        state: ``accepted`` by the provider; ``held`` for a person; ``rejected``, nothing left;
            ``unknown``, it may have left and is never sent again by itself.
        outbox_id: The id in the local outbox, or empty.
        provider_id: What the provider calls it, once accepted.
        reason: Why it was held, rejected or is unknown.
        retryable: Another try later may succeed. Never true for ``unknown``.
    """

    state: Literal["accepted", "held", "rejected", "unknown"]
    outbox_id: str = ""
    provider_id: str = ""
    reason: str = ""
    retryable: bool = False
