"""What a person types into a search, as a tree."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn

from jackfield.errors import QueryError
from jackfield.query.dates import find_age, find_instant
from jackfield.query.tree import And, Everything, Field, Not, Or, When, Words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from jackfield.query.tree import Query

_LONGEST, _DEEPEST, _MOST = 4_096, 20, 100  # characters, brackets, leaves

_TEXTS = ("from", "to", "cc", "subject")
_LOWERED = ("in", "source")
_SIZES = ("larger", "smaller")
_DAYS: dict[str, Literal["before", "since"]] = {"after": "since", "before": "before"}
_AGES: dict[str, Literal["before", "since"]] = {"newer_than": "since", "older_than": "before"}
_ALIASES = {
    "since": "after",
    "until": "before",
    "type": "kind",
    "older": "older_than",
    "newer": "newer_than",
}
_VALUES = {
    "is": {"read": "read", "unread": "unread", "flagged": "flagged", "unflagged": "unflagged"}
    | {"seen": "read", "unseen": "unread", "starred": "flagged", "unstarred": "unflagged"},
    "has": dict.fromkeys(("attachment", "attachments", "file", "files"), "attachment"),
    "kind": {
        spelling: kind
        for kind in ("email", "message", "note", "meeting")
        for spelling in (kind, f"{kind}s")
    },
}
_NAMES = (*_TEXTS, *_LOWERED, *_VALUES, "account", "thread", *_SIZES, *_DAYS, *_AGES)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}

# Characters that nobody types, that an index keeps for itself, or that UTF-8 cannot write.
_UNWRITTEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\uf8ff]")
_SIZE = re.compile(r"(\d{1,15})([kmg]?)b?", re.ASCII | re.IGNORECASE)
_TOKEN = re.compile(
    r"""
      (?P<blank> \s+ | -(?=[\s)]|\Z) )
    | (?P<phrase> "(?:[^"\\]|\\.)*+" | [“”„](?:[^"“”\\]|\\.)*+["“”] )
    | (?P<unclosed> ["“”„] )
    | (?P<bracket> [()] )
    | (?P<minus> -++(?![\s)]|\Z) )
    | (?P<field> (?![A-Za-z_]:\d)[A-Za-z_]++:(?!//) [^\s()"“”„]*+ )
    | (?P<word> [^\s()"“”„]++ )
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # its group in _TOKEN, or the token itself for brackets, OR, AND; `not`; `end`
    text: str
    at: int


def parse(text: str, *, now: datetime, zone: tzinfo | None) -> Query:
    """Understand a search.

    Args:
        text: What the person typed.
        now: The time, with a zone.
        zone: Where days begin at midnight; None for the machine's.

    Returns:
        The tree; `Everything` for a blank text.

    Raises:
        QueryError: It cannot be understood; its position is where a caret goes.
    """
    if len(text) > _LONGEST:
        raise QueryError(f"a search may have {_LONGEST:,} characters at most", _LONGEST)
    return _Parser(list(_tokens(_UNWRITTEN.sub(" ", text))), now, zone).parse()


def _tokens(text: str) -> Iterator[_Token]:
    for found in _TOKEN.finditer(text):
        kind, written, at = str(found.lastgroup), found[0], found.start()
        if kind == "unclosed":
            raise QueryError("this quotation is never closed", at)
        if kind == "phrase":
            yield _Token(kind, re.sub(r'\\(["\\])', r"\1", written[1:-1]), at)
        elif kind == "bracket" or (kind == "word" and written in {"OR", "AND"}):
            yield _Token(written, written, at)
        elif kind == "minus" or (kind == "word" and written == "NOT"):
            yield _Token("not", written, at)
        elif kind != "blank":
            yield _Token(kind, written, at)
    yield _Token("end", "", len(text))


class _Parser:
    """Recursive descent; a field's name goes down into its brackets."""

    def __init__(self, tokens: list[_Token], now: datetime, zone: tzinfo | None) -> None:
        self._tokens = tokens
        self._now = now
        self._zone = zone
        self._index = 0
        self._depth = 0
        self._leaves = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._index]

    def _take(self) -> _Token:
        self._index += 1
        return self._tokens[self._index - 1]

    def parse(self) -> Query:
        if self._next.kind == "end":
            return Everything()
        found = self._alternatives("")
        if self._next.kind == ")":
            raise QueryError("this bracket closes nothing", self._next.at)
        return found

    def _alternatives(self, field: str) -> Query:
        parts = [self._sequence(field)]
        while self._next.kind == "OR":
            self._take()
            parts.append(self._sequence(field))
        return _joined(Or, parts)

    def _sequence(self, field: str) -> Query:
        parts = [self._term(field)]
        while self._next.kind not in {"OR", ")", "end"}:
            if self._next.kind == "AND":
                self._take()
            parts.append(self._term(field))
        return _joined(And, parts)

    def _term(self, field: str) -> Query:
        negated = False
        while self._next.kind == "not":  # no recursion: there may be thousands
            text = self._take().text
            negated ^= text == "NOT" or len(text) % 2 == 1
        part = self._part(field)
        if not negated:
            return part
        return part.part if isinstance(part, Not) else Not(part)

    def _part(self, field: str) -> Query:
        token = self._next
        if token.kind in {"OR", "AND", ")", "end"}:
            self._miss(token)
        self._take()
        if token.kind == "(":
            return self._group(field, token)
        if token.kind == "field":
            return self._field(field, token)
        return self._leaf(field, token)

    def _miss(self, token: _Token) -> NoReturn:
        before = self._tokens[self._index - 1] if self._index else token
        for each in (token, before):
            if each.kind in {"OR", "AND"}:
                raise QueryError(f"{each.kind} needs something on both sides", each.at)
        if before.kind == "not":
            raise QueryError(f"{before.text} needs something after it", before.at)
        if token.kind == "end":
            raise QueryError("this bracket is never closed", before.at)
        if before.kind == "(":
            raise QueryError("there is nothing in these brackets", before.at)
        raise QueryError("this bracket closes nothing", token.at)

    def _group(self, field: str, opening: _Token) -> Query:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError(f"brackets may be {_DEEPEST} deep at most", opening.at)
        found = self._alternatives(field)
        if self._take().kind != ")":
            raise QueryError("this bracket is never closed", opening.at)
        self._depth -= 1
        return found

    def _field(self, outer: str, token: _Token) -> Query:
        written, _, value = token.text.partition(":")
        name = _known(written, token)
        if outer:
            raise QueryError(f"{written}: cannot stand in the brackets of {outer}:", token.at)
        at = token.at + len(written) + 1
        if value:
            return self._leaf(name, _Token("word", value, at))
        # Only what touches the colon is the value; `from: ana` could mean two things.
        if self._next.at != at or self._next.kind not in {"phrase", "("}:
            raise QueryError(f"{written}: needs a value, with no blank before it", at)
        return self._part(name)

    def _leaf(self, field: str, token: _Token) -> Query:
        self._leaves += 1
        if self._leaves > _MOST:
            raise QueryError(f"a search may have {_MOST} words and fields at most", token.at)
        if field:
            return self._valued(field, token)
        prefix = token.kind == "word" and _is_prefix(token)
        text = token.text[:-1] if prefix else token.text
        _check_searchable(text, token.at)
        return Words(text, prefix=prefix)

    def _valued(self, name: str, token: _Token) -> Query:
        _check_value(name, token)
        value = token.text.lower()
        if name in _VALUES:
            return Field(name, _one_of(name, value, token))
        if name in _SIZES:
            return Field(name, str(_size(name, token)))
        if name in _DAYS or name in _AGES:
            return self._when(name, token)
        return Field(name, value if name in _LOWERED else token.text)

    def _when(self, name: str, token: _Token) -> When:
        wanted = "a number and h, d, w, m or y, such as 2d"
        try:
            if name in _AGES:
                find_age(token.text)
                return When(_AGES[name], find_instant(token.text, self._now, self._zone))
            wanted = "a day such as 2026-01-31, monday or 2d"
            return When(_DAYS[name], find_instant(token.text, self._now, self._zone))
        except ValueError as error:
            raise QueryError(
                f"{name}: needs {wanted}, not '{_short(token.text)}'", token.at
            ) from error


def _joined(kind: type[And | Or], parts: list[Query]) -> Query:
    if len(parts) == 1:
        return parts[0]
    flat: list[Query] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else (part,)
    return kind(tuple(flat))


def _known(written: str, token: _Token) -> str:
    name = _ALIASES.get(written.lower(), written.lower())
    if name in _NAMES:
        return name
    from difflib import get_close_matches

    close = get_close_matches(name, (*_NAMES, *_ALIASES), 1)
    hint = f"did you mean {close[0]}:? " if close else ""
    raise QueryError(
        f"there is no field '{_short(written)}:'; {hint}"
        f'to find the text itself, quote it: "{_short(token.text)}"',
        token.at,
    )


def _is_prefix(token: _Token) -> bool:
    star = token.text.find("*")
    if star < 0:
        return False
    if star < len(token.text) - 1:
        raise QueryError(
            "* is allowed at the end of a word only; to find the sign itself, quote it",
            token.at + star,
        )
    letters = sum(unicodedata.category(each)[0] in "LN" for each in token.text)
    if letters < 3 and not _is_unspaced(token.text[star - 1]):
        raise QueryError("give at least three letters before *", token.at + star)
    return True


def _is_unspaced(letter: str) -> bool:
    # One letter of these scripts is about a syllable or a word.
    scripts = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL"}
    name = unicodedata.name(letter, "").removeprefix("HALFWIDTH ")
    return unicodedata.category(letter)[0] == "L" and name.split(" ")[0] in scripts


def _check_searchable(text: str, at: int) -> None:
    kinds = {unicodedata.category(each) for each in text}
    if not any(kind[0] in "LN" or kind in {"So", "Co"} for kind in kinds):
        raise QueryError(f"nothing to search for in '{_short(text)}'", at)


def _check_value(name: str, token: _Token) -> None:
    if not token.text.strip():
        raise QueryError(f"{name}: needs a value", token.at)
    star = token.text.find("*") if token.kind == "word" else -1
    if star >= 0:
        raise QueryError(
            "* is allowed after words without a field only; to find the sign itself, quote it",
            token.at + star,
        )
    if name in _TEXTS:
        _check_searchable(token.text, token.at)


def _one_of(name: str, value: str, token: _Token) -> str:
    if value not in _VALUES[name]:
        allowed = ", ".join(dict.fromkeys(_VALUES[name].values()))
        raise QueryError(f"{name}: is one of {allowed}; not '{_short(token.text)}'", token.at)
    return _VALUES[name][value]


def _size(name: str, token: _Token) -> int:
    found = _SIZE.fullmatch(token.text)
    size = int(found[1]) * _UNITS[found[2].lower()] if found else 1 << 63
    if size >= 1 << 63:  # more than SQLite's integers hold
        raise QueryError(
            f"{name}: needs a size such as 500, 10k or 5M, not '{_short(token.text)}'", token.at
        )
    return size


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
