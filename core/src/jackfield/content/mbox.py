"""The mbox form of a mail, from which the very bytes can be read back (mboxrd).

A line of ``>`` and then ``From `` gets one more ``>``. A blank line parts two mails; a mail that
does not end with CRLF gets a bare line feed before it (after a bare CR two), which no other mail
has there.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

_FROM = re.compile(rb"^(>*From )", re.MULTILINE)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def mbox_message(original: bytes, sender: str, when: datetime) -> bytes:
    """Write a mail as a part of an mbox.

    Args:
        original: Its bytes.
        sender: Its sender's address, for the line that begins it.
        when: Its time.

    Returns:
        The part.
    """
    name = "".join(c for c in sender if c.isprintable() and not c.isspace()) or "MAILER-DAEMON"
    day = time.asctime(when.utctimetuple())
    end = b"" if original.endswith(b"\r\n") else b"\n\n" if original.endswith(b"\r") else b"\n"
    return f"From {name} {day}\n".encode() + _FROM.sub(rb">\1", original) + end + b"\n"


def read_mbox(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Read the mails of an mbox that `mbox_message` wrote.

    Args:
        lines: The file's lines, with their ends.

    Yields:
        Each mail's bytes.
    """
    mail: list[bytes] = []
    for line in lines:
        if line.startswith(b"From "):
            yield from _whole(mail)
            mail = []
        mail.append(line)
    yield from _whole(mail)


def _whole(mail: list[bytes]) -> Iterator[bytes]:
    if not mail:
        return
    text = b"".join(mail[1:]).removesuffix(b"\n")
    if text.endswith(b"\r\n\n"):
        text = text.removesuffix(b"\n\n")
    elif not text.endswith(b"\r\n"):
        text = text.removesuffix(b"\n")
    yield _QUOTED.sub(rb"\1", text)
