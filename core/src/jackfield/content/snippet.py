"""The first words of a text, for a listing."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_READ: Final = 20_000
# Zero width, direction, variation, tags, soft hyphen and fillers: newsletters pad with them.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_QUOTED = re.compile(r"\s*(?:>|\|\s)")
_WROTE = re.compile(
    r"^[ \t]*(?:On|Am|Le|El|Il|Op|Den|Em)\b[^\n]{5,200}(?:\n[^\n]{0,200}){0,2}?"
    r"\b(?:wrote|writes|schrieb|a écrit|escribió|ha scritto|schreef|skrev|escreveu)\b"
    r"[^\n]{0,80}(?:\n[^\n]{0,80})?:[ \t]*$",
    re.MULTILINE,
)
_RULE = re.compile(r"[-=_*~#+.\s]{3,}")


def snippet(text: str, width: int = 200) -> str:
    """Take the first characters that say something.

    Args:
        text: The plain text of a message.
        width: Characters at most.

    Returns:
        One line without quotes, "On ... wrote:", rules, control and invisible characters; the
        quotes themselves where nothing else is there.
    """
    shown = _INVISIBLE.sub("", text[:_READ]).replace("\r\n", "\n").replace("\r", "\n")
    own = [line for line in _WROTE.sub("", shown).split("\n") if not _leave_out(line)]
    words = _folded(own) or _folded(shown.split("\n"))
    return words[: max(width, 0)].rstrip()


def _leave_out(line: str) -> bool:
    return _QUOTED.match(line) is not None or _RULE.fullmatch(line) is not None


def _folded(lines: list[str]) -> str:
    text = " ".join(" ".join(lines).split())
    if text.isprintable():
        return text
    return "".join(c for c in text if c == "\u200d" or unicodedata.category(c)[0] != "C")
