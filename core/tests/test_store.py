"""The store: what it keeps, how it orders, and whom it refuses."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from subprocess import PIPE
from typing import TYPE_CHECKING

import pytest

from jackfield.batches import Batch, Entry, Keys, Patch, Ref
from jackfield.errors import StoreError
from jackfield.models import SourceType, UnifiedEmail
from jackfield.requests import LEFT_OUT_OF_LISTS
from jackfield.store import reading, rounds
from jackfield.store.database import Store, commit, write_through
from jackfield.store.files import open_file
from jackfield.store.schema import MIGRATIONS
from jackfield.store.searching import Search, search

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ME = "imap:default"
MAILS = Search(kinds=("email",), limit=1000, left_out=LEFT_OUT_OF_LISTS)


def entry(
    key: str,
    subject: str = "budget",
    *,
    folder: str = "INBOX",
    received: datetime = NOW,
    strong: tuple[str, ...] = (),
    level: str = "full",
    **fields: object,
) -> Entry:
    item = UnifiedEmail.model_validate({
        "source": SourceType.IMAP,
        "account": ME,
        "time": NOW,
        "subject": subject,
        "text": subject if level == "full" else "",
        "unread": True,
        **fields,
    })
    keys = Keys(strong) if strong else Keys(digest=subject, size=1)
    return Entry(Ref(folder, key), item, keys, received, level)  # type: ignore[arg-type]


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = open_file(None)
    rounds.register(connection, ME, "me@acme.example")
    yield connection
    connection.close()


def put(db: sqlite3.Connection, *entries: Entry, folder: str = "INBOX") -> None:
    commit(db, ME, folder, "email", Batch(items=entries), NOW)


def subjects(db: sqlite3.Connection, listing: Search = MAILS) -> list[str]:
    return [item.subject for item in search(db, listing).items]  # type: ignore[union-attr]


def test_items_come_newest_received_first_whatever_their_date_header_says(
    db: sqlite3.Connection,
) -> None:
    put(
        db,
        entry("1", "old", received=NOW - timedelta(days=2), time=NOW + timedelta(days=900)),
        entry("2", "new", received=NOW),
        entry("3", "middle", received=NOW - timedelta(days=1)),
    )
    assert subjects(db) == ["new", "middle", "old"]


def test_a_time_to_come_counts_as_tomorrow_at_the_most(db: sqlite3.Connection) -> None:
    put(db, entry("1", received=NOW + timedelta(days=4000)))
    (rowid,) = db.execute("SELECT rowid FROM item").fetchone()
    assert rowid >> 10 == int((NOW + timedelta(days=1)).timestamp())


def test_more_items_in_a_second_than_it_has_slots_are_all_kept(db: sqlite3.Connection) -> None:
    put(db, *(entry(str(n), f"mail{n}") for n in range(500)))
    for start in range(500, 3000, 500):
        put(db, *(entry(str(n), f"mail{n}") for n in range(start, start + 500)))
    assert len(set(subjects(db, Search(limit=5000)))) == 3000


def test_a_listing_and_a_sync_give_one_id(db: sqlite3.Connection) -> None:
    (listed,) = write_through(db, ME, "email", [entry("7", level="headers")], NOW)
    put(db, entry("7"))
    (stored,) = search(db, MAILS).items
    assert (stored.id, stored.text) == (listed.id, "budget")


def test_a_lower_level_never_overwrites_a_higher_one(db: sqlite3.Connection) -> None:
    put(db, entry("7"))
    write_through(db, ME, "email", [entry("7", level="headers", unread=False)], NOW)
    (stored,) = search(db, MAILS).items
    assert (stored.text, stored.unread) == ("budget", False)


def test_headers_alone_never_overwrite_a_body_of_the_same_text(db: sqlite3.Connection) -> None:
    put(db, entry("7", level="headers"))
    put(db, entry("7", level="full", text=""))
    put(db, entry("7", level="headers", text="less"))
    assert search(db, MAILS).items[0].text == ""


def test_two_strong_keys_that_meet_join_two_items_and_both_ids_resolve(
    db: sqlite3.Connection,
) -> None:
    put(db, entry("1", strong=("gm:1",)))
    put(db, entry("a", strong=("graph:1",), folder="Archive"), folder="Archive")
    first, second = (item.id for item in search(db, MAILS).items)
    put(db, entry("2", strong=("gm:1", "graph:1"), folder="Work"), folder="Work")

    (joined,) = search(db, MAILS).items
    assert joined.folders == ("INBOX", "Archive", "Work")
    assert reading.find(db, first) == reading.find(db, second) == [joined.id]


def test_the_item_committed_first_survives_a_join(db: sqlite3.Connection) -> None:
    put(db, entry("1", strong=("gm:1",)))
    (older,) = search(db, MAILS).items
    put(db, entry("a", strong=("graph:1",), folder="Archive"), folder="Archive")
    put(db, entry("2", strong=("graph:1", "gm:1"), folder="Work"), folder="Work")
    assert search(db, MAILS).items[0].id == older.id


def test_a_strong_key_that_comes_later_keeps_the_id(db: sqlite3.Connection) -> None:
    put(db, entry("1"))
    (before,) = search(db, MAILS).items
    put(db, entry("1", strong=("gm:1",)))
    put(db, entry("9", strong=("gm:1",), folder="Archive"), folder="Archive")
    (after,) = search(db, MAILS).items
    assert (after.id, len(after.folders)) == (before.id, 2)


def test_a_place_that_gets_another_strong_key_merges_no_two_items(db: sqlite3.Connection) -> None:
    put(db, entry("1", "first", strong=("gm:1",)))
    put(db, entry("1", "second", strong=("gm:2",), folder="B"), folder="B")
    put(db, entry("1", "second", strong=("gm:2",)))
    put(db, entry("2", "first", strong=("gm:1",)))
    assert sorted(subjects(db)) == ["first", "second"]


def test_a_copy_without_a_strong_key_joins_none_with_one(db: sqlite3.Connection) -> None:
    put(db, entry("1", strong=("gm:1",)))
    put(db, entry("1", strong=("gm:2",), folder="B"), folder="B")
    put(db, entry("1", folder="C"), folder="C")
    assert len(search(db, MAILS).items) == 3


def test_a_join_keeps_the_fuller_content_and_old_ids_resolve(db: sqlite3.Connection) -> None:
    put(db, entry("1", strong=("gm:1",), level="headers"))
    put(db, entry("1", strong=("gm:2",), folder="B"), folder="B")
    ids = [item.id for item in search(db, MAILS).items]
    put(db, entry("1", strong=("gm:1", "gm:2"), folder="C", level="headers"), folder="C")
    (joined,) = search(db, MAILS).items
    assert joined.text == "budget"
    assert [item.id for item in reading.by_ids(db, ids)] == [joined.id] * 2
    assert [item.id for item in reading.newest_of(db, ids, 10, 1 << 62)[0]] == [joined.id]


def test_labels_are_patched_by_their_difference(db: sqlite3.Connection) -> None:
    put(db, entry("1", labels=("work", "later")))
    patch = Patch(Ref("INBOX", "1"), add_labels=("done",), remove_labels=("later",))
    commit(db, ME, "INBOX", "email", Batch(patches=(patch,)), NOW)
    assert search(db, MAILS).items[0].labels == ("work", "done")


def test_an_item_is_unread_only_while_all_its_copies_are(db: sqlite3.Connection) -> None:
    put(db, entry("1", strong=("gm:1",)))
    put(db, entry("2", strong=("gm:1",), folder="Archive", unread=False), folder="Archive")
    assert search(db, MAILS).items[0].unread is False


def test_spam_trash_drafts_and_sent_are_not_listed_unless_asked(db: sqlite3.Connection) -> None:
    put(db, entry("1", "hello"))
    put(db, entry("2", "buy", folder="Junk"), folder="Junk")
    db.execute("UPDATE collection SET role = 'spam' WHERE key = 'Junk'")
    assert subjects(db) == ["hello"]
    assert len(subjects(db, Search(left_out=frozenset()))) == 2


def test_a_short_id_is_unique_and_resolves(db: sqlite3.Connection) -> None:
    put(db, *(entry(str(n), f"mail{n}") for n in range(400)))
    items = search(db, MAILS).items
    assert len({item.short_id for item in items}) == 400
    assert all(reading.find(db, item.short_id) == [item.id] for item in items)
    assert min(len(item.short_id) for item in items) >= 5


def test_the_original_bytes_come_back(db: sqlite3.Connection) -> None:
    put(db, entry("1", raw=b"Subject: budget\r\n\r\n\x00\xff"))
    (item,) = search(db, MAILS).items
    assert reading.original(db, item.id) == b"Subject: budget\r\n\r\n\x00\xff"


def test_an_unchanged_batch_changes_nothing(db: sqlite3.Connection) -> None:
    batch = Batch(items=(entry("1"),))
    commit(db, ME, "INBOX", "email", batch, NOW)
    again = commit(db, ME, "INBOX", "email", batch, NOW)
    assert (again.added, again.updated, again.removed) == (0, 0, 0)


async def test_a_batch_that_fails_half_way_leaves_nothing_of_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db")
    await store.write(rounds.register, ME, "me@acme.example")
    bad = Batch(items=(entry("1"), entry("2", "other")), cursor={"at": 1})

    def fail(db: sqlite3.Connection) -> None:
        commit(db, ME, "INBOX", "email", bad, NOW)
        raise sqlite3.OperationalError("disk full")

    with pytest.raises(StoreError, match="disk full"):
        await store.write(fail)

    assert (await store.read(search, MAILS)).items == []
    place = await store.write(rounds.place_of, ME, "INBOX", "email")
    assert (await store.read(rounds.standing, place)).cursor is None
    store.close()


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "store.db"
    store = Store(path)
    await store.write(rounds.register, ME, "me@acme.example")
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    store.close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}
    assert "store.db-wal" in modes


def test_a_store_from_a_newer_schema_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    db = open_file(path)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(StoreError, match=rf"store\.db has schema {len(MIGRATIONS) + 1}"):
        open_file(path)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"this is a letter, and quite long enough not to be empty" * 100)
    with pytest.raises(StoreError, match=r"store\.db cannot be opened"):
        open_file(path)


async def test_a_second_process_waits_for_the_first_and_loses_nothing(tmp_path: Path) -> None:
    one, other = Store(tmp_path / "store.db"), Store(tmp_path / "store.db")
    await one.write(rounds.register, ME, "me@acme.example")

    async def fill(store: Store, first: int) -> None:
        for n in range(first, first + 20):
            await store.write(commit, ME, "INBOX", "email", Batch((entry(str(n), f"m{n}"),)), NOW)

    await asyncio.gather(fill(one, 0), fill(other, 100))

    assert len((await one.read(search, MAILS)).items) == 40
    one.close()
    other.close()


def test_many_processes_may_make_the_store_at_once(tmp_path: Path) -> None:
    code = f"""
import asyncio, pathlib
from jackfield.store import reading
from jackfield.store.database import Store
from jackfield.store.searching import Search, search
store = Store(pathlib.Path({str(tmp_path / "store.db")!r}))
print(asyncio.run(store.read(search, Search())).items)
store.close()
"""
    running = [
        subprocess.Popen([sys.executable, "-c", code], stdout=PIPE, stderr=PIPE, text=True)
        for _ in range(8)
    ]
    assert [process.communicate(timeout=60) for process in running] == [("[]\n", "")] * 8


async def test_without_a_file_nothing_is_written_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(None)
    await store.write(rounds.register, ME, "me@acme.example")
    await store.write(commit, ME, "INBOX", "email", Batch((entry("1"),)), NOW)
    assert len((await store.read(search, MAILS)).items) == 1
    store.close()
    assert list(tmp_path.iterdir()) == []
