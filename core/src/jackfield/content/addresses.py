"""Address headers: RFC 5322, section 3.4, and all that is sent in its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jackfield.content.charsets import decode
from jackfield.content.encoded_words import decode_text
from jackfield.content.mail import Address

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST: Final = 10_000
_LONGEST: Final = 256 << 10

# An encoded-word is one token, since some senders leave commas in it.
_WORD = r"(?P<word>=\?[^?\s]{1,64}\?[bBqQ]\?[^?\r\n]{0,2000}\?=)"
_QUOTED = r'|(?P<quoted>"(?:[^"\\]|\\.)*")'
_OTHERS = r'|(?P<angle><[^<>]*>?)|(?P<text>[^"<>(),;:=]+)|(?P<mark>.)'
_TOKEN = re.compile(_WORD + _QUOTED + _OTHERS, re.DOTALL)
_TOKEN_WITHOUT_QUOTES = re.compile(_WORD + _OTHERS, re.DOTALL)
_LONGEST_NAME: Final = 50
_COMMENT = re.compile(r"[()]|\\.", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_INNER_COMMENT = re.compile(r"\([^()]*\)")
_SPACED_DOT = re.compile(r"\s{1,20}\.\s{0,20}")
_QUOTED_LOCAL = re.compile(r'\s*("[^"]*"@\S+)')
_ROUTE = re.compile(r"@[^:]*:")


def parse_addresses(values: Iterable[bytes | str]) -> tuple[Address, ...]:
    """Read the mailboxes of an address header.

    Groups give their members, comments the name where there is no other, an unquoted comma in a
    name (``Doe, Jane <jane@example.com>``) stays in it, garbage is kept as a name or left out.

    Args:
        values: The raw values of all fields of that name.

    Returns:
        At most 10,000 mailboxes; never raises.
    """
    found: list[Address] = []
    for value in values:
        if not value:
            continue
        text = value if isinstance(value, str) else decode(value, None)
        reader = _Reader(text[:_LONGEST], _MOST - len(found))
        found.extend(reader.read())
    return tuple(found)


class _Reader:
    """Collects one mailbox after another, in one pass over the text."""

    def __init__(self, text: str, most: int) -> None:
        self._text = text
        self._most = most
        self._found: list[Address] = []
        self._tokens = _TOKEN
        self._unclosed_comment = False
        self._clear()

    def _clear(self) -> None:
        self._phrase: list[str] = []
        self._comment = ""
        self._angle: str | None = None
        self._quoted = self._at = False

    def read(self) -> list[Address]:
        """Read everything.

        Returns:
            The mailboxes.
        """
        at = 0
        while len(self._found) < self._most and (token := self._tokens.match(self._text, at)):
            at = self._take(token)
        self._finish("")
        return self._found[: self._most]

    def _take(self, token: re.Match[str]) -> int:
        kind, text = token.lastgroup, token[0]
        if kind == "mark" and text != "=":
            return self._take_mark(text, token)
        if kind == "angle":
            self._angle = self._angle or text.removeprefix("<").removesuffix(">").strip()
        elif kind == "quoted" and self._text[token.end() : token.end() + 1] != "@":
            self._quoted = True
            self._phrase.append(_ESCAPED.sub(r"\1", text[1:-1]))
        else:
            self._at = self._at or "@" in text
            self._phrase.append(text)
        return token.end()

    def _take_mark(self, mark: str, token: re.Match[str]) -> int:
        if mark == "(" and not self._unclosed_comment:
            return self._take_comment(token.start())
        if mark == '"':  # it is never closed, and no later one can be: look for none again
            self._tokens = _TOKEN_WITHOUT_QUOTES
        elif mark in ",;":
            self._finish(mark)
        elif mark == ":" and self._angle is None and not self._at:
            self._clear()
        elif mark not in "()>":
            self._phrase.append(mark)
        return token.end()

    def _take_comment(self, start: int) -> int:
        depth = 0
        for mark in _COMMENT.finditer(self._text, start):
            depth += (mark[0] == "(") - (mark[0] == ")")
            if depth == 0:
                inside = self._text[start + 1 : mark.start()]
                self._comment = self._comment or _ESCAPED.sub(r"\1", inside)
                return mark.end()
        self._unclosed_comment = True
        return start + 1

    def _finish(self, mark: str) -> None:
        bare = self._angle is None and not self._at and not self._quoted
        if mark == "," and bare and 0 < len(self._phrase) < _LONGEST_NAME:
            self._phrase.append(",")
            return
        phrase = "".join(self._phrase)
        name = _one_line(phrase) or _one_line(self._comment)
        if self._angle is not None:
            if self._angle or name:
                self._found.append(Address(name, _clean(self._angle)))
        elif self._quoted and not self._at:
            self._found.append(Address(name, ""))
        else:
            self._found.extend(_bare(phrase, self._comment))
        self._clear()


def _bare(phrase: str, comment: str) -> list[Address]:
    """Read what has no angle brackets.

    Returns:
        Mailboxes: several where local names stand before an address, with commas between.
    """
    before, _, last = phrase.rpartition(",")
    words = _SPACED_DOT.sub(".", last).split()
    at = next((word for word in words if "@" in word), None)
    if quoted := _QUOTED_LOCAL.match(last):
        words = [at := quoted[1], *last[quoted.end() :].split()]
    found = [_local(each, "") for each in before.split(",") if each.strip()]
    if at is not None:
        rest = " ".join(word for word in words if word is not at)
        found.append(Address(_one_line(rest or comment), _clean(at)))
    elif words:
        found.append(_local(last, comment))
    return found


def _local(phrase: str, comment: str) -> Address:
    name = _one_line(phrase)
    return Address(name, "") if " " in name else Address(_one_line(comment), name)


def _clean(address: str) -> str:
    text = decode_text(address)
    if text.startswith("@"):  # the obsolete route of RFC 5322, section 4.4
        text = _ROUTE.sub("", text, count=1)
    if text[:7].lower() == "mailto:":
        text = text[7:]
    if "(" in text and '"' not in text:
        text = _INNER_COMMENT.sub("", text)
    return text.strip(" \t'")


def _one_line(name: str) -> str:
    return " ".join(decode_text(name).split())
