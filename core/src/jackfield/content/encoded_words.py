"""Header text: RFC 2047 encoded-words, and the raw bytes that senders put there instead."""

from __future__ import annotations

import binascii
import re
from typing import Final

from jackfield.content.charsets import decode
from jackfield.content.escapes import ESCAPE

_LONGEST: Final = 1 << 16
# At most eight stray question marks inside a word; RFC 2231 adds "*language" to the charset.
_WORD = re.compile(
    rb"=\?([^?\s*]{0,64})(?:\*[^?\s]{0,64})?\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*){0,8}?)\?="
)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_CONTROLS = re.compile("[\x00-\x1f\x7f]")


def decode_text(raw: bytes | str) -> str:
    """Decode the value of a header, or a part of it.

    Adjacent encoded-words are joined before their charset is applied, so that a character that
    was split between two words survives (RFC 2047, section 6.2, and what senders do despite
    section 5).

    Args:
        raw: The value as sent; text may hold the surrogates of `email`'s parsers.

    Returns:
        The text on one line, without control characters; never raises.
    """
    data = _bytes(raw) if isinstance(raw, str) else raw
    if b"=?" in data:
        text = _decode_words(data)
    else:
        text = data.decode("ascii") if data.isascii() else decode(data, None)
    if text.isprintable():
        return text.strip()
    return _CONTROLS.sub("", ESCAPE.sub("", text).replace("\t", " ")).strip()


def _bytes(text: str) -> bytes:
    if text.isascii():
        return text.encode("ascii")
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def _decode_words(data: bytes) -> str:
    out: list[str] = []
    pending: list[bytes] = []
    charset = b""
    end = 0
    head, rest = data[:_LONGEST], data[_LONGEST:]
    for word in _WORD.finditer(head):
        gap = head[end : word.start()]
        label = word[1].lower()
        adjacent = bool(pending) and not gap.strip()
        if pending and (not adjacent or label != charset):
            out.append(decode(b"".join(pending), charset.decode("latin-1")))
            pending.clear()
        if not adjacent:
            out.append(decode(gap, None))
        pending.append(_payload(word[2], word[3]))
        charset, end = label, word.end()
    if pending:
        out.append(decode(b"".join(pending), charset.decode("latin-1")))
    out.append(decode(head[end:] + rest, None))
    return "".join(out)


def _payload(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"qQ":
        return binascii.a2b_qp(text, header=True)
    return decode_base64(text)


def decode_base64(data: bytes) -> bytes:
    """Decode base64 as far as it goes.

    Args:
        data: The text, with line breaks, strange characters, or a missing end.

    Returns:
        What stands before the padding, or before the cut.
    """
    kept = _NOT_BASE64.sub(b"", data.split(b"=", 1)[0])
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))
