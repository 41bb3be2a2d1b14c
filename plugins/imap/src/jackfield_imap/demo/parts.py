"""A mail taken apart without changing a byte (RFC 2045, RFC 2046)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEPTH = 100
"""Parts that lie deeper stay closed."""

_PARAMETER = re.compile(r';\s*([^=;\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")


@dataclass(frozen=True, slots=True)
class Part:
    """A mail or a part of one.

    Attributes:
        header: All header lines, with the empty line after them.
        body: The rest, still encoded.
        type: Media type in lower case, such as ``text/plain``.
        parameters: Of the content type, in their order.
        children: Of a multipart.
        message: Of a ``message/rfc822``.
    """

    header: bytes
    body: bytes
    type: str
    parameters: tuple[tuple[str, str], ...]
    children: tuple[Part, ...] = ()
    message: Part | None = None

    def fields(self) -> Iterator[tuple[str, bytes]]:
        """Go through the header.

        Returns:
            For each field its name in lower case and all of it, with its folds and its CRLF.
        """
        return _fields(self.header)

    def value(self, name: str) -> str | None:
        """Look up a header field.

        Args:
            name: In lower case.

        Returns:
            The first one's value, unfolded, bytes as Latin-1 characters; None if there is none.
        """
        return next((_unfolded(raw) for found, raw in self.fields() if found == name), None)

    def walk(self) -> Iterator[Part]:
        """Go through the part and all within it, in their order.

        Yields:
            Each part.
        """
        yield self
        for child in self.children or ((self.message,) if self.message else ()):
            yield from child.walk()


@lru_cache(maxsize=512)
def read_mail(raw: bytes) -> Part:
    """Take a mail apart.

    Args:
        raw: The mail, with CRLF.

    Returns:
        The mail; whatever the bytes are, there is one.
    """
    return _part(raw, "text/plain", 0)


def _part(raw: bytes, default: str, depth: int) -> Part:
    header, body = _split(raw)
    values = [_unfolded(field) for name, field in _fields(header) if name == "content-type"]
    kind, parameters = read_parameters(values[0] if values else default)
    if not re.fullmatch(r"[!-'*-.0-~]+/[!-'*-.0-~]+", kind):
        kind = default
    if kind.startswith("multipart/"):
        children = _children(body, dict(parameters).get("boundary"), kind, depth)
        if children:
            return Part(header, body, kind, parameters, children)
        return Part(header, body, "application/octet-stream", parameters)
    if kind == "message/rfc822" and depth < DEPTH:
        return Part(header, body, kind, parameters, (), _part(body, "text/plain", depth + 1))
    return Part(header, body, kind, parameters)


def _children(body: bytes, boundary: str | None, kind: str, depth: int) -> tuple[Part, ...]:
    if not boundary or depth >= DEPTH:
        return ()
    default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
    return tuple(_part(piece, default, depth + 1) for piece in _pieces(body, boundary))


def _pieces(body: bytes, boundary: str) -> Iterator[bytes]:
    """Cut at the boundary; the CRLF before it belongs to it (RFC 2046, section 5.1.1)."""
    mark = re.escape(boundary.encode("latin-1", "replace"))
    begin: int | None = None
    for found in re.finditer(rb"(?:^|\r\n)--" + mark + rb"(--)?[ \t]*(?=\r\n|$)", body):
        if begin is not None:
            yield body[begin : found.start()]
        begin = found.end() + 2
        if found[1]:
            return
    if begin is not None:
        yield body[begin:]


def _split(raw: bytes) -> tuple[bytes, bytes]:
    if raw.startswith(b"\r\n"):
        return raw[:2], raw[2:]
    at = raw.find(b"\r\n\r\n")
    return (raw, b"") if at < 0 else (raw[: at + 4], raw[at + 4 :])


def _fields(header: bytes) -> Iterator[tuple[str, bytes]]:
    field: list[bytes] = []
    for line in [*header.split(b"\r\n"), b""]:
        if field and line[:1] in {b" ", b"\t"}:
            field.append(line)
            continue
        if field and (found := _FIELD.match(field[0])):
            yield found[1].decode("ascii").lower(), b"\r\n".join(field) + b"\r\n"
        field = [line] if line else []


def _unfolded(field: bytes) -> str:
    return _FOLD.sub("", field.decode("latin-1").partition(":")[2]).strip()


def read_parameters(value: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Read a field such as ``Content-Type``.

    Args:
        value: Unfolded.

    Returns:
        What stands before the parameters, in lower case, and the parameters by their names in
        lower case, unquoted but not decoded.
    """
    found = _PARAMETER.findall(value)
    return value.partition(";")[0].strip().lower(), tuple(
        (name.lower(), _ESCAPED.sub(r"\1", text[1:-1]) if text.startswith('"') else text)
        for name, text in found
    )


def part_at(mail: Part, path: Sequence[int]) -> Part | None:
    """Find a part by its number, such as 1.2 (RFC 9051, section 6.4.5.1).

    Args:
        mail: The whole mail.
        path: The numbers, each from 1.

    Returns:
        The part, or None. Part 1 of a mail that is no multipart is the mail itself.
    """
    here = mail
    for depth, number in enumerate(path):
        inside = here.message if depth and here.message else here
        if inside.children:
            if number > len(inside.children):
                return None
            here = inside.children[number - 1]
        elif number == 1 and (depth == 0 or inside is here.message):
            here = inside
        else:
            return None
    return here
