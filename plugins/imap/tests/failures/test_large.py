"""Mails that are too large to be kept whole (G6): they are neither lost nor held in memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from jackfield_imap import large
from plugins.imap.tests.failures.attempts import assistant
from plugins.imap.tests.failures.scripted import ARRIVED, mailbox_of, scripted
from plugins.imap.tests.mirrored import letter, mirrored

if TYPE_CHECKING:
    from tests.peers.fixtures import DovecotAccount

MB = 1_000_000
FILE = b"Content-Type: application/zip; name=\"all.zip\"\r\n" \
       b"Content-Disposition: attachment; filename=\"all.zip\"\r\n" \
       b"Content-Transfer-Encoding: base64\r\n\r\n"  # fmt: skip


def huge(subject: str, megabytes: int, *, text: bytes = b"Hier die ganze gr=C3=B6=C3=9Fe") -> bytes:
    """A mail with a file, an alternative before it and one more text behind it."""
    head = letter(subject, Content_Type='multipart/mixed; boundary="m"').partition(b"\r\n\r\n")[0]
    alternative = (
        b'Content-Type: multipart/alternative; boundary="a"\r\n\r\n--a\r\n'
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
        b"\r\n\r\n" + text + b"\r\n--a\r\nContent-Type: text/html; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>" + text + b"</p>\r\n--a--\r\n"
    )
    content = (b"QUFB" * 19 + b"\r\n") * (megabytes * MB // 78)
    behind = b"Content-Type: text/plain\r\n\r\nbehind the file\r\n"
    parts = [alternative, FILE + content, behind]
    return (
        head + b"\r\n\r\n" + b"".join(b"--m\r\n" + part + b"\r\n" for part in parts) + b"--m--\r\n"
    )


@pytest.fixture(autouse=True)
def _large_is_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that mails of 9 MB are large enough for these tests."""
    monkeypatch.setattr(large, "WHOLE_BYTES", 8 * 1024 * 1024)


async def test_g06_of_a_huge_mail_the_headers_the_text_and_the_names_of_files_are_kept(
    mailbox: DovecotAccount,
) -> None:
    mailbox.deliver("INBOX", letter("before"))
    mailbox.deliver("INBOX", huge("all of it", 9))
    mailbox.deliver("INBOX", letter("after"))
    async with assistant(mailbox.environment()) as all_accounts:
        (account,) = await all_accounts.sync()
        found = {mail.subject: mail for mail in await all_accounts.get_all_emails(offline=True)}
        shown: Any = await all_accounts.show(found["all of it"].id)
        hits = await all_accounts.search_across_sources("größe")
    assert sorted(found) == ["after", "all of it", "before"]
    assert shown.text == "Hier die ganze größe\n\nbehind the file"
    assert [(file.name, file.media_type) for file in shown.attachments] == [
        ("all.zip", "application/zip")
    ]
    assert shown.unparsed is not None
    assert "9 MB" in shown.unparsed
    assert [hit.id for hit in hits] == [shown.id]
    inbox = next(each for each in account.collections if each.name == "INBOX")
    assert (inbox.error, inbox.unfetched, inbox.report.unparsed) == (None, (), 1)


async def test_g06_a_huge_mail_is_the_same_mail_in_a_listing_and_in_another_folder() -> None:
    mailbox = mailbox_of()
    mailbox["INBOX"].append(huge("all of it", 9), ARRIVED)
    async with scripted(mailbox=mailbox) as server, assistant(server.environment) as all_accounts:
        (listed,) = await all_accounts.get_all_emails()
        await all_accounts.sync()
        (synced,) = await all_accounts.get_all_emails(offline=True)
        mailbox["INBOX"].move(1, mailbox["Archive"])
        await all_accounts.sync()
        (moved,) = await all_accounts.get_all_emails(offline=True)
        assert server.commands(r"UID FETCH .*BODY\.PEEK\[\]") == []
    assert listed.id == synced.id == moved.id
    assert (synced.folders, moved.folders) == (("INBOX",), ("Archive",))


@pytest.mark.parametrize("megabytes", [8, 9])
async def test_g06_what_memory_can_hold_is_kept_whole(megabytes: int) -> None:
    mailbox = mailbox_of()
    raw = huge("some", megabytes)
    mailbox["INBOX"].append(raw, ARRIVED)
    async with scripted(mailbox=mailbox) as server, mirrored(server.environment) as copy:
        await copy.round()
        whole = server.commands(r"UID FETCH .*BODY\.PEEK\[\]")
    assert bool(whole) is (len(raw) <= large.WHOLE_BYTES)


async def test_g06_no_text_of_a_huge_mail_is_read_beyond_its_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(large, "TEXT_BYTES", 1000)
    mailbox = mailbox_of()
    mailbox["INBOX"].append(huge("long", 9, text=b"word " * 10_000), ARRIVED)
    async with scripted(mailbox=mailbox) as server, assistant(server.environment) as all_accounts:
        await all_accounts.sync()
        (found,) = await all_accounts.get_all_emails(offline=True)
        assert server.commands(r"UID FETCH 1 .*BODY\.PEEK\[1\.1\]<0\.1000>")
    assert len(found.text) < 1100
    assert found.text.endswith("behind the file")


@pytest.mark.parametrize("structure", [b"NIL", b"(((", b'("TEXT")', b'(() NIL "mixed")'])
async def test_g06_a_huge_mail_of_which_the_structure_is_garbled_is_kept(structure: bytes) -> None:
    mailbox = mailbox_of("small")
    mailbox["INBOX"].append(huge("all of it", 9), ARRIVED)

    def garbled(usual: bytes) -> bytes:
        head, found, rest = usual.partition(b"BODYSTRUCTURE ")
        if not found:
            return usual
        return head + found + structure + rest[rest.index(b" BODY[HEADER]") :]

    async with scripted(mailbox=mailbox) as server, assistant(server.environment) as all_accounts:
        server.alter("UID FETCH", garbled)
        (account,) = await all_accounts.sync()
        found = {mail.subject: mail for mail in await all_accounts.get_all_emails(offline=True)}
    assert account.state.state == "complete"
    assert sorted(found) == ["all of it", "small"]
    assert found["all of it"].text.startswith("Hier die ganze größe")


async def test_g06_mails_of_which_the_server_tells_no_size_come_one_by_one() -> None:
    async with scripted("a", "b", "c") as server, mirrored(server.environment) as copy:
        server.alter("UID FETCH", lambda usual: re.sub(rb" RFC822.SIZE \d+", b"", usual))
        await copy.round()
        bodies = [line.split()[2] for line in server.commands(r"UID FETCH .*BODY\.PEEK\[\]")]
        assert bodies == ["3", "2", "1"]
        assert len(await copy.places()) == 3


MEASURED = """
import asyncio, json, os
from pathlib import Path
from plugins.imap.tests.mirrored import mirrored
from plugins.imap.tests.failures.attempts import subjects
async def main():
    async with mirrored(dict(os.environ)) as copy:
        await copy.round()
        lines = Path("/proc/self/status").read_text().splitlines()
        most = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
        print(json.dumps([await subjects(copy), most]))
asyncio.run(main())
"""


def test_g06_a_huge_mail_takes_no_more_memory_than_a_small_one(mailbox: DovecotAccount) -> None:
    mailbox.deliver("INBOX", huge("all of it", 200))
    mailbox.deliver("INBOX", letter("small"))
    done = subprocess.run(
        [sys.executable, "-c", MEASURED],
        env=mailbox.environment() | {"PATH": "", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    names, kilobytes = json.loads(done.stdout)
    assert names == ["all of it", "small"]
    assert kilobytes < 150_000, "200 MB of mail were held in memory"
