"""FETCH: the items that a client may ask for (RFC 9051, sections 6.4.5 and 7.5.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from jackfield_imap.demo.parts import Part, part_at, read_mail
from jackfield_imap.demo.structure import envelope, structure
from jackfield_imap.demo.tokens import CommandError, literal_of, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from jackfield_imap.demo.mailbox import StoredMail
    from jackfield_imap.demo.tokens import Value

Item: TypeAlias = "Callable[[StoredMail], bytes]"

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_MACROS = {
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}
_OLD = {"RFC822": "BODY[]", "RFC822.HEADER": "BODY.PEEK[HEADER]", "RFC822.TEXT": "BODY[TEXT]"}
_BODY = re.compile(
    r"BODY(?P<peek>\.PEEK)?\[(?P<path>[1-9]\d{0,8}(?:\.[1-9]\d{0,8})*)?\.?(?P<what>[A-Z.]*)"
    r"(?: ?\((?P<names>[^()]*)\))?\](?:<(?P<start>\d{1,10})\.(?P<length>\d{1,10})>)?",
    re.IGNORECASE,
)


class Wanted(NamedTuple):
    """What a FETCH asks for.

    Attributes:
        items: Writers of the items, in the order asked.
        names: Their names, for those that need no argument.
        marks_seen: Whether the mail counts as read afterwards.
    """

    items: tuple[Item, ...]
    names: frozenset[str]
    marks_seen: bool


def read_items(value: Value) -> Wanted:
    """Read the second argument of FETCH.

    Args:
        value: An item, a macro, or a list of items.

    Returns:
        What is asked for.

    Raises:
        CommandError: An item is unknown.
    """
    names = [name.decode("latin-1") for name in words(value)]
    if isinstance(value, bytes):
        names = [*_MACROS.get(names[0].upper(), names)]
    if not names:
        raise CommandError("BAD", "FETCH of nothing")
    peeks = all(_peeks(name.upper()) for name in names)
    items = tuple(_item(name) for name in names)
    return Wanted(items, frozenset(name.upper() for name in names), marks_seen=not peeks)


def _peeks(name: str) -> bool:
    return not _OLD.get(name, name).startswith("BODY[")


def _item(name: str) -> Item:
    simple = _SIMPLE.get(name.upper())
    if simple is not None:
        return lambda mail: name.upper().encode() + b" " + simple(mail)
    found = _BODY.fullmatch(_OLD.get(name.upper(), name))
    if found is None:
        raise CommandError("BAD", "Unknown FETCH item")
    label = name.upper() if name.upper() in _OLD else _label(found)
    return lambda mail: label.encode() + b" " + _cut(_section(mail, found), found)


def _label(found: re.Match[str]) -> str:
    """Name a section as the answer does: without PEEK, and with the start only."""
    section = ".".join(text for text in (found["path"], found["what"].upper()) if text)
    names = f" ({found['names'].upper()})" if found["names"] is not None else ""
    return f"BODY[{section}{names}]" + (f"<{int(found['start'])}>" if found["start"] else "")


def _cut(content: bytes | None, found: re.Match[str]) -> bytes:
    if content is None:
        return b"NIL"
    if found["start"]:
        start = int(found["start"])
        content = content[start : start + int(found["length"])]
    return literal_of(content)


def _section(mail: StoredMail, found: re.Match[str]) -> bytes | None:
    if not found["path"] and not found["what"]:
        return mail.raw
    path = [int(number) for number in (found["path"] or "").split(".") if number]
    part = part_at(read_mail(mail.raw), path)
    if part is None:
        return None
    what = found["what"].upper()
    if path and what in {"", "MIME"}:
        return part.header if what else part.body
    return _of_message(part.message if path else part, what, found["names"])


def _of_message(message: Part | None, what: str, names: str | None) -> bytes | None:
    if what not in {"HEADER", "TEXT", "HEADER.FIELDS", "HEADER.FIELDS.NOT"}:
        raise CommandError("BAD", "Unknown section")
    if message is None:
        return None
    if what in {"HEADER", "TEXT"}:
        return message.header if what == "HEADER" else message.body
    wanted = {name.strip('"').lower() for name in (names or "").split()}
    return _some_fields(message, wanted, inverted=what.endswith("NOT"))


def _some_fields(message: Part, names: set[str], *, inverted: bool) -> bytes:
    fields = [raw for name, raw in message.fields() if (name in names) != inverted]
    return b"".join(fields) + b"\r\n"


def date_time(at: datetime) -> bytes:
    """Write a time as INTERNALDATE does.

    Args:
        at: Aware.

    Returns:
        As ``"23-Nov-2026 09:41:00 +0100"``, with its quotes.
    """
    day = f"{at.day:2d}-{MONTHS[at.month - 1]}-{at.year:04d}"
    return f'"{day} {at:%H:%M:%S %z}"'.encode()


def write_flags(flags: Sequence[str] | frozenset[str]) -> bytes:
    """Write flags.

    Args:
        flags: In any order.

    Returns:
        The flags in parentheses, sorted.
    """
    return b"(" + " ".join(sorted(flags)).encode("ascii", "replace") + b")"


_SIMPLE: dict[str, Item] = {
    "FLAGS": lambda mail: write_flags(mail.flags),
    "UID": lambda mail: b"%d" % mail.uid,
    "INTERNALDATE": lambda mail: date_time(mail.internaldate),
    "RFC822.SIZE": lambda mail: b"%d" % len(mail.raw),
    "ENVELOPE": lambda mail: envelope(read_mail(mail.raw)),
    "BODYSTRUCTURE": lambda mail: structure(read_mail(mail.raw)),
    "BODY": lambda mail: structure(read_mail(mail.raw), extended=False),
    "MODSEQ": lambda mail: b"(%d)" % mail.modseq,
}


def answer(number: int, mail: StoredMail, items: Sequence[Item]) -> bytes:
    """Write the response for one mail.

    Args:
        number: The mail's sequence number.
        mail: The mail.
        items: What to tell.

    Returns:
        The untagged response, without its last CRLF.
    """
    return b"* %d FETCH (%s)" % (number, b" ".join(item(mail) for item in items))


def named(*names: str) -> tuple[Item, ...]:
    """Look up items that need no argument.

    Args:
        *names: Such as ``FLAGS``.

    Returns:
        Their writers.
    """
    return tuple(_item(name) for name in names)
