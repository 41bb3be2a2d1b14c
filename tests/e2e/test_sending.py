"""`jackfield send`, `reply`, `forward`, `outbox`: through a real SMTP server, a copy in Dovecot."""

from __future__ import annotations

import asyncio
import sys
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from jackfield.content.composing import compose
from jackfield.models import Draft
from tests.e2e.mailbox import Ran, jackfield, mail
from tests.faults.post_office import PostOffice
from tests.faults.proxy import Fault, Proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.peers.fixtures import DovecotAccount

ME = "me@acme.example"


class Desk:
    """Somebody with a mailbox and a server to send by, at a command line."""

    def __init__(self, mailbox: DovecotAccount, home: Path, port: int) -> None:
        self.mailbox, self.home, self.port = mailbox, home, port

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.mailbox.environment(),
            "EMAIL_ADDRESS": ME,
            "EMAIL_NAME": "Robin Hale",
            "EMAIL_SMTP_SERVER": "127.0.0.1",
            "EMAIL_SMTP_PORT": str(self.port),
            "EMAIL_SMTP_SECURITY": "plain",
        }

    async def run(self, *words: str) -> Ran:
        return await asyncio.to_thread(
            jackfield, *words, home=self.home, environment=self.environment
        )

    def sent(self) -> list[EmailMessage]:
        """What lies in Sent on the server's disk."""
        return [_parsed(path.read_bytes()) for path in self.mailbox.maildir.glob(".Sent/*/*,*")]


def _parsed(content: bytes) -> EmailMessage:
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(content)


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with PostOffice() as office:
        yield office


@pytest.fixture
def desk(mailbox: DovecotAccount, tmp_path: Path, office: PostOffice) -> Desk:
    mailbox.deliver("Sent", mail("Older", sender=ME))
    return Desk(mailbox, tmp_path, office.port)


def taken(office: PostOffice) -> list[tuple[str, list[str]]]:
    """Subject and receivers of all that the server took."""
    return [
        (str(_parsed(each.content)["Subject"]), sorted(each.receivers))
        for each in office.deliveries
    ]


async def test_a_mail_leaves_once_and_its_copy_lies_in_sent(desk: Desk, office: PostOffice) -> None:
    ran = await desk.run(
        "send", "--to", "Ana Prieto <ana@acme.example>", "--bcc", "bo@acme.example",
        "-s", "Q3 budget", "-m", "Confirmed. Grüße", "--yes", "--key", "q3",
    )  # fmt: skip
    again = await desk.run(
        "send", "--to", "Ana Prieto <ana@acme.example>", "--bcc", "bo@acme.example",
        "-s", "Q3 budget", "-m", "Confirmed. Grüße", "--yes", "--key", "q3",
    )  # fmt: skip
    assert (ran.code, again.code) == (0, 0), ran.err + again.err
    assert ran.out == again.out
    assert ran.out.startswith("accepted ")
    assert taken(office) == [("Q3 budget", ["ana@acme.example", "bo@acme.example"])]
    delivered = _parsed(office.deliveries[0].content)
    assert b"bo@acme.example" not in office.deliveries[0].content
    assert str(delivered["From"]) == "Robin Hale <me@acme.example>"
    assert delivered["Date"]
    copies = [each for each in desk.sent() if each["Subject"] == "Q3 budget"]
    assert [str(each["Message-ID"]) for each in copies] == [str(delivered["Message-ID"])]
    assert str(copies[0]["Bcc"]) == "bo@acme.example"
    assert copies[0].get_content().strip() == "Confirmed. Grüße"


async def test_an_answer_belongs_to_its_conversation(desk: Desk, office: PostOffice) -> None:
    desk.mailbox.deliver("INBOX", mail("Q3 budget"))
    (item,) = (await desk.run("inbox", "--json")).json()["items"]
    ran = await desk.run("reply", item["short_id"], "-m", "Yes.", "--yes", "--json")
    assert (ran.code, ran.json()["send"]["state"]) == (0, "accepted")
    assert taken(office) == [("Re: Q3 budget", ["ana@acme.example"])]
    answer = _parsed(office.deliveries[0].content)
    assert (str(answer["In-Reply-To"]), str(answer["References"])) == (
        ("<Q3-budget@acme.example>",) * 2
    )


async def test_a_mail_is_passed_on_with_its_files(
    desk: Desk, office: PostOffice, tmp_path: Path
) -> None:
    with_file = mail("Figures").replace(
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n",
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/plain\r\n\r\nSee the file.\r\n--b\r\nContent-Type: text/csv\r\n"
        b"Content-Disposition: attachment; filename=q3.csv\r\n\r\na;b\r\n--b--\r\n",
    )
    desk.mailbox.deliver("INBOX", with_file)
    (item,) = (await desk.run("inbox", "--json")).json()["items"]
    ran = await desk.run("forward", item["id"], "--to", "carla@acme.example", "-m", "FYI", "--yes")
    assert ran.code == 0, ran.err
    passed = _parsed(office.deliveries[0].content)
    assert str(passed["Subject"]) == "Fwd: Figures"
    body = passed.get_body()
    assert body is not None
    assert "FYI" in body.get_content()
    assert "See the file." in body.get_content()
    files: list[Any] = list(passed.iter_attachments())
    assert [(file.get_filename(), file.get_content().strip()) for file in files] == [
        ("q3.csv", "a;b")
    ]


async def test_a_refused_receiver_means_that_nobody_got_the_mail(
    desk: Desk, office: PostOffice
) -> None:
    office.refuse[("RCPT", "nobody@acme.example")] = "550 no such person"
    words = "send", "--to", "ana@acme.example", "--to", "nobody@acme.example", "-m", "x", "--yes"
    ran = await desk.run(*words)
    assert ran.code == 1
    assert "rejected" in ran.out
    assert "nobody@acme.example" in ran.out
    assert "Nothing left." in ran.out
    assert office.deliveries == []
    office.refuse.clear()
    released = await desk.run("outbox", "send", ran.out.split()[1])
    assert released.code == 0, released.err
    assert len(office.deliveries) == 1


async def test_a_line_cut_after_the_mail_is_unknown_until_it_is_settled(
    desk: Desk, office: PostOffice
) -> None:
    faults = [Fault("reset", "to_server", at=b"\r\n.\r\n")]
    async with Proxy("127.0.0.1", office.port, faults) as proxy:
        desk.port = proxy.port
        words = "send", "--to", "ana@acme.example", "-s", "Cut", "-m", "x", "--yes", "--key", "k"
        ran = await desk.run(*words)
        again = await desk.run(*words)
    assert (ran.code, again.code) == (5, 5), ran.out + ran.err
    assert ran.out.startswith("unknown ")
    id = ran.out.split()[1]
    assert f"It will not be sent again by itself: jackfield outbox settle {id}" in ran.out
    assert len(office.deliveries) <= 1
    shown = await desk.run("outbox")
    assert (shown.code, id in shown.out) == (5, True)
    refused = await desk.run("outbox", "send", id)
    assert refused.code == 2
    assert "may have left" in refused.err
    unsettled = await desk.run("outbox", "settle", id)
    assert unsettled.code == 5
    message_id = _message_id(await desk.run("outbox", "--json"), office)
    copy = mail("Cut", sender=ME).replace(b"<Cut@acme.example>", message_id.encode())
    desk.mailbox.deliver("Sent", copy)
    settled = await desk.run("outbox", "settle", id)
    assert (settled.code, settled.out.split()[0]) == (0, "accepted")
    assert [str(each["Subject"]) for each in desk.sent()].count("Cut") == 1
    assert (await desk.run("outbox")).out == "Nothing waits in the outbox.\n"


def _message_id(ran: Ran, office: PostOffice) -> str:
    """The Message-ID that was, or would have been, delivered."""
    (entry,) = ran.json()["outbox"]
    found = compose(Draft.model_validate(entry["draft"]), (ME,)).message_id
    for each in office.deliveries:
        assert str(_parsed(each.content)["Message-ID"]) == found
    return found


@pytest.mark.parametrize(
    "words",
    [
        ("--to", "ana@acme.example\r\nBcc: eve@evil.example"),
        ("--to", "ana@acme.example", "-s", "x\nBcc: eve@evil.example"),
        ("--to", "not an address"),
    ],
)
async def test_what_would_smuggle_a_header_is_refused_and_nothing_left(
    desk: Desk, office: PostOffice, words: tuple[str, ...]
) -> None:
    ran = await desk.run("send", *words, "-m", "x", "--yes")
    assert ran.code == 1, ran.out + ran.err
    assert "rejected" in ran.out
    assert office.deliveries == []


async def test_nobody_is_asked_without_a_terminal_and_nothing_is_sent(
    desk: Desk, office: PostOffice
) -> None:
    ran = await desk.run("send", "--to", "ana@acme.example", "-m", "x")
    assert ran.code == 2
    assert "--yes" in ran.err
    assert "--hold" in ran.err
    held = await desk.run("send", "--to", "ana@acme.example", "-m", "x", "--hold")
    assert (held.code, held.out.split()[0]) == (0, "held")
    assert office.deliveries == []
    assert (await desk.run("outbox", "discard", held.out.split()[1])).code == 0


@pytest.mark.parametrize(("answer", "left"), [("y", 1), ("n", 0), ("", 0)])
async def test_at_a_terminal_the_mail_is_shown_and_asked_for(
    desk: Desk, office: PostOffice, answer: str, left: int
) -> None:
    def person() -> tuple[str, int]:
        words = ["-m", "jackfield", "send", "--to", "Ana <ana@acme.example>", "-s", "Lunch",
                 "-m", "At one?"]  # fmt: skip
        full = {
            **desk.environment, "HOME": str(desk.home), "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin",
            "JACKFIELD_DATA_DIR": str(desk.home / "data"),
            "JACKFIELD_CONFIG": str(desk.home / "config.toml"),
        }  # fmt: skip
        child = pexpect.spawn(
            sys.executable, words, env=full, encoding="utf-8", timeout=60, dimensions=(24, 80)
        )
        child.expect_exact("Send?")
        shown = str(child.before)
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()
        return shown, child.exitstatus or 0

    shown, code = await asyncio.to_thread(person)
    for line in ("To       Ana <ana@acme.example>", "Lunch", "At one?", "by imap:default"):
        assert line in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert (code, len(office.deliveries)) == (0 if left else 1, left)
