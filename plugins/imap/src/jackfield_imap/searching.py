"""SEARCH: UIDs of the open folder, all of them or those that match."""

from __future__ import annotations

import re
from array import array
from itertools import pairwise
from typing import TYPE_CHECKING

from imapclient.exceptions import IMAPClientAbortError

from jackfield_imap.failures import Refused, refusals
from jackfield_imap.fetching import uids_of
from jackfield_imap.responses import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imapclient import IMAPClient

WINDOW = 50_000
"""UIDs that an answer may name: imaplib takes lines of a million bytes, a UID may have ten."""

_FAIR = 4
"""A server that writes ranges may leave gaps out."""

_UID = re.compile(rb"\d{1,10}")
_RANGE = re.compile(rb"(\d{1,10})(?::(\d{1,10}))?")
_ALL = re.compile(rb"\bALL ([\d:,]+)")
_ESCAPED = re.compile(r"\\(.)")


def all_uids(client: IMAPClient, count: int) -> array[int]:
    """List the UIDs of the open folder, window by window: a list of all would fill memory.

    Somebody may take mails out between two windows. Then fewer are named than `count`, and the
    caller looks again.

    Args:
        client: With a folder open.
        count: Mails in the folder, as the server says.

    Returns:
        The UIDs, ascending, without doubles.
    """
    if count == 0:
        return array("Q")
    has_ranges, found = client.has_capability("ESEARCH"), array("Q")
    for first in range(1, count + 1, WINDOW):
        last = str(first + WINDOW - 1) if first + WINDOW <= count else "*"
        if has_ranges:
            found += _search(
                client, ["ALL" if first == 1 and last == "*" else f"{first}:{last}"], count
            )
        else:
            found.extend(uids_of(client, f"{first}:{last}"))
    return _sorted(found)


def matching(client: IMAPClient, keys: Sequence[str], count: int) -> array[int]:
    """Find mails of the open folder.

    A server that does not know UTF-8 is asked without the texts that need it, so that it finds
    more and not less.

    Args:
        client: With a folder open.
        keys: As in `jackfield_imap.query.Criteria`.
        count: Mails in the folder, as the server says.

    Returns:
        UIDs, ascending.

    Raises:
        Refused: The server does not search so.
    """
    if count == 0:
        return array("Q")
    try:
        return _within_lines(client, keys, count)
    except Refused:
        if all(key.isascii() for key in keys):
            raise
    return _within_lines(client, ascii_only(keys), count)


def _within_lines(client: IMAPClient, keys: Sequence[str], count: int) -> array[int]:
    asked = list(keys) or ["ALL"]
    if count <= WINDOW:
        return _sorted(_search(client, asked, count))
    uids, found = all_uids(client, count), array("Q")
    for at in range(0, len(uids), WINDOW):
        last = uids[min(at + WINDOW, len(uids)) - 1]
        found += _search(client, ["UID", f"{uids[at]}:{last}", *asked], count)
    return _sorted(found)


def ascii_only(keys: Sequence[str]) -> list[str]:
    """Put everything in the place of what needs a charset.

    Args:
        keys: As in `jackfield_imap.query.Criteria`; there are no texts under a Not.

    Returns:
        Keys that match as much or more.
    """
    found: list[str] = []
    for key in keys:
        if key.isascii():
            found.append(key)
        else:
            found[-1] = "ALL"  # TEXT, FROM ... and its argument
    return found


def _search(client: IMAPClient, keys: Sequence[str], count: int) -> array[int]:
    """Search once; ranges come back where the server can (RFC 4731)."""
    raw = client._imap
    for name in ("SEARCH", "ESEARCH"):
        raw.untagged_responses.pop(name, None)
    before = ["RETURN (ALL)"] if client.has_capability("ESEARCH") else []
    if not all(key.isascii() for key in keys):
        before.append("CHARSET UTF-8")
    with refusals():
        kind, said = _send(client, [*before, *keys])
        client._checkok("SEARCH", kind, said)
    plain, extended = (raw.untagged_responses.pop(name, []) for name in ("SEARCH", "ESEARCH"))
    return _numbers(plain, extended, most=_FAIR * count + WINDOW)


def _numbers(plain: list[bytes | None], extended: list[bytes | None], *, most: int) -> array[int]:
    """Read the UIDs; ``1:4294967295`` is a short word for more than memory can hold.

    Returns:
        UIDs, in any order.

    Raises:
        Malformed: There are many more than there are mails.
    """
    found = array("Q")
    for line in plain:
        found.extend(int(word) for word in (line or b"").split() if _UID.fullmatch(word))
    for line in extended:
        named = _ALL.search(line or b"")
        for one in _RANGE.finditer(named[1] if named else b""):
            low, high = sorted((int(one[1]), int(one[2] or one[1])))
            if len(found) + high - low > most:
                raise Malformed("SEARCH names many more mails than there are")
            found.extend(range(low, high + 1))
    if len(found) > most:
        raise Malformed("SEARCH names many more mails than there are")
    return found


def _send(client: IMAPClient, words: Sequence[str]) -> tuple[str, list[bytes]]:
    """Send UID SEARCH, texts that are not ASCII as literals; imaplib itself can send but one."""
    raw = client._imap
    plus = client.has_capability("LITERAL+")
    tag = raw._new_tag()
    raw.send(tag + b" UID SEARCH")
    try:
        for text, literal in _written(words):
            raw.send(text)
            if literal is not None:
                client._send_literal(tag, literal, plus)
    except IMAPClientAbortError as error:
        if raw.tagged_commands.pop(tag, None) is None:
            raise
        raise Refused(str(error)) from error  # it answered instead of taking the literal
    raw.send(b"\r\n")
    kind, said = raw._command_complete("UID", tag)
    return kind, said


def _written(words: Sequence[str]) -> Iterator[tuple[bytes, bytes | None]]:
    """Give text and the literal behind it, if any; no blank within a parenthesis."""
    text, inside = "", False
    for word in words:
        if not word.isascii():
            yield text.encode("ascii"), _ESCAPED.sub(r"\1", word[1:-1]).encode()
            text = ""
            continue
        text += word if word == ")" or inside else f" {word}"
        inside = word == "("
    yield text.encode("ascii"), None


def _sorted(uids: array[int]) -> array[int]:
    if all(a < b for a, b in pairwise(uids)):  # as servers name them: a copy would cost memory
        return uids
    return array("Q", sorted(set(uids)))
