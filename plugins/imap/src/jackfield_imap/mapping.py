"""From what IMAP says of a mail to a model. Pure functions, no I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jackfield.batches import Entry, Keys, Patch, Ref
from jackfield.content.authentication import vouches
from jackfield.content.calendar import read_invitation
from jackfield.content.encoded_words import decode_text
from jackfield.content.keys import mail_keys
from jackfield.content.mime import parse_headers, parse_mail
from jackfield.content.quoting import new_text
from jackfield.content.snippet import snippet
from jackfield.models import Attachment, Contact, SourceType, Trust, UnifiedEmail
from jackfield_imap.responses import attachments, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jackfield.content.mail import Address, ParsedMail
    from jackfield.models import Account
    from jackfield_imap.responses import Value

HEADER = b"BODY[HEADER]"
WHOLE = b"BODY[]"

_SYSTEM_FLAGS = frozenset({"\\seen", "\\answered", "\\flagged", "\\deleted", "\\draft", "\\recent"})
_MONTHS = {
    m: n for n, m in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}


def entry_of(
    account: Account, mine: frozenset[str], ref: Ref, said: dict[bytes, Value]
) -> Entry | None:
    """Make an entry of a FETCH response.

    Args:
        account: Whose mail.
        mine: The owner's addresses in lower case.
        ref: Where it lies.
        said: The response: UID, FLAGS, INTERNALDATE, RFC822.SIZE and BODY[] or BODY[HEADER].

    Returns:
        The entry, at level ``full`` with BODY[] and else ``headers``; None where the response
        has neither (the mail is gone).
    """
    original = said.get(WHOLE)
    header = said.get(HEADER)
    if isinstance(original, bytes):
        parsed, raw = parse_mail(original), original
    elif isinstance(header, bytes):
        parsed, raw = parse_headers(header), None
    else:
        return None
    received = parse_internaldate(said.get(b"INTERNALDATE"))
    item = _item(account, mine, parsed, received, flags_of(said))
    if raw is None:
        item = item.model_copy(update={"attachments": _from_structure(said)})
    return Entry(
        ref=ref,
        item=item.model_copy(update={"raw": raw, "provider_id": ref.key}),
        keys=_keys(said, raw if raw is not None else header),
        received=received,
        level="headers" if raw is None else "full",
        version=modseq_of(said),
    )


def _item(
    account: Account,
    mine: frozenset[str],
    parsed: ParsedMail,
    received: datetime,
    flags: tuple[str, ...],
) -> UnifiedEmail:
    lower = {flag.lower() for flag in flags}
    sender = parsed.sender
    own = sender is not None and sender.address.lower() in mine
    return UnifiedEmail(
        source=SourceType.IMAP,
        account=str(account),
        time=parsed.date or received,
        sender=Contact() if sender is None else _contact(sender),
        recipients=_contacts(parsed.to),
        cc=_contacts(parsed.cc),
        bcc=_contacts(parsed.bcc),
        reply_to=_contacts(parsed.reply_to),
        is_from_me=own,
        subject=parsed.subject,
        text=parsed.text,
        new_text=new_text(parsed.text),
        html=parsed.html,
        snippet=snippet(parsed.text),
        message_id=parsed.message_id,
        in_reply_to=parsed.in_reply_to,
        references=parsed.references,
        is_bulk=parsed.is_bulk,
        unsubscribe=parsed.unsubscribe,
        auth=parsed.auth,
        invitation=None if parsed.calendar is None else read_invitation(parsed.calendar),
        unread="\\seen" not in lower,
        flagged="\\flagged" in lower,
        labels=tuple(flag for flag in flags if flag.lower() not in _SYSTEM_FLAGS),
        attachments=tuple(
            Attachment(
                id=str(part.index),
                name=part.name,
                media_type=part.media_type,
                size=part.size,
                inline=part.inline,
            )
            for part in parsed.attachments
        ),
        trust=Trust(origin="own" if own else "remote", authenticated=vouches(parsed.auth)),
        unparsed=parsed.problem if parsed.tier == "stub" else None,
    )


def _contact(address: Address) -> Contact:
    return Contact.mail(address.address, address.name)


def _contacts(addresses: Iterable[Address]) -> tuple[Contact, ...]:
    return tuple(_contact(address) for address in addresses)


def _from_structure(said: dict[bytes, Value]) -> tuple[Attachment, ...]:
    """Name the files of a mail whose body was not fetched; sizes are those of the encoding."""
    return tuple(
        Attachment(
            id=f"section:{section}", name=decode_text(name), media_type=media_type, inline=inline
        )
        for section, name, media_type, _, inline in attachments(said.get(b"BODYSTRUCTURE"))
    )


def _keys(said: dict[bytes, Value], mail: Value) -> Keys:
    whole = isinstance(said.get(WHOLE), bytes)
    size = number(said.get(b"RFC822.SIZE"))
    return mail_keys(mail if isinstance(mail, bytes) else b"", size, whole=whole)


def flags_of(said: dict[bytes, Value]) -> tuple[str, ...]:
    r"""Read the flags, without \\Recent, which is the session's own.

    Args:
        said: A FETCH response.

    Returns:
        Flags and keywords as the server spells them.
    """
    flags = said.get(b"FLAGS")
    texts = [f.decode("utf-8", "replace") for f in flags or () if isinstance(f, bytes)]
    return tuple(text for text in texts if text.lower() != "\\recent")


def modseq_of(said: dict[bytes, Value]) -> int | None:
    """Read the number of a mail's latest change (RFC 7162, section 3.1.4).

    Args:
        said: A FETCH response.

    Returns:
        MODSEQ, or None.
    """
    value = said.get(b"MODSEQ")
    return number(value[0]) if isinstance(value, list) and value else None


def patch_of(ref: Ref, said: dict[bytes, Value]) -> Patch:
    """Say which flags a mail has.

    Args:
        ref: Where it lies.
        said: A FETCH response with FLAGS.

    Returns:
        All its flags.
    """
    flags = flags_of(said)
    lower = {flag.lower() for flag in flags}
    labels = tuple(flag for flag in flags if flag.lower() not in _SYSTEM_FLAGS)
    return Patch(
        ref,
        read="\\seen" in lower,
        flagged="\\flagged" in lower,
        labels=labels,
        version=modseq_of(said),
    )


def parse_internaldate(value: Value) -> datetime:
    """Read ``17-Jul-1996 02:44:25 -0700`` (RFC 9051, section 9, date-time).

    Args:
        value: As the server said it.

    Returns:
        The time; 1970 where it cannot be read, so that the mail sorts last and is not lost.
    """
    try:
        day, clock, zone = (value if isinstance(value, bytes) else b"").split()
        number, month, year = day.split(b"-")
        hour, minute, second = map(int, clock.split(b":"))
        offset = (int(zone[1:3]) * 60 + int(zone[3:5])) * (-1 if zone[:1] == b"-" else 1)
        naive = datetime(
            int(year), _MONTHS[month.title()], int(number), hour, minute, second, tzinfo=UTC
        )
        return datetime.fromtimestamp(naive.timestamp() - offset * 60, UTC)
    except (ValueError, KeyError, OverflowError):
        return datetime(1970, 1, 1, tzinfo=UTC)
