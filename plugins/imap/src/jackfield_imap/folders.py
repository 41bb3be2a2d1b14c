"""Folders: their roles, and which of them a listing looks at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imapclient import imap_utf7

from jackfield.batches import Collection
from jackfield.requests import LEFT_OUT_OF_LISTS
from jackfield_imap.folder_names import NAMES

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
_HOMES = frozenset({"", "inbox", "[gmail]", "[google mail]"})
"""Parents under which a folder's name tells its role: `Clients/Archive` is somebody's own."""

_BREAKS = re.compile(r"[\r\n\0]")
"""A name with these in it would be commands of its own; no command can name that folder."""

VIEWS = frozenset({"all", "flagged", "important"})
"""Roles of folders that show mails of other folders again."""


def folders_of(
    listed: Iterable[tuple[Sequence[bytes], bytes | None, bytes | str]],
    foreign: Sequence[str] = (),
) -> list[Collection]:
    """Turn the answer to LIST into collections.

    Args:
        listed: Flags, separator and name of each; as bytes the name is in modified UTF-7.
        foreign: How the names of folders begin that are not the account's own.

    Returns:
        All own folders that can be opened and named, the inbox first, without epoch and count.
        A role that the server marks on none is told by names.
    """
    rows = [({flag.lower() for flag in flags}, sep, _wire(name)) for flags, sep, name in listed]
    marked = {_SPECIAL_USE[flag] for flags, _, _ in rows for flag in flags & _SPECIAL_USE.keys()}
    folders = [
        _folder(flags, separator, name, marked)
        for flags, separator, name in rows
        if not flags & {b"\\noselect", b"\\nonexistent"}
        and not _BREAKS.search(name)
        and not name.startswith(tuple(foreign))
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


def _folder(flags: set[bytes], separator: bytes | None, wire: str, marked: set[str]) -> Collection:
    name = readable(wire)
    split = separator.decode("ascii", "replace") if separator else "\0"
    parent, _, last = name.rpartition(split)
    role = next((_SPECIAL_USE[flag] for flag in sorted(flags & _SPECIAL_USE.keys())), "")
    if name.upper() == "INBOX":
        role = "inbox"
    elif not role and parent.lower() in _HOMES:
        guessed = NAMES.get(last.lower(), "")
        role = "" if guessed in marked else guessed
    return Collection(id=wire, name=name, role=role, parent=parent or None)


def listed_by_default(folders: Iterable[Collection]) -> list[Collection]:
    """Choose the folders that "all mails" means.

    Args:
        folders: All of them.

    Returns:
        Those without spam, trash, drafts, sent, and without views of other folders.
    """
    return [each for each in folders if each.role not in LEFT_OUT_OF_LISTS | VIEWS]
