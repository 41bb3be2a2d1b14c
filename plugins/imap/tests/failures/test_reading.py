"""A mailbox that changes, and lines that break, while it is read.

The numbers are those of the failure modes of IMAP that the project keeps a list of.
"""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import jackfield_imap
from plugins.imap.tests.failures.attempts import assistant, attempt, subjects
from plugins.imap.tests.failures.scripted import (
    ARRIVED,
    CLOSE,
    LITTLE,
    RESET,
    mailbox_of,
    scripted,
)
from plugins.imap.tests.mirrored import another_client, letter, mirrored

if TYPE_CHECKING:
    from jackfield_imap.demo.mailbox import Mailbox
    from tests.peers.fixtures import DovecotAccount

BODIES = r".*BODY\.PEEK\[\]"


def renumber(mailbox: Mailbox) -> None:
    """Give every mail of the inbox the UID of another one, under a new UIDVALIDITY."""
    inbox = mailbox["INBOX"]
    mails, inbox.mails, inbox.uidnext = inbox.mails[::-1], [], 1
    inbox.uidvalidity += 1
    for mail in mails:
        inbox.append(mail.raw, mail.internaldate, mail.flags)


async def test_g01_renumbered_mails_are_neither_doubled_nor_mixed_up() -> None:
    mailbox = mailbox_of("budget", "lunch", "minutes")
    mailbox["INBOX"].set_flags(mailbox["INBOX"].mails[0], {"\\Flagged"})
    async with scripted(mailbox=mailbox) as server, mirrored(server.environment) as copy:
        await copy.round()
        before = await copy.places()
        renumber(mailbox)
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is None
        assert await copy.places() == before
        assert (await copy.flags())["INBOX/budget"] == (True, True)


async def test_g01_a_renumbering_in_the_middle_of_a_round_is_named_and_mended_by_the_next() -> None:
    mailbox = mailbox_of("budget", "lunch", "minutes")
    async with scripted(mailbox=mailbox) as server, mirrored(server.environment) as copy:
        await copy.round()
        before = await copy.places()
        renumber(mailbox)
        old = mailbox["INBOX"].uidvalidity - 1
        server.alter(
            'STATUS "INBOX"', lambda usual: re.sub(rb"(UIDVALIDITY) \d+", b"\\1 %d" % old, usual)
        )
        error = str((await attempt(copy))["INBOX"].error)
        assert "imap:default: INBOX: the cursor expires" in error
        assert await copy.places() == before
        server.alter('STATUS "INBOX"', lambda usual: usual)
        assert (await attempt(copy))["INBOX"].error is None
        assert await copy.places() == before


async def test_g02_gaps_between_uids_and_an_asterisk_beyond_the_end_double_nothing() -> None:
    mailbox = mailbox_of()
    for number in range(12):
        mailbox["INBOX"].uidnext = 10 + number * 1000
        mailbox["INBOX"].append(letter(f"mail {number}"), ARRIVED)
    async with (
        scripted(mailbox=mailbox, capabilities=LITTLE) as server,
        mirrored(server.environment) as copy,
    ):
        await copy.round()
        server.lines.clear()
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is None
        assert len(await subjects(copy)) == 12
        assert server.commands(f"UID FETCH {BODIES}") == []
        assert [
            line for line in server.commands("UID FETCH") if re.search(r"\d{2,}:\*", line)
        ] == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        pytest.param(lambda usual: [usual[:3000], CLOSE], "broke the connection off", id="EOF"),
        pytest.param(lambda usual: [usual[:3000], RESET], "onnection", id="RST"),
        pytest.param(lambda _: [b"* BYE Going down\r\n", CLOSE], "Going down", id="BYE"),
    ],
)
async def test_g03_a_line_that_breaks_costs_what_was_not_stored_and_no_more(
    broken: object, said: str
) -> None:
    async with (
        scripted(*(f"mail {number}" for number in range(120))) as server,
        mirrored(server.environment) as copy,
    ):
        server.alter(f"UID FETCH 21:70 {BODIES}", broken, times=1)  # type: ignore[arg-type]
        error = (await attempt(copy))["INBOX"].error
        assert error is not None
        assert "imap:default" in str(error)
        assert said in str(error)
        assert len(await subjects(copy)) == 50
        server.lines.clear()
        assert (await attempt(copy))["INBOX"].error is None
        assert len(await subjects(copy)) == 120
        sets = [line.split()[2] for line in server.commands(f"UID FETCH {BODIES}")]
        assert sets == ["21:70", "1:20"]


async def test_g03_one_folder_that_breaks_off_leaves_the_others_alone() -> None:
    mailbox = mailbox_of("budget")
    mailbox["Archive"].append(letter("old"), ARRIVED)
    async with scripted(mailbox=mailbox) as server, mirrored(server.environment) as copy:
        server.on('EXAMINE "INBOX"', [RESET])
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is not None
        assert outcomes["Archive"].error is None
        assert await subjects(copy, "Archive") == ["old"]


async def test_g11_sets_of_uids_are_folded_and_short() -> None:
    mailbox = mailbox_of()
    inbox = mailbox["INBOX"]
    for number in range(1300):
        inbox.uidnext = 4_000_000_000 + 2 * number
        inbox.append(letter(f"mail {number}"), ARRIVED)
    inbox.append(letter("one more"), ARRIVED)
    async with scripted(mailbox=mailbox) as server, mirrored(server.environment) as copy:
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is None
        assert len(await subjects(copy)) == 1301
        assert max(map(len, server.lines)) < 8000
        assert server.commands("UID FETCH .*4000002598:4000002599")


async def test_g12_what_comes_unasked_changes_no_other_mail() -> None:
    unasked = (
        b"* 9 EXISTS\r\n* 1 EXPUNGE\r\n* 2 FETCH (FLAGS (\\Deleted))\r\n* VANISHED 1:2\r\n"
        b"* VANISHED (EARLIER) 3\r\n* 1 FETCH (UID 77 FLAGS (\\Seen))\r\n* 0 RECENT\r\n"
        b"* FLAGS (\\Seen)\r\n* OK [ALERT] Be aware {5}\r\n* 3 FETCH (UID 3 FLAGS (\\Flagged))\r\n"
    )
    names = ["budget", "lunch", "minutes"]
    async with scripted(*names) as server, mirrored(server.environment) as copy:
        for command in ("UID FETCH", "UID SEARCH", "STATUS", "LIST", "EXAMINE"):
            server.alter(command, lambda usual: unasked + usual)
        server.alter("EXAMINE", lambda usual: usual)
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is None
        assert await subjects(copy) == names
        assert (await copy.flags())["INBOX/lunch"] == (True, False)
        mails = server.mailbox["INBOX"]
        mails.expunge([1])
        mails.append(letter("new"), ARRIVED)
        assert (await attempt(copy))["INBOX"].error is None
        assert await subjects(copy) == ["lunch", "minutes", "new"]


async def test_g12_what_comes_unasked_adds_nothing_to_a_listing_by_number() -> None:
    mailbox = mailbox_of()
    for name, day in (("newest", 9), ("oldest", 1), ("older", 2)):
        mailbox["INBOX"].append(letter(name), ARRIVED + timedelta(days=day))
    unasked = b"* 3 FETCH (UID 3 FLAGS (\\Seen))\r\n* 1 EXPUNGE\r\n* 1 FETCH (UID 1 FLAGS ())\r\n"
    async with scripted(mailbox=mailbox) as server, assistant(server.environment) as all_accounts:
        server.alter("FETCH 2:", lambda usual: unasked + usual)
        found = await all_accounts.get_all_emails(limit=2)
        assert server.commands("FETCH 2:")
    assert [mail.subject for mail in found] == ["newest", "older"]
    assert found.complete


async def test_g16_reading_marks_no_mail_as_read(mailbox: DovecotAccount) -> None:
    for name in ("budget", "lunch"):
        mailbox.deliver("INBOX", letter(name))
    async with mirrored(mailbox.environment()) as copy:
        await copy.round()
        assert (await copy.flags())["INBOX/budget"] == (True, False)
    async with assistant(mailbox.environment()) as all_accounts:
        found = await all_accounts.get_all_emails(limit=2)
        assert (await all_accounts.show(found[0].id)).text.strip() == "hello"
        await all_accounts.search_across_sources("budget", live=True)
    with another_client(mailbox) as client:
        assert client.search(["UNSEEN"]) == [1, 2]
        assert client.search(["SEEN"]) == []


def test_g18_no_code_of_ours_expunges_what_it_does_not_name() -> None:
    sources = Path(jackfield_imap.__file__).parent
    files = list(sources.glob("*.py"))
    assert len(files) > 10
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                bare = node.func.attr == "expunge" and not node.args
                closing = node.func.attr in {"close_folder", "delete_folder"}
                assert not bare, f"{path.name}:{node.lineno} expunges all that is marked"
                assert not closing, f"{path.name}:{node.lineno} expunges as it closes"


async def test_g18_reading_a_folder_sends_nothing_that_could_expunge() -> None:
    mailbox = mailbox_of("budget", "lunch")
    mailbox["INBOX"].set_flags(mailbox["INBOX"].mails[0], {"\\Deleted"})
    async with scripted(mailbox=mailbox, capabilities=LITTLE) as server:
        # without UNSELECT, where a folder is left by another way
        async with mirrored(server.environment) as copy:
            await copy.round()
            await copy.round()
        harmless = ("CAPABILITY", "LOGIN", "AUTH", "NOOP", "LIST", "STATUS", "EXAMINE", "UID FETCH",
                    "FETCH", "UID SEARCH", "LOGOUT", "NAMESPACE", "ID", "ENABLE")  # fmt: skip
        assert [line for line in server.lines if not line.startswith(harmless)] == []
        assert len(mailbox["INBOX"].mails) == 2


async def test_g19_mails_are_in_the_order_in_which_they_came_whatever_their_date_says(
    mailbox: DovecotAccount,
) -> None:
    now = datetime.now(UTC)
    dates = {
        "ahead": "Fri, 01 Jan 2100 00:00:00 +0000",
        "epoch": "Thu, 01 Jan 1970 00:00:00 +0000",
        "garbled": "the day before yesterday",
        "right": "Mon, 02 Nov 2026 09:00:00 +0000",
    }
    for hours, (name, date) in enumerate(dates.items()):
        mailbox.deliver("INBOX", letter(name, Date=date), when=now - timedelta(hours=hours))
    dateless = letter("dateless").replace(b"Date: Mon, 02 Nov 2026 09:00:00 +0000\r\n", b"")
    mailbox.deliver("INBOX", dateless, when=now - timedelta(hours=9))
    async with assistant(mailbox.environment()) as all_accounts:
        await all_accounts.sync()
        found = await all_accounts.get_all_emails(limit=9, offline=True)
    assert [mail.subject for mail in found] == [*dates, "dateless"]


async def test_g19_a_time_of_arrival_that_cannot_be_read_loses_no_mail() -> None:
    async with (
        scripted("budget", "lunch", "minutes") as server,
        mirrored(server.environment) as copy,
    ):
        server.alter(
            "UID FETCH",
            lambda usual: re.sub(rb'"[^"]* 09:00:00 \+0000"', b'"soon"', usual, count=1),
        )
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is None
        assert await subjects(copy) == ["budget", "lunch", "minutes"]
