"""A mail's bytes to a `ParsedMail`, whatever they are.

Three readers are tried: the fast one, the tolerant one, and at last the headers alone. All hand
over the same leaf parts in the same order, so that an attachment's index means the same part
whichever of them read the mail.
"""

from __future__ import annotations

import html as entities
import re
from typing import TYPE_CHECKING

from jackfield.content.addresses import parse_addresses
from jackfield.content.authentication import read_authentication
from jackfield.content.charsets import decode
from jackfield.content.fast import fast_leaves
from jackfield.content.flowed import unfold
from jackfield.content.headers import decode_text, find_block, message_ids, parse_date, read_fields
from jackfield.content.html import MOST_CHARACTERS, html_to_text, sanitise
from jackfield.content.leaves import Leaf, TooComplexError
from jackfield.content.mail import ParsedMail
from jackfield.content.tolerant import tolerant_leaves

if TYPE_CHECKING:
    from jackfield.content.headers import Block
    from jackfield.content.mail import Tier

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_URL = re.compile(r"<\s*((?:https?|mailto):[^>\s]+)\s*>", re.IGNORECASE)
_FATAL = (KeyboardInterrupt, MemoryError, SystemExit, GeneratorExit, ImportError)
_BULK = frozenset({"bulk", "list", "junk"})


def parse_mail(raw: bytes) -> ParsedMail:
    """Read a mail. Never raises for any bytes.

    Args:
        raw: The original bytes.

    Returns:
        The mail; `tier` says which reader succeeded, `problem` what went wrong.

    Raises:
        ImportError: A library of the extra ``mail`` is not installed.
    """
    block = find_block(raw)
    tier, leaves, problem = _leaves(raw, block)
    body = [leaf for leaf in leaves if leaf.is_body]
    texts = {leaf.index: _decoded(leaf) for leaf in body}
    if problem is None and any(len(text) > MOST_CHARACTERS for text in texts.values()):
        problem = "a text of more than 2 MiB, of which HTML is cut"
    return _with_headers(
        block,
        tier=tier,
        problem=problem,
        text=_text(body, texts),
        html=_html(body, texts),
        calendar=next((x.content for x in leaves if x.media_type == "text/calendar"), None),
        attachments=tuple(leaf.part for leaf in leaves if not leaf.is_body),
    )


def parse_headers(raw: bytes) -> ParsedMail:
    """Read the headers of a mail. Never raises for any bytes.

    Args:
        raw: A header block, with or without a body behind it.

    Returns:
        The mail without text and attachments, of the tier ``headers``.
    """
    return _with_headers(find_block(raw), tier="headers")


def extract_part(raw: bytes, index: int) -> bytes:
    """Get an attachment's bytes.

    Args:
        raw: The original bytes of the mail.
        index: `Part.index`.

    Returns:
        The decoded bytes.

    Raises:
        IndexError: The mail has no such part.
        ImportError: A library of the extra ``mail`` is not installed.
    """
    _, leaves, _ = _leaves(raw, find_block(raw))
    if not 0 <= index < len(leaves):
        raise IndexError(f"the mail has {len(leaves)} parts, none with index {index}")
    return leaves[index].content


def _leaves(raw: bytes, block: Block) -> tuple[Tier, list[Leaf], str | None]:
    mail = raw if block.clean else b"\n".join([*block.lines, b"", raw[block.body :]])
    try:
        return "fast", fast_leaves(mail), None
    except TooComplexError as error:
        return "stub", [], str(error)
    except BaseException as error:  # noqa: BLE001  a panic in Rust is no Exception
        _reraise_fatal(error)
    try:
        return "tolerant", tolerant_leaves(mail), None
    except TooComplexError as error:
        return "stub", [], str(error)
    except Exception as error:  # noqa: BLE001  RecursionError, and the parser's own faults
        return "stub", [], f"{type(error).__name__} in the body"


def _reraise_fatal(error: BaseException) -> None:
    if isinstance(error, _FATAL):
        raise error


def _decoded(leaf: Leaf) -> str:
    charset = leaf.charset
    if charset is None and leaf.media_type == "text/html":
        found = _META_CHARSET.search(leaf.content[:2048])
        charset = found[1].decode("ascii") if found else None
    text = decode(leaf.content, charset)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unfold(text, joins_words=leaf.flowed == "delsp") if leaf.flowed else text


def _groups(body: list[Leaf]) -> list[list[Leaf]]:
    """Put the renderings of one thing together.

    Returns:
        For each multipart/alternative its leaves, for every other leaf a group of its own.
    """
    groups: dict[tuple[int, int], list[Leaf]] = {}
    for leaf in body:
        key = (leaf.choice, 0) if leaf.choice else (0, leaf.index)
        groups.setdefault(key, []).append(leaf)
    return list(groups.values())


def _text(body: list[Leaf], texts: dict[int, str]) -> str:
    found: list[str] = []
    for group in _groups(body):
        plain = [texts[x.index] for x in group if x.media_type == "text/plain"]
        if any(text.strip() for text in plain):
            found.extend(text.strip("\n") for text in plain if text.strip())
        else:
            found.extend(html_to_text(texts[x.index]) for x in group if x.media_type == "text/html")
    return "\n\n".join(text for text in found if text)


def _html(body: list[Leaf], texts: dict[int, str]) -> str | None:
    if not any(leaf.media_type == "text/html" for leaf in body):
        return None
    found: list[str] = []
    for group in _groups(body):
        html = [texts[x.index] for x in group if x.media_type == "text/html"]
        if html:
            found.extend(sanitise(text).strip() for text in html)
        else:
            found.extend(f"<pre>{entities.escape(texts[x.index])}</pre>" for x in group)
    return "\n".join(found)


def _with_headers(block: Block, *, tier: Tier, **body: object) -> ParsedMail:
    fields = read_fields(block)

    def first(name: str) -> bytes:
        return next(iter(fields.get(name, ())), b"")

    from_ = parse_addresses(fields.get("from", ()))
    sender = from_ or parse_addresses(fields.get("sender", ()))
    ids = message_ids(first("message-id"))
    answered = message_ids(first("in-reply-to"))
    return ParsedMail(
        subject=decode_text(first("subject")),
        sender=sender[0] if sender else None,
        from_=from_,
        reply_to=parse_addresses(fields.get("reply-to", ())),
        to=parse_addresses(fields.get("to", ())),
        cc=parse_addresses(fields.get("cc", ())),
        bcc=parse_addresses(fields.get("bcc", ())),
        date=parse_date(first("date")),
        message_id=ids[0] if ids else None,
        in_reply_to=answered[0] if answered else None,
        references=message_ids(first("references")),
        auth=read_authentication(block),
        is_bulk=_is_bulk(fields),
        unsubscribe=_unsubscribe(fields),
        tier=tier,
        **body,  # type: ignore[arg-type]
    )


def _is_bulk(fields: dict[str, list[bytes]]) -> bool:
    """Tell mail that a list or a machine sent (RFC 2919, RFC 2369, RFC 3834).

    So do Feedback-ID, which only mass senders write, and MS-OXCMAIL's X-Auto-Response-Suppress.

    Returns:
        True for such mail.
    """
    if not fields.keys().isdisjoint({"list-id", "list-unsubscribe", "feedback-id"}):
        return True
    precedence = {decode_text(value).lower() for value in fields.get("precedence", ())}
    automatic = [decode_text(value).lower() for value in fields.get("auto-submitted", ())]
    if precedence & _BULK or any(not each.startswith("no") for each in automatic if each):
        return True
    suppressed = " ".join(map(decode_text, fields.get("x-auto-response-suppress", ()))).lower()
    return any(word in suppressed for word in ("all", "oof", "autoreply"))


def _unsubscribe(fields: dict[str, list[bytes]]) -> str | None:
    found = _URL.findall(" ".join(map(decode_text, fields.get("list-unsubscribe", ()))))
    for scheme in ("https:", "http:", "mailto:"):
        for url in found:
            if url.lower().startswith(scheme):
                return str(url)
    return None
