"""Drafts: something new, an answer, something passed on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jackfield.errors import ConfigError, InvalidRequest
from jackfield.models import Contact, Draft, UnifiedEmail

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from jackfield.models import Item, Upload

Receivers = str | Contact
"""An address such as ``ana@acme.com`` or ``Ana Prieto <ana@acme.com>``."""

_NAMED = re.compile(r"\s*(?P<name>[^<>]*?)\s*<(?P<address>[^<>]*)>\s*")
_ANSWER = re.compile(r"\s*(re|aw|sv|antw|odp|rif|r)(\[\d+\])?\s*:", re.IGNORECASE)
_PASSED_ON = re.compile(r"\s*(fwd?|wg|tr|vs|rv|enc)(\[\d+\])?\s*:", re.IGNORECASE)


def contacts(given: Receivers | Iterable[Receivers]) -> tuple[Contact, ...]:
    """Read receivers as people write them.

    Args:
        given: One or several.

    Returns:
        Contacts; whether their addresses are any is the connector's to check.
    """
    several = [given] if isinstance(given, str | Contact) else given
    return tuple(each if isinstance(each, Contact) else _contact(each) for each in several)


def _contact(text: str) -> Contact:
    named = _NAMED.fullmatch(text)
    if named is None:
        return Contact.mail(text.strip())
    return Contact.mail(named["address"].strip(), named["name"].strip().strip('"'))


def answer(
    item: Item,
    text: str,
    mine: Collection[str],
    *,
    html: str | None = None,
    everyone: bool = False,
    attachments: Sequence[Upload] = (),
    key: str = "",
) -> Draft:
    """Draft an answer to a mail: to where it asks for answers, else to its sender.

    Args:
        item: The mail.
        text: The answer.
        mine: My addresses in lower case; none of them gets the answer.
        html: The answer as markup.
        everyone: Also to all who got the mail.
        attachments: Files.
        key: The idempotency key.

    Returns:
        The draft, from that of my addresses which got the mail.

    Raises:
        ConfigError: The item is no mail.
        InvalidRequest: It has nobody to answer to.
    """
    mail = _mail(item)
    to = mail.recipients if mail.is_from_me else (mail.reply_to or (mail.sender,))
    to = _others(to, mine) if everyone or mail.is_from_me else to
    copies: tuple[Contact, ...] = ()
    if everyone:
        rest = mail.cc if mail.is_from_me else (*mail.recipients, *mail.cc)
        copies = _others(rest, {*mine, *(one.address.lower() for one in to)})
        to, copies = (to, copies) if to else (copies, ())
    if not any(one.address for one in to):
        raise InvalidRequest(mail.account, f"the mail {mail.short_id} has nobody to answer to")
    return Draft(
        account=mail.account,
        sender=_mine_in(mail, mine),
        to=to,
        cc=copies,
        subject=mail.subject if _ANSWER.match(mail.subject) else f"Re: {mail.subject}".strip(),
        text=text,
        html=html,
        attachments=tuple(attachments),
        in_reply_to=mail.id,
        references=_conversation(mail),
        key=key,
    )


def passing_on(
    item: Item,
    to: Receivers | Iterable[Receivers],
    text: str,
    mine: Collection[str],
    *,
    attachments: Sequence[Upload] = (),
    key: str = "",
) -> Draft:
    """Draft a mail that passes another on.

    Args:
        item: The mail, whole.
        to: Receivers.
        text: What to say above it.
        mine: My addresses in lower case.
        attachments: Its files, and others.
        key: The idempotency key.

    Returns:
        The draft.

    Raises:
        ConfigError: The item is no mail.
    """
    mail = _mail(item)
    subject = mail.subject if _PASSED_ON.match(mail.subject) else f"Fwd: {mail.subject}".strip()
    return Draft(
        account=mail.account,
        sender=_mine_in(mail, mine),
        to=contacts(to),
        subject=subject,
        text=f"{text}\n\n{_quoted_whole(mail)}" if text else _quoted_whole(mail),
        attachments=tuple(attachments),
        references=_conversation(mail),
        key=key,
    )


def _mail(item: Item) -> UnifiedEmail:
    if not isinstance(item, UnifiedEmail):
        raise ConfigError(f"{item.short_id} is a {item.kind}; mails can be answered so far")
    return item


def _others(people: Iterable[Contact], known: Collection[str]) -> tuple[Contact, ...]:
    """Leave out who is known, and whoever comes twice."""
    found: dict[str, Contact] = {}
    for one in people:
        if one.address and one.address.lower() not in known:
            found.setdefault(one.address.lower(), one)
    return tuple(found.values())


def _mine_in(mail: UnifiedEmail, mine: Collection[str]) -> Contact | None:
    """Find the address of mine that the mail came to, or left from."""
    people = (mail.sender,) if mail.is_from_me else (*mail.recipients, *mail.cc)
    found = next((one.address for one in people if one.address.lower() in mine), None)
    return None if found is None else Contact.mail(found)


def _conversation(mail: UnifiedEmail) -> tuple[str, ...]:
    if mail.message_id is None:
        return ()
    before = mail.references or ((mail.in_reply_to,) if mail.in_reply_to else ())
    return (*(one for one in before if one != mail.message_id), mail.message_id)


def _quoted_whole(mail: UnifiedEmail) -> str:
    lines = [
        "---------- Forwarded message ----------",
        f"From: {mail.sender}",
        f"Date: {mail.time:%a, %d %b %Y %H:%M %Z}",
        f"Subject: {mail.subject}",
        f"To: {', '.join(map(str, mail.recipients))}",
    ]
    if mail.cc:
        lines.append(f"Cc: {', '.join(map(str, mail.cc))}")
    return "\n".join([*lines, "", mail.text])
