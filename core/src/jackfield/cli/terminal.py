"""Text for a terminal: strangers' control characters out, width in cells."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata

from rich.cells import cell_len, set_cell_size

from jackfield.content.escapes import ESCAPE

_KEPT = frozenset("\n\t")


def clean(text: str, *, lines: bool = False) -> str:
    """Take out what would steer a terminal or hide text.

    Args:
        text: Anybody's.
        lines: Keep line breaks and tabs; otherwise all white space becomes one blank.

    Returns:
        The text without escape sequences, and without control, format (zero-width,
        bidirectional, tag) and surrogate characters.
    """
    text = ESCAPE.sub("", text)
    if not lines:
        text = " ".join(text.split())
    return "".join(
        c if c in _KEPT else "" if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"} else c
        for c in text
    )


def fit(text: str, width: int) -> str:
    """Cut or fill a text to a width.

    Args:
        text: Clean.
        width: In cells; a wide character takes two.

    Returns:
        Exactly so many cells; a cut is marked with an ellipsis.
    """
    if cell_len(text) > width:
        return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)
    return set_cell_size(text, width)


def columns() -> int | None:
    """Tell how wide the terminal is.

    Returns:
        Cells, or None where standard output is no terminal and nothing must be cut.
    """
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return None
    return max(60, shutil.get_terminal_size((100, 24)).columns)


def bold(text: str) -> str:
    """Set off a text, where the terminal can and the user has not forbidden it.

    Args:
        text: Clean.

    Returns:
        The text, with escape sequences of our own or without.
    """
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return f"\x1b[1m{text}\x1b[0m"
    return text
