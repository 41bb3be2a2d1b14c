"""Watching by IDLE (G4): nothing new is missed, and a line that is dead is noticed."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

import pytest

from jackfield.errors import AuthenticationError, NotSupported
from jackfield_imap import connection, watching
from plugins.imap.tests.failures.scripted import LITTLE, STALL, scripted
from plugins.imap.tests.mirrored import letter, opened

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from jackfield.batches import Event
    from jackfield_imap import ImapConnector
    from tests.peers.fixtures import DovecotAccount

GUARD = 30.0
"""Ten times what anything here may take on a busy machine."""


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(watching, "LONGEST_WAIT", 0.02)


def watch(connector: ImapConnector) -> aclosing[AsyncGenerator[Event, None]]:
    return aclosing(cast("AsyncGenerator[Event, None]", connector.watch()))


async def following(events: AsyncGenerator[Event, None]) -> Event:
    async with asyncio.timeout(GUARD):
        return await anext(events)


async def test_g04_a_new_mail_is_heard_of(mailbox: DovecotAccount) -> None:
    mailbox.deliver("INBOX", letter("one"))
    async with opened(mailbox.environment()) as connector, watch(connector) as events:
        assert (await following(events)).collection == "INBOX"
        hearing = asyncio.create_task(following(events))
        await asyncio.sleep(0.5)  # until Dovecot looks at the folder; earlier it would tell at once
        mailbox.deliver("INBOX", letter("two"))
        assert (await hearing).collection == "INBOX"


async def test_g04_idle_is_begun_anew_before_routers_forget_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "IDLE_SECONDS", 0.05)
    async with scripted("one") as server, opened(server.environment) as connector:
        async with watch(connector) as events:
            await following(events)
            hearing = asyncio.create_task(following(events))
            async with asyncio.timeout(GUARD):
                while len(server.commands("IDLE")) < 4:
                    await asyncio.sleep(0.01)
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)


async def test_g04_what_is_said_before_the_server_is_ready_is_heard() -> None:
    async with scripted("one") as server, opened(server.environment) as connector:
        server.on("IDLE", b"* 2 EXISTS\r\n+ idling\r\n<tag> OK for now\r\n", times=1)
        async with watch(connector) as events:
            await following(events)
            assert (await following(events)).collection == "INBOX"
        assert server.connections == 2


async def test_g04_a_line_that_was_dropped_is_laid_again_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scripted("one") as server, opened(server.environment) as connector:
        async with watch(connector) as events:
            await following(events)
            for _ in range(3):
                hearing = asyncio.create_task(following(events))
                seen = len(server.commands("IDLE"))
                async with asyncio.timeout(GUARD):
                    while len(server.commands("IDLE")) == seen:
                        await asyncio.sleep(0.01)
                await server.hang_up()
                assert (await hearing).collection == "INBOX"


async def test_g04_a_line_that_died_in_silence_is_noticed_and_laid_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(connection, "SILENCE_SECONDS", 2.0)
    async with scripted("one") as server, opened(server.environment) as connector:
        server.on("IDLE", [b"+ idling\r\n", STALL], times=1)
        async with watch(connector) as events:
            await following(events)
            assert (await following(events)).collection == "INBOX"
        assert server.stalled.is_set()


async def test_g04_a_refused_password_ends_the_watch() -> None:
    async with scripted("one") as server, opened(server.environment) as connector:
        server.on("AUTHENTICATE|LOGIN", b"<tag> NO [AUTHENTICATIONFAILED] wrong\r\n")
        before = len(server.commands("AUTHENTICATE|LOGIN"))
        async with watch(connector) as events:
            with pytest.raises(AuthenticationError, match="refused the password"):
                await following(events)
        assert len(server.commands("AUTHENTICATE|LOGIN")) == before + 1


async def test_a_server_without_idle_says_so_beforehand() -> None:
    async with (
        scripted("one", capabilities=LITTLE) as server,
        opened(server.environment) as connector,
    ):
        effective = connector.effective("email")
        assert not effective.capabilities.watch
        assert effective.losses == {"watch": "the server has no IDLE"}
        async with watch(connector) as events:
            with pytest.raises(NotSupported, match="no IDLE"):
                await following(events)


async def test_who_stops_watching_closes_the_line() -> None:
    async with scripted("one") as server, opened(server.environment) as connector:
        async with watch(connector) as events:
            await following(events)
            hearing = asyncio.create_task(following(events))
            async with asyncio.timeout(GUARD):
                while not server.commands("IDLE"):
                    await asyncio.sleep(0.01)
            assert server.open_connections == 2
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
        async with asyncio.timeout(GUARD):
            while server.open_connections > 1:
                await asyncio.sleep(0.01)
