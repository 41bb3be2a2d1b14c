"""One sync of an account at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from subprocess import PIPE
from typing import TYPE_CHECKING

import pytest

from core.tests.store.mails import ME, NOW
from jackfield.errors import AlreadyRunning
from jackfield.locks import only_sync

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import pathlib, sys, time
from datetime import UTC, datetime
from jackfield.locks import only_sync
with only_sync(pathlib.Path(sys.argv[1]), "imap:default", datetime.now(UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_sync_of_an_account_is_told_who_runs(tmp_path: Path) -> None:
    with only_sync(tmp_path, ME, NOW):
        with pytest.raises(AlreadyRunning, match=rf"process {os.getpid()} does, since 2026-11-23"):
            with only_sync(tmp_path, ME, NOW):
                pytest.fail("two at once")
    with only_sync(tmp_path, ME, NOW):
        pass


def test_two_accounts_sync_at_the_same_time(tmp_path: Path) -> None:
    with only_sync(tmp_path, ME, NOW), only_sync(tmp_path, "imap:work", NOW):
        pass


def test_a_lock_keeps_other_processes_out_and_ends_with_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=PIPE, text=True) as other:
        assert other.stdout is not None
        try:
            assert other.stdout.readline() == "held\n"
            with pytest.raises(AlreadyRunning, match=f"process {other.pid} does"):
                with only_sync(tmp_path, ME, NOW):
                    pytest.fail("two at once")
        finally:
            other.send_signal(signal.SIGKILL)
            other.wait()
    with only_sync(tmp_path, ME, NOW):
        pass


def test_an_error_in_a_sync_gives_the_lock_back(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), only_sync(tmp_path, ME, NOW):
        raise ZeroDivisionError
    with only_sync(tmp_path, ME, NOW):
        pass


def test_a_store_in_memory_needs_no_lock_and_makes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with only_sync(None, ME, NOW), only_sync(None, ME, NOW):
        assert list(tmp_path.iterdir()) == []
