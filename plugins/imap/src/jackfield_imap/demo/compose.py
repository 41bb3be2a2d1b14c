"""Letters into the bytes of a mail (RFC 5322, RFC 2045 to 2049)."""

from __future__ import annotations

import zlib
from datetime import UTC, timedelta
from email import message_from_bytes
from email.charset import BASE64, QP, Charset
from email.encoders import encode_base64
from email.header import Header
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jackfield_imap.demo.letters import Bounce, File, Letter, Meeting, Person

_POLICY = compat32.clone(linesep="\r\n")
_HOME = "acme.example"
_ICAL = "%Y%m%dT%H%M%SZ"


def compose(letter: Letter) -> bytes:
    """Write a letter as a mail; the same letter gives the same bytes.

    Args:
        letter: What to write.

    Returns:
        The mail, with CRLF.
    """
    content, mail = _content(letter), Message()
    described = (item for item in content.items() if item[0] != "MIME-Version")
    for name, value in (*_header(letter), *described):
        mail[name] = value
    mail.set_payload(content.get_payload())
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_{zlib.crc32(letter.key.encode()):08x}.{number}")
    return mail.as_bytes(policy=_POLICY)


def _header(letter: Letter) -> Iterable[tuple[str, str]]:
    charset = letter.charset or letter.sender.charset
    if not letter.sender.address.endswith(_HOME):
        yield "Received", _received(letter)
    yield "From", _address(letter.sender, charset)
    yield "To", ", ".join(_address(person, charset) for person in letter.to)
    if letter.cc:
        yield "Cc", ", ".join(_address(person, charset) for person in letter.cc)
    yield "Subject", _words(letter.subject, charset)
    yield "Date", format_datetime(letter.at)
    yield "Message-ID", letter.message_id
    if letter.reply_to is not None:
        yield "In-Reply-To", letter.reply_to.message_id
        yield "References", letter.references
    yield from letter.headers.items()
    yield "MIME-Version", "1.0"


def _received(letter: Letter) -> str:
    domain = letter.sender.address.partition("@")[2]
    number = zlib.crc32(letter.key.encode())
    return (
        f"from mail.{domain} (mail.{domain} [192.0.2.{number % 250 + 1}])\r\n"
        f"\tby mx.{_HOME} with ESMTPS id {number:08x};\r\n\t{format_datetime(letter.at)}"
    )


def _address(person: Person, charset: str) -> str:
    charset = person.charset if charset == "utf-8" else charset
    try:
        person.name.encode(charset)
    except UnicodeEncodeError:
        charset = "utf-8"
    return formataddr((person.name, person.address), charset)


def _words(text: str, charset: str) -> str:
    return text if text.isascii() else Header(text, charset).encode()


def _content(letter: Letter) -> Message:
    body = _body(letter)
    if letter.bounce is not None:
        return _report(body, letter.bounce)
    if letter.digest:
        return _mixed([body, _digest(letter.digest)])
    return _mixed([body, *(_attached(file) for file in letter.files)]) if letter.files else body


def _mixed(parts: Iterable[Message]) -> Message:
    return MIMEMultipart("mixed", _subparts=list(parts))


def _body(letter: Letter) -> Message:
    charset = letter.charset or letter.sender.charset
    if letter.html and not letter.text:
        return _text(letter.html, "html", charset)
    parts: list[Message] = [_text(_whole_text(letter), "plain", charset)]
    if letter.html:
        parts.append(_text(letter.html, "html", charset))
    if letter.meeting is not None:
        parts.append(_invitation(letter, letter.meeting))
    return MIMEMultipart("alternative", _subparts=parts) if len(parts) > 1 else parts[0]


def _whole_text(letter: Letter) -> str:
    text = letter.text.strip() + "\n"
    if letter.sender.signature:
        text += f"\n-- \n{letter.sender.signature}\n"
    if letter.quote and letter.reply_to is not None:
        old = letter.reply_to
        lines = "\n".join(f"> {line}".rstrip() for line in old.text.strip().splitlines())
        text += f"\nOn {old.at:%d.%m.%Y} at {old.at:%H:%M}, {old.sender.name} wrote:\n{lines}\n"
    return text


def _text(text: str, kind: str, charset: str) -> MIMEText:
    if text.isascii():
        return MIMEText(text, kind, "us-ascii")
    encoding = Charset(charset)
    if sum(ord(letter) < 0x250 for letter in text) > len(text) / 2 and charset != "iso-2022-jp":
        encoding.body_encoding = QP  # readable on the wire where most of it is Latin
    if encoding.body_encoding == BASE64:
        text = text.replace("\n", "\r\n")  # nobody after us can do it (RFC 2045, section 6.8)
    return MIMEText(text, kind, encoding)  # type: ignore[arg-type]  # a Charset is welcome


def _invitation(letter: Letter, meeting: Meeting) -> Message:
    part = _text("\r\n".join(_calendar(letter, meeting)) + "\r\n", "calendar", "utf-8")
    part.set_param("method", "REQUEST")
    return part


def _calendar(letter: Letter, meeting: Meeting) -> Iterable[str]:
    """Write an appointment (RFC 5545, and RFC 5546, section 3.2.2)."""
    start = meeting.start.astimezone(UTC)
    yield from ("BEGIN:VCALENDAR", "PRODID:-//acme.example//demo//EN", "VERSION:2.0")
    yield from ("METHOD:REQUEST", "BEGIN:VEVENT", f"UID:{meeting.uid}", "SEQUENCE:0")
    yield f"DTSTAMP:{letter.at.astimezone(UTC):{_ICAL}}"
    yield f"DTSTART:{start:{_ICAL}}"
    yield f"DTEND:{start + timedelta(minutes=meeting.minutes):{_ICAL}}"
    yield f"SUMMARY:{letter.subject.removeprefix('Invitation: ')}"
    yield f"LOCATION:{meeting.place}".replace(",", "\\,")
    yield f"ORGANIZER;CN={letter.sender.name}:mailto:{letter.sender.address}"
    for person in letter.to:
        yield f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{person.address}"
    yield from ("STATUS:CONFIRMED", "END:VEVENT", "END:VCALENDAR")


def _attached(file: File) -> Message:
    main, _, sub = file.type.partition("/")
    part: Message
    if main == "message":
        part = MIMEMessage(message_from_bytes(file.content))
    else:
        part = MIMEBase(main, sub)
        if main == "text":
            part.set_param("charset", "utf-8")
        part.set_payload(file.content)
        encode_base64(part)
    name = file.name if file.name.isascii() else ("utf-8", "", file.name)
    part.add_header("Content-Disposition", "attachment", filename=name)
    return part


def _digest(letters: Iterable[Letter]) -> Message:
    inner = [MIMEMessage(message_from_bytes(compose(letter))) for letter in letters]
    return MIMEMultipart("digest", _subparts=inner)


def _report(body: Message, bounce: Bounce) -> Message:
    """Report a failed delivery (RFC 3464, section 2)."""
    of_mail, of_recipient = Message(), Message()
    of_mail["Reporting-MTA"] = f"dns; mx.{_HOME}"
    of_recipient["Final-Recipient"] = f"rfc822; {bounce.recipient}"
    of_recipient["Action"] = "failed"
    of_recipient["Status"] = bounce.status
    status = MIMEBase("message", "delivery-status")
    status.set_payload([of_mail, of_recipient])
    original = MIMEMessage(message_from_bytes(bounce.original))
    return MIMEMultipart(
        "report", _subparts=[body, status, original], report_type="delivery-status"
    )
