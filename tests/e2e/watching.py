"""Commands that are watched while they run, and their store, looked at from outside."""

from __future__ import annotations

import fcntl
import imaplib
import os
import re
import signal
import sqlite3
import ssl
import struct
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, TypeVar

from imapclient import IMAPClient

from tests.e2e.mailbox import Ran
from tests.peers.maildir import folder_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.peers.fixtures import DovecotAccount

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which something that takes a few will not come any more."""

_WRITE_LOCK = 120
"""Byte of a ``-shm`` file that who writes has locked (sqlite.org/walformat.html, 2.3.1)."""

_FLOCK = "hhqqi"
"""`struct flock` of Linux with 64 bits: type, whence, start, length, process."""


def wait_for(event: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """Ask again and again until the answer is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := event():
            return answer
        time.sleep(0.002)
    raise AssertionError(f"{what} did not come within {seconds:g} s")


class Running:
    """A command that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.pid = process.pid

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> bool:
        """Kill it at once; tell whether it was this that ended it."""
        self.process.kill()
        return self.process.wait() == -signal.SIGKILL

    def stop_the_clock(self) -> None:
        """Let it stand where it is, until `go_on`."""
        self.signal(signal.SIGSTOP)
        wait_for(lambda: self.has_ended or self._state() == "T", "a stopped process")

    def go_on(self) -> None:
        self.signal(signal.SIGCONT)

    def _state(self) -> str:
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0]

    def end(self) -> Ran:
        """Wait until it ends by itself."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return Ran(self.process.returncode, out, err)


def settings_of(home: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command, with nothing of the caller's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "COLUMNS": "100",
        "JACKFIELD_DATA_DIR": str(home / "data"),
        "JACKFIELD_CONFIG": str(home / "config.toml"),
        **environment,
    }


@contextmanager
def started(
    *words: str,
    home: Path,
    environment: Mapping[str, str],
    python: Sequence[str] = ("-m", "jackfield"),
    stderr: int | IO[Any] = subprocess.PIPE,
    before: Callable[[], None] | None = None,
) -> Iterator[Running]:
    """Start a command; within the context it runs, after it it does not."""

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job ignores it
        if before is not None:
            before()

    process = subprocess.Popen(
        [sys.executable, *python, *words],
        env=settings_of(home, environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        preexec_fn=prepare,  # noqa: PLW1509  no thread of the tests holds a lock that it needs
    )
    with process:
        try:
            yield Running(process)
        finally:
            process.kill()


@dataclass(frozen=True)
class StoreFile:
    """A store's file, of which a test only looks at: no look leaves anything behind."""

    path: Path

    @classmethod
    def of(cls, home: Path) -> StoreFile:
        return cls(home / "data" / "store.db")

    def ask(self, query: str, *values: object) -> list[Any]:
        """Read the rows of a query; none where there is no store yet."""
        if not self.path.exists():
            return []
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as db:
            try:
                return db.execute(query, values).fetchall()
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise

    def count(self) -> int:
        """Count the places that hold a mail."""
        rows = self.ask("SELECT count(*) FROM membership")
        return int(rows[0][0]) if rows else 0

    def places(self) -> dict[tuple[str, str], list[str]]:
        """Folder and Message-ID to the ids of the mails there."""
        found: dict[tuple[str, str], list[str]] = {}
        for folder, raw, id in self.ask(
            "SELECT collection.name, original, item.id FROM membership"
            " JOIN collection ON collection.id = collection JOIN item ON born = item"
            " LEFT JOIN body USING (item)"
        ):
            found.setdefault((folder, message_id(raw or b"")), []).append(id)
        return {place: sorted(ids) for place, ids in found.items()}

    def multiset(self) -> Counter[tuple[str, str]]:
        """Count the mails by folder and Message-ID."""
        return Counter({place: len(ids) for place, ids in self.places().items()})

    def subjects(self, folder: str = "INBOX") -> list[str]:
        """The subjects of a folder, sorted."""
        query = (
            "SELECT payload ->> 'subject' FROM membership JOIN item ON born = item"
            " JOIN collection ON collection.id = collection WHERE name = ?"
        )
        return sorted(subject for (subject,) in self.ask(query, folder))

    def writer(self) -> int | None:
        """The process in whose transaction the store is just now, told without a lock."""
        try:
            with open(f"{self.path}-shm", "rb+") as file:  # noqa: PTH123
                asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _WRITE_LOCK, 1, 0)
                told = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
        except FileNotFoundError:
            return None
        return None if told[0] == fcntl.F_UNLCK else told[4]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody write within the context; who wants to waits for a while."""
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=30)) as db:
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("ROLLBACK")

    def check(self) -> None:
        """Fail unless SQLite finds the file and its full-text index whole."""
        with closing(sqlite3.connect(self.path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            db.execute("INSERT INTO fts(fts, rank) VALUES('integrity-check', 1)")
            orphans = (
                "SELECT (SELECT count(*) FROM membership WHERE item NOT IN"
                " (SELECT born FROM item)) + (SELECT count(*) FROM item WHERE rowid NOT IN"
                " (SELECT id FROM content)) + (SELECT count(*) FROM content WHERE id NOT IN"
                " (SELECT rowid FROM item)) + (SELECT count(*) FROM body WHERE item NOT IN"
                " (SELECT born FROM item))"
            )
            assert db.execute(orphans).fetchone() == (0,)


def message_id(raw: bytes) -> str:
    found = re.search(
        rb"^message-id:\s*(\S+)", raw.partition(b"\r\n\r\n")[0], re.MULTILINE | re.IGNORECASE
    )
    return found[1].decode() if found else ""


def imap(mailbox: DovecotAccount) -> imaplib.IMAP4_SSL:
    """The standard library's client: another opinion of what is on the server."""
    settings = mailbox.environment()
    trust = ssl.create_default_context(cafile=settings["EMAIL_IMAP_CA_FILE"])
    host, port = settings["EMAIL_IMAP_SERVER"], int(settings["EMAIL_IMAP_PORT"])
    client = imaplib.IMAP4_SSL(host, port, ssl_context=trust, timeout=60)
    client.login(settings["EMAIL_IMAP_USERNAME"], settings["EMAIL_IMAP_PASSWORD"])
    return client


def originals(mailbox: DovecotAccount, *folders: str) -> dict[str, list[bytes]]:
    """The bytes of every mail of these folders, as the server gives them."""
    found: dict[str, list[bytes]] = {}
    with imap(mailbox) as client:
        for folder in folders:
            _, (count,) = client.select(folder, readonly=True)
            if not int(count or b"0"):
                found[folder] = []
                continue
            _, pieces = client.fetch("1:*", "(BODY.PEEK[])")
            found[folder] = [piece[1] for piece in pieces if isinstance(piece, tuple)]
    return found


def on_server(mailbox: DovecotAccount, *folders: str) -> Counter[tuple[str, str]]:
    """Count the mails on the server by folder and Message-ID."""
    return Counter(
        (folder, message_id(raw))
        for folder, raws in originals(mailbox, *folders).items()
        for raw in raws
    )


@contextmanager
def another_client(mailbox: DovecotAccount, folder: str = "INBOX") -> Iterator[IMAPClient]:
    """Somebody else who works in the same mailbox."""
    with IMAPClient(mailbox.server.host, port=mailbox.server.port, ssl=False) as client:
        client.login(mailbox.username, mailbox.password)
        client.select_folder(folder)
        yield client


def forget_uids(mailbox: DovecotAccount, folder: str) -> None:
    """Let the server number a folder's mails anew; nobody else may be signed in."""
    before, box = uidvalidity(mailbox, folder), folder_path(mailbox.maildir, folder)

    def is_new() -> bool:  # a UIDVALIDITY is a time in seconds
        for file in box.glob("dovecot*"):
            file.unlink()
        return uidvalidity(mailbox, folder) != before

    wait_for(is_new, "another UIDVALIDITY")


def uidvalidity(mailbox: DovecotAccount, folder: str) -> int:
    with another_client(mailbox) as client:
        return int(client.folder_status(folder, ["UIDVALIDITY"])[b"UIDVALIDITY"])
