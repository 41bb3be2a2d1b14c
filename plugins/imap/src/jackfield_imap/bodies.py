"""The commands that fetch mails, whole or in parts, with PEEK always."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jackfield_imap.failures import Refused
from jackfield_imap.fetching import INDEX, fetch, gather, uid_sets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imapclient import IMAPClient

    from jackfield_imap.responses import Value

HEADERS = "UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER]"
PLAIN_HEADERS = "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]"
WHOLE = "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[]"

_CONTENT = {HEADERS: b"BODY[HEADER]", WHOLE: b"BODY[]"}

_LATER = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|THROTTLED|OVERQUOTA)\]", re.IGNORECASE)


def by_uids(
    client: IMAPClient, uids: Iterable[int], what: str, *, counted: bool
) -> list[dict[bytes, Value]]:
    """Fetch mails of the open folder.

    Args:
        client: With a folder open.
        uids: Which.
        what: `HEADERS` or `WHOLE`.
        counted: With the number of the latest change (`Opened.modseq`).

    Returns:
        Those that are still there, in any order; one whose structure the server garbles comes
        without it, and one that it refuses does not come.

    Raises:
        Refused: It gives none of several, or says that it will later.
    """
    wanted = set(uids)
    found: dict[int, dict[bytes, Value]] = {}
    more = " MODSEQ" if counted else ""
    refused = [_gather_what_comes(found, client, s, what + more) for s in uid_sets(sorted(wanted))]
    content = _CONTENT[what]
    simpler = (PLAIN_HEADERS if what == HEADERS else what) + more
    for uid in sorted(wanted - {uid for uid, said in found.items() if content in said}):
        refused += [_gather_what_comes(found, client, str(uid), simpler)]
    came = [said for uid, said in found.items() if uid in wanted and content in said]
    error = next((each for each in refused if each is not None), None)
    if error is not None and not came and len(wanted) > 1:
        raise error
    return came


def _gather_what_comes(
    found: dict[int, dict[bytes, Value]], client: IMAPClient, some: str, what: str
) -> Refused | None:
    """Fetch, and take a no for an answer: one mail at fault must not keep the others away.

    Returns:
        The refusal, if there was one.

    Raises:
        Refused: The server will give it later.
    """
    try:
        gather(found, fetch(client, some, what))
    except Refused as error:
        if _LATER.search(str(error)):
            raise
        return error
    return None


def start_of(client: IMAPClient, uid: int, size: int, *, counted: bool) -> dict[bytes, Value]:
    """Fetch all that is said of a mail of the open folder, and the start of its headers.

    Args:
        client: With a folder open.
        uid: Of the mail.
        size: Bytes of the headers, at the most.
        counted: With the number of the latest change.

    Returns:
        As by `by_uids` with `HEADERS`; empty where the mail is gone.
    """
    partial = f"BODY.PEEK[HEADER]<0.{size}>" + (" MODSEQ" if counted else "")
    found: dict[int, dict[bytes, Value]] = {}
    for what in (f"{INDEX} BODYSTRUCTURE {partial}", f"{INDEX} {partial}"):
        gather(found, fetch(client, str(uid), what))
        header = found.get(uid, {}).pop(b"BODY[HEADER]<0>", None)
        if header is not None:
            return found[uid] | {b"BODY[HEADER]": header}
    return {}


def sections(client: IMAPClient, uid: int, names: Sequence[str], size: int) -> dict[str, bytes]:
    """Fetch the starts of some parts of a mail of the open folder.

    Args:
        client: With a folder open.
        uid: Of the mail.
        names: Numbers of parts, such as ``1.2``, or ``TEXT``.
        size: Bytes of each, at the most.

    Returns:
        Names to bytes as they were sent; what the server does not have is left out.
    """
    found: dict[int, dict[bytes, Value]] = {}
    what = " ".join(f"BODY.PEEK[{name}]<0.{size}>" for name in names)
    gather(found, fetch(client, str(uid), f"UID {what}"))
    said = found.get(uid, {})
    values = {name: said.get(f"BODY[{name}]<0>".encode()) for name in names}
    return {name: value for name, value in values.items() if isinstance(value, bytes)}


def piece(client: IMAPClient, uid: int, section: str, at: int, size: int) -> bytes | None:
    """Fetch some bytes of a part of a mail of the open folder.

    Args:
        client: With a folder open.
        uid: Of the mail.
        section: The part's number, such as ``1.2``.
        at: The first byte.
        size: How many, at the most.

    Returns:
        Bytes as they were sent, none behind the end; all of the part where the server does not
        know pieces; None where it has no such part.
    """
    found: dict[int, dict[bytes, Value]] = {}
    gather(found, fetch(client, str(uid), f"UID BODY.PEEK[{section}]<{at}.{size}>"))
    said = found.get(uid, {})
    whole = said.get(f"BODY[{section}]".encode()) if at == 0 else b""
    value = said.get(f"BODY[{section}]<{at}>".encode(), whole)
    return value if isinstance(value, bytes) else None


def length(client: IMAPClient, uid: int, section: str) -> int | None:
    """Fetch a part of a mail of the open folder as one piece, and count it.

    Args:
        client: With a folder open.
        uid: Of the mail.
        section: The part's number.

    Returns:
        Bytes as they were sent; None where there is no such part.
    """
    found: dict[int, dict[bytes, Value]] = {}
    gather(found, fetch(client, str(uid), f"UID BODY.PEEK[{section}]"))
    value = found.get(uid, {}).get(f"BODY[{section}]".encode())
    return len(value) if isinstance(value, bytes) else None
