"""Generated mails on their way: into a Maildir, and into a store through the IMAP mapping."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from benchmarks.mails import ME, is_unread, sent_at
from jackfield.batches import Batch, Ref
from jackfield.models import Account, SourceType
from jackfield_imap.mapping import entry_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from jackfield.batches import Entry
    from tests.peers.unprivileged import Unprivileged

ACCOUNT = Account(SourceType.IMAP)
FOLDER = "INBOX"

_PAGE = 100


def delivered(
    folder: Path, mails: Iterable[bytes], count: int, owner: Unprivileged | None = None
) -> Iterator[bytes]:
    """Write mails into a Maildir, as fast as files can be made, and pass them on.

    Args:
        folder: The Maildir; made when missing.
        mails: The mails, the oldest first.
        count: How many there are.
        owner: Whom the files shall belong to.

    Yields:
        Each mail once its file is written.
    """
    for room in ("cur", "new", "tmp"):
        (folder / room).mkdir(parents=True, exist_ok=True)
    if owner is not None:
        owner.own_tree(folder)
    for number, raw in enumerate(mails):
        seconds = sent_at(number, count).timestamp()
        letters = "" if is_unread(number) else "S"
        path = folder / "cur" / f"{int(seconds)}.{number:07}.jackfield:2,{letters}"
        path.write_bytes(raw)
        os.utime(path, (seconds, seconds))
        if owner is not None:
            owner.own(path)
        yield raw


def batches_of(mails: Iterable[bytes], count: int) -> Iterator[tuple[str, str, Batch]]:
    """Read mails as the IMAP connector does.

    Args:
        mails: The mails, the oldest first.
        count: How many there are.

    Yields:
        The account, the folder and a batch.
    """
    numbered = enumerate(mails)
    while page := tuple(islice(numbered, _PAGE)):
        entries = tuple(_entry(number, raw, count) for number, raw in page)
        yield str(ACCOUNT), FOLDER, Batch(items=entries)


def _entry(number: int, raw: bytes, count: int) -> Entry:
    received = sent_at(number, count)
    entry = entry_of(
        ACCOUNT,
        frozenset({ME}),
        Ref(FOLDER, str(number + 1), "1"),
        {
            b"FLAGS": [] if is_unread(number) else [b"\\Seen"],
            b"INTERNALDATE": received.strftime("%d-%b-%Y %H:%M:%S +0000").encode(),
            b"RFC822.SIZE": str(len(raw)).encode(),
            b"BODY[]": raw,
        },
    )
    if entry is None:
        raise ValueError(f"mail {number} is no mail")
    return entry
