"""ENVELOPE and BODYSTRUCTURE: a mail in a nutshell (RFC 9051, section 7.5.2)."""

from __future__ import annotations

from email.utils import getaddresses
from typing import TYPE_CHECKING

from jackfield_imap.demo.parts import read_parameters
from jackfield_imap.demo.tokens import string

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jackfield_imap.demo.parts import Part


def envelope(mail: Part) -> bytes:
    """Write a mail's envelope.

    Args:
        mail: The mail.

    Returns:
        Ten fields in parentheses. Encoded words stay encoded.
    """
    senders = _addresses(mail, "from")
    fields = [
        _text(mail.value("date")),
        _text(mail.value("subject")),
        senders,
        _addresses(mail, "sender") if mail.value("sender") else senders,
        _addresses(mail, "reply-to") if mail.value("reply-to") else senders,
        *(_addresses(mail, name) for name in ("to", "cc", "bcc")),
        _text(mail.value("in-reply-to")),
        _text(mail.value("message-id")),
    ]
    return b"(" + b" ".join(fields) + b")"


def _addresses(mail: Part, name: str) -> bytes:
    value = mail.value(name)
    found = [pair for pair in getaddresses([value or ""]) if pair[1]]
    if not found:
        return b"NIL"
    return b"(" + b"".join(_address(name, address) for name, address in found) + b")"


def _address(name: str, address: str) -> bytes:
    local, _, domain = address.rpartition("@")
    parts = (name or None, None, local or domain, domain if local else None)
    return b"(" + b" ".join(_text(part) for part in parts) + b")"


def structure(part: Part, *, extended: bool = True) -> bytes:
    """Write the structure of a mail or of a part.

    Args:
        part: The part.
        extended: With what only BODYSTRUCTURE has: disposition, language, location.

    Returns:
        The structure in parentheses.
    """
    fields = list(_multipart(part) if part.children else _single(part, extended))
    if part.children:
        fields = [b"".join(structure(c, extended=extended) for c in part.children), *fields]
    if extended:
        fields += [_parameters(part.parameters)] if part.children else [_md5(part)]
        fields += [_disposition(part), _text(part.value("content-language"))]
        fields += [_text(part.value("content-location"))]
    return b"(" + b" ".join(fields) + b")"


def _multipart(part: Part) -> Iterable[bytes]:
    yield _text(part.type.partition("/")[2])


def _single(part: Part, extended: bool) -> Iterable[bytes]:
    main, _, sub = part.type.partition("/")
    yield _text(main)
    yield _text(sub)
    yield _parameters(part.parameters)
    yield _text(part.value("content-id"))
    yield _text(part.value("content-description"))
    yield _text(part.value("content-transfer-encoding") or "7bit")
    yield b"%d" % len(part.body)
    if part.message:
        yield envelope(part.message)
        yield structure(part.message, extended=extended)
    if part.message or main == "text":
        yield b"%d" % part.body.count(b"\n")


def _md5(part: Part) -> bytes:
    return _text(part.value("content-md5"))


def _disposition(part: Part) -> bytes:
    value = part.value("content-disposition")
    if not value:
        return b"NIL"
    kind, parameters = read_parameters(value)
    return b"(" + _text(kind) + b" " + _parameters(parameters) + b")"


def _parameters(parameters: tuple[tuple[str, str], ...]) -> bytes:
    if not parameters:
        return b"NIL"
    return b"(" + b" ".join(_text(text) for pair in parameters for text in pair) + b")"


def _text(value: str | None) -> bytes:
    return string(None if value is None else value.encode("latin-1", "replace"))
