"""File names from strangers, made fit for a folder."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_LONGEST: Final = 200
_LONGEST_SUFFIX: Final = 20
_FORBIDDEN = re.compile(r'[<>:"|?*]')
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE
)


def safe_filename(name: str) -> str:
    """Make a name that can neither leave its folder nor deceive the one who reads it.

    Args:
        name: As the sender wrote it.

    Returns:
        At most 200 bytes of UTF-8: no folder, no control, direction or invisible character, no
        name that Windows reserves, no leading dot; ``attachment`` where nothing is left.
    """
    base = re.split(r"[/\\]", name[:10_000].rstrip("/\\ "))[-1]
    base = "".join(c for c in base if unicodedata.category(c)[0] != "C")
    base = _FORBIDDEN.sub("_", " ".join(base.split())).lstrip(". ").rstrip(". ")
    if _RESERVED.match(base.replace(" ", "")):
        base = f"_{base}"
    return _shortened(base).rstrip(". ") or "attachment"


def _shortened(name: str) -> str:
    if len(name.encode()) <= _LONGEST:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix.encode()) > _LONGEST_SUFFIX:
        stem, dot, suffix = name, "", ""
    room = _LONGEST - len((dot + suffix).encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + dot + suffix
