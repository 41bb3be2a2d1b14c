"""An item is in folders by its places; flags belong to places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.tests.store.mails import ME, NOW, everything, mail, put
from jackfield.batches import Batch, Keys, Patch, Ref
from jackfield.store import reading
from jackfield.store.database import commit

if TYPE_CHECKING:
    import sqlite3

ONE = Keys(strong=("gm:1",))


def flags(db: sqlite3.Connection) -> dict[str, tuple[int, int]]:
    rows = db.execute(
        "SELECT collection.key, unread, flagged FROM membership"
        " JOIN collection ON collection.id = collection"
    )
    return {folder: (unread, flagged) for folder, unread, flagged in rows}


def test_a_flag_set_on_one_copy_leaves_the_other_as_it_is(db: sqlite3.Connection) -> None:
    put(db, mail("1", keys=ONE), mail("1", folder="Archive", keys=ONE))
    patch = Patch(Ref("Archive", "1"), read=True, flagged=True)
    commit(db, ME, "Archive", "email", Batch(patches=(patch,)), NOW)
    assert flags(db) == {"INBOX": (1, 0), "Archive": (0, 1)}


def test_what_is_removed_from_one_folder_is_still_in_the_other(db: sqlite3.Connection) -> None:
    put(db, mail("1", keys=ONE), mail("1", folder="Archive", keys=ONE))
    commit(db, ME, "INBOX", "email", Batch(removed=(Ref("INBOX", "1"),)), NOW)
    assert [item.folders for item in everything(db)] == [("Archive",)]


def test_an_item_that_is_nowhere_is_still_known_by_its_id(db: sqlite3.Connection) -> None:
    put(db, mail("1", keys=ONE))
    (before,) = everything(db)
    commit(db, ME, "INBOX", "email", Batch(removed=(Ref("INBOX", "1"),)), NOW)
    assert everything(db) == []
    assert reading.find(db, before.id) == [before.id]
    put(db, mail("9", folder="Archive", keys=ONE))
    assert [item.id for item in everything(db)] == [before.id]


def test_a_key_that_is_given_anew_in_the_batch_that_removes_it_stays(
    db: sqlite3.Connection,
) -> None:
    put(db, mail("1", "old"))
    new = mail("1", "new", keys=Keys(strong=("gm:2",)))
    batch = Batch(items=(new,), removed=(Ref("INBOX", "1"),))
    commit(db, ME, "INBOX", "email", batch, NOW)
    assert [item.text for item in everything(db)] == ["new"]
