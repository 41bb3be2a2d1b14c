"""The commands about the mails of the open folder (RFC 9051, section 6.4)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jackfield_imap.demo.arrivals import read_flags
from jackfield_imap.demo.fetch import named, read_items
from jackfield_imap.demo.mailbox import DELETED, SEEN
from jackfield_imap.demo.search import Candidate, read_criteria
from jackfield_imap.demo.sequence import write_set
from jackfield_imap.demo.session import modifiers
from jackfield_imap.demo.tokens import CommandError, word

if TYPE_CHECKING:
    from jackfield_imap.demo.mailbox import Folder, StoredMail
    from jackfield_imap.demo.session import Session
    from jackfield_imap.demo.wire import Command


async def _check(_session: Session, _command: Command) -> str:
    return "OK CHECK completed"


async def _close(session: Session, _command: Command) -> str:
    if not session.read_only:
        session.selected.expunge(_deleted(session))
    session.leave()
    return "OK CLOSE completed"


async def _unselect(session: Session, _command: Command) -> str:
    session.leave()
    return "OK UNSELECT completed"


async def _fetch(session: Session, command: Command) -> str:
    if len(command.args) < 2:
        raise CommandError("BAD", "FETCH takes messages and items")
    wanted = read_items(command.args[1])
    since = modifiers(command.args, 2).get("CHANGEDSINCE")
    session.condstore |= since is not None or "MODSEQ" in wanted.names
    extra = ["UID"] * command.by_uid + ["MODSEQ"] * (since is not None)
    items = named(*(name for name in extra if name not in wanted.names)) + wanted.items
    for number, mail in session.pick(command):
        if mail.modseq > (since or 0):
            session.tell(number, mail, items)
            if wanted.marks_seen:
                _mark_seen(session, number, mail)
            await session.wire.flush()
    return "OK FETCH completed"


def _mark_seen(session: Session, number: int, mail: StoredMail) -> None:
    if not session.read_only and SEEN not in mail.flags:
        session.selected.set_flags(mail, mail.flags | {SEEN})
        session.tell_flags(number, mail)


async def _search(session: Session, command: Command) -> str:
    view = session.view
    test = read_criteria(command.args, len(view), view[-1].uid if view else 0)
    hits = []
    for number, mail in enumerate(tuple(view), 1):
        if test(Candidate(number, mail)):
            hits.append(str(mail.uid if command.by_uid else number))
        await asyncio.sleep(0)  # others are served meanwhile
    session.wire.send(" ".join(["* SEARCH", *hits]))
    return "OK SEARCH completed"


async def _store(session: Session, command: Command) -> str:
    folder, args = session.writable(), list(command.args)
    unchanged = modifiers(args, 1) if len(args) == 4 else {}
    if len(args) == 4:
        del args[1]
    name, silent, mode = _store_kind(word(args, 1), len(args))
    flags = read_flags(args[2])
    late: list[int] = []
    for number, mail in session.pick(command):
        if mail.modseq > unchanged.get("UNCHANGEDSINCE", mail.modseq):
            late.append(mail.uid if command.by_uid else number)
            continue
        folder.set_flags(mail, _changed(mail.flags, mode, flags))
        if silent and not session.condstore:
            session.keep_quiet(mail)
        else:
            session.tell_flags(number, mail, uid=command.by_uid)
    await session.wire.flush()
    modified = f"[MODIFIED {write_set(late)}] " if late else ""
    return f"OK {modified}{name} completed"


def _store_kind(item: bytes, count: int) -> tuple[str, bool, str]:
    """Read ``+FLAGS.SILENT``: the name, whether to keep quiet, and the sign."""
    text = item.decode("ascii", "replace").upper()
    mode = text[:1] if text[:1] in {"+", "-"} else ""
    if count != 3 or text.removeprefix(mode) not in {"FLAGS", "FLAGS.SILENT"}:
        raise CommandError("BAD", "STORE takes messages, FLAGS and flags")
    return "STORE", text.endswith(".SILENT"), mode


def _changed(old: frozenset[str], mode: str, flags: frozenset[str]) -> frozenset[str]:
    return old | flags if mode == "+" else old - flags if mode == "-" else flags


async def _copy(session: Session, command: Command) -> str:
    _, code = _duplicate(session, command, session.selected)
    return f"OK {code}COPY completed"


async def _move(session: Session, command: Command) -> str:
    """Move: the new UIDs are told before the mails vanish (RFC 6851, section 4.3)."""
    folder = session.writable()
    uids, code = _duplicate(session, command, folder)
    if code:
        session.wire.send(f"* OK {code}Moved")
    folder.expunge(uids)
    session.announce()
    return "OK MOVE completed"


def _duplicate(session: Session, command: Command, folder: Folder) -> tuple[list[int], str]:
    try:
        to = session.find_folder(word(command.args, 1))
    except CommandError as error:
        raise CommandError("NO", "[TRYCREATE] No such mailbox") from error
    uids = [mail.uid for _, mail in session.pick(command) if folder.find(mail.uid)]
    copies = [folder.copy(uid, to).uid for uid in uids]
    if not uids:
        return uids, ""
    return uids, f"[COPYUID {to.uidvalidity} {write_set(uids)} {write_set(copies)}] "


async def _expunge(session: Session, command: Command) -> str:
    folder, doomed = session.writable(), set(_deleted(session))
    if command.by_uid:
        doomed &= {mail.uid for _, mail in session.pick(command)}
    folder.expunge(doomed)
    session.announce()
    return "OK EXPUNGE completed"


def _deleted(session: Session) -> list[int]:
    return [mail.uid for mail in session.view if DELETED in mail.flags]


VERBS = {
    "CHECK": _check,
    "CLOSE": _close,
    "UNSELECT": _unselect,
    "FETCH": _fetch,
    "SEARCH": _search,
    "STORE": _store,
    "COPY": _copy,
    "MOVE": _move,
    "EXPUNGE": _expunge,
}
"""Allowed while a folder is open."""

WITH_UID = frozenset({"FETCH", "SEARCH", "STORE", "COPY", "MOVE", "EXPUNGE"})
"""Those that have a ``UID`` form."""
