"""New mail: APPEND, which brings it, and IDLE, which tells of it."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jackfield_imap.demo.fetch import MONTHS
from jackfield_imap.demo.mailbox import SEEN
from jackfield_imap.demo.tokens import CommandError, word, words

if TYPE_CHECKING:
    from jackfield_imap.demo.session import Session
    from jackfield_imap.demo.tokens import Value
    from jackfield_imap.demo.wire import Command

SYSTEM_FLAGS = {
    flag.lower(): flag for flag in ("\\Answered", "\\Flagged", "\\Deleted", SEEN, "\\Draft")
}
_FLAG = re.compile(r'[^ (){%*"\\\]\x00-\x1f\x7f-\U0010ffff]{1,100}')
_DATE = re.compile(r"( ?\d{1,2})-([A-Za-z]{3})-(\d{4} \d\d:\d\d:\d\d [+-]\d{4})")


async def _append(session: Session, command: Command) -> str:
    try:
        folder = session.find_folder(word(command.args, 0))
    except CommandError as error:
        raise CommandError("NO", "[TRYCREATE] No such mailbox") from error
    *options, raw = command.args[1:] or [b""]
    flags = read_flags(options.pop(0)) if options and isinstance(options[0], list) else frozenset()
    at = read_date_time(word(options, 0)) if options else datetime.now(UTC).astimezone()
    if len(options) > 1 or not isinstance(raw, bytes) or not raw:
        raise CommandError("BAD", "APPEND takes a mailbox, flags, a date and a mail")
    mail = folder.append(raw, at, flags)
    return f"OK [APPENDUID {folder.uidvalidity} {mail.uid}] APPEND completed"


def read_flags(value: Value) -> frozenset[str]:
    """Read flags.

    Args:
        value: A list, or a single flag.

    Returns:
        The flags, those of the system in their usual spelling.

    Raises:
        CommandError: One is none.
    """
    given = [flag.decode("utf-8", "replace") for flag in words(value)]
    flags = [SYSTEM_FLAGS.get(flag.lower(), flag) for flag in given]
    if not all(flag in SYSTEM_FLAGS.values() or _FLAG.fullmatch(flag) for flag in flags):
        raise CommandError("BAD", "Invalid flag")
    return frozenset(flags)


def read_date_time(text: bytes) -> datetime:
    """Read a time such as ``23-Nov-2026 09:41:00 +0100``.

    Args:
        text: As on the wire, without quotes.

    Returns:
        The time, aware.

    Raises:
        CommandError: It is none.
    """
    found = _DATE.fullmatch(text.decode("ascii", "replace"))
    try:
        day, name, rest = found.groups() if found else ("", "", "")
        month = MONTHS.index(name.capitalize()) + 1
        return datetime.strptime(f"{int(day):02d}-{month:02d}-{rest}", "%d-%m-%Y %H:%M:%S %z")
    except ValueError as error:
        raise CommandError("BAD", "Invalid date") from error


async def _idle(session: Session, _command: Command) -> str:
    """Tell of changes until the client says DONE (RFC 2177)."""
    session.wire.send("+ idling")
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    done = asyncio.ensure_future(session.wire.read_line())

    def wake() -> None:
        loop.call_soon_threadsafe(changed.set)

    def ended(line: asyncio.Future[bytes]) -> None:
        if not line.cancelled():
            line.exception()  # taken, since nobody may be left to hear of it
        changed.set()

    done.add_done_callback(ended)

    try:
        with session.mailbox.watched(wake):
            while not done.done():
                changed.clear()
                session.announce()
                await session.wire.flush()
                await changed.wait()
    finally:
        done.cancel()
    if done.result().upper() != b"DONE":
        raise CommandError("BAD", "DONE was expected")
    return "OK IDLE completed"


VERBS = {"APPEND": _append, "IDLE": _idle}
"""Allowed after the sign-in."""
