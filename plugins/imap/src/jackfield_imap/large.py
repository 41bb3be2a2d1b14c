"""Mails that are too large to be kept whole: their headers, texts and names of files.

Of such a mail the texts alone are fetched, each up to a bound (RFC 9051, section 6.4.5.1). They are
put into a small mail of the same structure, so that it is read as every other.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from jackfield_imap import bodies
from jackfield_imap.fetching import size_of
from jackfield_imap.mapping import HEADER, WHOLE, entry_of
from jackfield_imap.responses import DEPTH, is_text, parameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imapclient import IMAPClient

    from jackfield.batches import Entry, Ref
    from jackfield.models import Account
    from jackfield_imap.responses import Value

WHOLE_BYTES = 36 * 1024 * 1024
"""Of a mail that is kept whole: most providers take 25 MB of files, 34 MB as they travel. To read
one takes eight times as much memory."""

TEXT_BYTES = 1024 * 1024
"""Of the headers, and of each text, before it is decoded."""

MOST_TEXTS = 8

_FRAMING = re.compile(
    rb"^(?:Content-[^\r\n:]*|MIME-Version):[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n",
    re.IGNORECASE | re.MULTILINE,
)
_STRANGE = re.compile(rb"[^\w.:+-]")


def is_large(size: int) -> bool:
    """Tell whether a mail is read in parts.

    Args:
        size: Bytes, as the server counts them.

    Returns:
        True for what memory should not hold twice over.
    """
    return size > WHOLE_BYTES


def large_entry(
    client: IMAPClient, account: Account, mine: frozenset[str], ref: Ref, *, counted: bool
) -> Entry | None:
    """Fetch what is kept of a large mail.

    Args:
        client: With its folder open.
        account: Whose mail.
        mine: The owner's addresses in lower case.
        ref: Where it lies.
        counted: With the number of the latest change (`Opened.modseq`).

    Returns:
        The entry at level ``text``, or None where the mail is gone.
    """
    uid = int(ref.key)
    said = bodies.start_of(client, uid, TEXT_BYTES, counted=counted)
    head = entry_of(account, mine, ref, said)
    if head is None:
        return None
    header = said[HEADER]
    small = _small(client, uid, header if isinstance(header, bytes) else b"", said)
    body = entry_of(account, mine, ref, said | {WHOLE: small})
    kept = {"attachments": head.item.attachments, "raw": None, "unparsed": _reason(size_of(said))}
    return replace(head, item=(body or head).item.model_copy(update=kept), level="text")


def _reason(size: int) -> str:
    return (
        f"{size // 1_000_000} MB are too many to be kept; its text and the names of its files are"
    )


def _small(client: IMAPClient, uid: int, header: bytes, said: dict[bytes, Value]) -> bytes:
    """Write a mail of the texts alone; where the structure names none, of the first bytes."""
    structure = said.get(b"BODYSTRUCTURE")
    named = list(_texts(structure, "", 0)) if isinstance(structure, list) else []
    if not named or not isinstance(structure, list):
        return header + bodies.sections(client, uid, ["TEXT"], TEXT_BYTES).get("TEXT", b"")
    texts = bodies.sections(client, uid, named[:MOST_TEXTS], TEXT_BYTES)
    return _FRAMING.sub(b"", header.rstrip() + b"\r\n") + _part(structure, "", texts, 0)


def _texts(part: list[Value], section: str, depth: int) -> Iterator[str]:
    if depth < DEPTH and part and isinstance(part[0], list):
        for number, child in _children(part, section):
            yield from _texts(child, number, depth + 1)
    elif is_text(part):
        yield section or "1"


def _children(part: list[Value], section: str) -> Iterator[tuple[str, list[Value]]]:
    for number, child in enumerate(part, 1):
        if not isinstance(child, list):
            return
        yield f"{section}.{number}".lstrip("."), child


def _part(part: list[Value], section: str, texts: dict[str, bytes], depth: int) -> bytes:
    """Write a part with its MIME headers; of what was not fetched, nothing."""
    if depth < DEPTH and part and isinstance(part[0], list):
        written = [_part(child, n, texts, depth + 1) for n, child in _children(part, section)]
        kind = next((each for each in part if isinstance(each, bytes)), b"mixed")
        return _joined(kind, section, [each for each in written if each])
    text = texts.get(section or "1")
    if text is None:
        return b""
    charset = _word(parameter(part[2], b"charset")) or b"us-ascii"
    encoding = _word(part[5]) or b"7bit"
    kind = b"text/" + _word(part[1])
    return (
        b"Content-Type: " + kind + b'; charset="' + charset + b'"\r\n'
        b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + text
    )


def _joined(kind: bytes, section: str, parts: list[bytes]) -> bytes:
    if not parts:
        return b"" if section else b"\r\n"
    line = f"=_jackfield_{section}_".encode()
    head = b"Content-Type: multipart/" + _word(kind) + b'; boundary="' + line + b'"\r\n\r\n'
    content = b"".join(b"--" + line + b"\r\n" + each + b"\r\n" for each in parts)
    return head + content + b"--" + line + b"--\r\n"


def _word(value: Value) -> bytes:
    """Let nothing of a stranger's break out of the header that it is written into."""
    return _STRANGE.sub(b"", value)[:60] if isinstance(value, bytes) else b""
