"""Mail written straight into a Maildir++, as a delivery agent does it."""

from __future__ import annotations

import base64
import itertools
import os
import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tests.peers.unprivileged import Unprivileged

_deliveries = itertools.count(1)


def folder_path(maildir: Path, folder: str) -> Path:
    """Returns where a folder lives: ``INBOX`` is the Maildir itself, ``A/B`` is ``.A.B``.

    Args:
        maildir: The user's Maildir.
        folder: Its IMAP name, with ``/`` between the levels.

    Raises:
        ValueError: A level holds a dot, which Maildir++ cannot express.
    """
    if folder.upper() == "INBOX":
        return maildir
    if "." in folder:
        raise ValueError(f"Maildir++ has no room for a dot in a folder's name: {folder}")
    return maildir / ("." + modified_utf7(folder).replace("/", "."))


def modified_utf7(name: str) -> str:
    """Encodes a folder's name as RFC 3501 section 5.1.3 wants it."""

    def encode(found: re.Match[str]) -> str:
        packed = base64.b64encode(found[0].encode("utf-16-be")).rstrip(b"=").decode()
        return "&" + packed.replace("/", ",") + "-"

    return re.sub(r"[^\x20-\x7e]+", encode, name.replace("&", "&-"))


def make_folder(folder: Path, owner: Unprivileged) -> None:
    """Makes the three rooms of a Maildir folder; an existing one stays as it is."""
    rooms = [folder / room for room in ("cur", "new", "tmp")]
    for room in rooms:
        room.mkdir(parents=True, exist_ok=True)
    owner.own(folder, *rooms)


def write_mail(
    folder: Path, raw: bytes, owner: Unprivileged, *, flags: str = "", when: datetime | None = None
) -> Path:
    """Writes one mail into ``cur``.

    Args:
        folder: A Maildir folder; made when missing.
        raw: The mail's bytes.
        owner: Who the file belongs to.
        flags: Maildir's letters, such as ``"FS"`` for flagged and seen.
        when: The mail's INTERNALDATE; now when missing. It is the file's modification time.

    Returns:
        The file.
    """
    make_folder(folder, owner)
    unique = f"{time.time_ns() // 10**9}.P{os.getpid()}Q{next(_deliveries)}.jackfield"
    written = folder / "tmp" / unique
    written.write_bytes(raw)
    owner.own(written)
    if when is not None:
        os.utime(written, (when.timestamp(), when.timestamp()))
    return written.rename(folder / "cur" / f"{unique}:2,{''.join(sorted(set(flags)))}")
