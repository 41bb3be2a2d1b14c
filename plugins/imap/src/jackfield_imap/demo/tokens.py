"""The words of the protocol: commands into values, bytes into strings (RFC 9051, section 4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Value: TypeAlias = "bytes | list[Value]"

DEPTH = 50
"""How deep a client may nest parentheses."""

_TOKEN = re.compile(
    rb"""[ ]*(?: (?P<open>\() | (?P<close>\)) | "(?P<quoted>(?:[^"\\\r\n]|\\["\\])*)"
         | (?P<literal>\{\d+\+?\})$ | (?P<atom>(?:\[[^\]\r\n]*\]|[^ ()"\[\r\n{])+) )""",
    re.VERBOSE,
)
_PLAIN = re.compile(rb'[ !#-\[\]-~"\\]{0,500}')
_SPECIAL = re.compile(rb'(["\\])')


class CommandError(Exception):
    """A command that the server does not carry out.

    Args:
        status: ``NO`` (understood, but refused) or ``BAD`` (not understood).
        text: What went wrong, for a person; may begin with a response code in brackets.
        tag: Of the command, where it is not known to the catcher.
    """

    def __init__(self, status: str, text: str, tag: bytes = b"") -> None:
        super().__init__(f"{status} {text}")
        self.tag = tag


class Chunk(NamedTuple):
    """A line of a command, without CRLF, and the literal that it announces at its end."""

    text: bytes
    literal: bytes | None = None


def read_values(chunks: Iterable[Chunk]) -> list[Value]:
    """Read a command.

    Args:
        chunks: Its lines and literals.

    Returns:
        Its words; a parenthesised list is a list.

    Raises:
        CommandError: A bracket or a quote is amiss.
    """
    root: list[Value] = []
    open_lists = [root]
    for kind, value in _tokens(chunks):
        if kind == "open":
            inner: list[Value] = []
            open_lists[-1].append(inner)
            open_lists.append(inner)
        elif kind == "close":
            open_lists.pop()
        else:
            open_lists[-1].append(value)
        if not 0 < len(open_lists) <= DEPTH:
            raise CommandError("BAD", "Parentheses do not match")
    if len(open_lists) != 1:
        raise CommandError("BAD", "Parentheses do not match")
    return root


def _tokens(chunks: Iterable[Chunk]) -> Iterator[tuple[str, bytes]]:
    for line, literal in chunks:
        at, text = 0, line.rstrip(b" ")
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise CommandError("BAD", "Unexpected character")
            at = found.end()
            yield _token(found, literal)


def _token(found: re.Match[bytes], literal: bytes | None) -> tuple[str, bytes]:
    kind = found.lastgroup or ""
    if kind == "literal":
        return "string", literal or b""
    if kind == "quoted":
        return "string", re.sub(rb"\\(.)", rb"\1", found["quoted"])
    return kind, found[kind]


def word(args: Sequence[Value], at: int) -> bytes:
    """Take an argument that is a word.

    Args:
        args: Of a command.
        at: Which, from 0.

    Returns:
        The word.

    Raises:
        CommandError: It is missing, or a list.
    """
    value = args[at] if at < len(args) else None
    if not isinstance(value, bytes):
        raise CommandError("BAD", "Missing argument")
    return value


def words(value: Value) -> list[bytes]:
    """Read an argument that is a list of words, or a single word without parentheses.

    Args:
        value: The argument.

    Returns:
        The words.

    Raises:
        CommandError: It holds lists.
    """
    if isinstance(value, bytes):
        return [value]
    flat = [item for item in value if isinstance(item, bytes)]
    if len(flat) != len(value):
        raise CommandError("BAD", "A list within a list is not expected here")
    return flat


def string(value: bytes | None) -> bytes:
    """Write a string: quoted if it can be, else as a literal.

    Args:
        value: Any bytes, or None.

    Returns:
        The string as on the wire, ``NIL`` for None.
    """
    if value is None:
        return b"NIL"
    if _PLAIN.fullmatch(value):
        return b'"' + _SPECIAL.sub(rb"\\\1", value) + b'"'
    return literal_of(value)


def literal_of(value: bytes) -> bytes:
    """Write a literal.

    Args:
        value: Any bytes.

    Returns:
        The bytes after their length in braces.
    """
    return b"{%d}\r\n" % len(value) + value
