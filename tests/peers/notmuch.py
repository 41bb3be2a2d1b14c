"""notmuch, the search program for mail, run from unpacked packages on a Maildir of its own."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.peers.debian import PeerUnavailable

if TYPE_CHECKING:
    from pathlib import Path

INDEX_SECONDS = 900.0
SEARCH_SECONDS = 60.0


class Notmuch:
    """One index over one Maildir; every call is a process of its own."""

    def __init__(self, root: Path, mail: Path, state: Path) -> None:
        """Settles where things lie; nothing is indexed yet.

        Args:
            root: What ``debian.unpack`` returned.
            mail: A Maildir; its files' letters say what is unread.
            state: A folder for the settings and the index; made when missing.

        Raises:
            PeerUnavailable: The root holds no notmuch that runs here.
        """
        self._program = root / "usr/bin/notmuch"
        if not self._program.is_file():
            raise PeerUnavailable(f"no notmuch in {root}")
        libraries = [*root.glob("usr/lib/*-linux-*"), *root.glob("lib/*-linux-*")]
        state.mkdir(parents=True, exist_ok=True)
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "HOME": str(state),
            "NOTMUCH_CONFIG": str(state / "config"),
        }
        (state / "index").mkdir(exist_ok=True)
        (state / "config").write_text(
            f"[database]\npath={state / 'index'}\nmail_root={mail}\n"
            "[user]\nname=Me\nprimary_email=me@mail.example\n"
            "[new]\ntags=unread;inbox;\nignore=\n"
            "[search]\nexclude_tags=\n[maildir]\nsynchronize_flags=true\n",
            encoding="utf-8",
        )
        self.version = self.run("--version").split()[-1]

    def run(self, *words: str, seconds: float = SEARCH_SECONDS) -> str:
        """Runs one command and returns what it printed.

        Args:
            *words: The command's words after ``notmuch``.
            seconds: How long it may take.

        Raises:
            PeerUnavailable: It does not run, or ended with a complaint.
        """
        try:
            done = subprocess.run(
                [str(self._program), *words],
                check=False,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",  # it prints bytes of unknown charsets as they are
                timeout=seconds,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PeerUnavailable(f"notmuch does not run here: {error}") from error
        if done.returncode:
            raise PeerUnavailable(f"notmuch {words[0]} said: {done.stderr.strip()[-600:]}")
        return done.stdout

    def index(self) -> None:
        """Reads the mail that is new, however long it takes up to a quarter of an hour."""
        self.run("new", "--quiet", "--no-hooks", seconds=INDEX_SECONDS)

    def search(self, query: str, *, limit: int = 50, offset: int = 0) -> list[str]:
        """Returns the Message-IDs, without angle brackets, of what matches, the newest first.

        Args:
            query: In notmuch's own language.
            limit: At most so many.
            offset: Leave so many of the newest out.
        """
        page = ("--output=messages", "--sort=newest-first", f"--limit={limit}")
        found = self.run("search", *page, f"--offset={offset}", "--", query)
        return [line.removeprefix("id:") for line in found.splitlines()]

    def count(self, query: str) -> int:
        """Returns how many mails match.

        Args:
            query: In notmuch's own language.
        """
        return int(self.run("count", "--output=messages", "--", query))

    def show(self, query: str) -> str:
        """Returns what matches as JSON, with all bodies, HTML too.

        Args:
            query: In notmuch's own language.
        """
        how = ("--format=json", "--entire-thread=false", "--include-html", "--body=true")
        return self.run("show", *how, "--", query)
