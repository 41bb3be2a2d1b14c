"""What the receiving server found out about the sender, and nobody else's word for it.

Anybody can write Authentication-Results into a mail (RFC 8601, section 7.1). Whoever passes a mail
on puts Received and what belongs to it on top (RFC 5321, section 4.4), so all that stands above the
first Received is from the last server, the reader's own. Below it only one is believed: Google
writes its results under its Received lines, always, above all that came from outside.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from jackfield.content.encoded_words import decode_text
from jackfield.models.email import MailAuthentication

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jackfield.content.headers import Block

_LONGEST: Final = 8_000
_GOOGLE: Final = "mx.google.com"
_BY_GOOGLE = re.compile(
    r"(?:.{0,2000}\s)?by\s+(?:2002:a05:[0-9a-f:]+|mx\.google\.com)[\s;]", re.IGNORECASE
)
_COMMENT = re.compile(r"\([^()]*\)|\"[^\"]*\"")
_RESULT = re.compile(r"\s*([a-z-]+)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)\b", re.IGNORECASE)
_RESULTS = frozenset({
    "none", "pass", "fail", "softfail", "policy", "neutral", "temperror", "permerror",
})  # fmt: skip


def read_authentication(block: Block) -> MailAuthentication:
    """Read the results of SPF, DKIM and DMARC (RFC 8601, section 2.2; RFC 7208, section 9.1).

    Args:
        block: The headers.

    Returns:
        What the reader's own server found; None each where it does not say.
    """
    trusted = list(_trusted(block.lines))
    said = [_results(value) for name, value in trusted if name == "authentication-results"]
    found: dict[str, str] = {}
    for method, result in (pair for results in said for pair in results):
        if result == "pass" or method not in found:  # one good signature of several is enough
            found[method] = result
    spf = next((value for name, value in trusted if name == "received-spf"), "")
    return MailAuthentication(
        spf=found.get("spf") or _known(spf.split(" ", 1)[0]),
        dkim=found.get("dkim"),
        dmarc=found.get("dmarc"),
    )


def vouches(found: MailAuthentication) -> bool | None:
    """Say whether the sender's address is the sender's.

    Only DMARC tells, since only it compares with From (RFC 7489, section 3.1).

    Args:
        found: From `read_authentication`.

    Returns:
        True or False where DMARC passed or failed, None where the server says neither.
    """
    return {"pass": True, "fail": False}.get(found.dmarc or "")


def _trusted(lines: Iterable[bytes]) -> Iterable[tuple[str, str]]:
    """Give the fields of the reader's own server, up to the first that may be another's."""
    google = False
    for line in lines:
        name, _, raw = line.partition(b":")
        field = name.rstrip().decode("ascii", "replace").lower()
        if field not in {"received", "received-spf", "authentication-results"}:
            continue
        value = decode_text(raw[:_LONGEST])
        if field == "received":
            google = _BY_GOOGLE.match(value) is not None
            if not google:
                return
        elif not google:
            yield field, value
        elif field == "authentication-results":
            if _words(value).split(";", 1)[0].split()[:1] == [_GOOGLE]:
                yield field, value
            return


def _words(value: str) -> str:
    """Leave out comments and quoted strings, which may hold what looks like a result."""
    for _ in range(5):
        value, count = _COMMENT.subn(" ", value)
        if not count:
            break
    return value


def _results(value: str) -> list[tuple[str, str]]:
    found = [_RESULT.match(each) for each in _words(value).split(";")]
    pairs = [(each[1].lower(), _known(each[2])) for each in found if each]
    return [(method, result) for method, result in pairs if result is not None]


def _known(result: str) -> str | None:
    return result.lower() if result.lower() in _RESULTS else None
