"""notmuch finds what lies in a Maildir, the newest first, and counts it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.peers import debian, maildir
from tests.peers.notmuch import Notmuch
from tests.peers.required import require
from tests.peers.unprivileged import Unprivileged

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def notmuch_root() -> Path:
    try:
        return debian.unpack(debian.PEERS["notmuch"], debian.cache_folder())
    except debian.PeerUnavailable as error:
        require("notmuch", False, f"{error}. On Debian: python tests/peers/debian.py notmuch")
        raise


def mail(number: int, body: str) -> bytes:
    return (
        f"Message-ID: <{number}@acme.example>\r\nDate: {number:02} Nov 2026 09:00:00 +0000\r\n"
        f"From: ana@acme.example\r\nSubject: mail {number}\r\n\r\n{body}\r\n"
    ).encode()


@pytest.fixture
def filled(notmuch_root: Path, tmp_path: Path) -> Notmuch:
    owner, folder = Unprivileged.choose(), tmp_path / "mail"
    for number, flags in ((1, "S"), (2, ""), (3, "S")):
        when = datetime(2026, 11, number, 9, tzinfo=UTC)
        raw = mail(number, "the quarterly invoice" if number > 1 else "an invoice, quarterly")
        maildir.write_mail(folder, raw, owner, flags=flags, when=when)
    notmuch = Notmuch(notmuch_root, folder, tmp_path / "state")
    notmuch.index()
    return notmuch


def test_the_newest_come_first_a_page_at_a_time(filled: Notmuch) -> None:
    assert filled.search("invoice", limit=2) == ["3@acme.example", "2@acme.example"]
    assert filled.search("invoice", limit=2, offset=2) == ["1@acme.example"]


def test_phrases_dates_and_letters_of_files_count(filled: Notmuch) -> None:
    assert filled.count('"quarterly invoice"') == 2
    assert filled.count("invoice and tag:unread") == 1
    assert filled.count("invoice date:2026-11-02..2026-11-02") == 1


def test_a_folder_without_notmuch_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(debian.PeerUnavailable, match="no notmuch"):
        Notmuch(tmp_path, tmp_path, tmp_path / "state")
