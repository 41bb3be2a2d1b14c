"""Folders: their roles, and which of them a listing looks at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imapclient import imap_utf7

from jackfield.batches import Collection
from jackfield.requests import LEFT_OUT_OF_LISTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# RFC 6154, section 2
_SPECIAL_USE = {
    b"\\sent": "sent",
    b"\\drafts": "drafts",
    b"\\trash": "trash",
    b"\\junk": "spam",
    b"\\archive": "archive",
    b"\\all": "all",
    b"\\flagged": "flagged",
    b"\\important": "important",
}
# Where the server names no special use; compared with the last part of the name.
_NAMES = {
    "sent": "sent",
    "sent items": "sent",
    "sent messages": "sent",
    "gesendet": "sent",
    "drafts": "drafts",
    "entwürfe": "drafts",
    "trash": "trash",
    "deleted items": "trash",
    "deleted messages": "trash",
    "papierkorb": "trash",
    "junk": "spam",
    "junk e-mail": "spam",
    "spam": "spam",
    "bulk mail": "spam",
    "archive": "archive",
}
_BREAKS = re.compile(r"[\r\n\0]")
"""A name with these in it would be commands of its own; no command can name that folder."""

VIEWS = frozenset({"all", "flagged", "important"})
"""Roles of folders that show mails of other folders again."""


def folders_of(
    listed: Iterable[tuple[Sequence[bytes], bytes | None, bytes | str]],
) -> list[Collection]:
    """Turn the answer to LIST into collections.

    Args:
        listed: Flags, separator and name of each; as bytes the name is in modified UTF-7.

    Returns:
        All folders that can be opened and named, the inbox first, without epoch and count.
    """
    rows = [({flag.lower() for flag in flags}, sep, _wire(name)) for flags, sep, name in listed]
    marked = any(flags & _SPECIAL_USE.keys() for flags, _, _ in rows)
    folders = [
        _folder(flags, separator, name, guess=not marked)
        for flags, separator, name in rows
        if not flags & {b"\\noselect", b"\\nonexistent"} and not _BREAKS.search(name)
    ]
    return sorted(folders, key=lambda each: (each.role != "inbox", each.name.lower()))


def _wire(name: bytes | str) -> str:
    return name if isinstance(name, str) else name.decode("utf-8", "backslashreplace")


def readable(name: str) -> str:
    """Decode a folder's name (RFC 3501, section 5.1.3).

    Args:
        name: As on the wire.

    Returns:
        The name as people see it; as it stands where it is no modified UTF-7.
    """
    try:
        decoded = str(imap_utf7.decode(name.encode("ascii")))
        decoded.encode("utf-8")
    except (ValueError, LookupError):
        return name
    return decoded


def _folder(flags: set[bytes], separator: bytes | None, wire: str, *, guess: bool) -> Collection:
    name = readable(wire)
    split = separator.decode("ascii", "replace") if separator else "\0"
    parent, _, last = name.rpartition(split)
    role = next((_SPECIAL_USE[flag] for flag in sorted(flags & _SPECIAL_USE.keys())), "")
    if name.upper() == "INBOX":
        role = "inbox"
    elif guess and not role:
        role = _NAMES.get(last.lower(), "")
    return Collection(id=wire, name=name, role=role, parent=parent or None)


def listed_by_default(folders: Iterable[Collection]) -> list[Collection]:
    """Choose the folders that "all mails" means.

    Args:
        folders: All of them.

    Returns:
        Those without spam, trash, drafts, sent, and without views of other folders.
    """
    return [each for each in folders if each.role not in LEFT_OUT_OF_LISTS | VIEWS]
