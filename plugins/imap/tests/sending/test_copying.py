"""The copy of what was sent, in a real mailbox."""

from __future__ import annotations

import email
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Any, cast

import pytest
from imapclient import IMAPClient
from pydantic import SecretStr

from jackfield.content.composing import compose
from jackfield.models import Contact
from jackfield_imap import copying
from jackfield_imap.connection import Pool
from jackfield_imap.sending import Sender
from jackfield_imap.settings import ImapSettings
from tests.faults.letters import ACCOUNT, WRITTEN, draft, settings
from tests.peers.dovecot import Dovecot
from tests.peers.fixtures import DovecotAccount

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

SENT = draft("ana@example.com", bcc=(Contact.mail("secret@example.net"),))


@asynccontextmanager
async def sender(mailbox: DovecotAccount, **more: Any) -> AsyncIterator[Sender]:
    given = ImapSettings(
        server=mailbox.server.host,
        port=mailbox.server.port,
        security="plain",
        username=mailbox.username,
        password=SecretStr(mailbox.password),
        address="me@example.org",
        **more,
    )
    pool = Pool(ACCOUNT, given)
    try:
        yield Sender(ACCOUNT, given, pool)
    finally:
        await pool.close()


@contextmanager
def signed_in(mailbox: DovecotAccount) -> Iterator[IMAPClient]:
    with IMAPClient(mailbox.server.host, port=mailbox.server.port, ssl=False) as one:
        one.login(mailbox.username, mailbox.password)
        yield one


@pytest.fixture
def client(mailbox: DovecotAccount) -> Iterator[IMAPClient]:
    with signed_in(mailbox) as one:
        yield one


@pytest.fixture(scope="module")
def bare_dovecot(dovecot_root: Path) -> Iterator[Dovecot]:
    """A Dovecot that makes no Sent folder, marks none, and wants folders below INBOX."""
    sent = "mailbox Sent {\n special_use =\n auto = no\n}"
    extra = f"namespace inbox {{\n prefix = INBOX/\n {sent}\n}}\n"
    with Dovecot(dovecot_root, extra=extra) as server:
        yield server


@pytest.fixture
def bare_mailbox(bare_dovecot: Dovecot, tmp_path: Path) -> DovecotAccount:
    name = f"bare{tmp_path.name}"
    return DovecotAccount(bare_dovecot, name, "pw", bare_dovecot.add_user(name, "pw"))


def kept(client: IMAPClient, folder: str = "Sent") -> list[dict[bytes, Any]]:
    client.select_folder(folder, readonly=True)
    found = client.search(["ALL"])
    answer = client.fetch(found, ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"]) if found else {}
    return [cast("dict[bytes, Any]", each) for each in answer.values()]


async def test_the_copy_holds_the_blind_copies_is_read_and_bears_the_date(
    mailbox: DovecotAccount, client: IMAPClient
) -> None:
    async with sender(mailbox) as sending:
        await sending.keep_copy(SENT)
    (copy,) = kept(client)
    assert copy[b"BODY[]"] == compose(SENT, ["me@example.org"]).for_sender
    assert email.message_from_bytes(copy[b"BODY[]"])["Bcc"] == "secret@example.net"
    assert b"\\Seen" in copy[b"FLAGS"]
    assert copy[b"INTERNALDATE"].astimezone(UTC) == WRITTEN


async def test_a_copy_that_is_there_is_not_made_again(
    mailbox: DovecotAccount, client: IMAPClient
) -> None:
    async with sender(mailbox) as sending:
        await sending.keep_copy(SENT)
        await sending.keep_copy(SENT)
    async with sender(mailbox) as sending:  # another process
        await sending.keep_copy(SENT)
    assert len(kept(client)) == 1


async def test_another_mail_whose_message_id_only_holds_ours_is_not_taken_for_the_copy(
    mailbox: DovecotAccount, client: IMAPClient
) -> None:
    ours = compose(SENT, ["me@example.org"]).message_id
    client.append("Sent", f"Message-ID: <other@x> {ours}\r\n\r\nother\r\n".encode())
    client.select_folder("Sent", readonly=True)
    assert client.search(["HEADER", "Message-ID", ours])
    async with sender(mailbox) as sending:
        assert (await sending.reconcile(SENT)).state == "unknown"
        await sending.keep_copy(SENT)
        assert (await sending.reconcile(SENT)).state == "accepted"
    assert len(kept(client)) == 2


def names(listed: list[Any]) -> list[str]:
    return [name for _, _, name in listed]


async def test_without_a_sent_folder_one_is_made_where_folders_belong(
    bare_mailbox: DovecotAccount,
) -> None:
    async with sender(bare_mailbox) as sending:
        await sending.keep_copy(SENT)
        await sending.keep_copy(SENT)
    with signed_in(bare_mailbox) as client:
        assert "INBOX/Sent" in names(client.list_sub_folders())
        assert len(kept(client, "INBOX/Sent")) == 1


async def test_a_sent_folder_that_the_server_does_not_mark_is_used(
    bare_mailbox: DovecotAccount,
) -> None:
    with signed_in(bare_mailbox) as client:
        client.create_folder("INBOX/Sent")
    async with sender(bare_mailbox) as sending:
        await sending.keep_copy(SENT)
        await sending.keep_copy(SENT)
        assert (await sending.reconcile(SENT)).state == "accepted"
    with signed_in(bare_mailbox) as client:
        assert len(kept(client, "INBOX/Sent")) == 1


async def test_nothing_is_copied_where_the_user_wants_no_copies(
    mailbox: DovecotAccount, client: IMAPClient
) -> None:
    async with sender(mailbox, sent_copy="never") as sending:
        await sending.keep_copy(SENT)
    assert kept(client) == []


async def test_what_is_not_among_what_was_sent_stays_unknown(mailbox: DovecotAccount) -> None:
    async with sender(mailbox) as sending:
        result = await sending.reconcile(SENT)
    assert (result.state, result.retryable) == ("unknown", False)
    assert "proves nothing" in result.reason


async def test_what_lies_in_a_folder_for_sent_mail_was_sent(
    mailbox: DovecotAccount, client: IMAPClient
) -> None:
    mail = compose(SENT, ["me@example.org"])
    client.append("Sent", mail.for_receivers)
    async with sender(mailbox) as sending:
        result = await sending.reconcile(SENT)
    assert (result.state, result.provider_id) == ("accepted", mail.message_id)


class Offering:
    """A client that knows what its server offers."""

    def __init__(self, *capabilities: str) -> None:
        self._capabilities = capabilities

    def has_capability(self, name: str) -> bool:
        return name in self._capabilities


@pytest.mark.parametrize(
    ("sent_copy", "host", "offers", "wanted"),
    [
        ("auto", "127.0.0.1", (), True),
        ("auto", "127.0.0.1", ("X-GM-EXT-1",), False),
        ("auto", "smtp.gmail.com", (), False),
        ("auto", "SMTP.Office365.com.", (), False),
        ("auto", "mail.notgmail.example", (), True),
        ("always", "smtp.gmail.com", ("X-GM-EXT-1",), True),
        ("never", "127.0.0.1", (), False),
    ],
)
def test_no_copy_is_made_where_the_server_files_what_it_sends(
    sent_copy: str, host: str, offers: tuple[str, ...], wanted: bool
) -> None:
    given = settings(465, "tls", sent_copy=sent_copy, smtp_server=host)
    assert copying.is_wanted(given, cast("IMAPClient", Offering(*offers))) is wanted
