"""Fill a store as a sync does: ``python -m benchmarks.fill PATH COUNT [--seed N]``."""

from __future__ import annotations

import argparse
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.items import after_newest, batches, owners
from jackfield.store import merging, rounds
from jackfield.store.database import commit
from jackfield.store.files import open_file

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from jackfield.batches import Batch

STEP = 50_000
"""A line is printed each time so many more items are in."""


@dataclass(slots=True)
class Pace:
    """What filling took.

    Attributes:
        items: Items committed.
        seconds: Spent in transactions; making the items is not counted.
        longest: The longest transaction, in seconds.
        processor: Seconds of processor time in transactions.
    """

    items: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    processor: float = 0.0

    def line(self, since: Pace | None = None) -> str:
        """Describe it, and what came since an earlier time.

        Args:
            since: The earlier time.

        Returns:
            A line to print.
        """
        text = (
            f"{self.items:>9,} items  {self.items / self.seconds:>7,.0f} items/s"
            f"  {self.items / self.processor:>7,.0f} items/processor-s"
            f"  longest commit {self.longest * 1000:,.0f} ms"
        )
        if since is not None and self.items > since.items:
            lately = (self.items - since.items) / (self.seconds - since.seconds)
            text += f"  (these {self.items - since.items:,}: {lately:,.0f} items/s)"
        return text

    def copy(self) -> Pace:
        """Keep this moment."""
        return Pace(self.items, self.seconds, self.longest, self.processor)


def write(
    db: sqlite3.Connection, account: str, collection: str, batch: Batch, now: datetime, pace: Pace
) -> None:
    """Commit one batch in a transaction of its own, as `jackfield.store.database.Store` does.

    Args:
        db: The store.
        account: ``source:name``, registered.
        collection: Where the items lie.
        batch: Items of one kind.
        now: The time.
        pace: Counts it.
    """
    began, worked = time.perf_counter(), time.process_time()
    db.execute("BEGIN IMMEDIATE")
    commit(db, account, collection, batch.items[0].item.kind, batch, now)
    db.execute("COMMIT")
    took = time.perf_counter() - began
    pace.items += len(batch.items)
    pace.seconds += took
    pace.processor += time.process_time() - worked
    pace.longest = max(pace.longest, took)


def fill(db: sqlite3.Connection, stream: Iterable[tuple[str, str, Batch]], now: datetime) -> Pace:
    """Commit batches, and print how fast.

    Args:
        db: The store; the accounts are registered.
        stream: Account, collection and batch.
        now: The time.

    Returns:
        What it took.
    """
    pace, printed = Pace(), Pace()
    for account, collection, batch in stream:
        write(db, account, collection, batch, now, pace)
        if pace.items // STEP > printed.items // STEP:
            print(pace.line(printed), flush=True)
            printed = pace.copy()
    finish(db, pace)
    return pace


def finish(db: sqlite3.Connection, pace: Pace) -> None:
    """Merge the full-text index, as a sync does after it added most of a store.

    Args:
        db: The store.
        pace: Counts it.
    """
    began, worked, more = time.perf_counter(), time.process_time(), True
    for step in count():
        if not more:
            break
        db.execute("BEGIN IMMEDIATE")
        more = merging.merge(db, begin=step == 0)
        db.execute("COMMIT")
    pace.seconds += time.perf_counter() - began
    pace.processor += time.process_time() - worked


def size_of(path: Path) -> int:
    """Measure a closed store.

    Args:
        path: The file.

    Returns:
        Its bytes, with what lies beside it.
    """
    return sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*"))


def main() -> None:
    """Fill a store and print the pace and the size."""
    parser = argparse.ArgumentParser(prog="benchmarks.fill", description=__doc__)
    parser.add_argument("path", type=Path, help="a file that does not exist yet")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.path.exists():
        parser.error(f"{given.path} exists; filling it again would measure something else")
    began = time.perf_counter()
    with closing(open_file(given.path.absolute())) as db:
        for owner in owners():
            rounds.register(db, owner.account, owner.identity)
        pace = fill(db, batches(given.count, given.seed), after_newest())
    print(pace.line())
    whole, size = time.perf_counter() - began, size_of(given.path)
    print(f"{whole:,.1f} s in all, with making the items and closing the file")
    print(f"{size / 1e6:,.1f} MB, {size / pace.items:,.0f} bytes an item")


if __name__ == "__main__":
    main()
