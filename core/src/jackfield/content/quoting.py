"""A mail's text without what it quotes and without its signature."""

from __future__ import annotations

import re
from typing import Final

from jackfield.content.attributions import (
    attribution,
    begins_copy,
    introduces_quote,
    names_device,
)

_SIGNATURE: Final = frozenset({"--", "- --", "-----BEGIN PGP SIGNATURE-----"})
_LONGEST_SIGNATURE: Final = 30
_RULE = re.compile(r"_{20,}\s*")
_QUOTED = re.compile(r"[ \t]{0,3}>(?!From )")  # an mbox writes ">From " for "From "


def new_text(text: str) -> str:
    r"""Take what the author wrote for this mail.

    Quotes marked by ``>`` go together with the line that announces them, so answers between them
    stay. What is copied in without marks, answered or forwarded, goes with all below it. A
    signature begins with ``--`` (RFC 3676, section 4.3) and has at most 30 lines.

    Args:
        text: The plain text of a mail, with ``\n``.

    Returns:
        The author's own text; the whole text where nothing else would be left.
    """
    reader = _Reader(text.split("\n"))
    return reader.read() or text.strip()


class _Reader:
    """Walks over the lines once and keeps the author's."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._own: list[str] = []
        self._next = _next_written(lines)
        self._stop = 0
        self._gap = False

    def read(self) -> str:
        """Read to the end, or to where all the rest is somebody else's.

        Returns:
            The author's lines.
        """
        at = 0
        while at < len(self._lines):
            if self._is_quoted(at):
                self._leave_own(introduced=True)
                at += 1
            elif count := self._announces(at):
                if not self._is_quoted(self._next[at + count]):
                    break
                self._leave_own()
                at += count
            elif self._signs(at):
                at = self._next_stop(at + 1)
            else:
                self._keep(self._lines[at].rstrip())
                at += 1
        self._leave_own()
        return "\n".join(self._own).strip()

    def _is_quoted(self, at: int) -> bool:
        return at < len(self._lines) and _QUOTED.match(self._lines[at]) is not None

    def _announces(self, at: int) -> int:
        """Count the lines that say whose words follow."""
        if not self._lines[at] or self._lines[at].isspace():
            return 0
        return 1 if begins_copy(self._lines, at) else attribution(self._lines, at)

    def _signs(self, at: int) -> bool:
        line = self._lines[at].rstrip()
        if line in _SIGNATURE:
            return self._next_stop(at + 1) - at <= _LONGEST_SIGNATURE
        below = self._lines[at + 1 : at + 4]
        return _RULE.fullmatch(line) is not None and any(
            "mailing list" in each[:200].lower() for each in below
        )

    def _next_stop(self, at: int) -> int:
        """Find the next line of somebody else's; asked for later and later lines, so linear."""
        self._stop = max(self._stop, at)
        while self._stop < len(self._lines) and not (
            self._is_quoted(self._stop) or self._announces(self._stop)
        ):
            self._stop += 1
        return self._stop

    def _keep(self, line: str) -> None:
        if self._gap and not line:
            return
        if self._gap and self._own:
            self._own.append("")
        self._gap = False
        self._own.append(line)

    def _leave_own(self, *, introduced: bool = False) -> None:
        """Take off the end what programs put between the author's words and a quote."""
        self._gap = True
        self._take_empty()
        if introduced and self._own and introduces_quote(self._own[-1]):
            self._own.pop()
            self._take_empty()
        if self._own and (names_device(self._own[-1]) or _RULE.fullmatch(self._own[-1])):
            self._own.pop()
            self._take_empty()

    def _take_empty(self) -> None:
        while self._own and not self._own[-1]:
            self._own.pop()


def _next_written(lines: list[str]) -> list[int]:
    """For each line and the end, where the first line stands that is not empty."""
    found = [len(lines)] * (len(lines) + 2)
    for at in range(len(lines) - 1, -1, -1):
        found[at] = at if lines[at].strip() else found[at + 1]
    return found
