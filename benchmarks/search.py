"""Measure searches: ``python -m benchmarks.search [STORE] [--queries 200] [--seed N]``."""

from __future__ import annotations

import argparse
import math
import shutil
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import items, mails
from benchmarks.fill import fill
from benchmarks.mailboxes import ACCOUNT, batches_of, delivered
from benchmarks.queries import Stock, make_cases
from jackfield.query.parser import parse
from jackfield.store import reading, rounds
from jackfield.store.files import open_file
from jackfield.store.schema import MIGRATIONS
from jackfield.store.searching import Search, count, find
from tests.peers import debian
from tests.peers.notmuch import Notmuch

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from benchmarks.queries import Case
    from jackfield.store.searching import Order

LIMIT = 50


@dataclass(slots=True)
class Times:
    """How long the searches of one kind took.

    Attributes:
        seconds: Of each, until it is known what is found, in order: what notmuch prints.
        read: Of each, with reading what is found; empty where nothing is read.
        found: Items given, or counted, in all.
    """

    seconds: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)
    found: int = 0

    def add(self, began: float, found: int) -> None:
        """Note a search that ends now."""
        self.seconds.append(time.perf_counter() - began)
        self.found += found

    def add_read(self, began: float) -> None:
        """Note that what the search found is read now."""
        self.read.append(time.perf_counter() - began)

    def cells(self) -> str:
        """Lay out the columns."""
        if not self.seconds:
            return f"{'–':>7} {'–':>7} {'–':>7} {'–':>7}"
        mean = self.found / len(self.seconds)
        read = f"{quantile(self.read, 0.5):>7.2f}" if self.read else f"{'–':>7}"
        times = f"{quantile(self.seconds, 0.5):>7.2f} {quantile(self.seconds, 0.99):>7.2f}"
        return f"{times} {read} {mean:>7,.0f}"


def quantile(seconds: list[float], part: float) -> float:
    """Give the time that a part of the searches did not exceed.

    Args:
        seconds: How long each took.
        part: Such as 0.99.

    Returns:
        Milliseconds.
    """
    place = max(0, math.ceil(part * len(seconds)) - 1)
    return sorted(seconds)[place] * 1000


def ask(db: sqlite3.Connection, case: Case, times: Times) -> None:
    """Search a store: from what a person types to what is found, and on to models.

    Args:
        db: The store.
        case: What to look for.
        times: Takes the time and what was found.
    """
    now, page = items.after_newest(), None
    order: Order = "relevance" if case.ranked else "date"
    if case.second:
        page = find(db, Search(parse(case.text, now=now, zone=UTC), limit=LIMIT)).next
    began = time.perf_counter()
    query = parse(case.text, now=now, zone=UTC)
    wanted = Search(query, limit=LIMIT, order=order, page=page)
    if case.counted:
        times.add(began, count(db, wanted))
        return
    rowids = find(db, wanted).rowids
    times.add(began, len(rowids))
    reading.by_rowids(db, rowids)
    times.add_read(began)


def ask_notmuch(notmuch: Notmuch, case: Case, times: Times) -> None:
    """Run notmuch for the same search, with the start of its process.

    Args:
        notmuch: Its index.
        case: What to look for.
        times: Takes the time and what was found.
    """
    if case.notmuch is None:
        return
    began = time.perf_counter()
    if case.counted:
        found = notmuch.count(case.notmuch)
    else:
        offset = LIMIT if case.second else 0
        found = len(notmuch.search(case.notmuch, limit=LIMIT, offset=offset))
    times.add(began, found)


def starts(notmuch: Notmuch, number: int) -> Times:
    """Measure what notmuch takes to start and to end.

    Args:
        notmuch: Its program.
        number: How many times.

    Returns:
        The times.
    """
    times = Times()
    for _ in range(number):
        began = time.perf_counter()
        notmuch.run("--version")
        times.add(began, 0)
    return times


def prepare(work: Path, number: int, seed: int) -> tuple[Path, Path]:
    """Make the mails' Maildir and the store of the same mails, unless they are there.

    Args:
        work: The folder for both.
        number: How many mails.
        seed: Of the mails.

    Returns:
        The Maildir and the store.
    """
    maildir, store, ready = work / "Maildir", work / "mails.db", work / "ready"
    state = f"{number} mails, seed {seed}, schema {len(MIGRATIONS)}"
    if ready.is_file() and ready.read_text("utf-8") == state:
        return maildir, store
    for old in (maildir, work / "notmuch"):
        shutil.rmtree(old, ignore_errors=True)
    for part in work.glob("mails.db*"):
        part.unlink()
    began = time.process_time()
    with closing(open_file(store)) as db:
        rounds.register(db, str(ACCOUNT), mails.ME)
        stream = delivered(maildir, mails.mails(number, seed), number)
        pace = fill(db, batches_of(stream, number), items.after_newest())
    print(f"store of the mails: {pace.line()}")
    print(f"with making, writing and parsing them: {time.process_time() - began:,.1f} processor-s")
    ready.write_text(state, "utf-8")
    return maildir, store


def prepare_notmuch(work: Path, maildir: Path) -> Notmuch | None:
    """Bring notmuch and let it index the mails, unless it has.

    Args:
        work: The folder for its index.
        maildir: The mails.

    Returns:
        Its index; None where it cannot be had on this machine.
    """
    state = work / "notmuch"
    indexed = (state / "ready").exists()
    try:
        root = debian.unpack(debian.PEERS["notmuch"], debian.cache_folder())
        notmuch = Notmuch(root, maildir, state)
        if not indexed:
            began = time.perf_counter()
            notmuch.index()
            print(f"notmuch {notmuch.version} indexed them: {time.perf_counter() - began:,.1f} s")
            (state / "ready").touch()
    except debian.PeerUnavailable as error:
        print(f"without notmuch: {error}")
        return None
    return notmuch


def stock_of(db: sqlite3.Connection, length: float) -> Stock:
    """Look at what a store holds.

    Args:
        db: The store.
        length: Words in an item, on average.

    Returns:
        What searches are made for.
    """
    (number,) = db.execute("SELECT count(*) FROM item").fetchone()
    names = db.execute("SELECT name FROM account ORDER BY name").fetchall()
    return Stock(number, length, sorted({name.partition(":")[0] for (name,) in names}))


@dataclass(frozen=True, slots=True)
class Bench:
    """One column group of the table: something that answers searches.

    Attributes:
        name: Its heading.
        cases: Searches by kind.
        answer: Runs one and notes its time.
    """

    name: str
    cases: dict[str, list[Case]]
    answer: Callable[[Case, Times], None]

    def run(self, kind: str) -> Times:
        """Run the searches of a kind, each once."""
        times = Times()
        for case in self.cases[kind]:
            self.answer(case, times)
        return times


def compare(benches: Iterable[Bench]) -> None:
    """Run all searches and print a table.

    Args:
        benches: What answers; the first is compared with the second if that is notmuch.
    """
    benches = list(benches)
    ratio = len(benches) > 1 and benches[1].name.startswith("notmuch")
    print("\n" + " " * 26 + "".join(f" | {bench.name:^31}" for bench in benches))
    head = f"{'p50 ms':>7} {'p99 ms':>7} {'read':>7} {'items':>7}"
    print(f"{'':<26}" + f" | {head}" * len(benches) + (" | times faster, p50" if ratio else ""))
    kinds = list(benches[0].cases)
    # Each answers all its searches in one go: processes in between would empty its caches.
    answers = [{kind: bench.run(kind) for kind in kinds} for bench in benches]
    for kind in kinds:
        columns = [times[kind] for times in answers]
        line = f"{kind:<26}" + "".join(f" | {times.cells()}" for times in columns)
        if ratio and columns[1].seconds:
            mine, theirs = (quantile(times.seconds, 0.5) for times in columns[:2])
            line += f" | {theirs / mine:>10,.1f}"
        print(line, flush=True)


def _jackfield(name: str, db: sqlite3.Connection, length: float, given: Given) -> Bench:
    stock = stock_of(db, length)
    cases = make_cases(stock, given.queries, given.seed)
    return Bench(f"{name}, {stock.items:,}", cases, partial(ask, db))


class Given(argparse.Namespace):
    """What the command line says."""

    store: Path | None
    queries: int
    seed: int
    mails: int
    work: Path | None


def _given() -> Given:
    parser = argparse.ArgumentParser(prog="benchmarks.search", description=__doc__)
    parser.add_argument("store", type=Path, nargs="?", help="what benchmarks.fill made")
    parser.add_argument("--queries", type=int, default=200, help="of each kind")
    parser.add_argument("--seed", type=int, default=1, help="of the searches")
    parser.add_argument("--mails", type=int, default=20_000, help="beside notmuch")
    parser.add_argument("--work", type=Path, help="keep the mails and their indexes here")
    return parser.parse_args(namespace=Given())


def main() -> None:
    """Measure, and print a table."""
    given, start = _given(), None
    with ExitStack() as stack:
        work = given.work or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jf-")))
        work = work.absolute()
        work.mkdir(parents=True, exist_ok=True)
        maildir, store = prepare(work, given.mails, seed=1)
        notmuch = prepare_notmuch(work, maildir)
        db = stack.enter_context(closing(open_file(store, read_only=True)))
        benches = [_jackfield("jackfield mails", db, mails.MEAN_WORDS, given)]
        if notmuch is not None:
            answer = partial(ask_notmuch, notmuch)
            benches.append(Bench(f"notmuch, {given.mails:,}", benches[0].cases, answer))
            start = starts(notmuch, given.queries)
        if given.store is not None:
            big = open_file(given.store.absolute(), read_only=True)
            stack.enter_context(closing(big))
            benches.append(_jackfield("jackfield items", big, items.MEAN_WORDS, given))
        compare(benches)
    print(
        f"\n{given.queries} searches of each kind, each run once; at most {LIMIT} items of each."
        "\np50, p99: from the typed text until it is known what is found, in order. read: p50 with"
        "\nreading it, as models. jackfield: in one process."
        "\nnotmuch: --output=messages --sort=newest-first prints what is found; a process for each"
        "\nsearch, whose start is included; what the start alone takes is measured below."
    )
    if start is not None:
        print(
            f"notmuch --version: {quantile(start.seconds, 0.5):.2f} ms p50,"
            f" {quantile(start.seconds, 0.99):.2f} p99"
        )


if __name__ == "__main__":
    main()
