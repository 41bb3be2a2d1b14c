"""What a person would read in a mail, for SEARCH."""

from __future__ import annotations

import base64
import binascii
import quopri
from email.errors import HeaderParseError
from email.header import decode_header
from functools import lru_cache
from typing import TYPE_CHECKING

from jackfield_imap.demo.parts import read_mail

if TYPE_CHECKING:
    from jackfield_imap.demo.parts import Part


@lru_cache(maxsize=4096)
def header_text(raw: bytes, name: str) -> str:
    """Read all header fields of a name.

    Args:
        raw: The mail.
        name: In lower case; empty for the whole header.

    Returns:
        The decoded values, case folded, one on each line.
    """
    fields = [field for found, field in read_mail(raw).fields() if name in {"", found}]
    return "\n".join(_decoded(field if not name else _value(field)) for field in fields).casefold()


@lru_cache(maxsize=512)
def body_text(raw: bytes) -> str:
    """Read all text parts.

    Args:
        raw: The mail.

    Returns:
        The decoded text, HTML as it stands, case folded.
    """
    parts = read_mail(raw).walk()
    return "\n".join(_text(part) for part in parts if part.type.startswith("text/")).casefold()


def _value(field: bytes) -> bytes:
    return field.partition(b":")[2]


def _decoded(field: bytes) -> str:
    text = _tolerant(field.replace(b"\r\n", b""), "utf-8").strip()
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        return text
    return "".join(
        piece if isinstance(piece, str) else _tolerant(piece, charset or "utf-8")
        for piece, charset in pieces
    )


def _text(part: Part) -> str:
    encoding = (part.value("content-transfer-encoding") or "").strip().lower()
    body = part.body
    if encoding == "quoted-printable":
        body = quopri.decodestring(body)
    elif encoding == "base64":
        try:
            body = base64.b64decode(body)
        except binascii.Error:
            return ""
    return _tolerant(body, dict(part.parameters).get("charset", "utf-8"))


def _tolerant(text: bytes, charset: str) -> str:
    try:
        return text.decode(charset)
    except (LookupError, ValueError):
        return text.decode("latin-1")
