"""The parameters of Content-Type and Content-Disposition (RFC 2045, 2183, 2231)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from jackfield.content.charsets import decode
from jackfield.content.encoded_words import decode_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST: Final = 1 << 16
_MOST: Final = 200
_PARAMETER = re.compile(
    r';\s*([^\s=;*]{1,64})(?:\*(\d{1,3}))?(\*)?\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)


@lru_cache(maxsize=1024)
def parse_value(value: str) -> tuple[str, Mapping[str, str]]:
    """Read a value with parameters.

    Args:
        value: Such as ``text/plain; charset=utf-8``.

    Returns:
        The first word in lower case, and the parameters: names in lower case, values decoded
        and their continuations joined (RFC 2231, section 3).
    """
    text = value[:_LONGEST]
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for count, found in enumerate(_PARAMETER.finditer(text)):
        if count >= _MOST:
            break
        name, number, extended, raw = found.groups()
        pieces.setdefault(name.lower(), []).append((int(number or -1), bool(extended), raw))
    return text.split(";", 1)[0].strip().lower(), {k: _join(v) for k, v in pieces.items()}


def media_type(value: str) -> str:
    """Read the media type of a Content-Type.

    Args:
        value: The first word of it, in lower case.

    Returns:
        The type; ``text/plain`` where there is none (RFC 2045, section 5.2).
    """
    found = _TYPE.match(value)
    return found[0] if found else "text/plain"


def _join(pieces: list[tuple[int, bool, str]]) -> str:
    """Join the pieces of one parameter; an encoded form wins over the plain one beside it.

    Returns:
        The decoded value.
    """
    numbered = sorted((p for p in pieces if p[0] >= 0), key=lambda piece: piece[0])
    whole = [p for p in pieces if p[0] < 0]
    extended = next((p for p in whole if p[1]), None)
    if extended is not None:
        return _extended([extended])
    if numbered and any(p[1] for p in numbered):
        return _extended(numbered)
    if numbered:
        return decode_text("".join(_plain(p[2]) for p in numbered))
    return decode_text(_plain(whole[0][2]))


def _plain(raw: str) -> str:
    raw = raw.strip()
    if raw[:1] == '"':
        return _ESCAPED.sub(r"\1", raw[1:-1] if raw[-1:] == '"' and len(raw) > 1 else raw[1:])
    return raw


def _extended(pieces: list[tuple[int, bool, str]]) -> str:
    charset = ""
    data = b""
    for position, (_, encoded, raw) in enumerate(pieces):
        text = _plain(raw)
        if position == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        bytes_ = text.encode("utf-8", "surrogateescape")
        data += unquote_to_bytes(bytes_) if encoded else bytes_
    return decode_text(decode(data, charset or None))
