"""What a client says on the wire, whatever library says it."""

from __future__ import annotations

import imaplib
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.dovecot import Dovecot
from tests.peers.fixtures import DovecotAccount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_TAG = re.compile(r"^[A-P]{4,5}\d+ ")


class Wire:
    """The lines that were sent, without their tags."""

    def __init__(self) -> None:
        self._sent = b""

    def hear(self, data: bytes) -> None:
        self._sent += data

    def clear(self) -> None:
        self._sent = b""

    @property
    def lines(self) -> list[str]:
        said = self._sent.decode("utf-8").split("\r\n")
        return [_TAG.sub("", line) for line in said if line]

    def commands(self, name: str) -> list[str]:
        return [line for line in self.lines if line.startswith(name)]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    found = Wire()
    original = imaplib.IMAP4.send

    def send(self: Any, data: bytes) -> None:
        found.hear(data)
        original(self, data)

    monkeypatch.setattr(imaplib.IMAP4, "send", send)
    return found


@pytest.fixture(scope="module")
def plain_dovecot(dovecot_root: Path) -> Iterator[Dovecot]:
    """A Dovecot that can only do what every server can."""
    with Dovecot(
        dovecot_root, extra="imap_capability = IMAP4rev1 SASL-IR UIDPLUS IDLE\n"
    ) as server:
        yield server


@pytest.fixture
def plain_mailbox(plain_dovecot: Dovecot, tmp_path: Path) -> DovecotAccount:
    name = f"plain{tmp_path.name}".replace("/", "")
    return DovecotAccount(plain_dovecot, name, "pw", plain_dovecot.add_user(name, "pw"))
