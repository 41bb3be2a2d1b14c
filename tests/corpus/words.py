"""The words of a mail's body as notmuch shows it, and of HTML by the standard library alone."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

_UNSEEN = frozenset({
    "head",
    "title",
    "script",
    "style",
    "template",
    "noscript",
    "object",
    "iframe",
    "svg",
    "math",
    "select",
})
_INLINE = frozenset({
    "a",
    "b",
    "big",
    "code",
    "em",
    "font",
    "i",
    "o:p",
    "s",
    "small",
    "span",
    "strong",
    "strike",
    "sub",
    "sup",
    "tt",
    "u",
})


def words(text: str) -> frozenset[str]:
    """Return the words, however often, without case."""
    return frozenset(re.findall(r"\w+", text.casefold()))


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unseen += tag in _UNSEEN
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data)

    def _break(self, tag: str) -> None:
        if tag not in _INLINE:
            self.pieces.append(" ")


def html_words(html: str) -> frozenset[str]:
    """Return the words that HTML shows."""
    parser = _Seen()
    parser.feed(html)
    parser.close()
    return words("".join(parser.pieces))


def body_words(part: dict[str, Any]) -> frozenset[str]:
    """Return the words of a part of `notmuch show`: its text, its HTML where it has no text.

    Args:
        part: A part with those in it; attachments and enclosed mails do not count.
    """
    found: frozenset[str] = frozenset()
    for kind, text in _texts(part):
        found |= html_words(text) if kind == "text/html" else words(text)
    return found


def _texts(part: dict[str, Any]) -> list[tuple[str, str]]:
    kind, content = part.get("content-type", "").lower(), part.get("content")
    attached = part.get("content-disposition", "").lower() == "attachment"
    if attached or kind.startswith("message/"):
        return []
    if isinstance(content, list):
        texts = [each for inner in content for each in _texts(inner)]
        plain = [each for each in texts if each[0] == "text/plain" and each[1].strip()]
        return plain if plain and kind == "multipart/alternative" else texts
    named = "filename" in part and part["id"] != 1
    if kind in {"text/plain", "text/html"} and isinstance(content, str) and not named:
        return [(kind, content)]
    return []
