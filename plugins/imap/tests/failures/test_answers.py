"""Answers that are no answers: garbled structures, refusals, charsets, literals in odd places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from jackfield_imap import searching
from plugins.imap.tests.failures.attempts import assistant, attempt, subjects
from plugins.imap.tests.failures.scripted import ARRIVED, LITTLE, mailbox_of, scripted
from plugins.imap.tests.mirrored import letter, mirrored

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ["budget", "lunch", "minutes"]
SECOND_OF_THREE = r"UID FETCH (?:1:3|1:2|2:3|2) "
BODIES = r".*BODY\.PEEK\[\]"


def with_structure(structure: bytes, uid: int = 2) -> Callable[[bytes], bytes]:
    """Put something else in the place of one mail's BODYSTRUCTURE."""
    pattern = re.compile(rb"(\(UID %d [^\r\n]*BODYSTRUCTURE )[^\r\n]*?( BODY\[HEADER\])" % uid)
    return lambda usual: pattern.sub(lambda found: found[1] + structure + found[2], usual)


@pytest.mark.parametrize(
    "structure",
    [
        pytest.param(b"NIL", id="NIL"),
        pytest.param(b"()", id="empty"),
        pytest.param(b"(((", id="unbalanced"),
        pytest.param(b'("TEXT" "PLAIN" ("CHARSET)', id="a quote that does not end"),
        pytest.param(
            b'("TEXT" "PLAIN" ("NAME" "gr\xf6\xdfe.txt\x00") NIL NIL "7BIT" 3)', id="8-bit"
        ),
        pytest.param(b"(" * 10_000 + b")" * 10_000, id="10,000 levels"),
        pytest.param(b"(" * 10_000, id="10,000 levels without an end"),
        pytest.param(
            b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" ' + b"9" * 5000 + b")", id="a long number"
        ),
    ],
)
async def test_g07_one_garbled_structure_loses_no_mail_of_a_listing(structure: bytes) -> None:
    async with scripted(*NAMES) as server, assistant(server.environment) as all_accounts:
        server.alter("UID FETCH", with_structure(structure))
        found = await all_accounts.get_all_emails()
        assert sorted(mail.subject for mail in found) == NAMES
        assert found.complete
        assert server.commands("UID FETCH .*BODYSTRUCTURE")


async def test_g07_envelopes_are_neither_asked_for_nor_believed() -> None:
    nine = b'* 2 FETCH (UID 2 ENVELOPE (NIL "spam" () () () NIL NIL NIL NIL))\r\n'
    async with scripted(*NAMES) as server, mirrored(server.environment) as copy:
        server.alter("UID FETCH", lambda usual: nine + usual)
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is None
        assert await subjects(copy) == NAMES
        assert server.commands(".*ENVELOPE") == []


async def test_g07_a_mail_that_the_server_refuses_is_named_and_the_others_come() -> None:
    async with scripted(*NAMES) as server, mirrored(server.environment) as copy:
        server.on(SECOND_OF_THREE + BODIES, b"<tag> NO [SERVERBUG] Internal error\r\n")
        first = (await attempt(copy))["INBOX"]
        assert (first.error, first.missing) == (None, 1)
        assert await subjects(copy) == ["budget", "minutes"]
        second = (await attempt(copy))["INBOX"]
        assert (second.error, second.unfetched) == (None, ("2",))
        server.alter(SECOND_OF_THREE + BODIES, lambda usual: usual)
        assert (await attempt(copy))["INBOX"].went_well
        assert await subjects(copy) == NAMES


async def test_g07_a_bad_command_answer_to_one_mail_is_no_worse_than_a_refusal() -> None:
    async with scripted(*NAMES) as server, mirrored(server.environment) as copy:
        server.on(SECOND_OF_THREE + BODIES, b"<tag> BAD Cannot\r\n")
        outcome = (await attempt(copy))["INBOX"]
        assert (outcome.error, outcome.missing) == (None, 1)
        assert await subjects(copy) == ["budget", "minutes"]


@pytest.mark.parametrize(
    ("no", "commands"),
    [
        (b"NO [THROTTLED] Slow down", 1),
        (b"NO [UNAVAILABLE] Later", 1),
        (b"NO Nothing for you", 1 + len(NAMES)),
    ],
)
async def test_g07_a_server_that_gives_nothing_just_now_is_quoted_and_not_hammered(
    no: bytes, commands: int
) -> None:
    async with scripted(*NAMES) as server, mirrored(server.environment) as copy:
        server.on(f"UID FETCH {BODIES}", b"<tag> " + no + b"\r\n")
        error = str((await attempt(copy))["INBOX"].error)
        assert "imap:default" in error
        assert no.decode().removeprefix("NO ") in error
        assert await subjects(copy) == []
        assert len(server.commands(f"UID FETCH {BODIES}")) == commands
        server.alter(f"UID FETCH {BODIES}", lambda usual: usual)
        assert (await attempt(copy))["INBOX"].error is None
        assert await subjects(copy) == NAMES


async def test_g07_a_line_of_an_index_that_cannot_be_read_costs_no_mail() -> None:
    async with (
        scripted(*NAMES, capabilities=LITTLE) as server,
        mirrored(server.environment) as copy,
    ):
        await attempt(copy)
        server.alter(
            r"UID FETCH 2:4 \(UID FLAGS INTERNALDATE RFC822.SIZE\)",
            lambda usual: usual.replace(b"(UID 2 FLAGS ()", b"(UID 2 FLAGS (("),
        )
        server.mailbox["INBOX"].append(letter("new"), ARRIVED)
        server.mailbox["INBOX"].expunge([1])
        server.mailbox["INBOX"].set_flags(server.mailbox["INBOX"].mails[1], {"\\Seen"})
        outcome = (await attempt(copy))["INBOX"]
        assert outcome.error is None
        assert await subjects(copy) == ["lunch", "minutes", "new"]
        assert (await copy.flags())["INBOX/minutes"] == (False, False)
        assert server.commands(r"UID FETCH 2:4 ")


async def test_g10_ascii_is_searched_without_a_charset() -> None:
    async with scripted(*NAMES) as server, assistant(server.environment) as all_accounts:
        found: Any = await all_accounts.search_across_sources("budget")
        assert [hit.subject for hit in found] == ["budget"]
        assert found.complete
        assert server.commands("UID SEARCH .*budget")
        assert server.commands(".*CHARSET") == []


@pytest.mark.parametrize(
    "refusal", [b"NO [BADCHARSET (US-ASCII)] English only", b"BAD invalid command", b"NO Charset"]
)
@pytest.mark.parametrize("capabilities", [LITTLE, f"{LITTLE} LITERAL+"])
async def test_g10_where_the_charset_is_refused_the_words_are_looked_for_here(
    refusal: bytes, capabilities: str
) -> None:
    mailbox = mailbox_of("budget", "größe".encode().decode())
    mailbox["INBOX"].append(letter("text", body="die GRÖSSE und die Größe"), ARRIVED)
    async with (
        scripted(mailbox=mailbox, capabilities=capabilities) as server,
        assistant(server.environment) as all_accounts,
    ):
        server.on("UID SEARCH .*CHARSET", b"<tag> " + refusal + b"\r\n")
        found: Any = await all_accounts.search_across_sources("größe")
        assert sorted(hit.subject for hit in found) == ["größe", "text"]
        assert found.complete
        assert server.commands("UID SEARCH .*CHARSET")
        assert [line for line in server.commands("UID SEARCH") if "CHARSET" not in line]


async def test_g10_a_server_that_cannot_search_at_all_is_named_with_its_folder() -> None:
    async with scripted(*NAMES) as server, assistant(server.environment) as all_accounts:
        server.on("UID SEARCH", b"<tag> NO Index is broken\r\n")
        found = await all_accounts.search_across_sources("budget")
        (source,) = found.sources
        assert (source.account, source.state) == ("imap:default", "failed")
        assert "could not be searched: INBOX" in str(source.error)
        assert "Index is broken" in str(source.error)
        assert source.fix


async def test_a_folder_that_cannot_be_listed_is_named_and_the_others_are_listed() -> None:
    mailbox = mailbox_of(*NAMES)
    mailbox["Archive"].append(letter("old"), ARRIVED)
    async with scripted(mailbox=mailbox) as server, assistant(server.environment) as all_accounts:
        server.on('EXAMINE "Archive"', b"<tag> NO [INUSE] Locked by a backup\r\n")
        found = await all_accounts.get_all_emails()
        assert sorted(mail.subject for mail in found) == NAMES
        (source,) = found.sources
        assert source.state != "complete"
        assert "could not be read: Archive" in str(source.error)
        assert "Locked by a backup" in str(source.error)


async def test_g11_no_answer_to_a_search_names_more_than_a_line_can_hold() -> None:
    count, first = 60_000, 4_000_000_000
    lines = [b"* %d FETCH (UID %d)\r\n" % (n + 1, first + 3 * n) for n in range(count)]
    async with (
        scripted("budget", capabilities=LITTLE) as server,
        assistant(server.environment) as all_accounts,
    ):
        server.alter("EXAMINE", lambda usual: re.sub(rb"\d+ EXISTS", b"%d EXISTS" % count, usual))
        server.on(r"FETCH 1:50000 \(UID\)", b"".join(lines[:50_000]) + b"<tag> OK\r\n")
        server.on(r"FETCH 50001:\* \(UID\)", b"".join(lines[50_000:]) + b"<tag> OK\r\n")
        server.on("UID SEARCH", b"* SEARCH 1\r\n<tag> OK\r\n")
        found: Any = await all_accounts.search_across_sources("budget in:inbox")
        assert [hit.subject for hit in found] == ["budget"]
        ends = [re.findall(r"\d+", line)[:2] for line in server.commands("UID SEARCH UID")]
    spans = [(int(last) - int(start)) // 3 + 1 for start, last in ends[:2]]
    assert sum(spans) == count
    assert max(spans) * len(" 4000000000") < 1_000_000
    assert max(spans) == searching.WINDOW


async def test_g20_literals_stand_wherever_a_string_may_stand() -> None:
    tricky = (
        b'(("TEXT" "PLAIN" ("CHARSET" {5}\r\nutf-8) NIL NIL "7BIT" 5 1)'
        b'("APPLICATION" "PDF" ("NAME" {18}\r\n2 FETCH (UID 9 {3}) NIL NIL "BASE64" 40) "MIXED")'
    )
    async with scripted(*NAMES) as server, assistant(server.environment) as all_accounts:
        server.alter("UID FETCH", with_structure(tricky))
        found = await all_accounts.get_all_emails()
        assert sorted(mail.subject for mail in found) == NAMES
        (with_file,) = [mail for mail in found if mail.attachments]
        assert with_file.subject == "lunch"
        assert with_file.attachments[0].name == "2 FETCH (UID 9 {3}"


@pytest.mark.parametrize(
    "text", [b'"no literal {5}"', b'"{5}"', rb'"a \"quoted\" {3}"', b'"{99999999999}"']
)
async def test_g20_a_quoted_string_that_ends_in_braces_is_no_literal(text: bytes) -> None:
    structure = b'("APPLICATION" "PDF" ("NAME" ' + text + b') NIL NIL "BASE64" 40)'
    async with scripted(*NAMES) as server, assistant(server.environment) as all_accounts:
        server.alter("UID FETCH", with_structure(structure))
        found = await all_accounts.get_all_emails()
        named = [mail.attachments[0].name for mail in found if mail.attachments]
        assert named == [text[1:-1].replace(b"\\", b"").decode()]


async def test_g20_a_remark_that_ends_in_braces_is_no_literal() -> None:
    async with scripted(*NAMES) as server, mirrored(server.environment) as copy:
        for command in ("UID FETCH", "EXAMINE", "STATUS"):
            server.alter(command, lambda usual: b"* OK [ALERT] Quota is at {97}\r\n" + usual)
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is None
        assert await subjects(copy) == NAMES
