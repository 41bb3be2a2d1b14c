"""The body of a mail that is written: text, HTML and files as MIME parts (RFC 2045, RFC 2046)."""

from __future__ import annotations

import base64
import quopri
import re
from typing import TYPE_CHECKING, Final

from jackfield.content.header_lines import folded, parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jackfield.models import Draft, Upload

# Such parts must not be encoded (RFC 2045, section 6.4), and their bytes are a stranger's.
_NOT_AS_THEY_ARE: Final = ("message/", "multipart/")
_SIMPLE = re.compile(r"(?:[\t -~]{0,76}\n)*")


def body_of(draft: Draft, token: str) -> bytes:
    """Write the fields that say how the body is built, an empty line, and the body.

    Args:
        draft: Whose text, HTML and files; checked before.
        token: What the boundaries are made of.

    Returns:
        Lines of at most 78 bytes, in ASCII.
    """
    shown = _text(draft.text, "plain")
    if draft.html is not None:
        shown = _multipart("alternative", token, [shown, _text(draft.html, "html")])
    if draft.attachments:
        shown = _multipart("mixed", token, [shown, *map(_file, draft.attachments)])
    return b"MIME-Version: 1.0\r\n" + shown


def _part(fields: Sequence[str], content: bytes) -> bytes:
    return "".join(f"{field}\r\n" for field in fields).encode("ascii") + b"\r\n" + content


def _text(text: str, subtype: str) -> bytes:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text += "" if text.endswith("\n") else "\n"
    encoding, content = _encoded(text)
    fields = [
        folded("Content-Type", [f"text/{subtype};", "charset=utf-8"]),
        f"Content-Transfer-Encoding: {encoding}",
    ]
    return _part(fields, content.replace(b"\n", b"\r\n"))


def _encoded(text: str) -> tuple[str, bytes]:
    """Choose the encoding that people can read best, or that takes less room."""
    raw = text.encode()
    if _SIMPLE.fullmatch(text):
        return "7bit", raw
    if 3 * (len(raw) - len(text)) < len(text):
        return "quoted-printable", quopri.encodestring(raw)
    return "base64", base64.encodebytes(raw.replace(b"\n", b"\r\n"))


def _file(file: Upload) -> bytes:
    media = file.media_type.lower()
    media = "application/octet-stream" if media.startswith(_NOT_AS_THEY_ARE) else media
    fields = [
        folded("Content-Type", [media]),
        folded("Content-Disposition", ["attachment;", *parameter("filename", file.name)]),
        "Content-Transfer-Encoding: base64",
    ]
    return _part(fields, base64.encodebytes(file.content).replace(b"\n", b"\r\n"))


def _multipart(subtype: str, token: str, parts: Sequence[bytes]) -> bytes:
    # Neither base64 nor quoted-printable can hold "=_"; plain text could, but not the token.
    boundary = f"=_{token}_{subtype}"
    start, end = f"--{boundary}\r\n".encode(), f"--{boundary}--\r\n".encode()
    fields = [folded("Content-Type", [f"multipart/{subtype};", f'boundary="{boundary}"'])]
    return _part(fields, b"".join(start + part + b"\r\n" for part in parts) + end)
