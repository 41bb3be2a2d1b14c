"""Files come piece by piece, whole or not at all, under names that lead nowhere."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.tests.changing.mailbox import FILE, Mail, Server, assistant
from jackfield.cli import downloading
from jackfield.errors import ConfigError, Unreachable
from jackfield.models import Attachment

if TYPE_CHECKING:
    from jackfield.orchestrator import AssistantOrchestrator


async def whole(one: AssistantOrchestrator, attachment: Attachment = FILE) -> bytes:
    (mail,) = await one.get_all_emails()
    service = await one.downloads()
    return b"".join([piece async for piece in service.download(mail, attachment)])


async def test_a_file_comes_piece_by_piece(tmp_path: Path) -> None:
    server = Server([Mail("budget", "INBOX", "1")])
    async with assistant(tmp_path, server) as one:
        assert await whole(one) == b"abcdef"


async def test_a_file_that_breaks_off_is_an_error_and_not_a_short_file(tmp_path: Path) -> None:
    server = Server([Mail("budget", "INBOX", "1")])
    server.pieces = (b"abc", Unreachable("fake:default", "the line broke"))
    async with assistant(tmp_path, server) as one:
        with pytest.raises(Unreachable, match="the line broke"):
            await whole(one)


async def test_a_file_of_another_item_is_refused(tmp_path: Path) -> None:
    server = Server([Mail("budget", "INBOX", "1")])
    async with assistant(tmp_path, server) as one:
        with pytest.raises(ConfigError, match="has no attachment 'other'"):
            await whole(one, Attachment(id="9", name="other"))


def as_the_commands(monkeypatch: pytest.MonkeyPatch, folder: Path, server: Server) -> None:
    monkeypatch.setattr(downloading, "AssistantOrchestrator", lambda: assistant(folder, server))


async def test_what_is_there_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server([Mail("budget", "INBOX", "1")])
    as_the_commands(monkeypatch, tmp_path, server)
    async with assistant(tmp_path, server) as one:
        (mail,) = await one.get_all_emails()
    for _ in range(2):
        await downloading.download(mail.id, "", tmp_path / "files")
    files = {path.name: path.read_bytes() for path in (tmp_path / "files").iterdir()}
    assert files == {"q3.xlsx": b"abcdef", "q3 (2).xlsx": b"abcdef"}


async def test_a_file_that_breaks_off_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server([Mail("budget", "INBOX", "1")])
    as_the_commands(monkeypatch, tmp_path, server)
    async with assistant(tmp_path, server) as one:
        (mail,) = await one.get_all_emails()
    server.pieces = (b"abc", Unreachable("fake:default", "the line broke"))
    with pytest.raises(Unreachable):
        await downloading.download(mail.id, "q3.xlsx", tmp_path / "files")
    assert list((tmp_path / "files").iterdir()) == []


@given(st.text())
@example("../../etc/passwd")
@example("..")
@example("C:\\windows\\system32")
@example("con.txt")
@example("a\u202egpj.exe")
@example("\x1b[2Jx")
@example("")
def test_no_name_leads_out_of_its_folder_or_hides_what_it_is(name: str) -> None:
    safe = downloading.safe_name(name)
    assert safe
    assert safe.isprintable()
    assert not safe.startswith(".")
    assert PurePosixPath(safe).name == safe == PureWindowsPath(safe).name
    assert not PureWindowsPath(safe).is_reserved()
    assert len(safe.encode()) < 240


def test_a_long_name_keeps_its_ending() -> None:
    assert downloading.safe_name("ü" * 300 + ".pdf") == "ü" * 98 + ".pdf"
