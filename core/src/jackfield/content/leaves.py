"""The leaf parts of a mail, as both readers hand them over, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from jackfield.content.encoded_words import decode_text
from jackfield.content.headers import find_block, read_fields
from jackfield.content.mail import Part
from jackfield.content.parameters import media_type, parse_value

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_PARTS: Final = 1_000
DEEPEST: Final = 100


class TooComplexError(Exception):
    """The mail has more levels or parts than anybody writes in earnest."""


class UnsureError(Exception):
    """The fast reader gave something that the tolerant one should look at."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part without children; an enclosed mail is one.

    Attributes:
        media_type: In lower case.
        charset: As the mail names it.
        disposition: ``inline``, ``attachment`` or whatever was sent; empty where nothing was.
        name: The decoded file name, or empty.
        content_id: Without brackets.
        content: The decoded bytes.
        choice: Number of the multipart/alternative that it is in; 0 for none.
        index: Position among the leaves, depth first.
        flowed: ``flowed`` where lines that end with a space go on (RFC 3676), ``delsp`` where that
            space is no part of the text.
    """

    media_type: str
    charset: str | None
    disposition: str
    name: str
    content_id: str | None
    content: bytes
    choice: int
    index: int
    flowed: Literal["", "flowed", "delsp"] = ""

    @property
    def is_body(self) -> bool:
        """It is shown as the mail's text."""
        if self.media_type not in {"text/plain", "text/html"} or self.disposition == "attachment":
            return False
        return not self.name or self.index == 0

    @property
    def part(self) -> Part:
        """The attachment that it is."""
        name = self.name
        if not name and self.media_type == "message/rfc822":
            name = _enclosed_name(self.content)
        inline = self.disposition == "inline" or (
            self.content_id is not None and self.disposition != "attachment"
        )
        return Part(name, self.media_type, len(self.content), inline, self.content_id, self.index)


def make_leaf(fields: Mapping[str, str], content: bytes, choice: int, index: int) -> Leaf:
    """Make a leaf of a part's headers.

    Args:
        fields: Values of content-type, content-disposition and content-id, where present.
        content: The decoded bytes.
        choice: Number of the enclosing multipart/alternative, or 0.
        index: Position among the leaves.

    Returns:
        The leaf.
    """
    kind, parameters = parse_value(fields.get("content-type", ""))
    kind = "text/plain" if kind.startswith("multipart/") else kind  # a container without parts
    disposition, more = parse_value(fields.get("content-disposition", ""))
    content_id = decode_text(fields.get("content-id", "")).strip("<> \t")
    charset = parameters.get("charset", "").split(" ", 1)[0]
    return Leaf(
        media_type=media_type(kind),
        charset=charset or None,
        disposition=disposition,
        name=more.get("filename") or parameters.get("name", ""),
        content_id=content_id or None,
        content=content,
        choice=choice,
        index=index,
        flowed=_flowed(parameters) if kind == "text/plain" else "",
    )


def _flowed(parameters: Mapping[str, str]) -> Literal["", "flowed", "delsp"]:
    if parameters.get("format", "").lower() != "flowed":
        return ""
    return "delsp" if parameters.get("delsp", "").lower() == "yes" else "flowed"


def _enclosed_name(mail: bytes) -> str:
    fields = read_fields(find_block(mail))
    subject = decode_text(fields.get("subject", [b""])[0])
    return f"{subject or 'message'}.eml"
