"""The server: connections in, commands to their verbs, answers out."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from jackfield_imap.demo import arrivals, folders, messages, signin
from jackfield_imap.demo.session import CAPABILITIES, Session
from jackfield_imap.demo.tokens import CommandError
from jackfield_imap.demo.wire import LINE_BYTES, Command, LineError, Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from jackfield_imap.demo.mailbox import Mailbox

Verb: TypeAlias = "Callable[[Session, Command], Awaitable[str]]"

LOOPBACK = "127.0.0.1"
GOODBYE_SECONDS = 1.0
"""How long a client may take to read what is left when the server closes."""


class DemoServer:
    """Serves one mailbox over IMAP4rev1 (RFC 3501), on this machine only.

    Args:
        mailbox: What to serve; may be changed while it is served, by its methods.
        username: Who may sign in.
        password: With what.
    """

    def __init__(self, mailbox: Mailbox, username: str, password: str) -> None:
        self.mailbox = mailbox
        self._credentials = (username, password)
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def start(self, host: str = LOOPBACK, port: int = 0) -> int:
        """Begin to listen.

        Args:
            host: ``127.0.0.1`` and nothing else: the password would go over the network.
            port: 0 for any that is free.

        Returns:
            The port.

        Raises:
            ValueError: Another host is asked for.
        """
        if host != LOOPBACK:
            raise ValueError(f"the demo server listens on {LOOPBACK} only, not on {host!r}")
        self._server = await asyncio.start_server(self._welcome, host, port, limit=LINE_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, end every connection, and wait until all are gone."""
        if self._server is None:
            return
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # asyncio runs this as a task
        self._clients.add(task)
        wire = Wire(reader, writer)
        try:
            await _converse(Session(wire, self.mailbox, *self._credentials))
        except LineError as error:
            wire.send(f"* BYE {error}")
        except asyncio.CancelledError:
            wire.send("* BYE The server is closing")
        except (EOFError, ConnectionError):
            pass  # the client has gone, as clients do
        finally:
            await _hang_up(writer)
            self._clients.discard(task)


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError, TimeoutError):
        try:
            await asyncio.wait_for(writer.wait_closed(), GOODBYE_SECONDS)
        finally:
            writer.transport.abort()


async def _converse(session: Session) -> None:
    session.wire.send(f"* OK [CAPABILITY {CAPABILITIES}] Jackfield demo is ready")
    while not session.over:
        await session.wire.flush()
        try:
            command = await session.wire.read_command()
        except CommandError as error:
            session.wire.send(error.tag + f" {error}".encode())
            continue
        answer = await _answer(session, command)
        session.wire.send(command.tag + f" {answer}".encode())
    await session.wire.flush()


async def _answer(session: Session, command: Command) -> str:
    try:
        answer = await _verb(session, command)(session, command)
    except CommandError as error:
        answer = str(error)
    # Message numbers must not shift under a client that may have sent its next command already.
    by_number = command.name in {"FETCH", "STORE", "SEARCH"} and not command.by_uid
    session.announce(expunged=not by_number)
    return answer


def _verb(session: Session, command: Command) -> Verb:
    if command.by_uid and command.name not in messages.WITH_UID:
        raise CommandError("BAD", "Unknown command")
    if command.name in signin.VERBS:
        return signin.VERBS[command.name]
    verbs = folders.VERBS | arrivals.VERBS
    if command.name not in verbs | messages.VERBS:
        raise CommandError("BAD", "Unknown command")
    if not session.signed_in:
        raise CommandError("BAD", "Sign in first")
    if command.name in messages.VERBS and session.selected:
        return messages.VERBS[command.name]
    return verbs[command.name]
