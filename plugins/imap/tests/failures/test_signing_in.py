"""Signing in: what is sent, and what is never sent."""

from __future__ import annotations

import pytest

from jackfield.errors import AuthenticationError, ConnectorError
from plugins.imap.tests.failures.scripted import LITTLE, PASSWORD, scripted
from plugins.imap.tests.mirrored import mirrored


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
        with pytest.raises(ConnectorError):
            async with mirrored(server.environment | {"EMAIL_IMAP_SECURITY": "starttls"}):
                pass
    assert not server.commands("LOGIN|AUTHENTICATE")


async def test_a_stripped_starttls_sends_no_password() -> None:
    async with scripted("budget", capabilities=LITTLE) as server:
        with pytest.raises(ConnectorError):
            async with mirrored(server.environment | {"EMAIL_IMAP_SECURITY": "starttls"}):
                pass
    assert not server.commands("LOGIN|AUTHENTICATE")


async def test_a_token_is_sent_as_xoauth2() -> None:
    async with scripted("budget") as server:
        server.on("AUTHENTICATE", b"<tag> NO [AUTHENTICATIONFAILED] expired\r\n")
        with pytest.raises(ConnectorError):
            async with mirrored(server.environment | {"EMAIL_IMAP_AUTH": "xoauth2"}):
                pass
    assert server.commands("AUTHENTICATE XOAUTH2")
    assert not server.commands("LOGIN")
