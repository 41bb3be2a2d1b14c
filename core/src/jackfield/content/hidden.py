"""HTML elements that no reader sees: a place for words that only machines shall read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_LONGEST_STYLE: Final = 4_000
_COMMENT = re.compile(r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/")
_ZERO = re.compile(r"[-+]?0*(?:\.0*)?(?:[a-z]{1,4}|%)?")
_SIGNS = re.compile(
    r"\bhidden\b|(?:display|visibility|opacity|font-size|max-height)(?:\s|/\*.{0,50}?\*/)*:",
    re.IGNORECASE,
)


def may_hide(html: str) -> bool:
    """Tell whether it is worth looking for hidden elements.

    Args:
        html: Any HTML.

    Returns:
        False where nothing in it can hide anything by its own attributes.
    """
    return _SIGNS.search(html) is not None


def drop_hidden(tree: LexborHTMLParser) -> None:
    """Take out what its own attributes hide.

    That is ``hidden``, ``display:none``, ``visibility:hidden``, ``opacity:0``, a font of size 0
    and a box of height 0 that cuts what overflows. Rules of style sheets are not followed. Nor is
    ``mso-hide``: it hides from one program the buttons that all others show.

    Args:
        tree: Parsed HTML; changed in place.
    """
    for node in reversed(tree.css("[style], [hidden]")):  # children first: a parent frees them
        style = _declarations((node.attributes.get("style") or "")[:_LONGEST_STYLE])
        if "hidden" in node.attributes or _hides(style):
            node.decompose()
        elif _is_zero(style.get("font-size")):
            _drop_unsized(node)


def _declarations(style: str) -> dict[str, str]:
    """Read a style attribute; the last of equal properties wins, as in a browser."""
    found: dict[str, str] = {}
    for each in _COMMENT.sub("", style).lower().split(";"):
        name, _, value = each.partition(":")
        found[name.strip()] = value.replace("!important", "").strip()
    return found


def _hides(style: dict[str, str]) -> bool:
    return (
        style.get("display") == "none"
        or style.get("visibility") in {"hidden", "collapse"}
        or _is_zero(style.get("opacity"))
        or (_is_zero(style.get("max-height")) and style.get("overflow") == "hidden")
    )


def _is_zero(value: str | None) -> bool:
    return value is not None and "0" in value and _ZERO.fullmatch(value) is not None


def _drop_unsized(node: LexborNode) -> None:
    """Drop the words of a font of size 0; elements within may have a size of their own."""
    for child in list(node.iter(include_text=True)):
        if child.tag == "-text" or not _has_size(child):
            child.decompose()


def _has_size(node: LexborNode) -> bool:
    sized = '[style*="font"], font[size]'
    return node.css_matches(sized) or node.css_first(sized) is not None
