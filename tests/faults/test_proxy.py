"""What the proxy does to a connection, shown with an echo."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.proxy import Fault, Proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SOON = 10.0


class Echo:
    """Says everything back, and remembers what came."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.ended = asyncio.Event()
        self.gone = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                self.heard += data
                writer.write(data)
        self.ended.set()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self.gone.set()


@asynccontextmanager
async def talk(
    *faults: Fault, **options: Any
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, Echo]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Proxy("127.0.0.1", port, faults, **options) as proxy, asyncio.timeout(SOON):
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
        try:
            yield reader, writer, echo
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()
    async with asyncio.timeout(SOON):
        await echo.gone.wait()


async def test_bytes_pass_unchanged_in_both_directions() -> None:
    text = bytes(range(256)) * 4096
    async with talk() as (reader, writer, _):
        writer.write(text)
        assert await reader.readexactly(len(text)) == text


async def test_the_end_of_the_stream_passes() -> None:
    async with talk() as (reader, writer, echo):
        writer.write_eof()
        await echo.ended.wait()
        assert await reader.read() == b""


async def test_a_truncated_stream_ends_after_exactly_so_many_bytes() -> None:
    async with talk(Fault("truncate", "to_client", at=5)) as (reader, writer, _):
        writer.write(b"0123456789")
        assert await reader.read() == b"01234"


async def test_what_came_before_a_cut_reaches_the_server() -> None:
    async with talk(Fault("truncate", "to_server", at=b"\r\n.\r\n")) as (_, writer, echo):
        writer.write(b"body\r\n.\r\nmore")
        await echo.ended.wait()
    assert bytes(echo.heard) == b"body\r\n.\r\n"


async def test_a_pattern_is_found_across_pieces() -> None:
    async with talk(Fault("truncate", "to_server", at=b"abc")) as (reader, writer, echo):
        for piece in (b"xa", b"b", b"cd"):
            writer.write(piece)
            if piece != b"cd":
                await reader.readexactly(len(piece))  # it has gone through before the next one
        await echo.ended.wait()
    assert bytes(echo.heard) == b"xabc"


async def test_a_reset_is_an_error_for_the_client_and_an_end_for_the_server() -> None:
    async with talk(Fault("reset", "to_server", at=3)) as (reader, writer, echo):
        writer.write(b"abcdef")
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(100)
        await echo.ended.wait()
    assert bytes(echo.heard) == b"abc"


async def test_a_connection_can_be_reset_before_its_first_byte() -> None:
    async with talk(Fault("reset", "to_client")) as (reader, _, _):
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)


async def test_a_stalled_answer_never_comes_though_the_server_heard_the_question() -> None:
    async with talk(Fault("stall", "to_client", at=2)) as (reader, writer, echo):
        writer.write(b"abcdef")
        assert await reader.readexactly(2) == b"ab"
        writer.write_eof()  # the server answers all of it and closes; only then is it over
        await echo.ended.wait()
        assert await reader.read() == b""
    assert bytes(echo.heard) == b"abcdef"


async def test_a_delay_holds_bytes_back_and_then_lets_them_go() -> None:
    held, go = asyncio.Event(), asyncio.Event()
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        held.set()
        await go.wait()

    fault = Fault("delay", "to_client", at=2, seconds=7)
    async with talk(fault, sleep=sleep) as (reader, writer, _):
        writer.write(b"abcd")
        assert await reader.readexactly(2) == b"ab"
        await held.wait()
        go.set()
        assert await reader.readexactly(2) == b"cd"
    assert waited == [7]


async def test_several_faults_of_a_connection_happen_in_order() -> None:
    async def sleep(seconds: float) -> None:
        happened.append(seconds)

    happened: list[float] = []
    faults = (
        Fault("delay", "to_server", at=b"a", seconds=1),
        Fault("delay", "to_server", at=b"b", seconds=2),
        Fault("truncate", "to_server", at=b"c"),
    )
    async with talk(*faults, sleep=sleep) as (_, writer, echo):
        writer.write(b"abcd")
        await echo.ended.wait()
    assert bytes(echo.heard) == b"abc"
    assert happened == [1, 2]


async def test_a_proxy_that_ends_closes_its_connections() -> None:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    async with server, asyncio.timeout(SOON):
        async with Proxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
            reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
            writer.write(b"x")
            await reader.readexactly(1)
        assert await reader.read() == b""
        await echo.gone.wait()
        writer.close()
        await writer.wait_closed()
