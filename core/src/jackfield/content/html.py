"""Strangers' HTML: made harmless, and turned into text. nh3 (ammonia) does the reading."""

from __future__ import annotations

import html
import re

import nh3

MAX_HTML = 2 * 1024 * 1024
"""Characters that are looked at; the rest is cut off, with a notice."""

CUT = "\n[cut: the original is longer]"

_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr",
    "ul",
})  # fmt: skip
_HIDDEN = frozenset({"script", "style", "title", "head", "noscript", "template"})
_BREAK = re.compile(rf"</?(?:{'|'.join(sorted(_BLOCKS))})\s*/?>")
_CELL = re.compile(r"</?t[dh]\s*/?>")
_BLANKS = re.compile(r"[ \t\f\r\n\xa0]+")


def sanitise(source: str) -> str:
    """Keep what can be shown without running or fetching anything.

    Args:
        source: A stranger's HTML.

    Returns:
        HTML without scripts, styles and event handlers; images only from the mail itself
        (``cid:``); links to http, https and mailto, which name nobody and open nothing.
    """
    cut = CUT if len(source) > MAX_HTML else ""
    return (
        nh3.clean(
            source[:MAX_HTML],
            clean_content_tags=set(_HIDDEN) - {"head", "noscript", "template"},
            attribute_filter=_only_own_images,
            url_schemes={"http", "https", "mailto", "cid"},
            link_rel="noopener noreferrer nofollow",
        )
        + cut
    )


def _only_own_images(tag: str, attribute: str, value: str) -> str | None:
    fetches = tag in {"img", "audio", "video", "source", "input"} or attribute in {
        "background",
        "srcset",
        "poster",
        "longdesc",
        "cite",
    }
    if fetches and attribute in {"src", "srcset", "background", "poster", "longdesc", "cite"}:
        return value if attribute == "src" and value.lower().startswith("cid:") else None
    return value


def to_text(source: str) -> str:
    """Read the words of HTML.

    Args:
        source: A stranger's HTML.

    Returns:
        Its text; blocks begin new lines, nothing hidden is in it.
    """
    cut = CUT if len(source) > MAX_HTML else ""
    bare = nh3.clean(
        source[:MAX_HTML],
        tags=set(_BLOCKS) | {"td", "th"},
        clean_content_tags=set(_HIDDEN),
        attributes={},
    )
    flowing = _BLANKS.sub(" ", bare.replace("&nbsp;", " "))
    broken = _BREAK.sub("\n", _CELL.sub(" ", flowing))
    lines = [line.strip() for line in html.unescape(broken).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + cut
