"""The connector against the demo server: listing, syncing, and what it must never do."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from imapclient import IMAPClient

from jackfield.base import Context
from jackfield.batches import Collection, Ref
from jackfield.clock import SystemClock
from jackfield.config import load_configuration, read_settings
from jackfield.errors import AuthenticationError, CursorExpired, Unreachable
from jackfield.models import Account, SourceType
from jackfield.requests import ListFilter, ListRequest, SyncRequest
from jackfield_imap import ImapConnector
from jackfield_imap.demo import build_mailbox, demo
from jackfield_imap.settings import ImapSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from jackfield.batches import Batch
    from jackfield_imap.demo import Mailbox

ACCOUNT = Account(SourceType.IMAP)
MARKER = "m4rker-s3cret"


@asynccontextmanager
async def opened(environment: Mapping[str, str]) -> AsyncIterator[ImapConnector]:
    settings = read_settings(ImapSettings, ACCOUNT, load_configuration(dict(environment)))
    nothing: Any = None
    connector = ImapConnector()
    await connector.open(Context(ACCOUNT, settings, nothing, nothing, SystemClock(), nothing))
    try:
        yield connector
    finally:
        await connector.close()


@asynccontextmanager
async def at_demo(mailbox: Mailbox | None = None) -> AsyncIterator[ImapConnector]:
    async with demo(mailbox) as environment, opened(environment) as connector:
        yield connector


async def everything(batches: AsyncIterator[Batch]) -> list[Batch]:
    return [batch async for batch in batches]


async def folder(connector: ImapConnector, name: str) -> Collection:
    return next(each for each in await connector.collections() if each.name == name)


async def test_a_listing_is_newest_first_and_bounded() -> None:
    async with at_demo() as connector:
        batches = await everything(connector.fetch(ListRequest("email", limit=70)))
    received = [entry.received for batch in batches for entry in batch.items]
    assert len(received) == 70
    assert received == sorted(received, reverse=True)
    assert all(len(batch.items) <= 50 for batch in batches)


async def test_a_listing_goes_on_before_a_time() -> None:
    async with at_demo() as connector:
        (first,) = await everything(connector.fetch(ListRequest("email", limit=5)))
        before = first.items[-1].received
        (second,) = await everything(connector.fetch(ListRequest("email", limit=5, before=before)))
    assert all(entry.received < before for entry in second.items)
    assert not {e.ref for e in first.items} & {e.ref for e in second.items}


async def test_a_listing_of_the_unread_gives_only_those() -> None:
    async with at_demo() as connector:
        request = ListRequest("email", limit=10, filter=ListFilter(unread_only=True))
        (batch,) = await everything(connector.fetch(request))
    assert len(batch.items) == 10
    assert all(entry.item.unread for entry in batch.items)


async def test_a_sync_gives_every_mail_once_newest_first_with_its_bytes() -> None:
    mailbox = build_mailbox(datetime.now(UTC))
    async with at_demo(mailbox) as connector:
        inbox = await folder(connector, "INBOX")
        batches = await everything(connector.fetch(SyncRequest("email", inbox)))
    entries = [entry for batch in batches for entry in batch.items]
    assert [entry.item.raw for entry in entries] == [
        mail.raw for mail in reversed(mailbox["INBOX"].mails)
    ]
    assert all(entry.level == "full" for entry in entries)


async def test_a_sync_goes_on_at_its_cursor_with_new_mail_first() -> None:
    mailbox = build_mailbox(datetime.now(UTC))
    async with at_demo(mailbox) as connector:
        archive = await folder(connector, "Archive")
        batches = connector.fetch(SyncRequest("email", archive))
        first = await anext(batches)
        await batches.aclose()  # type: ignore[attr-defined]
        new = mailbox["Archive"].append(b"Subject: new\r\n\r\nx\r\n", datetime.now(UTC))
        request = SyncRequest("email", archive, first.cursor)  # type: ignore[arg-type]
        rest = await everything(connector.fetch(request))
    seen = [int(entry.ref.key) for batch in [first, *rest] for entry in batch.items]
    assert rest[0].items[0].ref.key == str(new.uid)
    assert sorted(seen) == [mail.uid for mail in mailbox["Archive"].mails]


async def test_another_uidvalidity_expires_the_cursor() -> None:
    async with at_demo() as connector:
        stale = Collection("INBOX", "INBOX", epoch="1")
        with pytest.raises(CursorExpired, match="UIDVALIDITY of INBOX"):
            await everything(connector.fetch(SyncRequest("email", stale)))
        assert await connector.get([Ref("INBOX", "1", "1")], "full") == []


async def test_reading_marks_nothing_even_in_a_folder_that_is_open_for_writing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    select = IMAPClient.select_folder
    monkeypatch.setattr(
        IMAPClient, "select_folder", lambda self, name, readonly=False: select(self, name)
    )
    mailbox = build_mailbox(datetime.now(UTC))
    before = [(mail.uid, mail.flags) for mail in mailbox["INBOX"].mails]
    async with at_demo(mailbox) as connector:
        await everything(connector.fetch(ListRequest("email")))
        inbox = await folder(connector, "INBOX")
        await everything(connector.fetch(SyncRequest("email", inbox)))
    assert [(mail.uid, mail.flags) for mail in mailbox["INBOX"].mails] == before


async def test_folders_are_opened_for_reading_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    select = IMAPClient.select_folder

    def spy(self: IMAPClient, name: str, readonly: bool = False) -> Any:
        asked.append(readonly)
        return select(self, name, readonly)

    monkeypatch.setattr(IMAPClient, "select_folder", spy)
    async with at_demo() as connector:
        await everything(connector.fetch(ListRequest("email")))
    assert asked
    assert all(asked)


async def test_the_mailbox_is_named_by_its_first_address() -> None:
    async with at_demo() as connector:
        assert connector.mailbox_identity() == "me@acme.example"


async def test_a_wrong_password_is_known_at_once_and_not_repeated() -> None:
    async with demo() as environment:
        wrong = {**environment, "EMAIL_IMAP_PASSWORD": MARKER}
        with pytest.raises(AuthenticationError, match="refused the password") as error:
            async with opened(wrong):
                pass
    assert MARKER not in f"{error.value} {error.value!r} {error.value.fix}"


async def test_a_server_that_never_answers_is_left_as_soon_as_the_caller_gives_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        environment = {
            "EMAIL_IMAP_SERVER": "127.0.0.1",
            "EMAIL_IMAP_PORT": str(silent.getsockname()[1]),
            "EMAIL_IMAP_USERNAME": "me",
            "EMAIL_IMAP_PASSWORD": "pw",
            "EMAIL_IMAP_SECURITY": "plain",
        }
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5), opened(environment):
                pass
        assert asyncio.get_running_loop().time() - began < 5


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x00" * 99])
async def test_a_server_that_speaks_something_else_is_unreachable_and_named(
    greeting: bytes,
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    environment = {
        "EMAIL_IMAP_SERVER": "127.0.0.1",
        "EMAIL_IMAP_PORT": str(port),
        "EMAIL_IMAP_USERNAME": "me",
        "EMAIL_IMAP_PASSWORD": MARKER,
        "EMAIL_IMAP_SECURITY": "plain",
    }
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port}") as error:
        async with opened(environment):
            pass
    assert MARKER not in str(error.value)
    server.close()
    await server.wait_closed()


def test_settings_never_show_their_password() -> None:
    settings = ImapSettings(server="mail.example", username="me", password=MARKER)
    assert MARKER not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_my_addresses_name_the_mailbox() -> None:
    def settings(**fields: str) -> ImapSettings:
        base = {"server": "mail.example", "username": "me", "password": "pw"}
        return ImapSettings.model_validate({**base, **fields})

    assert settings(address="Me@Acme.example, other@acme.example").identity == "me@acme.example"
    assert settings(username="me@acme.example").identity == "me@acme.example"
    assert settings().identity == "me@mail.example"


@pytest.mark.parametrize(("security", "port"), [("tls", 993), ("starttls", 143), ("plain", 143)])
def test_the_default_port_follows_the_security(security: str, port: int) -> None:
    values = {"server": "localhost", "username": "me", "password": "pw", "security": security}
    assert ImapSettings.model_validate(values).effective_port == port
