"""Header fields as they are written: folded, encoded where they must be, the same every time.

The standard library's own folding writes long Message-IDs as encoded-words and changed more than
once between versions; a draft must come out as the same bytes wherever it is composed.
"""

from __future__ import annotations

import re
from email.header import Header
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDTH: Final = 76
_LONGEST_WORD: Final = 60
_LONGEST_SECTION: Final = 50
# RFC 5322, section 3.2.3: a phrase of such words stands without quotes.
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")


def folded(name: str, words: Iterable[str]) -> str:
    """Write a field, with a new line wherever a word would make one longer than 76 characters.

    Args:
        name: The field's name.
        words: What stands in it, to be parted by one blank each.

    Returns:
        The field without its last line end.
    """
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _WIDTH and lines[-1].strip() != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def words_of(text: str) -> list[str]:
    """Split a text into what may be folded, encoded where a header cannot hold it as it is.

    Args:
        text: Without control characters.

    Returns:
        Its words, or encoded-words (RFC 2047) that decode to it exactly.
    """
    if not text:
        return []
    if _PLAIN.fullmatch(text) and "=?" not in text:
        words = text.split(" ")
        if max(map(len, words)) <= _LONGEST_WORD:
            return words
    return Header(text, "utf-8", maxlinelen=_LONGEST_WORD).encode(linesep="\n").split()


def named(name: str, address: str) -> list[str]:
    """Write a mailbox (RFC 5322, section 3.4).

    Args:
        name: The display name, or empty.
        address: The address, checked before.

    Returns:
        Words that may be folded.
    """
    if not name:
        return [address]
    words = words_of(name)
    if "".join(words) == name.replace(" ", "") and not _PHRASE.fullmatch(name):
        words = [_quoted(name)] if len(name) <= _LONGEST_WORD else _encoded(name)
    return [*words, f"<{address}>"]


def _quoted(name: str) -> str:
    escaped = name.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def _encoded(name: str) -> list[str]:
    return Header(name, "utf-8", maxlinelen=_LONGEST_WORD).encode(linesep="\n").split()


def listed(mailboxes: Iterable[tuple[str, str]]) -> list[str]:
    """Write mailboxes with commas between them.

    Args:
        mailboxes: Name and address of each.

    Returns:
        Words that may be folded.
    """
    words: list[str] = []
    for name, address in mailboxes:
        if words:
            words[-1] += ","
        words += named(name, address)
    return words


def parameter(name: str, value: str) -> list[str]:
    """Write a parameter of Content-Type or Content-Disposition (RFC 2231).

    Args:
        name: Such as ``filename``.
        value: Any text.

    Returns:
        Words that may be folded, each but the last with a semicolon.
    """
    if _PLAIN.fullmatch(value) and len(value) <= _LONGEST_WORD and not set(value) & set('"\\%'):
        return [f'{name}="{value}"']
    encoded = quote(value.encode(), safe="")
    if len(encoded) <= _LONGEST_SECTION:
        return [f"{name}*=utf-8''{encoded}"]
    pieces = re.findall(rf"(?:%..|[^%]){{1,{_LONGEST_SECTION // 3}}}", encoded)
    first, *rest = pieces
    sections = [f"{name}*0*=utf-8''{first};"]
    sections += [f"{name}*{number}*={piece};" for number, piece in enumerate(rest, 1)]
    return [*sections[:-1], sections[-1].removesuffix(";")]
