"""A real Dovecot IMAP server on loopback, run as an ordinary user from unpacked packages."""

from __future__ import annotations

import atexit
import base64
import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.peers import maildir, sessions
from tests.peers.certificates import write_certificates
from tests.peers.debian import PeerUnavailable
from tests.peers.dovecot_root import DovecotRoot
from tests.peers.dovecot_settings import DovecotSettings
from tests.peers.unprivileged import Unprivileged

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

START_SECONDS = 20.0
STOP_SECONDS = 5.0
LINGER_SECONDS = 0.3  # a session that was active in the last ten seconds outlives the master
PORT_ATTEMPTS = 3


class DovecotStartError(Exception):
    """Dovecot did not start; the message holds its log."""


class Dovecot:
    """One running server; everything it writes lies in one temporary folder.

    Attributes:
        host: The address it listens on, loopback only.
        port: Port for plain text and STARTTLS.
        tls_port: Port for implicit TLS.
        ca_file: Certificate of the authority that signed the server's.
    """

    def __init__(self, root: Path, *, extra: str = "", plaintext: bool = True) -> None:
        """Starts a server.

        Args:
            root: What ``debian.unpack`` returned.
            extra: More text for dovecot.conf.
            plaintext: Whether a password may be sent without TLS. If not, the host is 127.0.0.2.

        Raises:
            PeerUnavailable: The root or the machine cannot run it.
            DovecotStartError: It gave no greeting within 20 seconds.
        """
        if shutil.which("setpriv") is None:
            raise PeerUnavailable("no setpriv (package util-linux) on this machine")
        self._owner = Unprivileged.choose()
        self._extra, self._plaintext = extra, plaintext
        # Dovecot trusts a peer of the same address as its own even without TLS.
        self.host = "127.0.0.1" if plaintext else "127.0.0.2"
        self._process: subprocess.Popen[bytes] | None = None
        self._last_log = ""
        # Unix sockets allow 108 bytes of path, the prepared library 16 of this folder's.
        self._state = Path(tempfile.mkdtemp(prefix="jf-", dir="/tmp"))
        atexit.register(self.stop)
        try:
            self._prepare(root)
            self._start_on_free_ports()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        """Returns the running server."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops the server."""
        self.stop()

    @property
    def ca_file(self) -> Path:
        """The authority's certificate."""
        return self._state / "ca.pem"

    @property
    def pid(self) -> int | None:
        """Process id of the master, which is also its session; None when stopped."""
        return self._process.pid if self._process else None

    def add_user(self, name: str, password: str) -> Path:
        """Makes an account.

        Args:
            name: What to sign in with; no colon, slash or white space.
            password: Any text.

        Returns:
            The account's Maildir.
        """
        if not name or set(name) & set(":/%") or name.split() != [name] or name[0] == ".":
            raise ValueError(f"not a name for a user: {name!r}")
        encoded = base64.b64encode(password.encode()).decode()
        entry = self._state / "users" / name
        entry.write_text(f"{name}:{{PLAIN.b64}}{encoded}::::::\n", encoding="utf-8")
        box = self._maildir(name)
        maildir.make_folder(box, self._owner)
        self._owner.own(entry, box.parent)
        return box

    def deliver(
        self, user: str, folder: str, raw: bytes, *, flags: str = "", when: datetime | None = None
    ) -> Path:
        """Puts one mail into a folder, as another client of the same mailbox would.

        Args:
            user: An account that ``add_user`` made.
            folder: ``INBOX``, or a name with ``/`` between the levels; made when missing.
            raw: The mail's bytes.
            flags: Maildir's letters: D draft, F flagged, R answered, S seen, T deleted.
            when: The mail's INTERNALDATE; now when missing.

        Returns:
            The mail's file.
        """
        box = self._maildir(user)
        if not box.is_dir():
            raise ValueError(f"no such user: {user}")
        path = maildir.folder_path(box, folder)
        return maildir.write_mail(path, raw, self._owner, flags=flags, when=when)

    def log_text(self) -> str:
        """Returns what the server has logged; the whole of it after ``stop``."""
        log = self._state / "dovecot.log"
        return log.read_text("utf-8", "replace") if log.is_file() else self._last_log

    def restart(self) -> None:
        """Stops and starts the server on the same ports, with the same accounts and mail."""
        self._halt()
        self._launch()

    def stop(self) -> None:
        """Ends the server and all its processes, and removes its folder."""
        atexit.unregister(self.stop)
        self._halt()
        self._last_log = self.log_text()
        shutil.rmtree(self._state, ignore_errors=True)

    def _maildir(self, user: str) -> Path:
        return self._state / "mail" / user / "Maildir"

    def _prepare(self, root: Path) -> None:
        self._root = DovecotRoot.prepare(root, self._state, self._owner)
        write_certificates(self._state)
        for folder in ("users", "mail"):
            (self._state / folder).mkdir()
        own = (entry for entry in self._state.iterdir() if entry.name != "root")
        self._owner.own(self._state, *own)

    def _start_on_free_ports(self) -> None:
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self.port, self.tls_port = _free_ports(self.host)
            try:
                self._launch()
            except DovecotStartError as error:
                if "Address already in use" not in str(error) or attempt == PORT_ATTEMPTS:
                    raise
            else:
                return

    def _launch(self) -> None:
        settings = DovecotSettings(
            state=self._state,
            programs=self._root.programs,
            libraries=self._root.libraries,
            owner=self._owner,
            host=self.host,
            port=self.port,
            tls_port=self.tls_port,
            plaintext=self._plaintext,
            extra=self._extra,
        )
        configuration = self._state / "dovecot.conf"
        configuration.write_text(settings.text(), encoding="utf-8")
        with (self._state / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [*self._owner.command(), *self._root.command(configuration)],
                cwd=self._state,
                env=self._root.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._await_greeting()

    def _await_greeting(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process and self._process.poll() is None:
            with (
                contextlib.suppress(OSError),
                socket.create_connection((self.host, self.port), timeout=2) as connection,
            ):
                if connection.recv(4) == b"* OK":
                    return
            time.sleep(0.05)
        self._halt()
        said = (self._state / "output").read_text("utf-8", "replace")
        raise DovecotStartError(f"Dovecot gave no greeting.\n{said}\n{self.log_text()}")

    def _halt(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        sessions.end(process.pid, self._state.name, seconds=LINGER_SECONDS)
        process.wait(STOP_SECONDS)


def _free_ports(host: str) -> tuple[int, int]:
    """Finds two ports that nobody listens on; another process may still take one first."""
    with socket.socket() as first, socket.socket() as second:
        for chosen in (first, second):
            chosen.bind((host, 0))
        return first.getsockname()[1], second.getsockname()[1]
