"""A line to a server that can be cut, or fall silent, after so many bytes of answers."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.peers.fixtures import DovecotAccount

Fault = Literal["cut", "silent"]


class Line:
    """Carries TLS connections to a server as they are, until it has a fault.

    Args:
        mailbox: On the server.
        fault: What happens after the bytes.
        after: Bytes of answers, over all connections.
    """

    def __init__(self, mailbox: DovecotAccount, fault: Fault, after: int) -> None:
        self._peer = (mailbox.server.host, mailbox.server.tls_port)
        self._fault = fault
        self._left = after
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self.port = str(self._listener.getsockname()[1])
        self.is_good = True
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Cut everything and listen no more."""
        self.is_good = False
        for each in (self._listener, *self._ends):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._peer)
                self._ends += [near, far]
                for source, to, counts in ((near, far, False), (far, near, True)):
                    words = (source, to, counts)
                    threading.Thread(target=self._carry, args=words, daemon=True).start()

    def _carry(self, source: socket.socket, to: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while some := source.recv(65536):
                if counts:
                    self._count(len(some))
                if self.is_good:
                    to.sendall(some)
            to.shutdown(socket.SHUT_RDWR)

    def _count(self, size: int) -> None:
        with self._lock:
            self._left -= size
            if self._left < 0 and self.is_good:
                self.is_good = False
                if self._fault == "cut":
                    self.close()


@contextmanager
def faulty_line(mailbox: DovecotAccount, fault: Fault, *, after: int) -> Iterator[Line]:
    """Lay a line for the length of a context."""
    line = Line(mailbox, fault, after)
    try:
        yield line
    finally:
        line.close()
