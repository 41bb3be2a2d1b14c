"""Drafts to bytes (RFC 5322): the same draft gives the same bytes, wherever and whenever."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import format_datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from jackfield.content.assembling import body_of
from jackfield.content.envelope import Mailbox, Receivers, mailbox, receivers, unwritable
from jackfield.content.header_lines import folded, listed, words_of
from jackfield.errors import InvalidRequest
from jackfield.models import Contact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jackfield.models import Draft, Upload

MOST_BYTES: Final = 100_000_000
"""Bytes of text and files in a mail; few servers take half of it."""

_LONGEST_SUBJECT: Final = 2_000
_LONGEST_NAME: Final = 255
_MOST_FILES: Final = 1_000
_MOST_REFERENCES: Final = 30
_ID = re.compile(r"<[!-;=?-~]{1,248}>")
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail that can be sent.

    Attributes:
        message_id: Its Message-ID, in angle brackets.
        sender: The address it comes from.
        receivers: All addresses it goes to.
        for_receivers: The bytes that everybody gets, without any blind copy's address.
        for_sender: The bytes that its author keeps, with the blind copies.
        utf8: An address needs a server that knows RFC 6531.
    """

    message_id: str
    sender: str
    receivers: tuple[str, ...]
    for_receivers: bytes
    for_sender: bytes
    utf8: bool


def message_id(draft: Draft, sender: Mailbox) -> str:
    """Make the Message-ID of a draft.

    Args:
        draft: With its `key` and `created_at`.
        sender: From whom.

    Returns:
        The same for the same draft; nothing of the key can be read from it.
    """
    return f"<{_token(draft)}@{sender.domain}>"


def _token(draft: Draft) -> str:
    when = draft.created_at.isoformat() if draft.created_at else ""
    return sha256(f"{draft.account}\0{draft.key}\0{when}".encode()).hexdigest()[:32]


def compose(draft: Draft, addresses: Sequence[str], name: str = "") -> Outgoing:
    """Write a draft as a mail, after checking all of it.

    Args:
        draft: With its `key` and `created_at`.
        addresses: The account's own addresses, the main one first.
        name: What its owner is called, where the draft does not say.

    Returns:
        The mail.

    Raises:
        InvalidRequest: Something in it cannot be sent: which part, and why.
    """
    sender = _sender(draft, addresses, name)
    to = receivers(draft)
    _check(draft)
    identifier = message_id(draft, sender)
    head, rest = _fields(draft, sender, to, identifier), body_of(draft, _token(draft))
    blind = [folded("Bcc", listed((one.name, one.address) for one in to.bcc))] if to.bcc else []
    return Outgoing(
        message_id=identifier,
        sender=sender.address,
        receivers=to.everybody,
        for_receivers=_block(head) + rest,
        for_sender=_block([*head, *blind]) + rest,
        utf8=not all(each.isascii() for each in (sender.address, *to.everybody)),
    )


def _sender(draft: Draft, addresses: Sequence[str], name: str) -> Mailbox:
    own = [each.lower() for each in addresses]
    if not own:
        raise InvalidRequest(
            draft.account, "this account has no address of its own", fix="set EMAIL_ADDRESS"
        )
    if draft.sender is None:
        return mailbox(draft.account, Contact.mail(addresses[0], name))
    if draft.sender.address.lower() not in own:
        listed_own = ", ".join(addresses)
        raise InvalidRequest(
            draft.account,
            f"{draft.sender.address!r} is no address of this account, whose are {listed_own}",
            fix="add it to EMAIL_ADDRESS if it is yours",
        )
    named = draft.sender.model_copy(update={"name": draft.sender.name or name})
    return mailbox(draft.account, named)


def _check(draft: Draft) -> None:
    """Refuse what cannot be written.

    Raises:
        InvalidRequest: With the part and the reason.
    """
    wrong = _wrong_subject(draft.subject) or _wrong_text(draft) or _wrong_files(draft.attachments)
    if wrong:
        raise InvalidRequest(draft.account, wrong)
    if not draft.key or draft.created_at is None:
        raise InvalidRequest(draft.account, "the draft has no key or no date")


def _wrong_subject(subject: str) -> str:
    if found := unwritable(subject):
        return f"the subject holds the control character {found}"
    if len(subject) > _LONGEST_SUBJECT:
        return f"the subject is longer than {_LONGEST_SUBJECT:,} characters"
    return ""


def _wrong_text(draft: Draft) -> str:
    for what, text in (("text", draft.text), ("HTML", draft.html or "")):
        try:
            text.encode()
        except UnicodeEncodeError:
            return f"the {what} holds half of a character (a lone surrogate)"
    size = len(draft.text) + len(draft.html or "")
    size += sum(len(file.content) for file in draft.attachments)
    return f"the mail is larger than {MOST_BYTES:,} bytes" if size > MOST_BYTES else ""


def _wrong_files(files: Sequence[Upload]) -> str:
    if len(files) > _MOST_FILES:
        return f"the mail has more than {_MOST_FILES:,} files"
    for file in files:
        if found := unwritable(file.name):
            return f"the file name {file.name!r} holds the control character {found}"
        if not file.name or len(file.name) > _LONGEST_NAME:
            return f"the file name {file.name[:40]!r} is empty or longer than {_LONGEST_NAME}"
        if not _MEDIA_TYPE.fullmatch(file.media_type):
            return f"{file.media_type!r}, of the file {file.name!r}, is no media type"
    return ""


def _fields(draft: Draft, sender: Mailbox, to: Receivers, identifier: str) -> list[str]:
    assert draft.created_at is not None  # `_check` saw it
    fields = [folded("From", listed([(sender.name, sender.address)]))]
    for name, people in (("To", to.to), ("Cc", to.cc)):
        if people:
            fields.append(folded(name, listed((one.name, one.address) for one in people)))
    fields += [
        folded("Subject", words_of(draft.subject)),
        folded("Date", [format_datetime(draft.created_at)]),
        folded("Message-ID", [identifier]),
    ]
    conversation = [each for each in draft.references if _ID.fullmatch(each)]
    if conversation:
        kept = conversation[:1] + conversation[1:][-_MOST_REFERENCES:]
        fields += [folded("In-Reply-To", conversation[-1:]), folded("References", kept)]
    return fields


def _block(fields: Sequence[str]) -> bytes:
    return "".join(f"{field}\r\n" for field in fields).encode()
