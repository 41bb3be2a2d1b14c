"""An IMAP server on 127.0.0.1 that misbehaves as a test tells it.

It is the demo's server, which answers as it should, with rules on top. A rule names commands by a
regular expression that is matched at the start of the line (without its tag, literals included)
and says what is sent instead:

    async with scripted("budget", "lunch") as server, mirrored(server.environment) as copy:
        server.on("UID SEARCH", b"* SEARCH 1 2\r\n<tag> OK\r\n")            # raw bytes
        server.on(r"UID FETCH 2 ", [b"* 2 FETCH (UID 2 BODY[] {99}\r\nFrom: ", RESET], times=1)
        server.alter("UID FETCH", lambda usual: usual.replace(b"FLAGS", b"FALGS"))
        server.cut("UID FETCH", 120, STALL)               # 120 bytes of the usual answer, then
        server.on("NOOP", itertools.repeat(b"* OK Still here\r\n"))         # without an end
        ...
        assert server.commands("STORE") == []

`<tag>` is the command's tag. What is sent is bytes, or bytes and steps one after the other: `CLOSE`
ends the line as a server does, `RESET` as a broken network does, `STALL` says nothing more (and
sets `server.stalled`), `START_TLS` is the handshake. The last rule that fits counts; `times` is
how often it does. `server.greeting` is such an answer too, `server.capabilities` are what it
claims, and `server.push` sends to everybody who is connected, asked or not.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import struct
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Literal, TypeAlias

from jackfield_imap.demo import server as usual_server
from jackfield_imap.demo.mailbox import Mailbox
from jackfield_imap.demo.session import CAPABILITIES, Session
from jackfield_imap.demo.tokens import CommandError
from jackfield_imap.demo.wire import LINE_BYTES, Command, LineError, Wire
from plugins.imap.tests.mirrored import letter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

USERNAME, PASSWORD = "me@acme.example", "open sesame"
ARRIVED = datetime(2026, 11, 2, 9, tzinfo=UTC)
LITTLE = "IMAP4rev1 SASL-IR"
"""What a server announces that can only do what every one can."""


class Step(Enum):
    """What a server does beside sending."""

    CLOSE = auto()
    RESET = auto()
    STALL = auto()
    START_TLS = auto()


CLOSE, RESET, STALL, START_TLS = Step
Answer: TypeAlias = "bytes | Iterable[bytes | Step]"
Security: TypeAlias = Literal["plain", "tls", "starttls"]


class _HungUpError(Exception):
    """The script has ended the connection."""


@dataclass(slots=True)
class _Rule:
    command: re.Pattern[str]
    answer: Callable[[bytes], Answer]
    wants_usual: bool
    left: float


class _Heard(Wire):
    """A wire that remembers the command it read, and holds back what is sent on demand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self.writer = writer
        self.line = ""
        self.held: list[bytes] | None = None
        self.capabilities = CAPABILITIES

    def send(self, line: bytes | str) -> None:
        data = (line.encode("ascii") if isinstance(line, str) else line) + b"\r\n"
        data = data.replace(CAPABILITIES.encode(), self.capabilities.encode())
        if self.held is None:
            self.writer.write(data)
        else:
            self.held.append(data)

    async def read_command(self) -> Command:
        self.line = ""
        return await super().read_command()

    async def read_line(self) -> bytes:
        line = await super().read_line()
        self.line += line.decode("utf-8", "backslashreplace")
        return line

    async def _exactly(self, size: int) -> bytes:
        literal = await super()._exactly(size)
        self.line += "\n" + literal.decode("utf-8", "backslashreplace")
        return literal


class ScriptedServer:
    """A server with rules.

    Attributes:
        mailbox: What it serves where no rule says otherwise; may be changed at any time.
        environment: The settings of an account on it.
        capabilities: What it announces.
        greeting: What it says first.
        lines: All commands that came, without their tags, of all connections.
        connections: How many there have been.
        stalled: Set when a script has come to `STALL`.
    """

    def __init__(self, mailbox: Mailbox, security: Security, certificates: Path | None) -> None:
        self.mailbox = mailbox
        self.environment = {
            "EMAIL_IMAP_SERVER": "127.0.0.1",
            "EMAIL_IMAP_USERNAME": USERNAME,
            "EMAIL_IMAP_PASSWORD": PASSWORD,
            "EMAIL_IMAP_SECURITY": security,
        }
        self.capabilities = CAPABILITIES
        self.greeting: Answer = b"* OK Welcome\r\n"
        self.lines: list[str] = []
        self.connections = 0
        self.stalled = asyncio.Event()
        self._rules: list[_Rule] = []
        self._open: set[_Heard] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._security = security
        self.on("STARTTLS", [b"<tag> OK Begin\r\n", START_TLS])
        self._trust: ssl.SSLContext | None = None
        if certificates is not None:
            self._trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._trust.load_cert_chain(certificates / "server.pem", certificates / "server.key")
            self.environment["EMAIL_IMAP_CA_FILE"] = str(certificates / "ca.pem")

    def on(self, command: str, answer: Answer, *, times: float = float("inf")) -> None:
        """Send something else instead of the usual answer; the usual one is not even made."""
        self._add(command, lambda _: answer, times, wants_usual=False)

    def alter(
        self, command: str, change: Callable[[bytes], Answer], *, times: float = float("inf")
    ) -> None:
        """Send what a function makes of the usual answer (of no command that takes turns)."""
        self._add(command, change, times, wants_usual=True)

    def cut(self, command: str, at: int, then: Step, *, times: float = float("inf")) -> None:
        """Send so many bytes of the usual answer, and then do something else."""
        self.alter(command, lambda usual: [usual[:at], then], times=times)

    def _add(
        self, command: str, answer: Callable[[bytes], Answer], times: float, *, wants_usual: bool
    ) -> None:
        fits = re.compile(command, re.IGNORECASE | re.DOTALL)
        self._rules.append(_Rule(fits, answer, wants_usual, times))

    def commands(self, command: str) -> list[str]:
        """The lines that a regular expression fits at their start."""
        return [line for line in self.lines if re.match(command, line, re.IGNORECASE | re.DOTALL)]

    async def push(self, data: bytes) -> None:
        """Send to everybody who is connected, unasked."""
        for wire in list(self._open):
            wire.writer.write(data)
            await wire.flush()

    @property
    def open_connections(self) -> int:
        """How many there are just now."""
        return len(self._open)

    async def hang_up(self) -> None:
        """End the connections of everybody, as a server does with who is idle."""
        for wire in list(self._open):
            wire.writer.close()
            with suppress(OSError):
                await wire.writer.wait_closed()

    async def start(self) -> asyncio.Server:
        """Listen on a free port of loopback."""
        trust = self._trust if self._security == "tls" else None
        listening = await asyncio.start_server(
            self._welcome, "127.0.0.1", 0, limit=LINE_BYTES, ssl=trust
        )
        self.environment["EMAIL_IMAP_PORT"] = str(listening.sockets[0].getsockname()[1])
        return listening

    async def end(self) -> None:
        """End all connections, and wait for that."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        wire = _Heard(reader, writer)
        self._open.add(wire)
        self.connections += 1
        try:
            await self._converse(wire)
        except (LineError, EOFError, OSError, _HungUpError, asyncio.CancelledError):
            pass  # both sides may end it, and at any time
        finally:
            self._open.discard(wire)
            self._tasks.discard(task)
            wire.writer.transport.abort()

    async def _converse(self, wire: _Heard) -> None:
        session = Session(wire, self.mailbox, USERNAME, PASSWORD)
        await self._play(wire, self.greeting)
        while not session.over:
            await wire.flush()
            wire.capabilities = self.capabilities
            try:
                command = await wire.read_command()
            except CommandError as error:
                wire.send(error.tag + f" {error}".encode())
                continue
            await self._answer(session, wire, command)
        await wire.flush()

    async def _answer(self, session: Session, wire: _Heard, command: Command) -> None:
        line = wire.line.partition(" ")[2]
        self.lines.append(line)
        fitting = (r for r in reversed(self._rules) if r.left > 0 and r.command.match(line))
        rule = next(fitting, None)
        if rule is None:
            await _usual(session, wire, command)
            return
        rule.left -= 1
        wire.held = []
        if rule.wants_usual:
            await _usual(session, wire, command)
        held, wire.held = b"".join(wire.held), None
        await self._play(wire, rule.answer(held), command.tag)

    async def _play(self, wire: _Heard, answer: Answer, tag: bytes = b"*") -> None:
        for part in [answer] if isinstance(answer, bytes) else answer:
            if isinstance(part, bytes):
                wire.writer.write(part.replace(b"<tag>", tag))
                await wire.flush()
            else:
                await self._step(wire, part)

    async def _step(self, wire: _Heard, step: Step) -> None:
        if step is START_TLS:
            assert self._trust is not None
            await wire.writer.start_tls(self._trust)
            return
        if step is STALL:
            self.stalled.set()
            await asyncio.Event().wait()
        if step is RESET:
            connection = wire.writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            wire.writer.close()
            with suppress(OSError):
                await wire.writer.wait_closed()
        raise _HungUpError


async def _usual(session: Session, wire: _Heard, command: Command) -> None:
    answer = await usual_server._answer(session, command)
    wire.send(command.tag + f" {answer}".encode())


def mailbox_of(*subjects: str) -> Mailbox:
    """An inbox of small mails, with the UIDs 1, 2, ..., and an empty archive."""
    mailbox = Mailbox()
    inbox = mailbox.folders.get("INBOX") or mailbox.create("INBOX")
    for subject in subjects:
        inbox.append(letter(subject), ARRIVED)
    mailbox.create("Archive", "\\Archive")
    return mailbox


@asynccontextmanager
async def scripted(
    *subjects: str,
    mailbox: Mailbox | None = None,
    capabilities: str = CAPABILITIES,
    security: Security = "plain",
    certificates: Path | None = None,
) -> AsyncIterator[ScriptedServer]:
    """Serve an inbox of small mails with these subjects, or a mailbox of the test's own.

    Args:
        *subjects: Of the mails.
        mailbox: Instead of them.
        capabilities: What the server announces.
        security: How a client shall connect.
        certificates: A folder that `tests.peers.certificates.write_certificates` has filled.
    """
    server = ScriptedServer(mailbox or mailbox_of(*subjects), security, certificates)
    server.capabilities = capabilities + (" STARTTLS" if security == "starttls" else "")
    listening = await server.start()
    try:
        yield server
    finally:
        listening.close()
        await server.end()
        await listening.wait_closed()
