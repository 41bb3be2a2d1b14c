"""Fixtures with real peers; load them with ``-p tests.peers.fixtures``."""

from __future__ import annotations

import itertools
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.peers import debian
from tests.peers.corpora import mail_corpus
from tests.peers.required import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tests.peers.dovecot import Dovecot

__all__ = ["DovecotAccount", "dovecot", "dovecot_root", "mail_corpus", "mailbox"]

_accounts = itertools.count(1)


@dataclass(frozen=True)
class DovecotAccount:
    """A fresh account on a running Dovecot.

    Attributes:
        server: The server.
        username: What to sign in with.
        password: The password, made for this account.
        maildir: Where the mail lies.
    """

    server: Dovecot
    username: str
    password: str = field(repr=False)
    maildir: Path

    def environment(self) -> dict[str, str]:
        """Returns the settings of an IMAP account as a person would export them."""
        return {
            "EMAIL_IMAP_SERVER": self.server.host,
            "EMAIL_IMAP_PORT": str(self.server.tls_port),
            "EMAIL_IMAP_USERNAME": self.username,
            "EMAIL_IMAP_PASSWORD": self.password,
            "EMAIL_IMAP_SECURITY": "tls",
            "EMAIL_IMAP_CA_FILE": str(self.server.ca_file),
        }

    def deliver(
        self, folder: str, raw: bytes, *, flags: str = "", when: datetime | None = None
    ) -> Path:
        """Puts one mail into a folder; see ``Dovecot.deliver``."""
        return self.server.deliver(self.username, folder, raw, flags=flags, when=when)


@pytest.fixture(scope="session")
def dovecot_root() -> Path:
    """Dovecot's unpacked packages, from ``JACKFIELD_DOVECOT_ROOT`` or else downloaded."""
    named = os.environ.get("JACKFIELD_DOVECOT_ROOT")
    if named:
        how = f"JACKFIELD_DOVECOT_ROOT={named} is no folder; unset it to download Dovecot"
        require("dovecot", Path(named).is_dir(), how)
        return Path(named).absolute()
    try:
        return debian.unpack(debian.PEERS["dovecot"], debian.cache_folder())
    except debian.PeerUnavailable as error:
        require("dovecot", False, f"{error}. On Debian: python tests/peers/debian.py dovecot")
        raise


@pytest.fixture(scope="session")
def dovecot(dovecot_root: Path) -> Iterator[Dovecot]:
    """A real IMAP server on loopback, shared by the whole run."""
    from tests.peers.dovecot import Dovecot  # Linux only

    try:
        server = Dovecot(dovecot_root)
    except debian.PeerUnavailable as error:
        require("dovecot", False, str(error))
        raise
    with server:
        yield server


@pytest.fixture
def mailbox(dovecot: Dovecot) -> DovecotAccount:
    """An account of this test alone, with empty folders."""
    username, password = f"user{next(_accounts)}", secrets.token_urlsafe(12)
    return DovecotAccount(dovecot, username, password, dovecot.add_user(username, password))
