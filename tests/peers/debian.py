"""Debian packages unpacked into a folder of our own; nothing is installed on the system.

Standard library only, so that it also runs before any environment exists:
``python tests/peers/debian.py dovecot CACHE`` prints the unpacked root.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PEERS = {"dovecot": ("dovecot-core", "dovecot-imapd"), "notmuch": ("notmuch",)}
"""The packages of each peer; what they depend on comes along when the machine lacks it."""

NEVER = frozenset({"libc6", "libc-bin"})
"""A second C library beside the machine's own would crash what is linked to the first."""

COMMAND_SECONDS = 240.0
LOCK_SECONDS = 900.0


class PeerUnavailable(Exception):
    """A foreign server cannot be had on this machine; the message says why."""


def cache_folder() -> Path:
    """Returns where unpacked peers are kept: ``JACKFIELD_PEER_CACHE`` or the user's cache."""
    if chosen := os.environ.get("JACKFIELD_PEER_CACHE"):
        return Path(chosen)
    user_cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(user_cache).expanduser() / "jackfield-tests"


def unpack(packages: Sequence[str], cache: Path) -> Path:
    """Downloads and unpacks packages with the dependencies that the machine lacks.

    Args:
        packages: Names of Debian packages.
        cache: Folder that keeps the result for the next call; made when missing.

    Returns:
        The folder that stands for ``/`` of the packages.

    Raises:
        PeerUnavailable: No apt, no network, no such package, or the cache cannot be written.
    """
    root = cache.absolute() / _key(packages) / "root"
    if root.is_dir():
        return root
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise PeerUnavailable(f"no {tool} on this machine; it needs Debian or a relative")
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with _locked(root.parent / "lock"):
            if not root.is_dir():
                _fill(packages, root)
    except OSError as error:
        raise PeerUnavailable(f"cannot unpack {' '.join(packages)}: {error}") from error
    return root


def _key(packages: Sequence[str]) -> str:
    """Names the packages on this release of the system: an upgrade makes a new folder."""
    release = Path("/etc/os-release")
    system = release.read_text(encoding="utf-8") if release.is_file() else platform.platform()
    wanted = "\n".join([*sorted(packages), platform.machine(), system])
    return f"{packages[0]}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds a lock that the system frees when its holder dies."""
    import fcntl  # absent on Windows, where this module must still import

    deadline = time.monotonic() + LOCK_SECONDS
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise PeerUnavailable(f"another process has kept {path} locked") from None
                time.sleep(0.2)
        yield


def _fill(packages: Sequence[str], root: Path) -> None:
    """Unpacks beside ``root`` and renames at the end, so that a root is always whole."""
    for abandoned in root.parent.glob("partial-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix="partial-") as partial:
        fresh = Path(partial) / "root"
        fresh.mkdir()
        for archive in _download(packages, Path(partial)):
            _run(["dpkg", "-x", str(archive), str(fresh)])
        fresh.chmod(0o755)
        fresh.rename(root)


def _download(packages: Sequence[str], folder: Path) -> list[Path]:
    """Downloads with the system's package lists, else with fresh lists of our own."""
    try:
        return _fetch(packages, folder, _options(folder, own_lists=False))
    except PeerUnavailable as missing_or_outdated:
        options = _options(folder, own_lists=True)
        refused = _refresh(options)
        try:
            return _fetch(packages, folder, options)
        except PeerUnavailable as error:
            raise PeerUnavailable(f"{error} {refused}".strip()) from missing_or_outdated


def _options(folder: Path, *, own_lists: bool) -> list[str]:
    """Returns apt's options that keep its hands off the system's state."""
    chosen = {
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "root",  # else apt, as root, drops to a user who cannot write here
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "Acquire::http::Timeout": "20",
        "Acquire::https::Timeout": "20",
        "Dir::Cache": str(folder / "cache"),
    }
    (folder / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
    if own_lists:
        chosen["Dir::State::lists"] = str(folder / "lists")
        (folder / "lists/partial").mkdir(parents=True)
    return [word for name, value in chosen.items() for word in ("-o", f"{name}={value}")]


def _refresh(options: Sequence[str]) -> str:
    """Fetches the lists; one source that fails does not matter while another has the package."""
    try:
        _run(["apt-get", *options, "-o", "APT::Update::Error-Mode=any", "-qq", "update"])
    except PeerUnavailable as error:
        return str(error)
    return ""


def _fetch(packages: Sequence[str], folder: Path, options: Sequence[str]) -> list[Path]:
    """Downloads the packages and their missing dependencies into ``folder``."""
    plan = ["install", "--print-uris", "-y", "-qq", "--reinstall", "--no-install-recommends"]
    lines = _run(["apt-get", *options, *plan, *packages]).splitlines()
    files = [line.split()[1] for line in lines if line.startswith("'")]
    parts = [unquote(file).split("_") for file in files]
    wanted = [f"{name}={version}" for name, version, _ in parts if name not in NEVER]
    if not wanted:
        raise PeerUnavailable(f"apt-get names nothing to download for {' '.join(packages)}")
    _run(["apt-get", *options, "-qq", "download", *wanted], cwd=folder)
    return sorted(folder.glob("*.deb"))


def _run(command: Sequence[str], cwd: Path | None = None) -> str:
    """Runs a command without a terminal and returns what it printed."""
    settled = {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=cwd,
            env=os.environ | settled,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        late = f"{command[0]} took more than {COMMAND_SECONDS:.0f} s"
        raise PeerUnavailable(late) from error
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise PeerUnavailable(f"{command[0]} ended with {done.returncode}: {said[-600:]}")
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    """Unpacks the peer that is named and prints its root; the cache folder may follow."""
    if not 1 <= len(arguments) <= 2 or arguments[0] not in PEERS:
        sys.stderr.write(f"usage: debian.py {{{','.join(PEERS)}}} [CACHE]\n")
        return 2
    cache = Path(arguments[1]) if len(arguments) == 2 else cache_folder()
    try:
        sys.stdout.write(f"{unpack(PEERS[arguments[0]], cache)}\n")
    except PeerUnavailable as error:
        sys.stderr.write(f"{arguments[0]}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
