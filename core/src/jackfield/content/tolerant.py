"""The tolerant reader: the standard library's parser, and decoding that goes as far as it can."""

from __future__ import annotations

import binascii
import re
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import compat32

from jackfield.content.encoded_words import decode_base64
from jackfield.content.leaves import DEEPEST, MOST_PARTS, Leaf, TooComplexError, make_leaf

_BOUNDARY = re.compile(
    rb'^--(?P<line>[^\r\n]{1,200})|boundary[ \t]*=[ \t\r\n]*"?(?P<name>[^"\s;]{1,200})',
    re.MULTILINE | re.IGNORECASE,
)
_CHUNK = 1 << 20


class _Enclosing(Message):
    """A message that keeps an enclosed one as bytes instead of parsing it.

    So a forwarded mail comes out as it went in, and an onion of them costs nothing.
    """

    def get_content_type(self) -> str:
        """Call an enclosed message opaque.

        Returns:
            The type of the part as far as the parser is concerned.
        """
        kind = super().get_content_type()
        return "application/octet-stream" if kind.startswith("message/") else kind

    def get_content_maintype(self) -> str:
        """Call an enclosed message opaque.

        Returns:
            The first half of the type.
        """
        return self.get_content_type().split("/")[0]


def tolerant_leaves(mail: bytes) -> list[Leaf]:
    """Read the leaf parts of a mail that may be broken.

    Args:
        mail: A mail that begins with its headers.

    Returns:
        The leaves, depth first, in the order of `fast.fast_leaves`.

    Raises:
        TooComplexError: It has over 1,000 parts or 100 levels.
    """
    _measure(mail)
    parser = BytesFeedParser(_factory=_Enclosing, policy=compat32)
    for start in range(0, len(mail), _CHUNK):
        parser.feed(mail[start : start + _CHUNK])
    leaves: list[Leaf] = []
    waiting: list[tuple[Message, int]] = [(parser.close(), 0)]
    choices = 0
    while waiting:
        part, choice = waiting.pop()
        if not part.is_multipart():
            leaves.append(_leaf(part, choice, len(leaves)))
            continue
        if not choice and part.get_content_type() == "multipart/alternative":
            choices += 1
            choice = choices
        children = [each for each in part.get_payload() if isinstance(each, Message)]
        waiting.extend((child, choice) for child in reversed(children))
    return leaves


def _measure(mail: bytes) -> None:
    """Count levels and parts before the parser does, which recurses and takes quadratic time.

    Raises:
        TooComplexError: There are too many.
    """
    open_: list[bytes] = []
    parts = 0
    for found in _BOUNDARY.finditer(mail):
        if found["name"] is not None:
            open_.append(found["name"])
        else:
            line = found["line"].rstrip()
            name = line if line in open_ else line.removesuffix(b"--")
            if name not in open_:
                continue
            parts += 1
            del open_[len(open_) - open_[::-1].index(name) :]
        if len(open_) > DEEPEST:
            raise TooComplexError(f"more than {DEEPEST} levels of parts")
        if parts > MOST_PARTS:
            raise TooComplexError(f"more than {MOST_PARTS} parts")


def _leaf(part: Message, choice: int, index: int) -> Leaf:
    fields: dict[str, str] = {}
    for name, value in part.raw_items():
        raw = str(value).encode("utf-8", "surrogateescape")
        fields.setdefault(name.lower(), raw.decode("utf-8", "surrogateescape"))
    return make_leaf(fields, _content(part, fields), choice, index)


def _content(part: Message, fields: dict[str, str]) -> bytes:
    encoding = re.split(r"[\s;(]", fields.get("content-transfer-encoding", "").strip().lower())[0]
    if "uu" not in encoding:  # the library decodes uuencode well, and everything else less well
        del part["content-transfer-encoding"]
    data = part.get_payload(decode=True)
    raw = data if isinstance(data, bytes) else b""
    if encoding == "base64":
        return decode_base64(raw)
    return _quoted_printable(raw) if encoding == "quoted-printable" else raw


def _quoted_printable(data: bytes) -> bytes:
    """Decode, without the white space that relays add to lines (RFC 2045, section 6.7, rule 3).

    Returns:
        The bytes; broken escapes stay as they are.
    """
    lines = (
        line.rstrip(b" \t\r") + (b"\r" if line.endswith(b"\r") else b"")
        for line in data.split(b"\n")
    )
    return binascii.a2b_qp(b"\n".join(lines))
