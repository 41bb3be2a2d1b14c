"""Servers that send garbage, or far too much: bounded, named, and nobody else's trouble."""

from __future__ import annotations

import itertools
import re
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from jackfield_imap import bounded
from jackfield_imap.demo import PASSWORD, demo
from plugins.imap.tests.failures.attempts import assistant, attempt, subjects
from plugins.imap.tests.failures.scripted import ARRIVED, CLOSE, STALL, mailbox_of, scripted
from plugins.imap.tests.mirrored import letter, mirrored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plugins.imap.tests.failures.scripted import Step

NAMES = ["budget", "lunch", "minutes"]
MIB = 1024 * 1024
KILOBYTES = itertools.repeat(b"x" * 65_536)


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "ANSWER_BYTES", MIB)


def and_then(start: bytes, rest: Iterable[bytes | Step]) -> Iterable[bytes | Step]:
    return itertools.chain([start], rest)


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        pytest.param([b"SSH-2.0-OpenSSH_9.2\r\n"], "", id="another protocol"),
        pytest.param([b"\x00\xff\xfe\x00\r\n"], "", id="bytes"),
        pytest.param([b"* BYE Too many connections\r\n", CLOSE], "Too many connections", id="BYE"),
        pytest.param([CLOSE], "", id="nothing"),
        pytest.param(KILOBYTES, "a line of more than", id="an endless line"),
        pytest.param(itertools.repeat(b"* OK Hi\r\n" * 1000), "", id="an endless welcome"),
    ],
)
async def test_garbage_instead_of_a_greeting_is_named_and_other_accounts_go_on(
    greeting: Iterable[bytes | Step], said: str
) -> None:
    async with demo() as good, scripted() as server:
        server.greeting = greeting
        both = dict(good) | {f"{name}__BAD": value for name, value in server.environment.items()}
        async with assistant(both) as all_accounts:
            found = await all_accounts.get_all_emails()
    states = {each.account: each for each in found.sources}
    assert states["imap:default"].state == "complete"
    assert len(found) == 50
    bad = states["imap:bad"]
    assert bad.state == "failed"
    assert f"127.0.0.1:{server.environment['EMAIL_IMAP_PORT']}" in bad.error
    assert said in bad.error
    assert bad.fix
    assert PASSWORD not in bad.error


@pytest.mark.parametrize(
    ("endless", "said"),
    [
        pytest.param(KILOBYTES, "a line of more than 8388608 bytes", id="one line"),
        pytest.param(
            itertools.repeat(b"* OK Still here\r\n" * 1000), "more than 10000 remarks", id="remarks"
        ),
        pytest.param(
            itertools.repeat(b"* 1 FETCH (FLAGS ())\r\n" * 1000),
            "an answer of more than",
            id="data",
        ),
        pytest.param(
            itertools.repeat(b"* 1 FETCH (X {65536}\r\n" + b"x" * 65_536 + b")\r\n"),
            "an answer of more than",
            id="literals",
        ),
        pytest.param(
            itertools.chain([b"* 1 FETCH (UID 1 BODY[] {10000000000}\r\n"], KILOBYTES),
            "a text of 10000000000 bytes",
            id="a literal of 10 GB",
        ),
    ],
)
async def test_an_answer_without_an_end_is_left_and_other_folders_and_the_store_stay(
    endless: Iterable[bytes], said: str, small_bounds: None
) -> None:
    mailbox = mailbox_of(*NAMES)
    async with scripted(mailbox=mailbox) as server, mirrored(server.environment) as copy:
        await copy.round()
        mailbox["INBOX"].append(letter("new"), ARRIVED)
        mailbox["Archive"].append(letter("old"), ARRIVED)
        server.on("UID FETCH 4 ", endless)
        tracemalloc.start()
        began = time.monotonic()
        outcomes = await attempt(copy)
        assert time.monotonic() - began < 30
        assert tracemalloc.get_traced_memory()[1] < 40 * MIB
        tracemalloc.stop()
        error = outcomes["INBOX"].error
        assert error is not None
        assert f"imap:default: 127.0.0.1:{server.environment['EMAIL_IMAP_PORT']}" in str(error)
        assert said in str(error)
        assert error.fix
        assert await subjects(copy) == NAMES
        assert outcomes["Archive"].error is None
        assert await subjects(copy, "Archive") == ["old"]


async def test_brackets_that_do_not_close_take_no_time() -> None:
    brackets = b"* 2 FETCH (UID 2 X (" + b"BODY[ " * 300_000 + b"))\r\n"
    async with scripted(*NAMES) as server, mirrored(server.environment) as copy:
        server.alter("UID FETCH .*BODY", lambda usual: brackets + usual)
        began = time.monotonic()
        outcomes = await attempt(copy)
        assert time.monotonic() - began < 30
        assert outcomes["INBOX"].error is None
        assert await subjects(copy) == NAMES


async def test_what_many_commands_bring_is_not_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "REMARKS", 40)
    monkeypatch.setattr(bounded, "FOLDERS", 3)
    async with scripted(*NAMES) as server, mirrored(server.environment) as copy:
        server.alter("(?!AUTHENTICATE)", lambda usual: b"* OK Hello again\r\n" * 15 + usual)
        for _ in range(3):
            outcomes = await attempt(copy)
            assert outcomes["INBOX"].error is None
        assert await subjects(copy) == NAMES


async def test_a_server_that_says_nothing_more_is_left_after_the_time_it_has() -> None:
    async with scripted(*NAMES) as server, mirrored(server.environment) as copy:
        server.cut("UID FETCH .*BODY", 300, STALL)
        error = (await attempt(copy, patience=0.5))["INBOX"].error
        assert str(error) == "imap:default: no answer in 0.5 s"
        server.alter("UID FETCH .*BODY", lambda usual: usual)
        assert (await attempt(copy))["INBOX"].error is None
        assert await subjects(copy) == NAMES


async def test_a_search_that_names_more_mails_than_there_can_be_is_not_believed() -> None:
    async with scripted(*NAMES, capabilities="IMAP4rev1 ESEARCH") as server:
        async with mirrored(server.environment) as copy:
            server.on("UID SEARCH", b'* ESEARCH (TAG "x") UID ALL 1:4294967295\r\n<tag> OK\r\n')
            error = (await attempt(copy))["INBOX"].error
    assert "SEARCH names many more mails than there are" in str(error)
    assert "imap:default" in str(error)


async def test_a_hundred_thousand_folders_are_refused_and_other_accounts_go_on() -> None:
    folders = b"".join(b'* LIST () "/" "folder %d"\r\n' % n for n in range(100_000))
    async with demo() as good, scripted(*NAMES) as server:
        server.on("LIST", folders + b"<tag> OK\r\n")
        both = dict(good) | {f"{name}__BAD": value for name, value in server.environment.items()}
        async with assistant(both) as all_accounts:
            began = time.monotonic()
            synced = {str(each.account): each for each in await all_accounts.sync(["imap:bad"])}
            found = await all_accounts.get_all_emails(accounts=["imap:default"])
    assert "a list of more than 10000 folders" in synced["imap:bad"].state.error
    assert found.complete
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "name", [b'"a\x00b"', b'"\xff\xfe"', b"{20}\r\na\r\nA1 DELETE INBOX\r\n", b'"a\\"b"']
)
async def test_a_folder_of_a_strange_name_costs_no_other_folder(name: bytes) -> None:
    async with scripted(*NAMES) as server, mirrored(server.environment) as copy:
        server.alter("LIST", lambda usual: b'* LIST () "/" ' + name + b"\r\n" + usual)
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is None
        assert await subjects(copy) == NAMES
        assert server.commands("(A1 )?DELETE") == []


async def test_nul_bytes_in_an_answer_do_no_harm() -> None:
    mailbox = mailbox_of("budget")
    mailbox["INBOX"].append(letter("nul", body="a\x00b", To="a\x00@b.example"), ARRIVED)
    async with scripted(mailbox=mailbox) as server, mirrored(server.environment) as copy:
        server.alter("UID FETCH", lambda usual: usual.replace(b"FLAGS ()", b"FLAGS ($a\x00b)"))
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is None
        assert await subjects(copy) == ["budget", "nul"]


async def test_an_ok_without_a_text_is_an_ok() -> None:
    async with scripted(*NAMES) as server, assistant(server.environment) as all_accounts:
        server.greeting = b"* OK\r\n"
        server.alter(
            "(?!AUTHENTICATE)",  # which takes turns
            lambda usual: re.sub(rb"\n(\w+ OK)[^\r\n]*\r\n\Z", rb"\n\1\r\n", b"\n" + usual)[1:],
        )
        await all_accounts.sync()
        found = await all_accounts.get_all_emails()
        assert sorted(mail.subject for mail in found) == NAMES
        assert found.complete


@pytest.mark.parametrize(
    "answer",
    [
        b"* ESEARCH UID ALL 1:,:3,1:2:3\r\n<tag> OK\r\n",
        b"* SEARCH 1 2 " + b"9" * 5000 + b" x\r\n<tag> OK\r\n",
        b"* SEARCH\r\n* SEARCH 1 2\r\n* SEARCH 3 3 3\r\n<tag> OK\r\n",
    ],
)
async def test_an_odd_answer_to_a_search_breaks_nothing(answer: bytes) -> None:
    async with scripted(*NAMES) as server, assistant(server.environment) as all_accounts:
        server.on("UID SEARCH", answer)
        found = await all_accounts.search_across_sources("budget")
        assert [hit.id for hit in found]
        assert found.complete


async def test_numbers_that_no_store_can_hold_are_none() -> None:
    async with scripted(*NAMES) as server, mirrored(server.environment) as copy:
        server.alter(
            "UID FETCH",
            lambda usual: re.sub(rb"(SIZE|MODSEQ \() ?\d+", rb"\1 " + b"9" * 5000, usual),
        )
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is None
        assert await subjects(copy) == NAMES
