"""Measure a sync's memory: ``python -m benchmarks.memory 20000 100000``."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mailboxes import delivered
from benchmarks.mails import ME, small_mails
from jackfield.store.files import open_file
from tests.peers import debian
from tests.peers.dovecot import Dovecot
from tests.peers.unprivileged import Unprivileged

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_PASSWORD = "benchmark"


@dataclass(frozen=True, slots=True)
class Run:
    """How a sync went.

    Attributes:
        count: Mails in the mailbox.
        peak: The most memory that the process had, in MiB.
        seconds: From its start to its end.
        stored: Items in the store afterwards.
    """

    count: int
    peak: float
    seconds: float
    stored: int


def measure(root: Path, count: int) -> Run:
    """Sync a mailbox of small mails into a fresh store.

    Args:
        root: Dovecot's unpacked packages.
        count: How many mails.

    Returns:
        How it went.
    """
    with Dovecot(root) as server, tempfile.TemporaryDirectory(prefix="jf-") as home:
        box = server.add_user(ME, _PASSWORD)
        for _ in delivered(box, small_mails(count, seed=1), count, Unprivileged.choose()):
            pass
        peak, seconds = sync(server, Path(home))
        return Run(count, peak, seconds, _stored(Path(home) / "data"))


def sync(server: Dovecot, home: Path) -> tuple[float, float]:
    """Run ``jackfield sync`` in a process of its own, and watch its memory.

    Args:
        server: Holds the mailbox.
        home: The process's home, where its store goes.

    Returns:
        The peak in MiB, and seconds.

    Raises:
        SystemExit: The sync failed; the message is what it printed.
    """
    began = time.perf_counter()
    log = home / "output"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jackfield", "sync"],
            env=_environment(server, home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            peak = _watch(process)
        finally:
            process.kill()
    if process.returncode:
        raise SystemExit(f"the sync ended with {process.returncode}:\n{log.read_text('utf-8')}")
    return peak, time.perf_counter() - began


def _watch(process: subprocess.Popen[bytes]) -> float:
    """Read the kernel's high-water mark until the process ends; it never falls."""
    status, peak = Path(f"/proc/{process.pid}/status"), 0
    while process.poll() is None:
        if found := _PEAK.search(status.read_text("utf-8")):
            peak = int(found[1])
        time.sleep(0.02)
    return peak / 1024


def _environment(server: Dovecot, home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "JACKFIELD_DATA_DIR": str(home / "data"),
        "JACKFIELD_CONFIG": str(home / "config.toml"),
        "EMAIL_IMAP_SERVER": server.host,
        "EMAIL_IMAP_PORT": str(server.tls_port),
        "EMAIL_IMAP_USERNAME": ME,
        "EMAIL_IMAP_PASSWORD": _PASSWORD,
        "EMAIL_IMAP_SECURITY": "tls",
        "EMAIL_IMAP_CA_FILE": str(server.ca_file),
    }


def _stored(data: Path) -> int:
    (path,) = data.glob("*.db")
    with closing(open_file(path, read_only=True)) as db:
        (number,) = db.execute("SELECT count(*) FROM item").fetchone()
    return int(number)


def main() -> None:
    """Measure each count, and print how the peaks compare.

    Raises:
        SystemExit: A sync failed, or left mails out.
    """
    parser = argparse.ArgumentParser(prog="benchmarks.memory", description=__doc__)
    parser.add_argument("counts", type=int, nargs="+", help="mails in the mailbox")
    counts = parser.parse_args().counts
    root = debian.unpack(debian.PEERS["dovecot"], debian.cache_folder())
    runs = []
    for count in counts:
        run = measure(root, count)
        runs.append(run)
        print(
            f"{run.count:>9,} mails  peak {run.peak:,.1f} MiB  {run.seconds:,.1f} s"
            f"  {run.count / run.seconds:,.0f} mails/s  {run.stored:,} stored",
            flush=True,
        )
        if run.stored != run.count:
            raise SystemExit(f"{run.count - run.stored:,} mails are missing from the store")
    if len(runs) > 1:
        first, last = runs[0], runs[-1]
        more, grown = last.count / first.count, last.peak / first.peak
        print(f"{more:,.1f} times the mails take {grown:.2f} times the memory")


if __name__ == "__main__":
    main()
