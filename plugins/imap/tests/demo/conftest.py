"""A served mailbox, and clients that others wrote to look into it."""

from __future__ import annotations

import asyncio
import imaplib
import socket
from contextlib import closing, suppress
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, TypeVar

import pytest
from imapclient import IMAPClient

from jackfield_imap.demo import Mailbox, build_mailbox, demo

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

R = TypeVar("R")

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=timezone(timedelta(hours=1)))
SECONDS = 5.0


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def original() -> Mailbox:
    return build_mailbox(NOW)


@pytest.fixture
def mailbox(original: Mailbox) -> Mailbox:
    return deepcopy(original)


@pytest.fixture
async def account(mailbox: Mailbox) -> AsyncIterator[Mapping[str, str]]:
    async with demo(mailbox) as environment:
        yield environment


def connect(account: Mapping[str, str]) -> IMAPClient:
    client = IMAPClient(
        account["EMAIL_IMAP_SERVER"],
        int(account["EMAIL_IMAP_PORT"]),
        ssl=False,
        timeout=SECONDS,
    )
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # 40 ms a command
    client.login(account["EMAIL_IMAP_USERNAME"], account["EMAIL_IMAP_PASSWORD"])
    return client


@pytest.fixture
def talk(account: Mapping[str, str]) -> Callable[[Callable[[IMAPClient], R]], Awaitable[R]]:
    """Run a conversation of IMAPClient's in a thread."""

    def converse(work: Callable[[IMAPClient], R]) -> R:
        client = connect(account)
        try:
            return work(client)
        finally:
            with suppress(Exception):
                client.logout()

    return lambda work: asyncio.to_thread(converse, work)


@pytest.fixture
def chat(account: Mapping[str, str]) -> Callable[[Callable[[imaplib.IMAP4], R]], Awaitable[R]]:
    """Run a conversation of imaplib's in a thread."""

    def converse(work: Callable[[imaplib.IMAP4], R]) -> R:
        port = int(account["EMAIL_IMAP_PORT"])
        with imaplib.IMAP4(account["EMAIL_IMAP_SERVER"], port, timeout=SECONDS) as client:
            client.login(account["EMAIL_IMAP_USERNAME"], account["EMAIL_IMAP_PASSWORD"])
            return work(client)

    return lambda work: asyncio.to_thread(converse, work)


@pytest.fixture
def say(account: Mapping[str, str]) -> Callable[[bytes], Awaitable[bytes]]:
    """Send bytes as they are, and give all that comes until the server hangs up."""

    async def send(text: bytes) -> bytes:
        host, port = account["EMAIL_IMAP_SERVER"], int(account["EMAIL_IMAP_PORT"])
        reader, writer = await asyncio.open_connection(host, port)
        with closing(writer):
            writer.write(text)
            answer = await asyncio.wait_for(reader.read(), SECONDS)
        with suppress(ConnectionError):
            await writer.wait_closed()
        return answer

    return send
