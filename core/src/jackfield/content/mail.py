"""What is read from a mail's bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Tier = Literal["fast", "tolerant", "stub", "headers"]
"""Which reader gave the content; ``stub``: none could, the headers are all there is."""


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of an address header.

    Attributes:
        name: The decoded display name, or empty.
        address: Such as ``ana@acme.com``; whatever stood there where it is none.
    """

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Part:
    """A file in a mail.

    Attributes:
        name: As it was sent, decoded. Never a path: see `filenames`.
        media_type: Such as ``application/pdf``.
        size: Bytes after decoding.
        inline: Shown within the text.
        content_id: Without angle brackets, or None.
        index: Its number among the leaves of the mail, depth first.
    """

    name: str
    media_type: str
    size: int
    inline: bool
    content_id: str | None
    index: int


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail, as far as it can be read.

    Attributes:
        subject: Decoded, unfolded.
        sender: The first address of From, else Sender.
        reply_to: Reply-To.
        to: To.
        cc: Cc.
        bcc: Bcc.
        date: The Date header with its zone (without one it counts as UTC), or None.
        message_id: With angle brackets where it has them.
        in_reply_to: The first Message-ID of In-Reply-To.
        references: Message-IDs, oldest first.
        is_bulk: From a list or an automatic sender.
        unsubscribe: List-Unsubscribe.
        text: The text; from HTML where there is no other.
        html: Sanitised, or None.
        calendar: The iCalendar text of an invitation, or None.
        attachments: Files.
        tier: Which reader gave the content.
        problem: Why a better reader could not, or None.
    """

    subject: str = ""
    sender: Address | None = None
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
    text: str = ""
    html: str | None = None
    calendar: str | None = None
    attachments: tuple[Part, ...] = ()
    tier: Tier = "headers"
    problem: str | None = None
