"""A mailbox to play with: an IMAP server on this machine, with believable mail in it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jackfield_imap.demo.mailbox import Mailbox
from jackfield_imap.demo.mails import ADDRESS, NAME, build_mailbox
from jackfield_imap.demo.server import LOOPBACK, DemoServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

__all__ = ["DemoServer", "Mailbox", "build_mailbox", "demo"]

PASSWORD = "open sesame"  # noqa: S105  the server is reachable from this machine only


@asynccontextmanager
async def demo(mailbox: Mailbox | None = None) -> AsyncIterator[Mapping[str, str]]:
    """Serve a mailbox over IMAP on 127.0.0.1, as long as the context lasts.

    Args:
        mailbox: What to serve; by default some 230 mails, the newest of this morning.

    Yields:
        The environment variables that make an account of it.
    """
    if mailbox is None:
        mailbox = build_mailbox(datetime.now(UTC).astimezone())
    server = DemoServer(mailbox, ADDRESS, PASSWORD)
    port = await server.start()
    try:
        yield {
            "EMAIL_IMAP_SERVER": LOOPBACK,
            "EMAIL_IMAP_PORT": str(port),
            "EMAIL_IMAP_USERNAME": ADDRESS,
            "EMAIL_IMAP_PASSWORD": PASSWORD,
            "EMAIL_IMAP_SECURITY": "plain",
            "EMAIL_ADDRESS": ADDRESS,
            "EMAIL_NAME": NAME,
        }
    finally:
        await server.close()
