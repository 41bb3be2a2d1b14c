"""The first words of a text."""

from __future__ import annotations

import re
import unicodedata

_LOOKED_AT = 8_000
_INTRODUCTION = re.compile(
    r"^(on|am|le|el|il) .{4,200}(wrote|schrieb|écrit|escribió|scritto)\s*:", re.IGNORECASE
)


def snippet(text: str, width: int = 200) -> str:
    """Cut a text to its first words.

    Args:
        text: A mail's text.
        width: Characters at the most.

    Returns:
        One line without what is quoted and without invisible characters.
    """
    lines = (line.strip() for line in text[:_LOOKED_AT].splitlines())
    own = (line for line in lines if not line.startswith(">") and not _INTRODUCTION.match(line))
    words = " ".join(" ".join(own).split())
    return "".join(c for c in words if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})[
        :width
    ]
