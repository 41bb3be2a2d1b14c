"""Connections: who gets in, and how they end."""

from __future__ import annotations

import asyncio
import imaplib
import socket
from datetime import UTC, datetime

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from jackfield_imap.demo import DemoServer, Mailbox, demo

SECONDS = 5.0
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def connected(account) -> IMAPClient:
    client = IMAPClient("127.0.0.1", int(account["EMAIL_IMAP_PORT"]), ssl=False, timeout=SECONDS)
    client.login(account["EMAIL_IMAP_USERNAME"], account["EMAIL_IMAP_PASSWORD"])
    return client


async def test_the_environment_names_an_account_on_this_machine(account) -> None:
    assert account["EMAIL_IMAP_SERVER"] == "127.0.0.1"
    assert account["EMAIL_IMAP_SECURITY"] == "plain"
    assert account["EMAIL_ADDRESS"] == account["EMAIL_IMAP_USERNAME"] == "me@acme.example"
    assert account.keys() >= {"EMAIL_IMAP_PORT", "EMAIL_IMAP_PASSWORD", "EMAIL_NAME"}


async def test_a_wrong_password_is_refused(account) -> None:
    def sign_in() -> None:
        with IMAPClient("127.0.0.1", int(account["EMAIL_IMAP_PORT"]), ssl=False) as client:
            client.login("me@acme.example", "wrong")

    with pytest.raises(LoginError, match="AUTHENTICATIONFAILED"):
        await asyncio.to_thread(sign_in)


async def test_plain_signs_in_with_and_without_an_initial_response(account, say) -> None:
    def sign_in() -> str:
        with imaplib.IMAP4("127.0.0.1", int(account["EMAIL_IMAP_PORT"]), timeout=SECONDS) as client:
            answer = f"\0me@acme.example\0{account['EMAIL_IMAP_PASSWORD']}".encode()
            return client.authenticate("PLAIN", lambda _: answer)[0]

    assert await asyncio.to_thread(sign_in) == "OK"
    answer = await say(
        b"a AUTHENTICATE PLAIN AG1lQGFjbWUuZXhhbXBsZQBvcGVuIHNlc2FtZQ==\r\nb LOGOUT\r\n"
    )
    assert b"a OK" in answer


async def test_nothing_is_told_before_the_sign_in(say) -> None:
    answer = await say(b'a LIST "" "*"\r\nb SELECT INBOX\r\nc FETCH 1 FLAGS\r\nd LOGOUT\r\n')
    assert all(bad in answer for bad in (b"a BAD", b"b BAD", b"c BAD"))
    assert b"INBOX" not in answer


async def test_two_clients_are_served_at_once_and_see_each_others_flags(account) -> None:
    def converse() -> None:
        with connected(account) as one, connected(account) as other:
            one.select_folder("INBOX")
            other.select_folder("INBOX")
            unread = one.search("UNSEEN")
            other.add_flags(unread[0], ["\\Seen"])
            assert one.search("UNSEEN") == unread[1:]

    await asyncio.to_thread(converse)


async def test_it_closes_while_a_client_is_still_connected() -> None:
    before = asyncio.all_tasks()
    async with demo() as account:
        port = int(account["EMAIL_IMAP_PORT"])
        client = await asyncio.to_thread(socket.create_connection, ("127.0.0.1", port), SECONDS)
        greeting = await asyncio.to_thread(client.recv, 1000)
    with client:
        farewell = await asyncio.to_thread(client.recv, 1000)
        assert await asyncio.to_thread(client.recv, 1000) == b""
    assert greeting.startswith(b"* OK")
    assert farewell.startswith(b"* BYE")
    assert asyncio.all_tasks() == before


async def test_it_closes_while_a_client_takes_nothing_of_a_long_answer(mailbox) -> None:
    for _ in range(20):
        mailbox["INBOX"].append(b"Subject: long\r\n\r\n" + b"x" * 1_000_000, NOON)
    async with asyncio.timeout(SECONDS), demo(mailbox) as account:
        _, writer = await asyncio.open_connection("127.0.0.1", int(account["EMAIL_IMAP_PORT"]))
        writer.write(b'a LOGIN me@acme.example "open sesame"\r\nb SELECT INBOX\r\n')
        writer.write(b"c FETCH 1:* BODY.PEEK[]\r\n")
        await asyncio.sleep(0.2)
    writer.transport.abort()


async def test_it_listens_on_this_machine_only() -> None:
    for host in ("0.0.0.0", "", "::", "localhost", "127.0.0.2"):
        with pytest.raises(ValueError, match="only"):
            await DemoServer(Mailbox(), "me", "secret").start(host)


async def test_a_server_that_never_started_closes() -> None:
    await DemoServer(Mailbox(), "me", "secret").close()
