"""Paragraphs that were sent as lines (RFC 3676)."""

from __future__ import annotations

import re
from typing import Final

_DEEPEST: Final = 100
_MARKS = re.compile(r">*")


def unfold(text: str, *, joins_words: bool) -> str:
    r"""Join the lines that end with a space to the ones below (RFC 3676, section 4.2).

    Args:
        text: Text of ``format=flowed``, with ``\n``.
        joins_words: ``delsp=yes``: the last space of such a line is no part of the text.

    Returns:
        The text; a quote's lines begin with ``>`` and a space each, and the line ``-- `` before a
        signature stays by itself.
    """
    out: list[str] = []
    paragraph: list[str] = []
    open_depth = 0
    for line in text.split("\n"):
        depth, words = _taken_apart(line)
        if paragraph and (depth != open_depth or words == "-- "):
            out.append(_quoted("".join(paragraph), open_depth))
            paragraph.clear()
        open_depth = depth
        goes_on = words.endswith(" ") and words != "-- "
        paragraph.append(words[:-1] if goes_on and joins_words else words)
        if not goes_on:
            out.append(_quoted("".join(paragraph), depth))
            paragraph.clear()
    if paragraph:
        out.append(_quoted("".join(paragraph), open_depth))
    return "\n".join(out)


def _taken_apart(line: str) -> tuple[int, str]:
    marks = _MARKS.match(line)
    depth = marks.end() if marks else 0
    return depth, line[depth:].removeprefix(" ")  # one space is stuffing (section 4.4)


def _quoted(words: str, depth: int) -> str:
    return f"{'>' * min(depth, _DEEPEST)} {words}" if depth else words
