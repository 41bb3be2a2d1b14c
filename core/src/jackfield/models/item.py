"""What every item has, whatever platform it comes from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jackfield.models.base import Model, UtcTime
from jackfield.models.contact import Contact
from jackfield.models.source import SourceType

Kind = Literal["message", "email", "note", "meeting"]


class Attachment(Model):
    """A file that belongs to an item; its bytes are fetched only when asked for.

    Attributes:
        id: The provider's key of the attachment within its item.
        name: The file name as it was sent. A stranger's text, never a path.
        media_type: Such as ``application/pdf``.
        size: Bytes after decoding, or None where the provider does not say.
        inline: Shown within the text.
    """

    id: str
    name: str = ""
    media_type: str = "application/octet-stream"
    size: int | None = None
    inline: bool = False


class Trust(Model):
    """Where a text comes from and how far its sender was authenticated.

    Attributes:
        origin: ``remote`` for everybody else's text, ``own`` for what the account's owner wrote.
        authenticated: Whether the provider vouches for the sender; None where it does not say.
    """

    origin: Literal["remote", "own"] = "remote"
    authenticated: bool | None = None


class Item(Model):
    """What mails, messages, notes and meetings have in common.

    A connector leaves `id`, `short_id`, `folders`, `fingerprint`, `copies` and `fetched_at`
    alone: the core fills them in, since it alone knows what it has seen before.

    Attributes:
        kind: What it is.
        id: The core's id, the same on every way to the item and for ever.
        short_id: The shortest prefix of `id` that nothing else has; accepted wherever an id is.
        source: The platform.
        account: ``source:name`` of the account.
        provider_id: The provider's own id, for calls to the provider.
        thread_id: The provider's id of the conversation, or empty.
        url: Opens the item at the provider.
        time: When it was sent or created, as its author's side says.
        sender: Who wrote it.
        recipients: To whom it went (mail: To; see `cc` and `bcc` there).
        is_from_me: The account's owner wrote it.
        text: The whole text without markup.
        new_text: The text without what it quotes.
        html: Sanitised markup, or None.
        snippet: The first words, at most 200 characters.
        unread: None where the platform does not know.
        flagged: Starred, marked.
        labels: The provider's labels or keywords.
        folders: Names of the collections the item is in.
        attachments: Files.
        fingerprint: Equal for the same content in two mailboxes.
        copies: Ids of the same content in other mailboxes, where a service folded them.
        trust: What the text is worth.
        edited_at: When it was last edited.
        fetched_at: When the core last heard of it from the provider.
        unparsed: Why the content could not be read; the original bytes are kept.
        raw: The original as the provider gave it. Left out of repr and JSON.
    """

    kind: Kind
    id: str = ""
    short_id: str = ""
    source: SourceType
    account: str
    provider_id: str = ""
    thread_id: str = ""
    url: str = ""
    time: UtcTime
    sender: Contact = Contact()
    recipients: tuple[Contact, ...] = ()
    is_from_me: bool = False
    text: str = ""
    new_text: str = ""
    html: str | None = None
    snippet: str = ""
    unread: bool | None = None
    flagged: bool = False
    labels: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    fingerprint: str = ""
    copies: tuple[str, ...] = ()
    trust: Trust = Trust()
    edited_at: UtcTime | None = None
    fetched_at: UtcTime | None = None
    unparsed: str | None = None
    raw: bytes | None = Field(default=None, repr=False, exclude=True)
