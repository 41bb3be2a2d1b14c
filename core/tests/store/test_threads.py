"""One thread writes, others read, and none waits for the other."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from core.tests.store.mails import EVERYTHING, ME, NOW, mail
from jackfield.batches import Batch
from jackfield.store import rounds
from jackfield.store.database import Store, commit
from jackfield.store.searching import search

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def opened(path: Path | None) -> AsyncIterator[Store]:
    store = Store(path)
    await store.write(rounds.register, ME, "me@acme.example")
    try:
        yield store
    finally:
        store.close()


_LOOK = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("SELECT count(*) FROM item").fetchone()
db.close()
"""


async def test_another_process_that_leaves_does_not_take_the_log_with_it(tmp_path: Path) -> None:
    """The last to leave removes the log; while we are in, nobody else may think to be the last."""
    path = tmp_path / "store.db"
    async with opened(path) as store:
        await store.read(search, EVERYTHING)
        subprocess.run([sys.executable, "-c", _LOOK, str(path)], check=True)
        assert (tmp_path / "store.db-wal").exists()
        await store.write(commit, ME, "INBOX", "email", Batch(items=(mail("1"),)), NOW)
        assert len((await store.read(search, EVERYTHING)).items) == 1


async def test_writers_stand_in_line(tmp_path: Path) -> None:
    seen: list[int] = []

    def work(db: sqlite3.Connection, number: int) -> None:
        seen.append(number)
        threading.Event().wait(0.01)
        commit(db, ME, "INBOX", "email", Batch(items=(mail(str(number)),)), NOW)
        seen.append(number)

    async with opened(tmp_path / "store.db") as store:
        await asyncio.gather(*(store.write(work, number) for number in range(8)))
        assert seen[::2] == seen[1::2]
        assert len((await store.read(search, EVERYTHING)).items) == 8


async def test_a_reader_does_not_wait_for_a_writer_and_sees_what_is_committed(
    tmp_path: Path,
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(db: sqlite3.Connection) -> None:
        commit(db, ME, "INBOX", "email", Batch(items=(mail("2"),)), NOW)
        begun.set()
        go_on.wait(5)

    async with opened(tmp_path / "store.db") as store:
        await store.write(commit, ME, "INBOX", "email", Batch(items=(mail("1"),)), NOW)
        writing = asyncio.create_task(store.write(slowly))
        try:
            await asyncio.to_thread(begun.wait, 5)
            async with asyncio.timeout(2):
                assert len((await store.read(search, EVERYTHING)).items) == 1
        finally:
            go_on.set()
            await writing
        assert len((await store.read(search, EVERYTHING)).items) == 2


async def test_a_write_ahead_log_stands_beside_an_open_store(tmp_path: Path) -> None:
    async with opened(tmp_path / "store.db"):
        assert (tmp_path / "store.db-wal").exists()
