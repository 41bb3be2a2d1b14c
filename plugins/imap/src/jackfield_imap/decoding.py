"""Transfer encodings, undone piece by piece (RFC 2045, section 6)."""

from __future__ import annotations

import binascii
import re
from typing import Protocol

_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_LONGEST_LINE = 100_000
"""Of quoted-printable text that is held back until its line ends; lines have 76 characters."""


class Decoder(Protocol):
    """Undoes one encoding.

    Attributes:
        is_broken: What came so far, and ended, cannot be the whole.
    """

    is_broken: bool

    def decode(self, some: bytes) -> bytes:
        """Take the next bytes.

        Args:
            some: As they were sent.

        Returns:
            What is surely decoded.
        """

    def end(self) -> bytes:
        """Take the end.

        Returns:
            What was held back.
        """


def decoder_of(encoding: str) -> Decoder | None:
    """Choose a decoder.

    Args:
        encoding: In lower case; empty is taken for none.

    Returns:
        The decoder, or None where nobody knows the encoding.
    """
    if encoding in {"", "7bit", "8bit", "binary"}:
        return _Plain()
    if encoding == "base64":
        return _Base64()
    return _QuotedPrintable() if encoding == "quoted-printable" else None


class _Plain:
    is_broken = False

    def decode(self, some: bytes) -> bytes:
        return some

    def end(self) -> bytes:
        return b""


class _Base64:
    """Four letters make three bytes; whatever is no letter is left out, as readers do.

    Padding ends the file, whatever a mailing list has written behind it.
    """

    def __init__(self) -> None:
        self._held = b""
        self._is_padded = False
        self.is_broken = False

    def decode(self, some: bytes) -> bytes:
        if self._is_padded:
            return b""
        first, *others = some.split(b"=")
        letters = self._held + _NO_BASE64.sub(b"", first)
        for text in others:
            if len(letters) % 4 >= 2:
                self._is_padded = True
                break
            letters += _NO_BASE64.sub(b"", text)
        whole = len(letters) // 4 * 4
        self._held = letters[whole:]
        return binascii.a2b_base64(letters[:whole])

    def end(self) -> bytes:
        held, self._held = self._held, b""
        self.is_broken = len(held) == 1
        return b"" if len(held) < 2 else binascii.a2b_base64(held + b"=" * (4 - len(held)))


class _QuotedPrintable:
    """A line is decoded when it has ended: what stands at its end counts."""

    def __init__(self) -> None:
        self._held = b""
        self.is_broken = False

    def decode(self, some: bytes) -> bytes:
        text = self._held + some
        ends = text.rfind(b"\n") + 1
        if len(text) - ends > _LONGEST_LINE:
            ends = len(text) - 3
            ends -= next((n for n in (1, 2) if text[ends - n : ends - n + 1] == b"="), 0)
        self._held = text[ends:]
        return binascii.a2b_qp(text[:ends])

    def end(self) -> bytes:
        held, self._held = self._held, b""
        return binascii.a2b_qp(held)
