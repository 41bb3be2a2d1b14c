"""The processes of a server that leads a session of its own."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def members(session: int, mark: str) -> list[int]:
    """Lists the live processes of a session.

    Args:
        session: Process id of the session's leader.
        mark: Text that the command line of each of them holds: a process id can be used again.
    """
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and _belongs(entry, session, mark.encode())
    ]


def _belongs(entry: Path, session: int, mark: bytes) -> bool:
    try:
        after_name = (entry / "stat").read_bytes().rpartition(b")")[2].split()
        if after_name[0] == b"Z" or int(after_name[3]) != session:
            return False  # a zombie has ended and waits for init
        return mark in (entry / "cmdline").read_bytes()
    except OSError:
        return False  # it ended meanwhile


def end(session: int, mark: str, *, seconds: float) -> None:
    """Waits until a session is empty, and kills what is left of it.

    Args:
        session: Process id of the session's leader.
        mark: Text that the command line of each member holds.
        seconds: How long to wait before killing.
    """
    deadline = time.monotonic() + seconds
    while left := members(session, mark):
        if time.monotonic() > deadline:
            for process in left:
                _kill(process)
        time.sleep(0.02)


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return
