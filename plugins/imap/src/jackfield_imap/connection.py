"""One IMAP connection in a thread of its own; cancelling shuts its socket."""

from __future__ import annotations

import asyncio
import queue
import select
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from imapclient import SocketTimeout

from jackfield.errors import AuthenticationError, ConnectorError, Unreachable
from jackfield_imap.bounded import BoundedClient
from jackfield_imap.failures import Refused, explain
from jackfield_imap.signin import secure, sign_in, trust_of

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

FRESH_SECONDS = 10.0
"""So long after its last use a connection is trusted without asking."""

NOOP_SECONDS = 10.0
"""How long an idle connection may take to show that it still answers."""

_Job = tuple["Callable[[IMAPClient], Any]", "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Connection:
    """Runs blocking IMAP work in a daemon thread, one piece at a time.

    Args:
        account: Whose, for errors.
        settings: Where to connect.

    Attributes:
        broken: It is of no use any more.
        holds: The folder that its borrower keeps open, and what the server said of it.
        refused: The server does not take the password; to try it again would lock the account.
        idle_since: When it was given back last, by `time.monotonic`.
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
        self.refused: AuthenticationError | None = None
        self.idle_since = 0.0

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
            if isinstance(failure, AuthenticationError):
                self.broken, self.refused = True, failure
            raise failure from error

    def has_news(self) -> bool:
        """Tell whether the server said something unasked: often that it has hung up.

        Returns:
            True also where the line is gone.
        """
        try:
            sock = self._client.socket() if self._client is not None else None
            return sock is not None and bool(select.select([sock], [], [], 0)[0])
        except (OSError, ValueError, AttributeError):
            return True

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
        trust = trust_of(self._account, settings)
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
                secure(client, self._account, settings, trust)
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
        self._refused: AuthenticationError | None = None

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

        Raises:
            ConnectorError: There is none, and none can be opened.
        """
        await self._slots.acquire()
        try:
            while True:
                connection = await self._reused() or await self._opened()
                if connection is not None:
                    return connection
                await self._slots.acquire()  # the slot of the one that was refused is kept
        except BaseException:
            self._slots.release()
            raise

    async def _reused(self) -> Connection | None:
        """Take an idle connection that still answers; one that does not costs nobody anything."""
        while self._idle:
            connection = self._idle.pop()
            if connection.broken:
                continue
            is_fresh = time.monotonic() - connection.idle_since < FRESH_SECONDS
            if is_fresh and not connection.has_news():
                return connection
            with suppress(ConnectorError, TimeoutError):
                async with asyncio.timeout(NOOP_SECONDS):
                    await connection.run(lambda client: client.noop())
                return connection
            self._drop(connection)
        return None

    async def _opened(self) -> Connection | None:
        """Open a connection.

        Returns:
            None where the server lets nobody else in; then those that are open have to do.

        Raises:
            AuthenticationError: The password was refused before; it is not tried again.
            Unreachable: It cannot be opened, and there is no other.
            ConnectorError: The server refuses.
        """
        if self._refused is not None:
            raise self._refused
        others = any(not each.broken for each in self._all)
        connection = self._make()
        self._all.add(connection)
        if not others:
            return connection
        try:
            await connection.run(lambda client: client.noop())
        except Unreachable:
            self._drop(connection)
            if not any(not each.broken for each in self._all):
                raise
            return None
        except ConnectorError:
            self._drop(connection)
            raise
        return connection

    def _drop(self, connection: Connection) -> None:
        self._refused = self._refused or connection.refused
        connection.abort()
        self._all.discard(connection)

    def give_back(self, connection: Connection) -> None:
        """Return a connection.

        Args:
            connection: From `take`.
        """
        connection.idle_since = time.monotonic()
        if connection.broken:
            self._drop(connection)
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
