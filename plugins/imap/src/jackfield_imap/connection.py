"""One IMAP connection in a thread of its own; cancelling shuts its socket."""

from __future__ import annotations

import asyncio
import queue
import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from imapclient import SocketTimeout

from jackfield.errors import ConnectorError, Unreachable
from jackfield_imap.bounded import BoundedClient
from jackfield_imap.failures import Refused, explain
from jackfield_imap.signin import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from imapclient import IMAPClient

    from jackfield.models import Account
    from jackfield_imap.fetching import Opened
    from jackfield_imap.settings import ImapSettings

R = TypeVar("R")

CONNECT_SECONDS = 15.0
"""For the TCP connection and the TLS handshake."""

SILENCE_SECONDS = 60.0
"""How long the server may say nothing while it owes an answer."""

_Job = tuple["Callable[[IMAPClient], Any]", "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Connection:
    """Runs blocking IMAP work in a daemon thread, one piece at a time.

    Args:
        account: Whose, for errors.
        settings: Where to connect.

    Attributes:
        broken: It is of no use any more.
        holds: The folder that its borrower keeps open, and what the server said of it.
    """

    def __init__(self, account: Account, settings: ImapSettings) -> None:
        self._account = account
        self._settings = settings
        self._client: IMAPClient | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"{account}", daemon=True)
        self._thread.start()
        self.broken = False
        self.holds: tuple[str, Opened] | None = None

    async def run(self, work: Callable[[IMAPClient], R]) -> R:
        """Run blocking work with the signed-in client.

        Args:
            work: Takes the client; runs in the connection's thread.

        Returns:
            What `work` returns.

        Raises:
            Unreachable: The connection was closed before.
            ConnectorError: The server cannot be reached, refuses, or breaks off.
            asyncio.CancelledError: The caller was cancelled; the connection is then gone.
        """
        if self.broken:
            raise Unreachable(self._account, "the connection was closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._jobs.put((work, future, loop))
        try:
            return await future
        except asyncio.CancelledError:
            self.abort()
            raise
        except Exception as error:
            self.broken = not isinstance(error, (Refused, ConnectorError))
            failure = explain(self._account, self._settings, error)
            raise failure from error

    def abort(self) -> None:
        """Shut the socket, so that the thread wakes and ends. Does not block."""
        self.broken = True
        self._jobs.put(None)
        if self._client is not None:
            with suppress(OSError, AttributeError):
                self._client.socket().shutdown(socket.SHUT_RDWR)

    async def close(self) -> None:
        """Say goodbye if the line is good, and end the thread."""
        if not self.broken:
            with suppress(Exception):
                await self.run(lambda client: client.logout())
        self.abort()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, future, loop = job
            try:
                if self._client is None:
                    self._client = self._sign_in()
                result = work(self._client)
            except Exception as error:  # noqa: BLE001  a stranger's code
                self._settle(loop, future, None, error)
            else:
                self._settle(loop, future, result, None)
        if self._client is not None:
            with suppress(Exception):
                self._client.shutdown()

    @staticmethod
    def _settle(
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[Any],
        result: object,
        error: Exception | None,
    ) -> None:
        def settle() -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        with suppress(RuntimeError):  # the loop is closed; nobody waits any more
            loop.call_soon_threadsafe(settle)

    def _sign_in(self) -> IMAPClient:
        settings = self._settings
        trust = ssl.create_default_context(cafile=settings.ca_file or None)
        client = BoundedClient(
            settings.server,
            port=settings.effective_port,
            ssl=settings.security == "tls",
            ssl_context=trust if settings.security == "tls" else None,
            timeout=SocketTimeout(CONNECT_SECONDS, SILENCE_SECONDS),
        )
        client.folder_encode = False  # names stay as on the wire; `folders` reads them
        self._client = client
        try:
            if settings.security == "starttls":
                client.starttls(trust)
            sign_in(client, self._account, settings)
            client.capabilities()  # now, while they lie in the answer to the sign-in
        except BaseException:
            self._client = None
            client.shutdown()
            raise
        return client


class Pool:
    """A few connections of one account, opened when needed.

    Args:
        account: Whose.
        settings: Where to connect.
        size: Connections at the most; many servers allow three for a user.
    """

    def __init__(self, account: Account, settings: ImapSettings, size: int = 2) -> None:
        self._make: Callable[[], Connection] = lambda: Connection(account, settings)
        self._slots = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()

    def lease(self) -> Lease:
        """Borrow a connection.

        Returns:
            A context that gives one and takes it back.
        """
        return Lease(self)

    async def take(self) -> Connection:
        """Take a connection, waiting until one is free.

        Returns:
            A connection that nobody else uses.
        """
        await self._slots.acquire()
        while self._idle:
            connection = self._idle.pop()
            if not connection.broken:
                return connection
        connection = self._make()
        self._all.add(connection)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Return a connection.

        Args:
            connection: From `take`.
        """
        if connection.broken:
            connection.abort()
            self._all.discard(connection)
        else:
            self._idle.append(connection)
        connection.holds = None
        self._slots.release()

    def holding(self, folder: str) -> tuple[Connection, Opened] | None:
        """Find a connection on which a folder is open, whoever has borrowed it.

        Who walks through a folder waits for its mails to be stored, and storing may want a mail
        of that folder: it must not wait for a connection in its turn.

        Args:
            folder: Its id.

        Returns:
            The connection, for one piece of work that opens nothing, and what the server said
            of the folder; or None.
        """
        for connection in self._all:
            if connection.holds and connection.holds[0] == folder and not connection.broken:
                return connection, connection.holds[1]
        return None

    async def close(self) -> None:
        """Close all connections, those in use included."""
        idle, self._idle = self._idle, []
        for connection in self._all - set(idle):
            connection.abort()
        await asyncio.gather(*(connection.close() for connection in idle))
        self._all.clear()


class Lease:
    """Borrows a connection for the length of a context.

    Args:
        pool: Whose.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: Connection | None = None

    async def __aenter__(self) -> Connection:
        self._connection = await self._pool.take()
        return self._connection

    async def __aexit__(self, *exc_info: object) -> None:
        if self._connection is not None:
            self._pool.give_back(self._connection)
