"""Text that is not ASCII in headers: encoded words, raw bytes, lying charsets."""

from __future__ import annotations

import base64
import binascii
import codecs
import quopri
import re

# RFC 2047, section 2. Blanks within the text are forbidden and common.
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*)\?=")


def decode_bytes(raw: bytes, charset: str | None) -> str:
    """Decode text whose charset may be wrong or unknown.

    Args:
        raw: The bytes.
        charset: As the mail says, or None.

    Returns:
        The text: by that charset, else UTF-8, else Windows-1252; what is left is replaced.
    """
    for name in (charset, "utf-8", "cp1252"):
        try:
            if name and codecs.lookup(name)._is_text_encoding:
                return raw.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return raw.decode(_known(charset), "replace")


def _known(charset: str | None) -> str:
    try:
        found = codecs.lookup(charset or "latin-1")
    except (LookupError, ValueError):
        return "latin-1"
    return found.name if found._is_text_encoding else "latin-1"


def decode_text(value: bytes | str) -> str:
    """Decode a header's value.

    Args:
        value: Unfolded; as bytes, or as text with surrogates for bytes that are not ASCII.

    Returns:
        Readable text. Words of one charset that stand side by side are decoded together, since
        senders split characters between them (RFC 2047, section 6.2).
    """
    text = value if isinstance(value, str) else value.decode("ascii", "surrogateescape")
    if "=?" not in text:
        return _plain(text)
    parts: list[tuple[str | None, bytes]] = []
    at = 0
    for word in _WORD.finditer(text):
        between = text[at : word.start()]
        if between.strip() or not parts or parts[-1][0] is None:
            parts.append((None, between.encode("utf-8", "surrogateescape")))
        charset = word[1].partition("*")[0].lower()
        raw = _word_bytes(word[2], word[3])
        if parts and parts[-1][0] == charset:
            raw = parts.pop()[1] + raw
        parts.append((charset, raw))
        at = word.end()
    parts.append((None, text[at:].encode("utf-8", "surrogateescape")))
    return "".join(decode_bytes(raw, charset) for charset, raw in parts)


def _plain(text: str) -> str:
    if text.isascii():
        return text
    return decode_bytes(text.encode("utf-8", "surrogateescape"), None)


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return quopri.decodestring(raw.replace(b"_", b" "), header=False)
    return decode_base64(raw)


def decode_base64(raw: bytes) -> bytes:
    """Decode base64 as far as it goes.

    Args:
        raw: Perhaps with strange characters, without padding, or cut off.

    Returns:
        The bytes that can be had.
    """
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    kept = kept[: len(kept) - (len(kept) % 4 == 1)]
    try:
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))
    except binascii.Error:
        return b""
