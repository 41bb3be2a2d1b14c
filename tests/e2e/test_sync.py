"""`jackfield sync` against a real Dovecot, as a person uses it: what it stores and survives."""

from __future__ import annotations

import os
import pty
import re
import resource
import signal
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.line import faulty_line
from tests.e2e.mailbox import Ran, jackfield, mail
from tests.e2e.watching import (
    PATIENCE,
    Running,
    StoreFile,
    another_client,
    on_server,
    started,
    wait_for,
)
from tests.peers.fixtures import DovecotAccount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
MANY = 1000
EVERY_FOLDER = ("INBOX", "Archive")
LIMIT = 1024 * 1024  # bytes of a file, for a disk that is full


def when(day: int) -> datetime:
    return datetime(2026, 11, day, 9, tzinfo=UTC)


class User:
    """A person with a mailbox and a computer."""

    def __init__(self, mailbox: DovecotAccount, home: Path) -> None:
        self.mailbox = mailbox
        self.home = home
        self.store = StoreFile.of(home)
        self.environment = mailbox.environment()

    def __call__(self, *words: str) -> Ran:
        return jackfield(*words, home=self.home, environment=self.environment)

    def starts(self, *words: str) -> AbstractContextManager[Running]:
        return started(*words, home=self.home, environment=self.environment)

    def gets(self, *subjects: str, folder: str = "INBOX", day: int = 1) -> None:
        for subject in subjects:
            self.mailbox.deliver(folder, mail(subject, day=day), when=when(day))

    def gets_many(self, folders: tuple[str, ...] = EVERY_FOLDER, each: int = MANY) -> int:
        for number in range(each):
            for folder in folders:
                raw = mail(f"{folder} {number}", body="budget forecast lunch\r\n" * 20)
                self.mailbox.deliver(folder, raw, when=BEGAN + timedelta(hours=number))
        return each * len(folders)

    def syncs(self) -> dict[str, dict[str, int]]:
        """Sync without trouble; give what changed in each folder."""
        ran = self("sync", "--json")
        assert (ran.code, ran.err) == (0, "")
        (account,) = ran.json()["accounts"]
        return {
            each["name"]: {name: each[name] for name in ("added", "updated", "removed")}
            for each in account["collections"]
        }


@pytest.fixture
def user(mailbox: DovecotAccount, tmp_path: Path) -> User:
    return User(mailbox, tmp_path)


def ids(user: User, folder: str = "INBOX") -> dict[str, str]:
    """Subject to id, of a folder."""
    rows = user.store.ask(
        "SELECT payload ->> 'subject', item.id FROM membership JOIN item ON born = item"
        " JOIN collection ON collection.id = collection WHERE name = ?",
        folder,
    )
    return dict(rows)


def flags(user: User) -> dict[str, tuple[int, int]]:
    """Subject to unread and flagged."""
    rows = user.store.ask(
        "SELECT payload ->> 'subject', membership.unread, membership.flagged"
        " FROM membership JOIN item ON born = item"
    )
    return {subject: (unread, flagged) for subject, unread, flagged in rows}


# What another client does between two syncs


def test_a_mail_that_another_client_moves_is_moved_and_keeps_its_id(user: User) -> None:
    user.gets("budget", "lunch")
    user.syncs()
    before = ids(user)
    with another_client(user.mailbox) as client:
        client.move(client.search(["SUBJECT", "budget"]), "Archive")
    user.syncs()
    assert user.store.subjects() == ["lunch"]
    assert ids(user, "Archive") == {"budget": before["budget"]}


def test_a_mail_that_another_client_copies_is_one_mail_in_two_folders(user: User) -> None:
    user.gets("budget")
    user.syncs()
    with another_client(user.mailbox) as client:
        client.copy([1], "Archive")
    user.syncs()
    assert ids(user, "Archive") == ids(user)
    assert user("count", "--json").json()["count"] == 1


def test_flags_that_another_client_sets_and_takes_away_are_followed(user: User) -> None:
    user.gets("budget", "lunch")
    user.syncs()
    with another_client(user.mailbox) as client:
        client.add_flags([1], ["\\Seen", "\\Flagged"])
    assert user.syncs()["INBOX"] == {"added": 0, "updated": 1, "removed": 0}
    assert flags(user) == {"budget": (0, 1), "lunch": (1, 0)}
    with another_client(user.mailbox) as client:
        client.remove_flags([1], ["\\Seen", "\\Flagged"])
    user.syncs()
    assert flags(user) == {"budget": (1, 0), "lunch": (1, 0)}


def test_a_mail_that_another_client_expunges_is_gone(user: User) -> None:
    user.gets("budget", "lunch")
    user.syncs()
    with another_client(user.mailbox) as client:
        client.delete_messages([1])
        client.expunge()
    assert user.syncs()["INBOX"] == {"added": 0, "updated": 0, "removed": 1}
    assert user.store.subjects() == ["lunch"]
    assert user("count", "budget", "--json").json()["count"] == 0


def test_a_new_folder_is_found_with_all_that_is_in_it(user: User) -> None:
    user.gets("budget")
    user.syncs()
    user.gets("tickets", folder="Reisen/Köln")
    assert user.syncs()["Reisen/Köln"]["added"] == 1
    assert user.store.subjects("Reisen/Köln") == ["tickets"]


def test_the_mails_of_a_renamed_folder_keep_their_ids(user: User) -> None:
    user.gets("plan", "offer", folder="Work")
    user.syncs()
    before = ids(user, "Work")
    with another_client(user.mailbox) as client:
        client.rename_folder("Work", "Projects")
    user.syncs()
    user.syncs()
    assert ids(user, "Projects") == before
    assert ids(user, "Work") == {}


def test_a_deleted_folder_is_gone_after_the_second_sync_and_so_are_its_mails(user: User) -> None:
    user.gets("budget")
    user.gets("plan", folder="Work")
    user.syncs()
    with another_client(user.mailbox) as client:
        client.delete_folder("Work")
    assert user.syncs()["Work"]["removed"] == 1
    assert "Work" not in user.syncs()
    assert user.store.subjects("Work") == []
    assert user("count", "--json").json()["count"] == 1


def test_a_mail_that_comes_back_has_its_old_id(user: User) -> None:
    user.gets("budget")
    user.syncs()
    before = ids(user)
    with another_client(user.mailbox) as client:
        client.move([1], "Trash")
    user.syncs()
    with another_client(user.mailbox, "Trash") as client:
        client.move([1], "INBOX")
    user.syncs()
    assert ids(user) == before


# What is asked for


def test_since_leaves_older_mail_out_and_a_later_sync_brings_it(user: User) -> None:
    user.gets("old", day=2)
    user.gets("new", day=4)
    assert user("sync", "--since", "2026-11-03").code == 0
    assert user.store.subjects() == ["new"]
    user.syncs()
    assert user.store.subjects() == ["new", "old"]


def test_since_takes_nothing_away_that_an_earlier_sync_brought(user: User) -> None:
    user.gets("old", day=2)
    user.gets("new", day=4)
    user.syncs()
    assert user("sync", "--since", "2026-11-03").code == 0
    assert user.store.subjects() == ["new", "old"]


def test_a_since_that_is_no_time_is_named_with_what_would_be_one(user: User) -> None:
    ran = user("sync", "--since", "soon")
    assert ran.code != 0
    assert "'soon' is no time" in ran.err
    assert "2026-01-31" in ran.err


def test_a_since_that_is_no_time_is_exit_2(user: User) -> None:
    ran = user("sync", "--since", "soon")
    assert (ran.code, "soon" in ran.err, "Traceback" in ran.err) == (2, True, False)


@pytest.mark.parametrize("name", ["INBOX", "inbox"])
def test_a_folder_that_is_named_is_synced_alone(user: User, name: str) -> None:
    user.gets("budget")
    user.gets("minutes", folder="Archive")
    ran = user("sync", "--folder", name, "--json")
    assert ran.code == 0
    assert [each["name"] for each in ran.json()["accounts"][0]["collections"]] == ["INBOX"]
    assert (user.store.subjects(), user.store.subjects("Archive")) == (["budget"], [])


def test_a_folder_may_be_named_by_its_role_and_several_may_be_named(user: User) -> None:
    user.gets("mine", folder="Sent")
    user.gets("plan", folder="Work/Projects")
    user.gets("budget")
    assert user("sync", "-f", "sent", "-f", "Work/Projects").code == 0
    assert user.store.count() == 2


def test_where_a_folder_does_not_exist_those_that_do_are_named(user: User) -> None:
    user.gets("budget")
    user.gets("minutes", folder="Archive")
    ran = user("sync", "--folder", "Inbx")
    assert "there is no folder 'Inbx'" in ran.err
    assert "INBOX" in ran.err
    assert "Archive" in ran.err
    assert ran.code != 0
    assert user.store.count() == 0


def test_a_folder_that_does_not_exist_is_exit_2(user: User) -> None:
    assert user("sync", "--folder", "Inbx").code == 2


def test_json_has_the_documented_form(user: User) -> None:
    user.gets("budget")
    document = user("sync", "--json").json()
    assert set(document) == {"schema", "sources", "accounts"}
    assert document["schema"] == 1
    assert document["sources"] == [
        {
            "account": "imap:default",
            "kind": "email",
            "state": "complete",
            "count": 1,
            "error": "",
            "fix": "",
            "retry_after": None,
            "age": 0.0,
        }
    ]
    (account,) = document["accounts"]
    assert set(account) == {"account", "collections"}
    assert account["account"] == "imap:default"
    numbers = {"added": int, "updated": int, "removed": int, "unparsed": int, "seconds": float}
    for each in account["collections"]:
        assert {name: type(value) for name, value in each.items()} == {"name": str, **numbers}
    assert [each["added"] for each in account["collections"] if each["name"] == "INBOX"] == [1]


def test_follow_picks_up_a_new_mail_and_ends_on_ctrl_c(user: User) -> None:
    user.gets("budget")
    with user.starts("sync", "--follow", "--every", "1") as run:
        wait_for(lambda: user.store.subjects() == ["budget"], "the first mail")
        user.gets("lunch")
        wait_for(lambda: user.store.subjects() == ["budget", "lunch"], "the new mail")
        wait_for(lambda: not locks(user), "the end of the round")
        run.signal(signal.SIGINT)
        ran = run.end()
    assert (ran.code, "Traceback" in ran.err) == (3, False)
    assert ran.err.splitlines() == [
        "Stopped. 2 items of imap:default are safe; the next jackfield sync goes on there."
    ]


def test_follow_hears_of_a_new_mail_long_before_it_would_look(user: User) -> None:
    user.gets("budget")
    with user.starts("sync", "--follow", "--every", "3600") as run:
        wait_for(lambda: user.store.subjects() == ["budget"], "the first mail")
        wait_for(lambda: not locks(user), "the end of the round")
        user.gets("lunch")
        wait_for(lambda: user.store.subjects() == ["budget", "lunch"], "the new mail")
        wait_for(lambda: not locks(user), "the end of the round")
        run.signal(signal.SIGINT)
        assert run.end().code == 3


# What it says


def test_a_sync_that_is_done_says_so_in_one_line_an_account(user: User) -> None:
    user.gets("budget", "lunch")
    ran = user("sync")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(
        r"imap:default +\d+ folders: 2 new, 0 changed, 0 removed  \d+\.\d s\n", ran.out
    )


def test_a_terminal_shows_count_rate_and_time_left_and_stdout_stays_clean(user: User) -> None:
    total = user.gets_many()
    with terminal() as (screen, device):
        with started(
            "sync", home=user.home, environment={**user.environment, "TERM": "xterm"}, stderr=device
        ) as run:
            os.close(device)
            wait_for(user.store.count, "the first commit")
            with user.store.held():  # it waits there, and shows where it is
                shown = rf"imap:default .*\d+ of {total:,}  [\d,]+/s  \d+ s left"
                wait_for(lambda: re.search(shown, screen.text), "count, rate and time left", 9)
            ran = run.end()
    assert ran.code == 0
    assert re.fullmatch(rf"imap:default +\d+ folders: {total:,} new[^\n\x1b\r]+\n", ran.out)


def test_without_a_terminal_progress_is_plain_lines(user: User) -> None:
    total = user.gets_many()
    sooner = (
        "import sys; from jackfield.cli import progress; progress.PLAIN_SECONDS = 0.05;"
        "sys.argv[0] = 'jackfield'; from jackfield.__main__ import main; main()"
    )
    said = user.home / "said"
    with (
        said.open("w") as file,
        started(
            "sync",
            home=user.home,
            environment=user.environment,
            python=("-c", sooner),
            stderr=file,
        ) as run,
    ):
        wait_for(user.store.count, "the first commit")
        with user.store.held():
            wait_for(said.read_text, "a line", 9)
        ran = run.end()
    lines = said.read_text().splitlines()
    plain = (
        rf"imap:default +[\d,]+ of {total:,}(  [\d,]+/s)?(  \d+ s left)?(, back to \d{{4}}-\d\d)?"
    )
    assert [line for line in lines if not re.fullmatch(plain, line)] == []
    assert (ran.code, len(ran.out.splitlines())) == (0, 1)


class Screen:
    """What came to a terminal."""

    def __init__(self, master: int) -> None:
        self._master = master
        self.text = ""

    def read(self) -> None:
        while True:
            try:
                came = os.read(self._master, 4096)
            except OSError:  # nobody writes there any more
                return
            if not came:
                return
            self.text += came.decode("utf-8", "replace")


@contextmanager
def terminal() -> Iterator[tuple[Screen, int]]:
    """A pseudo-terminal: what came to it, and the end to write to, which the user closes."""
    master, device = pty.openpty()
    screen = Screen(master)
    reader = threading.Thread(target=screen.read)
    reader.start()
    try:
        yield screen, device
    finally:
        reader.join(PATIENCE)
        os.close(master)


# What stops it


def locks(user: User) -> list[Path]:
    """The notes of those who sync now."""
    return list((user.home / "data" / "locks").glob("*.json"))


def test_the_lock_of_a_killed_sync_does_not_stop_the_next(user: User) -> None:
    user.gets_many()
    with user.starts("sync") as run:
        wait_for(user.store.count, "the first commit")
        assert run.kill()
    assert locks(user)
    assert user("sync").code == 0
    assert user.store.multiset() == on_server(user.mailbox, *EVERY_FOLDER)
    assert not locks(user)


def test_a_second_sync_says_who_runs_the_first_and_the_first_finishes(user: User) -> None:
    total = user.gets_many()
    with user.starts("sync") as run:
        wait_for(user.store.count, "the first commit")
        run.stop_the_clock()
        second = user("sync")
        asked = user("sync", "--json")
        run.go_on()
        first = run.end()
    assert (second.code, second.out, "Traceback" in second.err) == (3, "", False)
    assert f"process {run.pid}" in second.err
    (source,) = asked.json()["sources"]
    assert (asked.code, source["state"], source["count"]) == (3, "skipped", 0)
    assert str(run.pid) in source["error"]
    assert (first.code, first.err, user.store.count()) == (0, "", total)


def test_ctrl_c_keeps_what_was_committed_and_the_next_sync_goes_on(user: User) -> None:
    total = user.gets_many()
    with user.starts("sync") as run:
        seen = wait_for(user.store.count, "the first commit")
        run.signal(signal.SIGINT)
        ran = run.end()
    kept = user.store.count()
    assert seen <= kept < total
    assert (ran.code, ran.out) == (3, "")
    (line,) = ran.err.splitlines()
    assert said_to_be_safe(line) <= kept
    assert not locks(user)
    user.store.check()
    after = user.syncs()
    assert sum(each["added"] for each in after.values()) == total - kept
    assert user.store.multiset() == on_server(user.mailbox, *EVERY_FOLDER)


def said_to_be_safe(line: str) -> int:
    told = re.fullmatch(
        r"Stopped\. ([\d,]+) items of imap:default are safe;"
        r" the next jackfield sync goes on there\.",
        line,
    )
    assert told, line
    return int(told[1].replace(",", ""))


def test_ctrl_c_says_how_much_is_stored(user: User) -> None:
    user.gets_many()
    with user.starts("sync") as run:
        wait_for(user.store.count, "the first commit")
        run.signal(signal.SIGINT)
        ran = run.end()
    assert said_to_be_safe(ran.err.rstrip()) == user.store.count()


def test_ctrl_c_before_the_first_answer_counts_what_was_stored_before(user: User) -> None:
    user.gets("budget", "lunch")
    user.syncs()
    with faulty_line(user.mailbox, "silent", after=0) as line:
        user.environment["EMAIL_IMAP_PORT"] = line.port
        with user.starts("sync") as run:
            wait_for(lambda: locks(user), "the sync")
            wait_for(lambda: not line.is_good, "the question")
            run.signal(signal.SIGINT)
            ran = run.end()
    assert said_to_be_safe(ran.err.rstrip()) == 2


def test_ctrl_c_in_a_later_sync_loses_nothing_either(user: User) -> None:
    user.gets_many(each=300)
    user.syncs()
    user.gets(*(f"later {number}" for number in range(200)))
    with user.starts("sync") as run:
        wait_for(lambda: user.store.count() > 600, "the first commit")
        run.signal(signal.SIGINT)
        run.end()
    user.syncs()
    assert user.store.multiset() == on_server(user.mailbox, *EVERY_FOLDER)


def test_an_inbox_while_a_sync_runs_is_no_trouble_for_either(user: User) -> None:
    total = user.gets_many()
    with user.starts("sync") as run:
        wait_for(user.store.count, "the first commit")
        with user.starts("inbox", "--json") as one, user.starts("inbox", "--json") as other:
            inboxes = [one.end(), other.end()]
        ran = run.end()
    for inbox in inboxes:
        assert (inbox.code, inbox.err) == (0, "")
        assert len(inbox.json()["items"]) == 50
    assert (ran.code, ran.err, user.store.count()) == (0, "", total)
    user.store.check()


def test_what_an_inbox_stores_while_a_sync_stands_still_is_not_stored_twice(user: User) -> None:
    total = user.gets_many()
    with user.starts("sync") as run:
        stand_still_between_transactions(user, run)
        inbox = user("inbox", "--json")
        run.go_on()
        ran = run.end()
    assert (inbox.code, inbox.err, ran.code, ran.err) == (0, "", 0, "")
    assert user.store.count() == total
    assert user("count", "--json").json()["count"] == total


def stand_still_between_transactions(user: User, run: Running) -> None:
    """Stop a sync after its first commit where it holds up nobody."""
    wait_for(user.store.count, "the first commit")
    run.stop_the_clock()
    while user.store.writer() is not None:
        run.go_on()
        run.stop_the_clock()
    assert not run.has_ended


# What waits for a person


def expunge(user: User, count: int) -> None:
    with another_client(user.mailbox) as client:
        client.delete_messages(client.search()[:count])
        client.expunge()


def test_the_removal_of_most_of_a_large_folder_waits_and_names_the_command(user: User) -> None:
    user.gets(*(f"mail {number}" for number in range(60)))
    user.syncs()
    expunge(user, 40)
    waiting = user("sync")
    assert waiting.code == 3
    assert "40 removals wait" in waiting.err
    assert "jackfield sync imap:default --accept-removals" in waiting.err
    assert user.store.count() == 60


def test_what_waits_is_named_again_by_every_sync_and_new_mail_comes_meanwhile(user: User) -> None:
    user.gets(*(f"mail {number}" for number in range(60)))
    user.syncs()
    expunge(user, 40)
    for number in range(2):
        user.gets(f"new {number}")
        again = user("sync")
        assert (again.code, "40 removals wait" in again.err) == (3, True)
        assert user.store.count() == 61 + number
    unchanged = user("sync")
    assert (unchanged.code, "40 removals wait" in unchanged.err) == (3, True)


def test_the_command_that_it_names_takes_the_removals(user: User) -> None:
    user.gets(*(f"mail {number}" for number in range(60)))
    user.syncs()
    expunge(user, 40)
    named = re.search(r"jackfield (sync .*--accept-removals)", user("sync").err)
    assert named
    ran = user(*named[1].split())
    assert (ran.code, ran.err, "40 removed" in ran.out) == (0, "", True)
    assert user.store.multiset() == on_server(user.mailbox, "INBOX")
    assert user("count", "--json").json()["count"] == 20
    user.syncs()


@pytest.mark.parametrize(("of", "gone"), [(60, 30), (50, 50)])
def test_half_of_a_large_folder_or_all_of_a_small_one_goes_unasked(
    user: User, of: int, gone: int
) -> None:
    user.gets(*(f"mail {number}" for number in range(of)))
    user.syncs()
    expunge(user, gone)
    assert user.syncs()["INBOX"]["removed"] == gone
    assert user.store.count() == of - gone


def test_a_large_folder_moved_to_another_asks_nobody_since_nothing_is_lost(user: User) -> None:
    user.gets(*(f"mail {number}" for number in range(60)))
    user.syncs()
    before = ids(user)
    with another_client(user.mailbox) as client:
        client.move("1:60", "Archive")
    moved = user("sync")
    assert (moved.code, moved.err) == (0, "")
    assert ids(user, "Archive") == before
    assert user("count", "--json").json()["count"] == 60
    assert user.store.subjects() == []


# What breaks


def fill_the_disk() -> None:
    """Let no file grow beyond a limit: every write beyond it fails."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


def test_a_full_disk_is_an_error_that_names_the_store_and_harms_nothing(user: User) -> None:
    total = user.gets_many()
    with started("sync", home=user.home, environment=user.environment, before=fill_the_disk) as run:
        ran = run.end()
    assert ran.code in {1, 3}
    assert "Traceback" not in ran.err
    assert str(user.store.path) in ran.err
    kept = user.store.count()
    assert kept < total
    user.store.check()
    user.syncs()
    assert user.store.multiset() == on_server(user.mailbox, *EVERY_FOLDER)


def test_a_full_disk_says_what_to_do(user: User) -> None:
    user.gets_many(each=300)
    with started("sync", home=user.home, environment=user.environment, before=fill_the_disk) as run:
        ran = run.end()
    assert "fix: " in ran.err
    assert "space" in ran.err


def no_folder(user: User) -> str:
    """Name a data folder that nobody can make: what is above it is a file."""
    (user.home / "file").write_text("no folder")
    user.environment["JACKFIELD_DATA_DIR"] = str(user.home / "file" / "data")
    return user.environment["JACKFIELD_DATA_DIR"]


@pytest.mark.parametrize("command", ["sync", "inbox"])
def test_a_data_folder_that_cannot_be_made_is_named(user: User, command: str) -> None:
    user.gets("budget")
    folder = no_folder(user)
    ran = user(command)
    assert (ran.code, "Traceback" in ran.err) == (1, False)
    assert folder in ran.out + ran.err


def test_a_data_folder_that_cannot_be_made_says_what_to_do(user: User) -> None:
    user.gets("budget")
    no_folder(user)
    assert "JACKFIELD_DATA_DIR" in user("sync").err


@pytest.mark.skipif(os.getuid() == 0, reason="root writes into every folder")
def test_a_folder_that_is_read_only_is_an_error_with_its_fix(user: User) -> None:
    user.gets("budget")
    (user.home / "data").mkdir(mode=0o500)
    ran = user("sync")
    assert (ran.code, "Traceback" in ran.err) == (1, False)
    assert str(user.home / "data") in ran.err
    assert "JACKFIELD_DATA_DIR" in ran.err


def test_an_account_that_opens_another_mailbox_now_is_refused_by_name(user: User) -> None:
    user.gets("budget")
    user.syncs()
    before = user.store.multiset()
    other = f"{user.mailbox.username}-other"
    box = user.mailbox.server.add_user(other, "pw")
    stranger = DovecotAccount(user.mailbox.server, other, "pw", box)
    stranger.deliver("INBOX", mail("not mine"))
    mine, user.environment = user.environment, stranger.environment()
    ran = user("sync")
    assert ran.code in {1, 3}
    assert f"{user.mailbox.username}@" in ran.err
    assert f"{other}@" in ran.err
    assert "account name of its own" in ran.err
    listed = user("inbox")
    assert f"{other}@" in listed.out + listed.err
    assert "not mine" not in listed.out
    user.environment = mine
    assert user.store.multiset() == before
    user.syncs()


def test_a_line_that_breaks_in_the_middle_is_named_and_the_next_sync_goes_on(user: User) -> None:
    total = user.gets_many()
    good = user.environment["EMAIL_IMAP_PORT"]
    with faulty_line(user.mailbox, "cut", after=600_000) as line:
        user.environment["EMAIL_IMAP_PORT"] = line.port
        ran = user("sync")
    kept = user.store.count()
    assert 0 < kept < total
    assert (ran.code, "Traceback" in ran.err) == (3, False)
    assert "imap:default" in ran.err
    assert "broke the connection off" in ran.err
    user.environment["EMAIL_IMAP_PORT"] = good
    after = user.syncs()
    assert sum(each["added"] for each in after.values()) == total - kept
    assert user.store.multiset() == on_server(user.mailbox, *EVERY_FOLDER)
