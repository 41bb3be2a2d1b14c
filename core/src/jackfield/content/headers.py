"""Header fields of any bytes: found, unfolded and read, never refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Final, NamedTuple

from jackfield.content.encoded_words import decode_text

__all__ = ["Block", "decode_text", "find_block", "message_ids", "parse_date", "read_fields"]

_LONGEST_BLOCK: Final = 1 << 20
_MOST_FIELDS: Final = 1_000
_MOST_IDS: Final = 1_000

# A byte order mark, empty lines, and the envelope line of an mbox (RFC 4155).
_PREFIX = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n)*(?:>?From [^\n]*\n)?(?:\xef\xbb\xbf)?")
_END = re.compile(rb"\n\r?\n|\A\r?\n")
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,256})([ \t]*):((?s:.*))")
_NEXT_FIELD = re.compile(rb"\n(?![ \t])")
_CORE = re.compile(
    rb"\n(?:from|to|cc|subject|date|message-id|received|mime-version|content-type|"
    rb"content-transfer-encoding|return-path|reply-to|x-[a-z-]+)[ \t]*:",
    re.IGNORECASE,
)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_ID = re.compile(r"<([^<>]*)>")
_MINUTES_A_DAY = 24 * 60


class Block(NamedTuple):
    """The header block of a mail.

    Attributes:
        lines: The unfolded fields, without line ends.
        body: Offset of the body in the bytes that were searched.
        clean: The mail begins with the block and nothing in it had to be skipped.
    """

    lines: list[bytes]
    body: int
    clean: bool


def find_block(raw: bytes) -> Block:
    """Find the header block, at most 1 MiB and 1,000 fields of it.

    A byte order mark, empty lines and an mbox line before it are skipped; so are lines that are
    no fields where known fields follow. Otherwise such a line begins the body, as RFC 5322,
    section 2.1, has it for lack of anything better.

    Args:
        raw: The mail, or its beginning, with any line ends.

    Returns:
        The block; empty where there is none.
    """
    prefix = _PREFIX.match(raw)
    start = prefix.end() if prefix else 0
    block = raw[start : start + _LONGEST_BLOCK]
    if b"\r" in block and b"\n" not in block:
        block = block.replace(b"\r", b"\n")
    end = _END.search(block)
    stop = end.start() if end else len(block)
    body = end.end() if end else len(block)
    lines, used = _fields(block[:stop])
    whole = used >= stop
    return Block(lines, start + (body if whole else used), start == 0 and whole and used == stop)


def _fields(block: bytes) -> tuple[list[bytes], int]:
    """Split a block into fields.

    Returns:
        The fields, and the offset where the body begins; the block's length where every line
        is a field, more than that where lines were skipped.
    """
    lines: list[bytes] = []
    offset, mended, last_core = 0, 0, -1
    folded = b"\n " in block or b"\n\t" in block
    for line in _NEXT_FIELD.split(block) if folded else block.split(b"\n"):
        if field := _FIELD.match(line):
            mended |= bool(field[2])
            text = field[1] + b":" + field[3] if field[2] else line
            lines.append((_FOLD.sub(b"", text) if b"\n" in text else text).rstrip(b"\r"))
        elif line.strip():
            if last_core < 0:
                last_core = max((m.start() for m in _CORE.finditer(block)), default=0)
            if last_core < offset:
                return lines[:_MOST_FIELDS], offset
            mended = 1
        offset += len(line) + 1
    return lines[:_MOST_FIELDS], len(block) + mended


def read_fields(block: Block) -> dict[str, list[bytes]]:
    """Sort fields by their name.

    Args:
        block: From `find_block`.

    Returns:
        Names in lower case, and the raw values in the order of the mail.
    """
    fields: dict[str, list[bytes]] = {}
    for line in block.lines:
        name, _, value = line.partition(b":")
        fields.setdefault(name.rstrip().decode("ascii", "replace").lower(), []).append(
            value.strip(b" \t\r\n")
        )
    return fields


def message_ids(value: bytes | str) -> tuple[str, ...]:
    """Read Message-ID, In-Reply-To or References (RFC 5322, section 3.6.4).

    Args:
        value: The raw value.

    Returns:
        What stands in angle brackets, with them and without white space around; else the words
        with an ``@``, or the whole value. At most 1,000.
    """
    text = decode_text(value)[: 1 << 16]
    found = [f"<{each.strip()}>" for each in _ID.findall(text) if each.strip()]
    plausible = [each for each in found if "@" in each] or found
    if not plausible:
        plausible = [word for word in text.split() if "@" in word]
    if not plausible and text:
        plausible = [" ".join(text.split())]
    return tuple(dict.fromkeys(plausible[:_MOST_IDS]))


def parse_date(value: bytes | str) -> datetime | None:
    """Read a Date header (RFC 5322, sections 3.3 and 4.3), with obsolete zones and short years.

    Args:
        value: The raw value.

    Returns:
        An aware time in the zone of the sender, UTC where none is given; None for garbage and
        for what is no time in UTC.
    """
    text = decode_text(value)[:200]
    try:
        found = parsedate_tz(text)
        if found is None:
            return _iso_date(text)
        year, month, day, hour, minute, second = found[:6]
        minutes = (found[9] or 0) // 60
        if abs(minutes) >= _MINUTES_A_DAY:
            return None
        zone = timezone(timedelta(minutes=minutes)) if minutes else UTC
        date = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
        date.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError, AttributeError, LookupError):
        return None
    return date


def _iso_date(text: str) -> datetime | None:
    date = datetime.fromisoformat(text)
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    date.astimezone(UTC)
    return date
