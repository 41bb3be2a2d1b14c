"""Small files that are real: a PDF that opens, a PNG that shows something."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from jackfield_imap.demo.letters import File

if TYPE_CHECKING:
    from collections.abc import Sequence


def pdf(lines: Sequence[str]) -> bytes:
    """Make a PDF of one page (ISO 32000-1, section 7.5).

    Args:
        lines: Its text, ASCII.

    Returns:
        The file.
    """
    escaped = [line.translate({ord(c): f"\\{c}" for c in "()\\"}) for line in lines]
    shown = "".join(f"({line}) Tj 0 -20 Td " for line in escaped)
    page = f"BT /F1 12 Tf 72 770 Td {shown}ET"
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(page)} >>\nstream\n{page}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    return _numbered(bodies).encode("ascii")


def _numbered(bodies: Sequence[str]) -> str:
    """Write PDF objects and the table of where each begins."""
    text, starts = "%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        starts.append(len(text))
        text += f"{number} 0 obj\n{body}\nendobj\n"
    table = "0000000000 65535 f \n" + "".join(f"{start:010d} 00000 n \n" for start in starts)
    count = len(bodies) + 1
    return (
        f"{text}xref\n0 {count}\n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n"
        f"startxref\n{len(text)}\n%%EOF\n"
    )


def png(width: int = 96, height: int = 64) -> bytes:
    """Make a picture: green below, sky above.

    Args:
        width: In pixels.
        height: In pixels.

    Returns:
        The file.
    """
    rows = b"".join(b"\0" + _row(y, width, height) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _row(y: int, width: int, height: int) -> bytes:
    sky = y < height * 2 // 3
    colours = ((168 + x // 4, 205, 226) if sky else (92, 150 - x // 4, 84) for x in range(width))
    return b"".join(bytes(colour) for colour in colours)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(name: str) -> File:
    """Attach a picture.

    Args:
        name: Of the file.

    Returns:
        The attachment.
    """
    return File(name, "image/png", png())


def paper(name: str, lines: Sequence[str]) -> File:
    """Attach a PDF.

    Args:
        name: Of the file.
        lines: Its text, ASCII.

    Returns:
        The attachment.
    """
    return File(name, "application/pdf", pdf(lines))


def note(name: str, text: str) -> File:
    """Attach a text.

    Args:
        name: Of the file; ``.csv`` makes it a table.
        text: What is in it.

    Returns:
        The attachment.
    """
    kind = "text/csv" if name.endswith(".csv") else "text/plain"
    return File(name, kind, text.replace("\n", "\r\n").encode())
