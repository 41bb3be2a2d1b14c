"""A mail in three tiers: a fast reader, a tolerant one, and a stub that keeps the headers.

fast-mail-parser reads 20,000 mails a second and refuses a whole mail for one bad part; the
standard library's compat32 never does, and is twelve times as slow (ARCHITECTURE.md, "Mail").
"""

from __future__ import annotations

import email
import quopri
import re
from dataclasses import dataclass, replace
from email.message import Message
from email.policy import compat32
from typing import TYPE_CHECKING

from jackfield.content import headers as header
from jackfield.content.encoded import decode_base64, decode_bytes, decode_text
from jackfield.content.mail import ParsedMail, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fast_mail_parser import PyLazyMimePart

    from jackfield.content.mail import Tier

MAX_DEPTH = 100
MAX_PARTS = 1_000

_MULTIPART = re.compile(rb"content-type:\s*(?:multipart|message)/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A part that holds content.

    `content` is decoded from its transfer encoding.
    """

    media_type: str
    charset: str | None
    name: str
    disposition: str
    content_id: str | None
    content: bytes


class _TooMuch(ValueError):
    """More parts or levels than are read."""


def parse_headers(raw: bytes) -> ParsedMail:
    """Read the headers alone.

    Args:
        raw: A mail, or its header block.

    Returns:
        What they say, of tier ``headers``.
    """
    return header.read(raw)


def parse_mail(raw: bytes) -> ParsedMail:
    """Read a mail, whatever the bytes.

    Args:
        raw: The original bytes.

    Returns:
        What can be read; of tier ``stub``, with its problem, where the content cannot be.

    Raises:
        KeyboardInterrupt: The user did.
        SystemExit: The process ends.
        MemoryError: There is no more.
    """
    parsed = header.read(raw)
    readers: tuple[tuple[Tier, Callable[[bytes], Iterator[_Leaf]]], ...] = (
        ("fast", _fast),
        ("tolerant", _tolerant),
    )
    problem = None
    for tier, leaves in readers:
        try:
            return _assemble(replace(parsed, tier=tier, problem=problem), list(leaves(raw)))
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as error:  # noqa: BLE001  a panic in Rust is no Exception
            problem = f"{type(error).__name__}: {error}"[:200]
    return replace(parsed, tier="stub", problem=problem)


def extract_part(raw: bytes, index: int) -> bytes:
    """Read a file out of a mail.

    Args:
        raw: The original bytes.
        index: `Part.index`.

    Returns:
        Its decoded bytes.

    Raises:
        IndexError: There is no such part.
    """
    for leaves in (_fast, _tolerant):
        try:
            return list(leaves(raw))[index].content
        except (ValueError, RecursionError, header_errors()):
            continue
    raise IndexError(index)


def header_errors() -> type[Exception]:
    """Name what fast-mail-parser raises, importing it only when needed.

    Returns:
        Its base error.
    """
    from fast_mail_parser import ParseError

    return ParseError


def _fast(raw: bytes) -> Iterator[_Leaf]:
    from fast_mail_parser import parse_email_tree

    if len(raw) and not raw.lstrip(b"\r\n"):
        raise _TooMuch("nothing but line breaks")
    pending = [(parse_email_tree(raw, mode="lazy"), 0)]
    count = 0
    while pending:
        part, depth = pending.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_PARTS:
            raise _TooMuch(f"more than {MAX_DEPTH} levels or {MAX_PARTS} parts")
        if part.children and not part.is_message:
            pending += [(child, depth + 1) for child in reversed(part.children)]
        elif part.content is not None:
            yield _fast_leaf(part, part.content)


def _fast_leaf(part: PyLazyMimePart, content: bytes) -> _Leaf:
    content_type = next(iter(_values(part.headers, "content-type")), "")
    name = decode_text(part.filename)
    if part.is_message and not name:
        name = _message_name(content)
    return _Leaf(
        part.content_type.lower(),
        _charset(content_type),
        name,
        (part.disposition or "").lower(),
        part.content_id,
        content,
    )


def _values(headers: dict[str, list[str]], name: str) -> list[str]:
    return [value for key, some in headers.items() if key.lower() == name for value in some]


def _charset(content_type: str) -> str | None:
    found = re.search(r"charset\s*=\s*\"?'?([^\s\"';]+)", content_type, re.IGNORECASE)
    return found[1].lower() if found else None


def _tolerant(raw: bytes) -> Iterator[_Leaf]:
    if len(_MULTIPART.findall(raw)) > MAX_PARTS:
        raise _TooMuch(f"more than {MAX_PARTS} parts")
    pending: list[tuple[Message, int]] = [(email.message_from_bytes(raw, policy=compat32), 0)]
    count = 0
    while pending:
        part, depth = pending.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_PARTS:
            raise _TooMuch(f"more than {MAX_DEPTH} levels or {MAX_PARTS} parts")
        payload = part.get_payload()
        if isinstance(payload, list) and part.get_content_maintype() != "message":
            children = [child for child in payload if isinstance(child, Message)]
            pending += [(child, depth + 1) for child in reversed(children)]
        else:
            yield _tolerant_leaf(part)


def _tolerant_leaf(part: Message) -> _Leaf:
    content = _content(part)
    media_type = part.get_content_type()
    name = decode_text(_quiet(part.get_filename) or "")
    if media_type == "message/rfc822" and not name:
        name = _message_name(content)
    return _Leaf(
        media_type,
        _charset(str(part.get("Content-Type", ""))),
        name,
        (_quiet(part.get_content_disposition) or "").lower(),
        str(part.get("Content-ID", "")).strip().strip("<>") or None,
        content,
    )


def _quiet(read: Callable[[], str | None]) -> str | None:
    try:
        return read()
    except (ValueError, TypeError, LookupError, IndexError):
        return None


def _content(part: Message) -> bytes:
    """Decode a part as far as it goes."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"\n".join(child.as_bytes() for child in payload if isinstance(child, Message))
    raw = str(payload).encode("utf-8", "surrogateescape")
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        return decode_base64(raw)
    return quopri.decodestring(raw) if encoding == "quoted-printable" else raw


def _message_name(content: bytes) -> str:
    return f"{header.read(content).subject or 'message'}.eml"


def _assemble(parsed: ParsedMail, leaves: list[_Leaf]) -> ParsedMail:
    plain: list[str] = []
    rich: list[str] = []
    files: list[Part] = []
    calendar = None
    for index, leaf in enumerate(leaves):
        if _is_body(leaf):
            body = decode_bytes(leaf.content, leaf.charset).replace("\r\n", "\n")
            (rich if leaf.media_type == "text/html" else plain).append(body)
            continue
        if leaf.media_type == "text/calendar" and calendar is None:
            calendar = decode_bytes(leaf.content, leaf.charset)
        if leaf.content or leaf.name:
            files.append(_part(leaf, index))
    return replace(
        parsed,
        text=_text(plain, rich),
        html=_html(rich),
        calendar=calendar,
        attachments=tuple(files),
    )


def _is_body(leaf: _Leaf) -> bool:
    is_text = leaf.media_type in {"text/plain", "text/html"} or "/" not in leaf.media_type
    return is_text and leaf.disposition != "attachment" and not leaf.name


def _part(leaf: _Leaf, index: int) -> Part:
    inline = leaf.disposition == "inline" or (not leaf.disposition and leaf.content_id is not None)
    return Part(leaf.name, leaf.media_type, len(leaf.content), inline, leaf.content_id, index)


def _text(plain: list[str], rich: list[str]) -> str:
    if any(text.strip() for text in plain) or not rich:
        return "\n\n".join(plain)
    from jackfield.content.html import to_text

    return to_text("\n".join(rich))


def _html(rich: list[str]) -> str | None:
    from jackfield.content.html import sanitise

    return sanitise("\n".join(rich)) if rich else None
