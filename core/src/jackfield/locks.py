"""One sync of an account at a time, and one sender of a draft, whatever process it is in.

The lock is the operating system's: it ends with its process, also after ``kill -9``. A note
beside it says who holds it.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from jackfield.errors import AlreadyRunning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@contextmanager
def only_sync(folder: Path | None, account: str, now: datetime) -> Iterator[None]:
    """Hold an account's lock within a context.

    Args:
        folder: Where the store is; None for a store in memory, which nobody shares.
        account: ``source:name``.
        now: The time, for the note.

    Yields:
        Nothing.

    Raises:
        AlreadyRunning: Another process, or another task of this one, syncs the account.
    """
    if folder is None:
        yield
        return
    name = account.replace(":", "=")  # which no account's name has
    lock = _lock(folder, name)
    note = folder / "locks" / f"{name}.json"
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise AlreadyRunning(account, _read(note)) from None
    try:
        note.write_text(json.dumps({"process": os.getpid(), "since": now.isoformat()}), "utf-8")
        yield
    finally:
        with suppress(OSError):
            note.unlink()
        lock.release()


@contextmanager
def only_sender(folder: Path, id: str) -> Iterator[bool]:
    """Hold the lock of one entry of the outbox within a context.

    Args:
        folder: Where the outbox is.
        id: The entry's id.

    Yields:
        False where another process, or another task of this one, is sending it just now.
    """
    lock = _lock(folder, f"send-{id}")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        with suppress(OSError):
            Path(lock.lock_file).unlink()
        lock.release()


def _lock(folder: Path, name: str) -> FileLock:
    locks = folder / "locks"
    locks.mkdir(parents=True, exist_ok=True, mode=0o700)
    return FileLock(locks / f"{name}.lock", mode=0o600, thread_local=False)


def _read(note: Path) -> str:
    try:
        said = json.loads(note.read_text("utf-8"))
        return f"process {int(said['process'])} does, since {said['since'][:19]}Z"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process does"
