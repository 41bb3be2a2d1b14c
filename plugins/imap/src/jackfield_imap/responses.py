"""FETCH responses, read from imaplib's raw pieces.

IMAPClient parses 4,500 messages a second and loses a whole answer to one malformed line;
splitting literals off parses 18,000 and loses one message (ARCHITECTURE.md, "IMAP").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Piece: TypeAlias = "bytes | tuple[bytes, bytes]"
Value: TypeAlias = "bytes | None | list[Value]"

_START = re.compile(rb"\d+ \(")
_TOKEN = re.compile(
    rb"""\s*(?: (?P<open>\() | (?P<close>\)) | "(?P<quoted>(?:[^"\\]|\\.)*)"
         | (?P<literal>\{\d+\+?\})$
         | (?P<atom>(?:(?i:BODY|BINARY)\[[^\]]{0,500}\](?:<\d+>)?)|[^\s()"]+) )""",
    re.VERBOSE | re.DOTALL,
)
_DIGITS = 18
_EXCERPT = 60
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
DEPTH = 60
"""Of parentheses; what is nested deeper is left out."""


class Malformed(ValueError):
    """A response that is not of the form of RFC 9051, section 9."""


def fetched(pieces: Iterable[Piece], *, strict: bool = False) -> Iterator[dict[bytes, Value]]:
    """Read the messages of a FETCH answer; one that cannot be read is left out.

    Args:
        pieces: As `imaplib` gives them: text, or text that ends in ``{n}`` with its literal.
        strict: Leave none out, since what an index does not name is taken for deleted.

    Yields:
        Item name in capitals to value; a parenthesised value is a list. Always with ``UID``.

    Raises:
        Malformed: A message cannot be read, and none may be left out.
    """
    for message in _messages(pieces):
        try:
            items = _items(message)
        except Malformed as error:
            if strict:
                raise Malformed(f"FETCH {_excerpt(message)}") from error
            continue
        if b"UID" in items:
            yield items


def _excerpt(message: Sequence[Piece]) -> str:
    text = message[0][0] if isinstance(message[0], tuple) else message[0]
    return ascii(text[:_EXCERPT].decode("latin-1"))


def _messages(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Part the pieces at ``12 (``, which begins a message's response."""
    message: list[Piece] = []
    for piece in pieces:
        text = piece[0] if isinstance(piece, tuple) else piece
        if _START.match(text) and message:
            yield message
            message = []
        message.append(piece)
    if message:
        yield message


def _items(message: Sequence[Piece]) -> dict[bytes, Value]:
    tokens = _tokens(message)
    next(tokens, None)  # the sequence number, which shifts and says nothing
    if next(tokens, None) != (b"(", False):
        raise Malformed
    values = _list(tokens, 0)
    names = [value.upper() if isinstance(value, bytes) else b"" for value in values[::2]]
    return dict(zip(names, values[1::2], strict=False))


def _tokens(message: Sequence[Piece]) -> Iterator[tuple[bytes | None, bool]]:
    """Give tokens, and whether each is a string: ``"("`` is none that opens a list."""
    for piece in message:
        text, literal = piece if isinstance(piece, tuple) else (piece, None)
        at = 0
        while at < len(text) and (found := _TOKEN.match(text, at)):
            at = found.end()
            if found["quoted"] is not None:
                yield _ESCAPED.sub(rb"\1", found["quoted"]), True
            elif found["literal"] is not None:
                yield literal, True
            else:
                yield found[0].strip(), False
        if text[at:].strip():
            raise Malformed


def _list(tokens: Iterator[tuple[bytes | None, bool]], depth: int) -> list[Value]:
    values: list[Value] = []
    for token, is_string in tokens:
        if is_string or token is None:
            values.append(token)
        elif token == b")":
            return values
        elif token == b"(":
            values.append(_list(tokens, depth + 1) if depth < DEPTH else _skipped(tokens))
        else:
            values.append(None if token.upper() == b"NIL" else token)
    raise Malformed


def _skipped(tokens: Iterator[tuple[bytes | None, bool]]) -> list[Value]:
    """Read past a list that is nested too deep, and give an empty one."""
    depth = 1
    for token, is_string in tokens:
        if not is_string:
            depth += (token == b"(") - (token == b")")
        if depth == 0:
            return []
    raise Malformed


def statuses(pieces: Iterable[Piece]) -> Iterator[tuple[bytes, dict[bytes, int]]]:
    """Read answers to STATUS; one that cannot be read is left out.

    Args:
        pieces: As `imaplib` gives them.

    Yields:
        Name of the folder, and its numbers by their names in capitals.
    """
    message: list[Piece] = []
    for piece in pieces:
        message.append(piece)
        if isinstance(piece, tuple):
            continue  # a name as a literal; the numbers follow
        tokens, message = _tokens(message), []
        try:
            name, opening = next(tokens, (None, False))[0], next(tokens, None)
            values = _list(tokens, 0)
        except Malformed:
            continue
        if name is not None and opening == (b"(", False):
            yield name, dict(_numbers(values))


def _numbers(values: Sequence[Value]) -> Iterator[tuple[bytes, int]]:
    for name, value in zip(values[::2], values[1::2], strict=False):
        counted = number(value)
        if isinstance(name, bytes) and counted is not None:
            yield name.upper(), counted


def number(value: Value) -> int | None:
    """Read a number (RFC 9051, section 9: up to 63 bits).

    Args:
        value: As `fetched` gives it.

    Returns:
        The number, or None where it is none, or one that no store can hold.
    """
    if not isinstance(value, bytes) or not value.isdigit() or len(value) > _DIGITS:
        return None
    return int(value)


def attachments(structure: Value) -> list[tuple[str, bytes, str, int | None, bool]]:
    """Find the files in a BODYSTRUCTURE (RFC 9051, section 7.5.2).

    Args:
        structure: As `fetched` gives it; anything else has no files.

    Returns:
        Section number, raw name, media type, encoded size in bytes and whether it is inline.
    """
    found: list[tuple[str, bytes, str, int | None, bool]] = []
    if isinstance(structure, list):
        _walk(structure, "", found, 0)
    return found


def _walk(
    part: list[Value],
    section: str,
    found: list[tuple[str, bytes, str, int | None, bool]],
    depth: int,
) -> None:
    if depth > DEPTH or not part:
        return
    if isinstance(part[0], list):
        children = [child for child in part if isinstance(child, list)]
        ends = next((n for n, child in enumerate(part) if not isinstance(child, list)), len(part))
        for at, child in enumerate(children[:ends], 1):
            _walk(child, f"{section}.{at}".lstrip("."), found, depth + 1)
        return
    if len(part) < 7 or not all(isinstance(part[n], bytes | None) for n in (0, 1)):
        return
    main, sub = (_lower(part[0]), _lower(part[1]))
    disposition, name = _named(part)
    if is_text(part) or main == "multipart":
        return
    size = number(part[6])
    inline = disposition == "inline" or (disposition != "attachment" and part[3] is not None)
    found.append((section or "1", name, f"{main}/{sub}", size, inline))


def is_text(part: list[Value]) -> bool:
    """Tell whether a part of a BODYSTRUCTURE is text that is read, and no file.

    Args:
        part: Without parts of its own.

    Returns:
        True for text that has no name and is not attached.
    """
    if len(part) < 7 or not all(isinstance(part[n], bytes | None) for n in (0, 1)):
        return False
    disposition, name = _named(part)
    return _lower(part[0]) == "text" and not name and disposition != "attachment"


def _named(part: list[Value]) -> tuple[str, bytes]:
    disposition, name = _disposition(part)
    return disposition, name or parameter(part[2], b"name")


def _disposition(part: list[Value]) -> tuple[str, bytes]:
    for value in part[7:]:
        if isinstance(value, list) and value and isinstance(value[0], bytes):
            kind = value[0].lower().decode("ascii", "replace")
            if kind in {"attachment", "inline"}:
                parameters = value[1] if len(value) > 1 else None
                return kind, parameter(parameters, b"filename")
    return "", b""


def parameter(parameters: Value, name: bytes) -> bytes:
    """Read a parameter of a part.

    Args:
        parameters: As `fetched` gives them.
        name: In lower case.

    Returns:
        Its value, or nothing.
    """
    if not isinstance(parameters, list):
        return b""
    for key, value in zip(parameters[::2], parameters[1::2], strict=False):
        if isinstance(key, bytes) and key.lower() == name and isinstance(value, bytes):
            return value
    return b""


def _lower(value: Value) -> str:
    return value.decode("ascii", "replace").lower() if isinstance(value, bytes) else "text"
