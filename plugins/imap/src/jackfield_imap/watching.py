"""Hearing of new mail by IDLE (RFC 2177), on a connection of its own."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from jackfield.batches import Event
from jackfield.errors import AuthenticationError, ConnectorError, NotSupported
from jackfield_imap import fetching
from jackfield_imap.connection import Connection
from jackfield_imap.failures import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from imapclient import IMAPClient

    from jackfield.models import Account
    from jackfield_imap.settings import ImapSettings

IDLE_SECONDS = 9 * 60.0
"""After so long IDLE is ended and begun anew. The RFC allows 29 minutes; routers forget a silent
line after five to ten. It also shows whether the server is still there."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
"""Seconds before the line is laid again after it broke; doubled each time it breaks at once."""

FOLDER = "INBOX"

_NEWS = {"EXISTS", "EXPUNGE", "FETCH", "VANISHED", "RECENT"}


class Watch:
    """Watches the inbox.

    Args:
        account: Whose.
        settings: Where to connect.
    """

    def __init__(self, account: Account, settings: ImapSettings) -> None:
        self._account = account
        self._settings = settings
        self._wait = FIRST_WAIT

    async def events(self) -> AsyncGenerator[Event, None]:
        """Tell whenever something may be new.

        That is also whenever the line was laid: what happened before nobody has heard.

        Yields:
            Events that name the inbox.

        Raises:
            AuthenticationError: The password is refused; it is not tried again.
            NotSupported: The server has no IDLE.
        """
        while True:
            connection = Connection(self._account, self._settings)
            try:
                if not await connection.run(_open):
                    raise NotSupported(self._account, "the server has no IDLE")
                while True:
                    yield Event(FOLDER)
                    while not await self._listen(connection):
                        self._wait = FIRST_WAIT
            except AuthenticationError:
                raise
            except ConnectorError:
                await asyncio.sleep(random.uniform(0, self._wait))  # noqa: S311  no secret
                self._wait = min(2 * self._wait, LONGEST_WAIT)
            finally:
                connection.abort()

    async def _listen(self, connection: Connection) -> bool:
        """Idle once; ended also where something was heard before the server was ready."""
        heard = await connection.run(_begin) or await connection.run(_hear)
        return await connection.run(_end) or heard


def _open(client: IMAPClient) -> bool:
    fetching.examine(client, FOLDER)
    return bool(client.has_capability("IDLE"))


def _begin(client: IMAPClient) -> bool:
    """Begin to idle; what the server says before it is ready counts.

    Returns:
        Whether it said that something is new.

    Raises:
        Refused: It does not idle.
    """
    raw = client._imap
    raw.untagged_responses.clear()
    tag = client._idle_tag = raw._command("IDLE")
    while raw._get_response() is not None:
        if raw.tagged_commands.get(tag) is not None:
            raise Refused("the server does not idle")
    return bool(raw.untagged_responses.keys() & _NEWS)


def _hear(client: IMAPClient) -> bool:
    return _is_news(client.idle_check(timeout=IDLE_SECONDS))


def _end(client: IMAPClient) -> bool:
    _, said = client.idle_done()
    return _is_news(said)


def _is_news(said: list[tuple[object, ...]]) -> bool:
    words = {
        word.decode("ascii", "replace") for one in said for word in one if isinstance(word, bytes)
    }
    return bool(words & _NEWS)
