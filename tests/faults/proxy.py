"""A proxy on loopback that breaks connections at a named place, whatever protocol they speak.

    async with Proxy("127.0.0.1", 143, [Fault("reset", "to_client", at=b"* OK")]) as proxy:
        client = connect(proxy.host, proxy.port)

A fault happens once on each connection, where its place in the stream comes: after so many
bytes, or as soon as the last byte of a pattern has passed. What comes before has been handed on.

- ``delay``: that direction waits for `seconds`, then goes on.
- ``stall``: nothing more goes that way, nor is it read; the other direction lives on until
  somebody closes it.
- ``truncate``: both ends see the end of the stream.
- ``reset``: the client gets a TCP reset, the server the end of the stream, so that it can still
  read what was handed to it before.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

Direction = Literal["to_server", "to_client"]

_CHUNK = 1 << 16
_LINGER_ZERO = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and where.

    Attributes:
        kind: What; see above.
        way: In which direction the place is looked for.
        at: After how many bytes of that direction, or behind which bytes; both are counted from
            the place of the fault before, if there is one.
        seconds: How long a ``delay`` takes.
    """

    kind: Literal["delay", "stall", "truncate", "reset"]
    way: Direction
    at: int | bytes = 0
    seconds: float = 0.0


class Proxy:
    """Hands bytes on to a server until a fault's place comes.

    Args:
        host: The server.
        port: Its port.
        faults: For every connection; those of one direction in the order of their places.
        sleep: Waits for a ``delay``.

    Attributes:
        host: Where the proxy listens.
        connections: How many were made to it.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        host: str,
        port: int,
        faults: Iterable[Fault] = (),
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._target = (host, port)
        self._faults = tuple(faults)
        self._sleep = sleep
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, self.host, 0)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.sockets[0].getsockname()[1])

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        try:
            await self._both((reader, to_server, "to_server"), (from_server, writer, "to_client"))
        except _Cut as cut:
            if cut.args == ("reset",):
                _reset(writer)
        finally:
            for each in (writer, to_server):
                each.close()
            for each in (writer, to_server):
                with suppress(OSError):
                    await each.wait_closed()

    async def _both(self, *ways: _Way) -> None:
        """Hand on in both directions until both have ended, or one was cut."""
        over = asyncio.Event()
        pumps = [asyncio.create_task(self._pump(*way, over)) for way in ways]
        try:
            await asyncio.gather(*pumps)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        way: Direction,
        over: asyncio.Event,
    ) -> None:
        faults = [_Watch(each) for each in self._faults if each.way == way]
        with suppress(OSError):  # whoever reset the connection has ended it
            async for data in self._let_through(reader, faults, over):
                writer.write(data)
                await writer.drain()
        over.set()
        with suppress(OSError):
            writer.write_eof()

    async def _let_through(
        self, reader: asyncio.StreamReader, faults: list[_Watch], over: asyncio.Event
    ) -> AsyncIterator[bytes]:
        """Give the bytes that shall pass, and let each fault happen in its place."""
        data = b""
        while True:
            while faults and (place := faults[0].find(data)) is not None:
                yield data[:place]
                data = data[place:]
                fault = faults.pop(0).fault
                if fault.kind == "stall":
                    await over.wait()  # nobody reads, so that whoever sends gets stuck, too
                    return
                if fault.kind != "delay":
                    raise _Cut(fault.kind)
                await self._sleep(fault.seconds)
            yield data
            if not (data := await reader.read(_CHUNK)):
                return


_Way = tuple[asyncio.StreamReader, asyncio.StreamWriter, Direction]


class _Cut(Exception):
    """The connection ends, by ``reset`` or ``truncate``."""


class _Watch:
    """Looks for a fault's place in a stream that comes in pieces."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._passed = 0
        self._tail = b""

    def find(self, data: bytes) -> int | None:
        """Look for the place in the next piece.

        Returns:
            How many bytes of the piece come before it; None where it is not in there.
        """
        at = self.fault.at
        if isinstance(at, int):
            place = at - self._passed
            self._passed += len(data)
            return place if place <= len(data) else None
        seen = self._tail + data
        found = seen.find(at)
        place = found + len(at) - len(self._tail)
        self._tail = seen[len(seen) - len(at) + 1 :] if len(at) > 1 else b""
        return place if found >= 0 else None


def _reset(writer: asyncio.StreamWriter) -> None:
    raw: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    writer.transport.abort()
