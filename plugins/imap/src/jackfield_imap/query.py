"""A search as IMAP's SEARCH keys (RFC 9051, section 6.4.4). Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from jackfield.query.tree import And, Everything, Field, Not, Or, Query, Translation, When, Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

_HEADERS = {"from": ("FROM",), "to": ("TO", "BCC"), "cc": ("CC",), "subject": ("SUBJECT",)}
_FLAGS = {"unread": "UNSEEN", "read": "SEEN", "flagged": "FLAGGED", "unflagged": "UNFLAGGED"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Letters that are written without spaces stand for themselves beside letters that are not.
_UNSPACED = (
    "\u1100-\u11ff\u3005-\u3007\u3041-\u30ff\u3105-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
_WORD = re.compile(f"[{_UNSPACED}]+|[^\\W_{_UNSPACED}]+")

_MOST_WORDS = 10
_LONGEST_WORD = 100
_LARGEST = 2**32 - 1
"""RFC 3501 knows numbers of 32 bits."""

_LONGEST = 4000
"""Characters of a command; a longer search finds everything and is checked here."""

_NOTHING_LEFT = Everything()
_Terms = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Criteria:
    """What SEARCH is asked.

    Attributes:
        keys: Search keys, their arguments and parentheses; a text is in quotes and may be
            other than ASCII. Empty for every mail, None where no mail can match.
    """

    keys: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the tree: search keys that must all match (None: nothing does), and the rest."""

    terms: _Terms | None = ()
    residue: Query = _NOTHING_LEFT

    @property
    def is_exact(self) -> bool:
        return self.residue == _NOTHING_LEFT


def translate(query: Query) -> Translation:
    """Put a query into SEARCH keys that match at least as much.

    IMAP finds texts within words where Jackfield finds whole words, so a text narrows and its
    leaf is checked again; under a Not it cannot even narrow.

    Args:
        query: What was asked.

    Returns:
        `Criteria`, and what is left to check.
    """
    part = _part(query)
    if part.terms is None:
        return Translation(Criteria(None), _NOTHING_LEFT, exact=True)
    keys = tuple(key for term in part.terms for key in term)
    if sum(len(key) + 1 for key in keys) > _LONGEST:
        return Translation(Criteria(), query, exact=False)
    return Translation(Criteria(keys), part.residue, exact=part.is_exact)


def _part(query: Query) -> _Part:
    match query:
        case Everything():
            return _Part()
        case Words(text):
            return _Part(_texts(("TEXT",), text), query)
        case When():
            return _Part(_date(query), query)
        case Field():
            return _field(query)
        case Not(part):
            return _not(query, part)
        case And(parts):
            return _and([_part(each) for each in parts])
        case Or(parts):
            return _or(query, [_part(each) for each in parts])


def _and(parts: list[_Part]) -> _Part:
    if any(part.terms is None for part in parts):
        return _Part(None)
    rest = tuple(part.residue for part in parts if not part.is_exact)
    terms = tuple(term for part in parts for term in part.terms or ())
    residue = And(rest) if len(rest) > 1 else next(iter(rest), _NOTHING_LEFT)
    return _Part(terms, residue)


def _or(query: Query, parts: list[_Part]) -> _Part:
    """Join what may match; a part that does not narrow takes the whole with it."""
    possible = [part for part in parts if part.terms is not None]
    if not possible:
        return _Part(None)
    open_ended = [part for part in possible if not part.terms]
    if open_ended:
        return _Part((), _NOTHING_LEFT if any(part.is_exact for part in open_ended) else query)
    joined = _either([_one_term(part.terms or ()) for part in possible])
    residue = _NOTHING_LEFT if all(part.is_exact for part in possible) else query
    return _Part((joined,), residue)


def _one_term(terms: _Terms) -> tuple[str, ...]:
    return terms[0] if len(terms) == 1 else ("(", *(key for term in terms for key in term), ")")


def _not(query: Query, part: Query) -> _Part:
    match part:
        case Not(inner):
            return _part(inner)
        case And(parts):
            return _part(Or(tuple(Not(each) for each in parts)))
        case Or(parts):
            return _part(And(tuple(Not(each) for each in parts)))
    found = _part(part)
    if not found.is_exact:
        return _Part((), query)
    if not found.terms:
        return _Part(() if found.terms is None else None)
    return _Part((("NOT", *_one_term(found.terms)),))


def _field(query: Field) -> _Part:
    name, value = query.name, query.value
    if name in _HEADERS and not (name in {"from", "to"} and value.lower() == "me"):
        return _Part(_texts(_HEADERS[name], value), query)
    if name == "is" and value in _FLAGS:
        return _Part(((_FLAGS[value],),))
    if name == "kind":
        return _Part(() if value == "email" else None)
    if name in {"larger", "smaller"} and value.isascii() and value.isdigit():
        exact = int(value) <= _LARGEST
        return _Part(((name.upper(), value),)) if exact else _Part((), query)
    return _Part((), query)


def _texts(keys: tuple[str, ...], text: str) -> _Terms:
    words = _WORD.findall(unicodedata.normalize("NFC", text))
    found = dict.fromkeys(word[:_LONGEST_WORD] for word in words)
    return tuple(_text(keys, word) for word in list(found)[:_MOST_WORDS])


def _text(keys: tuple[str, ...], word: str) -> tuple[str, ...]:
    """Ask for a word; one with accents also without them, which count for nothing here."""
    apart = unicodedata.normalize("NFD", word)
    bare = unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))
    forms = dict.fromkeys((word, bare or word))
    return _either([(key, quoted(form)) for key in keys for form in forms])


def _either(terms: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Join by OR, which takes two."""
    *others, joined = terms
    for term in reversed(others):
        joined = ("OR", *term, *joined)
    return joined


def quoted(text: str) -> str:
    """Write a quoted string.

    Args:
        text: Any; what may not be on the wire is left out.

    Returns:
        The string in quotes.
    """
    clean = text.translate({0: None, 10: None, 13: None})
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _date(when: When) -> _Terms:
    """Widen by a day: servers count days in zones of their own, from -12 to +14 hours."""
    since = when.order == "since"
    try:
        day = when.instant.astimezone(UTC).date() + timedelta(days=-1 if since else 2)
    except OverflowError:
        return ()
    return (("SINCE" if since else "BEFORE", search_date(day)),)


def since_day(instant: datetime) -> tuple[str, ...]:
    """Ask for what came since an instant, and for a day more.

    Args:
        instant: A time with a zone.

    Returns:
        Search keys.
    """
    return tuple(key for term in _date(When("since", instant)) for key in term)


def before_day(instant: datetime) -> tuple[str, ...]:
    """Ask for what came before an instant, and for a day more.

    Args:
        instant: A time with a zone.

    Returns:
        Search keys.
    """
    return tuple(key for term in _date(When("before", instant)) for key in term)


def search_date(day: date) -> str:
    """Write a day; the months are English whatever the machine speaks.

    Args:
        day: Which.

    Returns:
        As ``1-Feb-2026``.
    """
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year:04d}"


def names_folders(query: Query) -> bool:
    """Tell whether a query asks for folders by name or role: then no folder is left out.

    Args:
        query: What was asked.

    Returns:
        True with an ``in:`` that is not under a Not.
    """
    match query:
        case Field(name="in"):
            return True
        case And(parts) | Or(parts):
            return any(names_folders(each) for each in parts)
        case Not(Not(inner)):
            return names_folders(inner)
    return False
