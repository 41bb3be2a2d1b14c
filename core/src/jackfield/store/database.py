"""The store as the rest of the core sees it: whole units of work, off the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from jackfield.batches import Batch
from jackfield.errors import StoreError
from jackfield.store import comparing, reading, rounds
from jackfield.store.committing import Commit, Report
from jackfield.store.files import open_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from jackfield.batches import Entry
    from jackfield.models import AnyItem

READERS = 3
"""Threads that read, each with a connection of its own."""

P = ParamSpec("P")
R = TypeVar("R")


class Store:
    """One writer thread and a few readers over one SQLite file; readers never wait for it.

    A hop to a thread costs about 100 µs, a statement a few: so what crosses is a whole unit of
    work. Usable from any event loop, one after the other.

    Args:
        path: The file, made when first needed; None keeps everything in memory.
        open_file: Opens the file; takes `path` and ``read_only``.
    """

    def __init__(
        self, path: Path | None, open_file: Callable[..., sqlite3.Connection] = open_file
    ) -> None:
        self.path = path
        self._open = open_file
        self._writer = ThreadPoolExecutor(1, "jackfield-store-writer")
        self._readers = ThreadPoolExecutor(READERS, "jackfield-store-reader")
        self._write_db: sqlite3.Connection | None = None
        self._read_dbs: list[sqlite3.Connection] = []
        self._mine = threading.local()

    async def read(
        self, work: Callable[Concatenate[sqlite3.Connection, P], R], *args: P.args, **kw: P.kwargs
    ) -> R:
        """Run a unit of work that only reads.

        Args:
            work: Takes a connection and the arguments.
            *args: For `work`.
            **kw: For `work`.

        Returns:
            What `work` returns.

        Raises:
            StoreError: SQLite could not.
        """
        if self._write_db is None:
            await self._run(self._writer, self._writing)
        threads = self._writer if self.path is None else self._readers
        return await self._run(threads, lambda: work(self._reading(), *args, **kw))

    async def write(
        self, work: Callable[Concatenate[sqlite3.Connection, P], R], *args: P.args, **kw: P.kwargs
    ) -> R:
        """Run a unit of work in one transaction of its own.

        Args:
            work: Takes a connection and the arguments.
            *args: For `work`.
            **kw: For `work`.

        Returns:
            What `work` returns.

        Raises:
            StoreError: SQLite could not; nothing of the work was kept.
        """
        return await self._run(self._writer, lambda: self._transact(work, *args, **kw))

    async def _run(self, threads: ThreadPoolExecutor, work: Callable[[], R]) -> R:
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, work)
        except sqlite3.Error as error:
            raise StoreError(
                f"the store {self.path} failed: {error}; nothing of the last step was kept",
                fix="look at the space and the rights of its folder (JACKFIELD_DATA_DIR)",
            ) from error

    def _transact(
        self, work: Callable[Concatenate[sqlite3.Connection, P], R], *args: P.args, **kw: P.kwargs
    ) -> R:
        db = self._writing()
        db.execute("BEGIN IMMEDIATE")
        try:
            result = work(db, *args, **kw)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        return result

    def _writing(self) -> sqlite3.Connection:
        if self._write_db is None:
            self._write_db = self._open(self.path)
        return self._write_db

    def _reading(self) -> sqlite3.Connection:
        if self.path is None:
            return self._writing()
        if not hasattr(self._mine, "db"):
            self._mine.db = self._open(self.path, read_only=True)
            self._read_dbs.append(self._mine.db)
        mine: sqlite3.Connection = self._mine.db
        return mine

    def close(self) -> None:
        """Finish what is under way and close the file."""
        for threads in (self._writer, self._readers):
            threads.shutdown(wait=True)
        for db in (*self._read_dbs, self._write_db):
            if db is not None:
                db.close()


def commit(
    db: sqlite3.Connection,
    account: str,
    collection: str,
    kind: str,
    batch: Batch,
    now: datetime,
    *,
    horizon: datetime | None = None,
    accept: bool = False,
) -> Report:
    """Commit a batch of a collection's sync together with its cursor.

    Args:
        db: The store, within a transaction.
        account: ``source:name``.
        collection: `Collection.id`.
        kind: The kind of items.
        batch: What the connector gave.
        now: The time.
        horizon: The sync's horizon.
        accept: A person agreed to lose more than half of a collection.

    Returns:
        What changed.
    """
    place = rounds.place_of(db, account, collection, kind)
    stamp = rounds.standing(db, place).generation
    report = Commit(db, place, stamp, now).write(batch)
    rounds.note_answer(db, account, now)
    if batch.snapshot_complete:
        comparing.unseen(db, place, horizon)
        removed, report.withheld = comparing.drop_unlisted(db, place, accept=accept)
        report.removed += removed
    return report


def write_through(
    db: sqlite3.Connection, account: str, kind: str, entries: Iterable[Entry], now: datetime
) -> list[AnyItem]:
    """Keep what a listing showed, without touching any cursor.

    Args:
        db: The store, within a transaction.
        account: ``source:name``.
        kind: The kind of items.
        entries: What the connector gave.
        now: The time.

    Returns:
        The items with their ids, in the same order, each once.
    """
    entries = list(entries)
    for entry in entries:
        place = rounds.place_of(db, account, entry.ref.collection, kind)
        stamp = rounds.standing(db, place).generation
        if rounds.unknown_keys(db, place, [(entry.ref.epoch, entry.ref.key)]):
            rounds.look_again(db, place)
        Commit(db, place, stamp, now).write(Batch(items=(entry,)))
    rounds.note_answer(db, account, now)
    return reading.at(db, account, kind, [entry.ref for entry in entries])
