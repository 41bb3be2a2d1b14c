"""Headers of a mail, read tolerantly: nothing here raises, whatever the bytes."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime
from email.utils import getaddresses, mktime_tz, parsedate_tz
from typing import TYPE_CHECKING

from jackfield.content.encoded import decode_text
from jackfield.content.mail import Address, ParsedMail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_BLOCK = 1 << 20
MAX_HEADERS = 1_000
MAX_ADDRESSES = 10_000

Headers = dict[str, list[str]]

_END = re.compile(rb"\r?\n\r?\n|\r\r|\A\r?\n")
_PREFIX = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:\s*\n)*(?:>?From [^\n]*\n)?")
_FIELD = re.compile(r"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_ID = re.compile(r"<[^<>\s]+>")
_BULK = frozenset({"bulk", "list", "junk"})
# Since 3.13, and patched into some releases before, the default refuses what is malformed.
_LENIENT = {"strict": False} if "strict" in inspect.signature(getaddresses).parameters else {}


def split(raw: bytes) -> tuple[Headers, int]:
    """Part the headers from the body.

    Args:
        raw: A mail, or its header block; perhaps with an mbox line, blank lines or a byte order
            mark before it.

    Returns:
        Lower-case name to unfolded values in order, with surrogates for bytes that are not
        ASCII; and where the body begins.
    """
    prefix = _PREFIX.match(raw)
    start = prefix.end() if prefix else 0
    end = _END.search(raw, start, start + MAX_BLOCK)
    stop = end.start() if end else min(len(raw), start + MAX_BLOCK)
    text = raw[start:stop].decode("ascii", "surrogateescape")
    headers: Headers = {}
    for line in _logical_lines(text)[:MAX_HEADERS]:
        if field := _FIELD.match(line):
            headers.setdefault(field[1].lower(), []).append(field[2].strip())
    return headers, end.end() if end else len(raw)


def _logical_lines(text: str) -> list[str]:
    """Unfold (RFC 5322, section 2.2.3): the line break goes, the blank after it stays."""
    lines: list[list[str]] = []
    for line in re.split(r"\r\n|\n|\r", text):
        if line[:1] in {" ", "\t"} and lines:
            lines[-1].append(line)
        elif len(lines) <= MAX_HEADERS:
            lines.append([line])
    return ["".join(parts) for parts in lines]


def read(raw: bytes) -> ParsedMail:
    """Read a mail's headers.

    Args:
        raw: A mail, or its header block.

    Returns:
        What they say; nothing of the body.
    """
    return of_headers(split(raw)[0])


def of_headers(headers: Mapping[str, Sequence[str]]) -> ParsedMail:
    """Make sense of headers.

    Args:
        headers: As `split` gives them.

    Returns:
        What they say.
    """
    senders = addresses(headers, "from") or addresses(headers, "sender")
    references = _ID.findall(" ".join(headers.get("references", ())))
    answered = _ID.findall(" ".join(headers.get("in-reply-to", ())))
    return ParsedMail(
        subject=decode_text(_first(headers, "subject") or ""),
        sender=senders[0] if senders else None,
        reply_to=addresses(headers, "reply-to"),
        to=addresses(headers, "to"),
        cc=addresses(headers, "cc"),
        bcc=addresses(headers, "bcc"),
        date=parse_date(_first(headers, "date")),
        message_id=_message_id(_first(headers, "message-id")),
        in_reply_to=answered[0] if answered else None,
        references=tuple(map(decode_text, references[:MAX_HEADERS])),
        is_bulk=_is_bulk(headers),
        unsubscribe=decode_text(_first(headers, "list-unsubscribe") or "") or None,
    )


def addresses(headers: Mapping[str, Sequence[str]], name: str) -> tuple[Address, ...]:
    """Read an address header.

    Args:
        headers: As `split` gives them.
        name: In lower case.

    Returns:
        Its mailboxes, groups opened, names decoded.
    """
    try:
        pairs = getaddresses(list(headers.get(name, ())), **_LENIENT)
    except (RecursionError, ValueError, IndexError, TypeError):
        return ()
    found = [Address(decode_text(n).strip(), decode_text(a).strip()) for n, a in pairs if n or a]
    return tuple(found[:MAX_ADDRESSES])


def parse_date(value: str | None) -> datetime | None:
    """Read a Date header (RFC 5322, section 3.3, with the obsolete forms).

    Args:
        value: As it stands there, or None.

    Returns:
        The time, in UTC where it has no zone; None where it is none.
    """
    try:
        parts = parsedate_tz(value or "")
        return None if parts is None else datetime.fromtimestamp(mktime_tz(parts), UTC)
    except (ValueError, OverflowError, TypeError, OSError, IndexError):
        return None


def _first(headers: Mapping[str, Sequence[str]], name: str) -> str | None:
    return next(iter(headers.get(name, ())), None)


def _message_id(value: str | None) -> str | None:
    if not value:
        return None
    found = re.search(r"<[^<>]+>", value)
    return decode_text(found[0] if found else value)


def _is_bulk(headers: Mapping[str, Sequence[str]]) -> bool:
    if "list-id" in headers or "list-unsubscribe" in headers:
        return True
    automatic = (_first(headers, "auto-submitted") or "no").lower()
    return (_first(headers, "precedence") or "").lower() in _BULK or automatic != "no"
