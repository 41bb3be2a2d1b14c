"""What a browser would fetch for some HTML, by the standard library alone."""

from __future__ import annotations

from html.parser import HTMLParser

_LINKS = frozenset({"https", "http", "mailto"})
_FETCHED = frozenset({
    "src", "srcset", "background", "poster", "data", "action", "formaction", "lowsrc", "dynsrc",
    "longdesc", "manifest", "ping", "codebase", "classid", "archive", "profile", "style", "icon",
    "xlink:href", "usemap", "imagesrcset", "http-equiv", "srcdoc",
})  # fmt: skip
_ELEMENTS = frozenset({
    "script", "style", "link", "meta", "base", "form", "input", "button", "svg", "math", "iframe",
    "frame", "object", "embed", "applet", "video", "audio", "source", "track", "image", "template",
})  # fmt: skip


class Fetching(HTMLParser):
    """Collects every element and attribute that fetches, runs, or leads to no safe address."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in _ELEMENTS:
            self.found.append(tag)
        for name, value in attrs:
            text = (value or "").strip().lower()
            scheme = text.partition(":")[0]
            own = name == "src" and tag == "img" and scheme == "cid"
            unsafe_link = name in {"href", "cite"} and scheme not in _LINKS
            if (name in _FETCHED and not own) or name.startswith("on") or unsafe_link:
                self.found.append(f"{tag} {name}={text[:80]}")
            elif name == "href" and tag != "a":
                self.found.append(f"{tag} href")


def fetched(html: str) -> list[str]:
    """Name what the HTML would fetch or run.

    Args:
        html: As an item has it.

    Returns:
        Elements and attributes; none where it is harmless.
    """
    parser = Fetching()
    parser.feed(html)
    parser.close()
    return parser.found
