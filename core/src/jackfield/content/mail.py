"""What a mail holds once it has been read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from jackfield.models.email import MailAuthentication

if TYPE_CHECKING:
    from datetime import datetime

Tier = Literal["fast", "tolerant", "stub", "headers"]


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of an address header.

    Attributes:
        name: The display name, decoded; empty where there is none.
        address: As sent, without brackets; empty where the sender gave a name alone.
    """

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Part:
    """An attachment, without its bytes.

    Attributes:
        name: The file name as sent, decoded; never safe as a path (`filenames.safe_filename`).
        media_type: Such as ``image/png``, in lower case.
        size: Bytes after decoding.
        inline: It belongs into the text (an image that the HTML shows).
        content_id: The Content-ID without brackets, as ``cid:`` URLs write it (RFC 2392).
        index: Position among all leaf parts, depth first; `mime.extract_part` takes it.
    """

    name: str
    media_type: str
    size: int
    inline: bool
    content_id: str | None
    index: int


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail, or its headers alone.

    Attributes:
        subject: Decoded, on one line.
        sender: The first mailbox of From, or Sender where From is missing.
        from_: All mailboxes of From.
        reply_to: Where answers should go.
        to: To.
        cc: Cc.
        bcc: Bcc, present in one's own sent mail.
        date: The Date header, aware; without a zone it counts as UTC. A stranger wrote it.
        message_id: With its angle brackets, as sent.
        in_reply_to: The Message-ID that this one answers, with brackets.
        references: The Message-IDs of the conversation, oldest first.
        is_bulk: A list, a newsletter or a machine sent it.
        unsubscribe: The https, http or mailto address of List-Unsubscribe.
        auth: What the receiving server found out about the sender.
        text: The body as plain text, made from the HTML where there is no other.
        html: The sanitised HTML body, safe to show.
        calendar: The bytes of the first text/calendar part.
        attachments: All parts that are not the body.
        tier: Which reader succeeded; ``headers`` where only headers were asked for.
        problem: Why the body could not be read, or what had to be cut.
    """

    subject: str = ""
    sender: Address | None = None
    from_: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    date: datetime | None = None
    message_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    is_bulk: bool = False
    unsubscribe: str | None = None
    auth: MailAuthentication = field(default_factory=MailAuthentication)
    text: str = ""
    html: str | None = None
    calendar: bytes | None = None
    attachments: tuple[Part, ...] = ()
    tier: Tier = "headers"
    problem: str | None = None
