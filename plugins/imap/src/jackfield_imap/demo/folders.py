"""The commands about folders (RFC 9051, section 6.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jackfield_imap.demo.arrivals import SYSTEM_FLAGS
from jackfield_imap.demo.fetch import write_flags
from jackfield_imap.demo.mailbox import SEEN
from jackfield_imap.demo.tokens import CommandError, string, word, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from jackfield_imap.demo.mailbox import Folder
    from jackfield_imap.demo.session import Session
    from jackfield_imap.demo.wire import Command

_STATUS: dict[str, Callable[[Folder], int]] = {
    "MESSAGES": lambda folder: len(folder.mails),
    "RECENT": lambda _: 0,
    "UIDNEXT": lambda folder: folder.uidnext,
    "UIDVALIDITY": lambda folder: folder.uidvalidity,
    "UNSEEN": lambda folder: sum(SEEN not in mail.flags for mail in folder.mails),
    "HIGHESTMODSEQ": lambda folder: folder.highestmodseq,
}


async def _namespace(session: Session, _command: Command) -> str:
    session.wire.send('* NAMESPACE (("" "/")) NIL NIL')
    return "OK NAMESPACE completed"


async def _enable(session: Session, command: Command) -> str:
    asked = {value.upper() for value in words(command.args)}
    session.condstore |= b"CONDSTORE" in asked
    session.wire.send("* ENABLED CONDSTORE" if b"CONDSTORE" in asked else "* ENABLED")
    return "OK ENABLE completed"


async def _list(session: Session, command: Command) -> str:
    pattern = word(command.args, 0) + word(command.args, 1)
    if len(command.args) != 2:
        raise CommandError("BAD", "LIST takes a reference and a pattern")
    if not pattern:
        session.wire.send(f'* {command.name} (\\Noselect) "/" ""')
    for name, folder in session.mailbox.folders.items():
        if _matches(name, pattern.decode("utf-8", "replace")):
            children = any(other.startswith(f"{name}/") for other in session.mailbox.folders)
            attributes = "\\HasChildren" if children else "\\HasNoChildren"
            attributes += f" {folder.special_use}" if folder.special_use else ""
            start = f'* {command.name} ({attributes}) "/" '
            session.wire.send(start.encode() + string(name.encode()))
    return f"OK {command.name} completed"


def _matches(name: str, pattern: str) -> bool:
    """Match a name; ``%`` stops at the delimiter, and runs of wildcards cost no more than one."""
    pattern = re.sub(r"[*%]*\*[*%]*", "*", re.sub(r"%+", "%", pattern))
    if pattern.count("*") + pattern.count("%") > 10:
        raise CommandError("BAD", "Too many wildcards")
    text = re.escape(pattern).replace(r"\*", ".*").replace("%", "[^/]*")
    flags = re.IGNORECASE if name == "INBOX" else 0
    return re.fullmatch(text, name, flags) is not None


async def _status(session: Session, command: Command) -> str:
    folder = session.find_folder(word(command.args, 0))
    asked = command.args[1] if len(command.args) > 1 else []
    names = [name.decode("ascii", "replace").upper() for name in words(asked)]
    if not names or not set(names) <= set(_STATUS):
        raise CommandError("BAD", "Unknown STATUS item")
    session.condstore |= "HIGHESTMODSEQ" in names
    items = " ".join(f"{name} {_STATUS[name](folder)}" for name in names)
    session.wire.send(b"* STATUS " + string(folder.name.encode()) + f" ({items})".encode())
    return "OK STATUS completed"


async def _select(session: Session, command: Command) -> str:
    session.leave()
    folder = session.find_folder(word(command.args, 0))
    parameters = words(command.args[1]) if len(command.args) > 1 else []
    if any(parameter.upper() != b"CONDSTORE" for parameter in parameters):
        raise CommandError("BAD", "Unknown parameter")
    session.condstore |= bool(parameters)
    session.open(folder, read_only=command.name == "EXAMINE")
    _describe(session, folder)
    access = "READ-ONLY" if session.read_only else "READ-WRITE"
    return f"OK [{access}] {command.name} completed"


def _describe(session: Session, folder: Folder) -> None:
    send = session.wire.send
    known = frozenset(SYSTEM_FLAGS.values()).union(*(mail.flags for mail in folder.mails))
    permanent = b"()" if session.read_only else write_flags(known)[:-1] + b" \\*)"
    send(b"* FLAGS " + write_flags(known))
    send(b"* OK [PERMANENTFLAGS " + permanent + b"] Kept")
    send(f"* {len(session.view)} EXISTS")
    send("* 0 RECENT")
    unseen = next((n for n, mail in enumerate(session.view, 1) if SEEN not in mail.flags), None)
    if unseen is not None:
        send(f"* OK [UNSEEN {unseen}] First unread")
    send(f"* OK [UIDVALIDITY {folder.uidvalidity}] UIDs are valid")
    send(f"* OK [UIDNEXT {folder.uidnext}] Predicted next UID")
    send(f"* OK [HIGHESTMODSEQ {folder.highestmodseq}] Highest")


async def _create(session: Session, command: Command) -> str:
    session.mailbox.create(_free_name(session, word(command.args, 0)))
    return "OK CREATE completed"


def _free_name(session: Session, name: bytes) -> str:
    text = name.decode("ascii", "replace").rstrip("/")
    if not re.fullmatch(r"[ -$&-)+-~]{1,200}", text):
        raise CommandError("NO", "[CANNOT] Not a name for a mailbox")
    if text in session.mailbox:
        raise CommandError("NO", "[ALREADYEXISTS] There is a mailbox of that name")
    return text


async def _delete(session: Session, command: Command) -> str:
    folder = session.find_folder(word(command.args, 0))
    if folder.name == "INBOX":
        raise CommandError("NO", "[CANNOT] INBOX stays")
    session.mailbox.delete(folder.name)
    if session.folder is folder:
        session.leave()
    return "OK DELETE completed"


async def _rename(session: Session, command: Command) -> str:
    folder = session.find_folder(word(command.args, 0))
    if folder.name == "INBOX":
        raise CommandError("NO", "[CANNOT] INBOX stays")
    session.mailbox.rename(folder.name, _free_name(session, word(command.args, 1)))
    return "OK RENAME completed"


async def _subscribe(session: Session, command: Command) -> str:
    """Agree; every folder counts as subscribed."""
    session.find_folder(word(command.args, 0))
    return f"OK {command.name} completed"


VERBS = {
    "NAMESPACE": _namespace,
    "ENABLE": _enable,
    "LIST": _list,
    "LSUB": _list,
    "STATUS": _status,
    "SELECT": _select,
    "EXAMINE": _select,
    "CREATE": _create,
    "DELETE": _delete,
    "RENAME": _rename,
    "SUBSCRIBE": _subscribe,
    "UNSUBSCRIBE": _subscribe,
}
"""Allowed after the sign-in."""
