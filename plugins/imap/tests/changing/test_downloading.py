"""Files come out of mails as they went in, whatever their encoding and wherever they stand."""

from __future__ import annotations

import base64
import json
import os
import quopri
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jackfield.batches import Ref
from jackfield.errors import ConnectorError, NotFound, NotSupported
from jackfield.models import Attachment
from jackfield.requests import ListRequest
from jackfield_imap import downloading
from jackfield_imap.decoding import decoder_of
from plugins.imap.tests.failures.scripted import ARRIVED, STALL, mailbox_of, scripted
from plugins.imap.tests.mirrored import letter, opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jackfield_imap import ImapConnector
    from tests.peers.fixtures import DovecotAccount

CONTENT = bytes(range(256)) * 40


def with_files(*parts: bytes) -> bytes:
    head = letter("files", Content_Type='multipart/mixed; boundary="m"').partition(b"\r\n\r\n")[0]
    written = b"".join(b"--m\r\n" + part + b"\r\n" for part in parts)
    return head + b"\r\n\r\n--m\r\nContent-Type: text/plain\r\n\r\nsee\r\n" + written + b"--m--\r\n"


def part(name: str, encoding: str, encoded: bytes, kind: str = "application/octet-stream") -> bytes:
    return (
        f'Content-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; '
        f'filename="{name}"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    ).encode() + encoded


ENCODED = part("b64.bin", "base64", base64.encodebytes(CONTENT).replace(b"\n", b"\r\n"))
QUOTED = part(
    "quoted.txt", "quoted-printable", quopri.encodestring(b"a=b \xfc\n" * 999), "text/plain"
)
PLAIN = part("plain.txt", "8bit", b"gr\xc3\xbcn\r\n" * 500, "text/plain")
ENCLOSED = (
    b"Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=m.eml\r\n\r\n"
    + letter("inside")
)


async def listed(connector: ImapConnector) -> tuple[Ref, Sequence[Attachment]]:
    """The newest mail by its headers alone: its files are named by their sections."""
    async for batch in connector.fetch(ListRequest("email", 1)):
        for entry in batch.items:
            return entry.ref, entry.item.attachments
    raise AssertionError("no mail")


async def whole(connector: ImapConnector, ref: Ref, attachment: Attachment) -> bytes:
    return b"".join([piece async for piece in connector.download(ref, attachment)])


async def test_files_come_by_section_and_by_index_as_they_went_in(mailbox: DovecotAccount) -> None:
    mailbox.deliver("INBOX", with_files(ENCODED, QUOTED, PLAIN, ENCLOSED))
    async with opened(mailbox.environment()) as connector:
        ref, by_section = await listed(connector)
        (entry,) = await connector.get([ref], "full")
        one = {each.name: await whole(connector, ref, each) for each in by_section}
        other = {each.name: await whole(connector, ref, each) for each in entry.item.attachments}
        (after,) = await connector.get([ref], "headers")
    assert {each.id.partition(":")[0] for each in by_section} == {"section"}
    assert one["b64.bin"] == CONTENT
    assert one["quoted.txt"].replace(b"\r\n", b"\n") == b"a=b \xfc\n" * 999
    assert one["plain.txt"].rstrip() == (b"gr\xc3\xbcn\r\n" * 500).rstrip()
    assert one["m.eml"].startswith(b"Message-ID: <inside@acme.example>")
    assert {name: text.strip() for name, text in one.items()} == {
        name: text.strip() for name, text in other.items()
    }
    assert after.item.unread


async def test_a_file_comes_in_pieces_that_end_anywhere(
    mailbox: DovecotAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "PIECE_BYTES", 101)
    mailbox.deliver("INBOX", with_files(ENCODED, QUOTED))
    async with opened(mailbox.environment()) as connector:
        ref, files = await listed(connector)
        found = [await whole(connector, ref, each) for each in files]
    assert found[0] == CONTENT
    assert found[1].replace(b"\r\n", b"\n") == b"a=b \xfc\n" * 999


async def test_who_stops_early_leaves_the_connection_to_others(
    mailbox: DovecotAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloading, "PIECE_BYTES", 101)
    mailbox.deliver("INBOX", with_files(ENCODED))
    async with opened(mailbox.environment()) as connector:
        ref, (attachment,) = await listed(connector)
        for _ in range(5):
            stream = connector.download(ref, attachment)
            assert await anext(stream)
            await stream.aclose()  # type: ignore[attr-defined]
        assert await whole(connector, ref, attachment) == CONTENT


async def test_a_mail_that_is_gone_is_named() -> None:
    async with scripted("one") as server, opened(server.environment) as connector:
        there = {each.id: each.epoch for each in await connector.collections()}
        for ref in (Ref("INBOX", "9", there["INBOX"]), Ref("INBOX", "1", "77")):
            for id in ("section:2", "1"):
                with pytest.raises(NotFound):
                    await whole(connector, ref, Attachment(id=id, name="q3.csv"))


async def test_an_encoding_that_nobody_knows_is_not_guessed() -> None:
    mailbox = mailbox_of()
    mailbox["INBOX"].append(with_files(part("x", "x-uuencode", b"begin\r\n")), ARRIVED)
    async with scripted(mailbox=mailbox) as server, opened(server.environment) as connector:
        ref, (attachment,) = await listed(connector)
        with pytest.raises(NotSupported, match="x-uuencode"):
            await whole(connector, ref, attachment)


async def test_a_server_that_does_not_know_pieces_gives_all_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(downloading, "PIECE_BYTES", 101)
    mailbox = mailbox_of()
    mailbox["INBOX"].append(with_files(ENCODED), ARRIVED)
    encoded = ENCODED.partition(b"\r\n\r\n")[2]
    async with scripted(mailbox=mailbox) as server, opened(server.environment) as connector:
        ref, (attachment,) = await listed(connector)
        answer = b"* 1 FETCH (UID 1 BODY[2] {%d}\r\n%b)\r\n<tag> OK\r\n" % (len(encoded), encoded)
        server.on(r"UID FETCH 1 .*BODY\.PEEK\[2\]", answer)
        assert await whole(connector, ref, attachment) == CONTENT


@pytest.mark.parametrize("step", [b"", b"nothing"])
async def test_a_file_that_breaks_off_is_an_error_and_not_a_short_file(
    monkeypatch: pytest.MonkeyPatch, step: bytes
) -> None:
    monkeypatch.setattr(downloading, "PIECE_BYTES", 101)
    mailbox = mailbox_of()
    mailbox["INBOX"].append(with_files(ENCODED), ARRIVED)
    async with scripted(mailbox=mailbox) as server, opened(server.environment) as connector:
        ref, (attachment,) = await listed(connector)
        if step:
            server.on(
                r"UID FETCH 1 .*<101\.101>", b'* 1 FETCH (UID 1 BODY[2]<101> "")\r\n<tag> OK\r\n'
            )
        else:
            server.cut(r"UID FETCH 1 .*<202\.101>", 60, STALL)
            monkeypatch.setattr("jackfield_imap.connection.SILENCE_SECONDS", 2.0)
            await connector.close()
            await connector.open(connector.context)
        with pytest.raises(ConnectorError):
            await whole(connector, ref, attachment)


@given(
    st.binary(max_size=2000),
    st.lists(st.integers(1, 200)),
    st.sampled_from(["base64", "quoted-printable"]),
)
def test_wherever_an_encoding_is_cut_the_bytes_are_the_same(
    content: bytes, cuts: list[int], encoding: str
) -> None:
    encoded = (
        base64.encodebytes(content)
        if encoding == "base64"
        else quopri.encodestring(content, quotetabs=True)
    )
    decoder = decoder_of(encoding)
    assert decoder is not None
    found, at = b"", 0
    for size in [*cuts, len(encoded)]:
        found += decoder.decode(encoded[at : at + size])
        at += size
    found += decoder.end()
    assert found == content or (encoding != "base64" and found == quopri.decodestring(encoded))
    assert not decoder.is_broken


MEASURED = """
import asyncio, json, os, sys
from pathlib import Path
from plugins.imap.tests.changing.test_downloading import listed
from plugins.imap.tests.mirrored import opened
async def main():
    size = 0
    async with opened(dict(os.environ)) as connector:
        ref, (attachment,) = await listed(connector)
        async for piece in connector.download(ref, attachment):
            size += len(piece)
    lines = Path("/proc/self/status").read_text().splitlines()
    most = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    print(json.dumps([size, most]))
asyncio.run(main())
"""


def test_g06_a_file_of_two_hundred_megabytes_takes_no_more_memory_than_a_small_one(
    mailbox: DovecotAccount,
) -> None:
    lines = 200_000_000 // 57
    mailbox.deliver(
        "INBOX", with_files(part("all.zip", "base64", (b"QUFB" * 19 + b"\r\n") * lines))
    )
    done = subprocess.run(
        [sys.executable, "-c", MEASURED],
        env=mailbox.environment() | {"PATH": "", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    size, kilobytes = json.loads(done.stdout)
    assert size == lines * 57
    assert kilobytes < 150_000, "200 MB were held in memory"


@given(st.integers(1, 90))
@example(1)
def test_what_a_mailing_list_wrote_behind_the_padding_is_no_part_of_a_file(size: int) -> None:
    encoded = base64.encodebytes(b"ab" * 50) + b"____\nlist mailing list\n"
    assert _decoded("base64", encoded, size) == b"ab" * 50
    assert _decoded("base64", b"QQ==\nQQ==\n", size) == b"A"


@pytest.mark.parametrize("before", [b"", b"x", b"xx"])
@pytest.mark.parametrize("size", [999, 70_000, 70_001, 70_002, 1 << 20])
def test_a_line_of_any_length_is_not_cut_within_a_letter(before: bytes, size: int) -> None:
    assert _decoded("quoted-printable", before + b"=41" * 100_000, size) == before + b"A" * 100_000


def _decoded(encoding: str, encoded: bytes, size: int) -> bytes:
    decoder = decoder_of(encoding)
    assert decoder is not None
    parts = [decoder.decode(encoded[at : at + size]) for at in range(0, len(encoded), size)]
    return b"".join(parts) + decoder.end()


async def test_a_server_that_says_nil_behind_the_end_has_given_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(downloading, "PIECE_BYTES", 1 << 16)
    mailbox = mailbox_of()
    mailbox["INBOX"].append(with_files(ENCODED), ARRIVED)
    encoded = len(ENCODED.partition(b"\r\n\r\n")[2])
    async with scripted(mailbox=mailbox) as server, opened(server.environment) as connector:
        ref, (attachment,) = await listed(connector)
        nothing = b"* 1 FETCH (UID 1 BODY[2]<%d> NIL)\r\n<tag> OK\r\n" % encoded
        server.on(rf"UID FETCH 1 .*<{encoded}\.", nothing)
        assert await whole(connector, ref, attachment) == CONTENT
