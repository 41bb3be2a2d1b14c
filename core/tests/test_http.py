"""HTTP for connectors: bounded, and a token goes to the configured host only."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from jackfield.errors import ProviderError, Unreachable
from jackfield.http import HttpClient
from jackfield.models import Account, SourceType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ACCOUNT = Account(SourceType("fake"))
TOKEN = SecretStr("m4rker-s3cret")


@asynccontextmanager
async def serving(body: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answer every request on loopback with this body; give the URL and what was asked."""
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", asked
    server.close()
    await server.wait_closed()


async def test_a_request_carries_its_token_to_the_configured_host() -> None:
    client = HttpClient(ACCOUNT, "127.0.0.1")
    async with serving(b"hello") as (url, asked):
        async with client.request("GET", url, bearer=TOKEN) as answer:
            assert (answer.status, await answer.read(10)) == (200, b"hello")
        await client.close()
    assert b"Bearer m4rker-s3cret" in asked[0]


async def test_a_token_goes_to_no_other_host_and_is_not_repeated() -> None:
    client = HttpClient(ACCOUNT, "graph.example")
    async with serving(b"") as (url, asked):
        with pytest.raises(ProviderError, match="no token for") as error:
            async with client.request("GET", url, bearer=TOKEN):
                pass
        await client.close()
    assert asked == []
    assert "m4rker" not in str(error.value)


async def test_a_longer_answer_than_allowed_is_an_error() -> None:
    client = HttpClient(ACCOUNT)
    async with serving(b"x" * 1000) as (url, _):
        with pytest.raises(ProviderError, match="more than 999 bytes"):
            async with client.request("GET", url) as answer:
                await answer.read(999)
        await client.close()


async def test_nobody_listening_is_unreachable_and_named() -> None:
    client = HttpClient(ACCOUNT)
    with pytest.raises(Unreachable, match=r"fake:default: 127\.0\.0\.1"):
        async with client.request("GET", "http://127.0.0.1:9/"):
            pass
    await client.close()
