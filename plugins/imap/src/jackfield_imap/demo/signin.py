"""The commands that need no mailbox: who are you, what can you do (RFC 9051, 6.1 and 6.2)."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

from jackfield_imap.demo.session import CAPABILITIES
from jackfield_imap.demo.tokens import CommandError, word
from jackfield_imap.demo.wire import LITERAL_BYTES

if TYPE_CHECKING:
    from jackfield_imap.demo.session import Session
    from jackfield_imap.demo.wire import Command


async def _capability(session: Session, _command: Command) -> str:
    session.wire.send(f"* CAPABILITY {CAPABILITIES}")
    return "OK CAPABILITY completed"


async def _noop(_session: Session, _command: Command) -> str:
    return "OK NOOP completed"


async def _logout(session: Session, _command: Command) -> str:
    session.leave()
    session.wire.send("* BYE Until next time")
    session.over = True
    return "OK LOGOUT completed"


async def _id(session: Session, _command: Command) -> str:
    session.wire.send('* ID ("name" "Jackfield demo")')
    return "OK ID completed"


async def _login(session: Session, command: Command) -> str:
    return _sign_in(session, word(command.args, 0), word(command.args, 1))


async def _authenticate(session: Session, command: Command) -> str:
    """Take PLAIN, its answer at once (RFC 4959) or on invitation."""
    if word(command.args, 0).upper() != b"PLAIN":
        raise CommandError("NO", "[CANNOT] Only PLAIN is spoken here")
    if len(command.args) > 1:
        answer = word(command.args, 1)
    else:
        session.wire.send("+ ")
        await session.wire.flush()
        answer = await session.wire.read_line()
    if answer == b"*":
        raise CommandError("BAD", "AUTHENTICATE was cancelled")
    return _sign_in(session, *_plain(answer))


def _plain(answer: bytes) -> tuple[bytes, bytes]:
    """Read who and with what: ``[authzid] NUL authcid NUL passwd`` (RFC 4616)."""
    try:
        _, username, password = base64.b64decode(answer, validate=True).split(b"\0")
    except (binascii.Error, ValueError) as error:
        raise CommandError("BAD", "Not an answer of PLAIN") from error
    return username, password


def _sign_in(session: Session, username: bytes, password: bytes) -> str:
    if session.signed_in:
        raise CommandError("BAD", "Already signed in")
    right = session.credentials
    if not hmac.compare_digest(b"\0".join((username, password)), b"\0".join(right)):
        raise CommandError("NO", "[AUTHENTICATIONFAILED] Wrong user name or password")
    session.signed_in = True
    session.wire.literal_bytes = LITERAL_BYTES
    return f"OK [CAPABILITY {CAPABILITIES}] Signed in"


VERBS = {
    "CAPABILITY": _capability,
    "NOOP": _noop,
    "LOGOUT": _logout,
    "ID": _id,
    "LOGIN": _login,
    "AUTHENTICATE": _authenticate,
}
"""Allowed at any time."""
