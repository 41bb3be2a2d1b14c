"""Lines and literals over a socket, with bounds on both."""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple

from jackfield_imap.demo.tokens import Chunk, CommandError, Value, read_values

LINE_BYTES = 64 * 1024
LITERAL_BYTES = 50 * 1024 * 1024
STRANGER_BYTES = 4 * 1024
"""What a literal may measure before the sign-in."""

_LITERAL = re.compile(rb"\{(\d{1,12})(\+?)\}$")
_TAG = re.compile(rb"[^ (){%*\"\\+\x00-\x1f\x7f-\xff]+")


class LineError(Exception):
    """The client sends what cannot be read on: the connection ends."""


class Command(NamedTuple):
    """A command.

    Attributes:
        tag: What its answer begins with.
        name: In capitals, without ``UID``.
        args: The words after the name.
        by_uid: It came as ``UID name``.
    """

    tag: bytes
    name: str
    args: list[Value]
    by_uid: bool = False


class Wire:
    """One connection, seen as lines.

    Args:
        reader: With a limit of `LINE_BYTES`.
        writer: Of the same connection.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.literal_bytes = STRANGER_BYTES

    def send(self, line: bytes | str) -> None:
        """Queue a line for the client.

        Args:
            line: Without its CRLF.
        """
        self._writer.write((line.encode("ascii") if isinstance(line, str) else line) + b"\r\n")

    async def flush(self) -> None:
        """Wait until the client has taken most of what was sent."""
        await self._writer.drain()

    async def read_line(self) -> bytes:
        """Read a line.

        Returns:
            The line without its CRLF.

        Raises:
            EOFError: The client has gone.
            LineError: It is longer than `LINE_BYTES`.
        """
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            raise LineError("Line too long") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError from error
        return line.removesuffix(b"\n").removesuffix(b"\r")

    async def read_command(self) -> Command:
        """Read a command with its literals, inviting those that wait (RFC 9051, section 4.3).

        Returns:
            The command.

        Raises:
            CommandError: It is no command, or a literal is too large.
            LineError: It is longer than `LINE_BYTES`, its literals not counted.
        """
        chunks = [await self._chunk(b"")]
        tag = _tag(chunks[0].text)
        while chunks[-1].literal is not None:
            chunks.append(await self._chunk(tag))
            if sum(len(chunk.text) for chunk in chunks) > LINE_BYTES:
                raise LineError("Command too long")
        try:
            return _command(tag, read_values(chunks)[1:])
        except CommandError as error:
            error.tag = tag
            raise

    async def _chunk(self, tag: bytes) -> Chunk:
        text = await self.read_line()
        found = _LITERAL.search(text)
        if found is None:
            return Chunk(text)
        size, waits = int(found[1]), not found[2]
        if size > self.literal_bytes:
            if not waits:  # the bytes are on their way already (RFC 7888, section 4)
                raise LineError("[TOOBIG] Literal too large")
            raise CommandError("NO", "[TOOBIG] Literal too large", tag or _tag(text))
        if waits:
            self.send("+ Ready")
            await self.flush()
        return Chunk(text, await self._exactly(size))

    async def _exactly(self, size: int) -> bytes:
        try:
            return await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError from error


def _tag(line: bytes) -> bytes:
    found = _TAG.match(line)
    if found is None:
        raise CommandError("BAD", "A command begins with a tag", b"*")
    return found[0]


def _command(tag: bytes, values: list[Value]) -> Command:
    names = [v.decode("ascii", "replace").upper() for v in values[:2] if isinstance(v, bytes)]
    if names[:1] == ["UID"] and len(names) == 2:
        return Command(tag, names[1], values[2:], by_uid=True)
    if not names or not isinstance(values[0], bytes):
        raise CommandError("BAD", "A command has a name")
    return Command(tag, names[0], values[1:])
