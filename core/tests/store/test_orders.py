"""One case of the law that the order of commits does not matter, in all its orders.

`tests/contract/test_interleavings.py` holds the law for generated histories; this is quick.
"""

from __future__ import annotations

from contextlib import closing
from itertools import permutations
from typing import TYPE_CHECKING

from core.tests.store.mails import everything, mail, put
from jackfield.batches import Keys
from jackfield.store import rounds
from jackfield.store.files import open_file

if TYPE_CHECKING:
    from jackfield.batches import Entry


def seen(folder: str, key: str, body_hash: str | None = None) -> Entry:
    """A mail with the headers of all the others."""
    keys = Keys(digest="d", size=1, body_hash=body_hash)
    return mail(key, folder=folder, keys=keys)


HISTORIES = {
    "INBOX": [
        seen("INBOX", "1"),
        seen("INBOX", "2"),
        seen("INBOX", "1", "other bytes"),
        seen("INBOX", "2", "bytes"),
    ],
    "Archive": [seen("Archive", "1"), seen("Archive", "1", "bytes")],
}


def end(turns: tuple[str, ...]) -> list[tuple[str, ...]]:
    left = {folder: iter(entries) for folder, entries in HISTORIES.items()}
    with closing(open_file(None)) as db:
        rounds.register(db, "imap:default", "me@acme.example")
        for folder in turns:
            put(db, next(left[folder]))
        return sorted(tuple(sorted(item.folders)) for item in everything(db))


def test_headers_before_bodies_end_the_same_in_every_order_of_two_folders() -> None:
    turns = [folder for folder, entries in HISTORIES.items() for _ in entries]
    ends = {order: end(order) for order in sorted(set(permutations(turns)))}
    assert len(ends) == 15
    assert set(map(tuple, ends.values())) == {(("Archive", "INBOX"), ("INBOX",))}
