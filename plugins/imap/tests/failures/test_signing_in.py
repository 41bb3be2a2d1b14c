"""Signing in: what is sent, and what is never sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jackfield.errors import AuthenticationError, Unreachable
from jackfield_imap import connection
from plugins.imap.tests.failures.attempts import attempt, subjects
from plugins.imap.tests.failures.scripted import (
    ARRIVED,
    LITTLE,
    PASSWORD,
    STALL,
    START_TLS,
    scripted,
)
from plugins.imap.tests.mirrored import letter, mirrored
from tests.faults.proxy import Fault, Proxy
from tests.peers.certificates import write_certificates

if TYPE_CHECKING:
    from pathlib import Path


async def test_no_password_is_sent_where_the_server_forbids_it() -> None:
    async with scripted("budget", capabilities=LITTLE + " LOGINDISABLED") as server:
        with pytest.raises(AuthenticationError, match="none was sent"):
            async with mirrored(server.environment):
                pass
    assert not [line for line in server.lines if PASSWORD in line]


async def test_a_refused_starttls_sends_no_password() -> None:
    async with scripted("budget") as server:
        server.capabilities += " STARTTLS"
        server.on("STARTTLS", b"<tag> NO not today\r\n")
        with pytest.raises(Unreachable, match=r"refused STARTTLS.*nothing was sent"):
            async with mirrored(server.environment | {"EMAIL_IMAP_SECURITY": "starttls"}):
                pass
    assert not server.commands("LOGIN|AUTHENTICATE")


async def test_a_stripped_starttls_sends_no_password() -> None:
    async with scripted("budget", capabilities=LITTLE) as server:
        with pytest.raises(Unreachable, match="offers no STARTTLS; nothing was sent"):
            async with mirrored(server.environment | {"EMAIL_IMAP_SECURITY": "starttls"}):
                pass
    assert not server.commands("LOGIN|AUTHENTICATE")


async def test_a_token_is_sent_as_xoauth2() -> None:
    async with scripted("budget") as server:
        server.on("AUTHENTICATE", b"<tag> NO [AUTHENTICATIONFAILED] expired\r\n")
        with pytest.raises(AuthenticationError, match="the token, which may have expired"):
            async with mirrored(server.environment | {"EMAIL_IMAP_AUTH": "xoauth2"}):
                pass
    assert server.commands("AUTHENTICATE XOAUTH2")
    assert not server.commands("LOGIN")


async def test_g17_who_greets_us_as_signed_in_before_the_line_is_secure_is_not_believed() -> None:
    async with scripted("budget") as server:
        server.capabilities += " STARTTLS"
        server.greeting = b"* PREAUTH welcome\r\n"
        with pytest.raises(Unreachable, match="signed in before the line is secure"):
            async with mirrored(server.environment | {"EMAIL_IMAP_SECURITY": "starttls"}):
                pass


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    write_certificates(tmp_path)
    return tmp_path


async def test_g17_what_is_written_behind_the_ok_of_starttls_is_not_read(
    certificates: Path,
) -> None:
    async with scripted("budget", security="starttls", certificates=certificates) as server:
        injected = b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n* 1 EXISTS\r\n"
        server.on("STARTTLS", [b"<tag> OK Begin\r\n" + injected, START_TLS])
        async with mirrored(server.environment) as copy:
            await copy.round()
            assert await subjects(copy) == ["budget"]


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_an_authority_that_cannot_be_read_is_named(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    async with scripted("budget") as server:
        environment = server.environment | {"EMAIL_IMAP_CA_FILE": str(path)}
        with pytest.raises(Unreachable, match=r"ca\.pem cannot be read as certificates") as caught:
            async with mirrored(environment):
                pass
    assert "EMAIL_IMAP_CA_FILE" in caught.value.fix


async def test_g15_a_refused_password_is_tried_once_and_what_was_stored_stays() -> None:
    async with scripted("budget") as server, mirrored(server.environment) as copy:
        await copy.round()
        server.on("AUTHENTICATE|LOGIN", b"<tag> NO [AUTHENTICATIONFAILED] wrong\r\n")
        await server.hang_up()
        tried = len(server.commands("AUTHENTICATE|LOGIN"))
        for _ in range(3):
            with pytest.raises(AuthenticationError, match=r"refused the password: .*wrong"):
                await attempt(copy)
        assert len(server.commands("AUTHENTICATE|LOGIN")) == tried + 1
        assert await subjects(copy) == ["budget"]


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INUSE", "THROTTLED", "OVERQUOTA", "LIMIT"])
async def test_g15_a_server_that_lets_nobody_in_just_now_is_asked_again_later(code: str) -> None:
    async with scripted("budget") as server:
        refusal = f"<tag> NO [{code}] [ALERT] back at noon\r\n".encode()
        server.on("AUTHENTICATE|LOGIN", refusal, times=1)
        with pytest.raises(Unreachable, match=r"just now: .*back at noon") as caught:
            async with mirrored(server.environment):
                pass
        assert (caught.value.retryable, caught.value.retry_after) == (True, 60.0)
        async with mirrored(server.environment) as copy:
            await copy.round()
            assert await subjects(copy) == ["budget"]


async def test_a_line_that_the_server_dropped_meanwhile_costs_nobody_an_error() -> None:
    async with scripted("budget") as server, mirrored(server.environment) as copy:
        await copy.round()
        await server.hang_up()
        await copy.round()
        assert await subjects(copy) == ["budget"]


async def test_a_line_that_fell_silent_meanwhile_is_left_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "FRESH_SECONDS", -1.0)
    monkeypatch.setattr(connection, "NOOP_SECONDS", 0.2)
    async with scripted("budget") as server, mirrored(server.environment) as copy:
        server.on("NOOP", [STALL], times=1)
        await copy.round()
        assert await subjects(copy) == ["budget"]


async def test_g08_who_may_open_one_connection_only_syncs_all_the_same() -> None:
    async with scripted("budget", "lunch") as server, mirrored(server.environment) as copy:
        too_many = b"<tag> NO [LIMIT] Maximum number of connections from your address\r\n"
        server.on("AUTHENTICATE|LOGIN", too_many)
        await copy.round()
        assert await subjects(copy) == ["budget", "lunch"]
        assert len(server.commands("AUTHENTICATE|LOGIN")) >= 2


async def test_g05_a_slow_answer_is_waited_for_as_long_as_it_goes_on_and_a_silent_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "SILENCE_SECONDS", 3.0)
    async with scripted("budget") as server:
        port = int(server.environment["EMAIL_IMAP_PORT"])
        slow = [Fault("delay", "to_client", at=n, seconds=0.6) for n in range(200, 1400, 200)]
        async with Proxy("127.0.0.1", port, slow) as proxy:
            environment = server.environment | {"EMAIL_IMAP_PORT": str(proxy.port)}
            async with mirrored(environment) as copy:
                await copy.round()
                assert await subjects(copy) == ["budget"]
                server.on("UID FETCH", [STALL])
                server.mailbox["INBOX"].append(letter("late"), ARRIVED)
                outcomes = await attempt(copy)
                assert "did not answer in time" in str(outcomes["INBOX"].error)
                assert await subjects(copy) == ["budget"]
