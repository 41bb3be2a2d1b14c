"""Mails for real mailboxes, and a way to run commands as their user."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def mail(
    subject: str,
    *,
    sender: str = "Ana Prieto <ana@acme.example>",
    day: int = 1,
    body: str = "Hello.",
) -> bytes:
    """A plain mail as it travels."""
    return (
        f"Message-ID: <{subject.replace(' ', '-')}@acme.example>\r\n"
        f"Date: {day:02} Nov 2026 09:00:00 +0000\r\n"
        f"From: {sender}\r\nTo: me@acme.example\r\nSubject: {subject}\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


@dataclass
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        assert self.out, self.err
        return json.loads(self.out)


def jackfield(
    *words: str, home: Path, environment: dict[str, str] | None = None, columns: int = 100
) -> Ran:
    """Run the command in a process of its own, with nothing of the caller's settings."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    full = {
        **kept,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "COLUMNS": str(columns),
        "JACKFIELD_DATA_DIR": str(home / "data"),
        "JACKFIELD_CONFIG": str(home / "config.toml"),
        **(environment or {}),
    }
    done = subprocess.run(
        [sys.executable, "-m", "jackfield", *words],
        env=full,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
