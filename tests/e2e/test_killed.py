"""`kill -9` ten times, at moments drawn from a printed seed; then a sync, as if nothing had been.

Every kill comes after the first commit of its sync and before the last one, as the store's file
shows. Three hit a process that stands inside a transaction: it is stopped first, and SQLite's lock
is seen to be its own. The last one comes while a folder is read anew under another UIDVALIDITY.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.mailbox import Ran, jackfield
from tests.e2e.watching import (
    PATIENCE,
    Running,
    StoreFile,
    forget_uids,
    on_server,
    started,
    wait_for,
)
from tests.peers.fixtures import DovecotAccount

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from tests.peers.dovecot import Dovecot

FOLDERS = ("INBOX", "Archive", "Work/Projects")
MAILS = 500  # a folder
ALL = len(FOLDERS) * MAILS
BATCH = 50
NOT_KILLED_AGAIN = ALL - 3 * BATCH  # so late a sync might end before it is killed
RENUMBERED = "Work/Projects"
LONGEST_WAIT = 0.05
WORDS = ["budget", "forecast", "lunch", "minutes", "offer", "plan", "report", "ticket"]
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ["at any moment"] * 6 + ["in a transaction"] * 3
RESYNC = "during a resync"


def letter(folder: str, number: int) -> bytes:
    """A mail of its own; but some are in every folder, some twice in one, some without an id."""
    draw = random.Random(f"{folder} {number}")
    name = f"{folder}-{number}".replace("/", ".")
    if number % 25 == 0:
        name = f"everywhere-{number}"
    elif number % 25 in {1, 2}:
        name = f"{folder.partition('/')[0]}-twice-{number // 25}"
    if number % 25 < 3:
        draw = random.Random(name)
    id = "" if number % 25 == 3 else f"Message-ID: <{name}@acme.example>\r\n"
    text = "\r\n".join(" ".join(draw.choices(WORDS, k=9)) for _ in range(draw.randint(1, 60)))
    return (
        f"{id}Date: Thu, 01 Jan 2026 09:00:00 +0000\r\nFrom: Ana <ana@acme.example>\r\n"
        f"To: me@acme.example\r\nSubject: {name}\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()


@dataclass(frozen=True)
class Kill:
    """One kill that counts: what was stored just after it."""

    kind: str
    before: int
    stored: int


@dataclass
class Story:
    """What happened to a store whose syncs were killed, and to one whose sync was not."""

    seed: int
    mailbox: DovecotAccount
    home: Path
    store: StoreFile
    untouched: StoreFile
    kills: list[Kill] = field(default_factory=list)
    after_nine: Ran | None = None
    server: Counter[tuple[str, str]] | None = None
    after_resync_kill: int = 0
    last: Ran | None = None

    def sync(self) -> Ran:
        return jackfield("sync", home=self.home, environment=self.mailbox.environment())


@pytest.fixture(scope="module")
def told(dovecot: Dovecot, tmp_path_factory: pytest.TempPathFactory) -> Story:
    seed = int(os.environ.get("JACKFIELD_KILL_SEED") or time.time_ns() % 10**6)
    folder = tmp_path_factory.mktemp("killed")
    password = f"pw{seed}"
    mailbox = DovecotAccount(dovecot, "killed", password, dovecot.add_user("killed", password))
    for number in range(MAILS):
        for name in FOLDERS:
            when = BEGAN + timedelta(hours=number)
            mailbox.deliver(name, letter(name, number), flags="FS"[: number % 3], when=when)
    calm, killed = folder / "calm", folder / "killed"
    jackfield("sync", home=calm, environment=mailbox.environment())
    story = Story(seed, mailbox, killed, StoreFile.of(killed), StoreFile.of(calm))
    story.server = on_server(mailbox, *FOLDERS)
    draw = random.Random(seed)
    kinds = draw.sample(KINDS, len(KINDS))
    kill_nine(story, kinds, draw)
    story.after_nine = story.sync()
    kill_a_resync(story, draw)
    story.last = story.sync()
    return story


@pytest.fixture(autouse=True)
def _print_seed(told: Story) -> None:
    print(f"seed {told.seed}: JACKFIELD_KILL_SEED={told.seed} draws the same moments")  # noqa: T201


def kill_nine(story: Story, kinds: list[str], draw: random.Random) -> None:
    """Kill syncs; one that was faster than its kill does not count, and all begins anew."""
    end = time.monotonic() + PATIENCE
    while kinds and time.monotonic() < end:
        before = story.store.count()
        if before >= NOT_KILLED_AGAIN:
            shutil.rmtree(story.home / "data")
            before = 0
        with started("sync", home=story.home, environment=story.mailbox.environment()) as run:
            is_under_way = first_commit(story.store, run, before)
            time.sleep(draw.uniform(0, LONGEST_WAIT))
            in_a_transaction = kinds[0] == "in a transaction"
            was_killed = is_under_way and kill(story.store, run, in_a_transaction=in_a_transaction)
        if was_killed and before < (stored := story.store.count()) < ALL:
            story.kills.append(Kill(kinds.pop(0), before, stored))
            check_a_copy(story.store)


def first_commit(store: StoreFile, run: Running, before: int) -> bool:
    wait_for(lambda: run.has_ended or store.count() > before, "the first commit")
    return not run.has_ended


def kill(store: StoreFile, run: Running, *, in_a_transaction: bool) -> bool:
    """Kill a sync, if wanted where it stands inside a transaction; False where it was faster."""
    while in_a_transaction and not run.has_ended:
        wait_for(lambda: run.has_ended or store.writer() == run.pid, "a transaction")
        run.stop_the_clock()
        if store.writer() == run.pid:
            break
        run.go_on()
    return run.kill()


def check_a_copy(store: StoreFile) -> None:
    """Check what a kill left, as it is, and leave it so for the next sync."""
    copy = store.path.with_name("copy")
    copy.mkdir()
    for end in ("", "-wal"):
        if (file := store.path.with_name(f"store.db{end}")).exists():
            shutil.copy(file, copy)
    StoreFile(copy / "store.db").check()
    shutil.rmtree(copy)


def kill_a_resync(story: Story, draw: random.Random) -> None:
    """Kill a sync that has read a part of the folder under its new UIDVALIDITY."""
    end = time.monotonic() + PATIENCE
    while len(story.kills) < 10 and time.monotonic() < end:
        forget_uids(story.mailbox, RENUMBERED)
        with started("sync", home=story.home, environment=story.mailbox.environment()) as run:
            is_under_way = first_commit(story.store, run, ALL)
            time.sleep(draw.uniform(0, LONGEST_WAIT))
            was_killed = is_under_way and run.kill()
        stored = story.store.count()
        if was_killed and ALL < stored < ALL + MAILS:
            story.kills.append(Kill(RESYNC, ALL, stored))
            story.after_resync_kill = items_in(story.store, RENUMBERED)
            check_a_copy(story.store)
        else:
            story.sync()


def items_in(store: StoreFile, folder: str) -> int:
    query = (
        "SELECT count(DISTINCT item) FROM membership JOIN collection ON collection.id = collection"
        " WHERE name = ?"
    )
    return int(store.ask(query, folder)[0][0])


def test_ten_syncs_were_killed_between_their_first_and_their_last_commit(told: Story) -> None:
    assert sorted(kill.kind for kill in told.kills) == sorted([*KINDS, RESYNC])
    for kill in told.kills:
        most = ALL + MAILS if kill.kind == RESYNC else ALL
        assert kill.before < kill.stored < most


def test_what_was_committed_before_a_kill_is_there_after_it(told: Story) -> None:
    for one, following in zip(told.kills[:8], told.kills[1:9], strict=True):
        assert following.before in {one.stored, 0}  # nothing where all began anew


def test_the_sync_after_nine_kills_completes_the_store(told: Story) -> None:
    assert told.after_nine is not None
    assert (told.after_nine.code, told.after_nine.err) == (0, "")


def test_a_resync_that_was_killed_has_dropped_no_mail(told: Story) -> None:
    assert told.after_resync_kill == MAILS


def test_the_sync_after_all_kills_ends_well(told: Story) -> None:
    assert told.last is not None
    assert (told.last.code, told.last.err) == (0, "")


def test_after_all_kills_the_store_holds_what_the_server_has_and_nothing_twice(told: Story) -> None:
    assert told.store.count() == ALL
    assert told.store.multiset() == told.server


def test_after_all_kills_the_result_is_that_of_a_sync_that_nobody_killed(told: Story) -> None:
    assert told.store.multiset() == told.untouched.multiset()


def test_every_mail_has_the_id_that_it_would_have_without_the_kills(told: Story) -> None:
    assert told.store.places() == told.untouched.places()


def test_after_all_kills_the_flags_are_those_of_the_server(told: Story) -> None:
    flags = (
        "SELECT collection.name, item.id, membership.unread, membership.flagged FROM membership"
        " JOIN collection ON collection.id = collection JOIN item ON born = item"
        " ORDER BY 1, 2, 3, 4"
    )
    assert told.store.ask(flags) == told.untouched.ask(flags)


def test_after_all_kills_the_file_and_its_full_text_index_are_whole(told: Story) -> None:
    told.store.check()


def test_after_all_kills_a_search_finds_as_many_mails_as_without(told: Story) -> None:
    found = []
    for store in (told.store, told.untouched):
        there = {**told.mailbox.environment(), "JACKFIELD_DATA_DIR": str(store.path.parent)}
        ran = jackfield("count", "forecast", "--json", home=told.home, environment=there)
        found.append((ran.code, ran.json()["count"]))
    assert found[0] == found[1]
    assert found[0][1] > 0


def test_one_more_sync_finds_nothing_to_do(told: Story) -> None:
    there = told.mailbox.environment()
    document = jackfield("sync", "--json", home=told.home, environment=there).json()
    (account,) = document["accounts"]
    changes = [each["added"] + each["updated"] + each["removed"] for each in account["collections"]]
    assert set(changes) == {0}
