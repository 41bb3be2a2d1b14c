"""A mail as its writer thinks of it, before it becomes bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Person(NamedTuple):
    """Somebody who writes.

    Attributes:
        name: As others see it.
        address: Under ``.example``.
        charset: What the mail program of that person writes when ASCII is not enough.
        signature: Below every text.
    """

    name: str
    address: str
    charset: str = "utf-8"
    signature: str = ""


class File(NamedTuple):
    """An attachment: its name, its media type, its bytes."""

    name: str
    type: str
    content: bytes


class Meeting(NamedTuple):
    """An appointment that a mail invites to."""

    uid: str
    start: datetime
    minutes: int
    place: str


class Bounce(NamedTuple):
    """What a report of a failed delivery is about (RFC 3464)."""

    recipient: str
    status: str
    original: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be written.

    Attributes:
        key: Names it in the data, and in its Message-ID.
        sender: Who writes.
        to: To whom.
        subject: May hold any character.
        at: When; aware.
        text: The plain text, without signature.
        html: The same as HTML, if there is such.
        cc: Who reads along.
        folder: Where it lies.
        flags: As IMAP knows them.
        charset: Instead of the sender's.
        reply_to: The letter that it answers.
        quote: Whether that letter's text is repeated below.
        headers: Further header fields.
        files: What is attached.
        meeting: What it invites to.
        digest: The mails that it collects.
        bounce: What it reports.
    """

    key: str
    sender: Person
    to: tuple[Person, ...]
    subject: str
    at: datetime
    text: str = ""
    html: str = ""
    cc: tuple[Person, ...] = ()
    folder: str = "INBOX"
    flags: frozenset[str] = frozenset()
    charset: str = ""
    reply_to: Letter | None = None
    quote: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    meeting: Meeting | None = None
    digest: tuple[Letter, ...] = ()
    bounce: Bounce | None = None

    @property
    def message_id(self) -> str:
        """The Message-ID, with its angle brackets."""
        return f"<{self.key}@{self.sender.address.partition('@')[2]}>"

    @property
    def references(self) -> str:
        """The Message-IDs of the thread so far, oldest first (RFC 5322, section 3.6.4)."""
        if self.reply_to is None:
            return ""
        return f"{self.reply_to.references} {self.reply_to.message_id}".strip()


class Cast:
    """The people of the mailbox.

    Args:
        people: Names in the data to the fields of `Person`.
    """

    def __init__(self, people: Mapping[str, Mapping[str, Any]]) -> None:
        self._people = {key: Person(**fields) for key, fields in people.items()}

    def __getitem__(self, who: str) -> Person:
        """Find a person by name in the data, or take ``Name <address>`` as it stands."""
        return self._people[who] if who in self._people else Person(*parseaddr(who))
