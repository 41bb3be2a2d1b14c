"""SEARCH: criteria into predicates (RFC 9051, section 6.4.4)."""

from __future__ import annotations

from datetime import date
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from jackfield_imap.demo.fetch import MONTHS
from jackfield_imap.demo.parts import read_mail
from jackfield_imap.demo.readable import body_text, header_text
from jackfield_imap.demo.sequence import is_set, read_set
from jackfield_imap.demo.tokens import DEPTH, CommandError, word

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jackfield_imap.demo.mailbox import StoredMail
    from jackfield_imap.demo.tokens import Value

Test: TypeAlias = "Callable[[Candidate], bool]"


class Candidate(NamedTuple):
    """A mail that may be a hit, and its sequence number."""

    number: int
    mail: StoredMail


_CHARSETS = {"UTF-8", "US-ASCII", "ASCII"}
_FLAGS = {
    key: f"\\{key.capitalize()}" for key in ("SEEN", "ANSWERED", "FLAGGED", "DELETED", "DRAFT")
}
_HEADERS = {"FROM", "TO", "CC", "BCC", "SUBJECT"}
_DATES = {"ON", "SINCE", "BEFORE", "SENTON", "SENTSINCE", "SENTBEFORE"}
_CONSTANT = {"ALL": True, "OLD": True, "NEW": False, "RECENT": False}


def read_criteria(args: Sequence[Value], last: int, last_uid: int) -> Test:
    """Read the arguments of SEARCH.

    Args:
        args: All of them.
        last: The number of the last message.
        last_uid: Its UID.

    Returns:
        A function that tells whether a candidate is a hit.

    Raises:
        CommandError: A key is unknown, or the charset is.
    """
    if args and isinstance(args[0], bytes) and args[0].upper() == b"CHARSET":
        charset = word(args, 1).decode("ascii", "replace").upper()
        if charset not in _CHARSETS:
            raise CommandError("NO", "[BADCHARSET (US-ASCII UTF-8)] Unknown charset")
        args = args[2:]
    if not args:
        raise CommandError("BAD", "SEARCH for nothing")
    return _Criteria(args, last, last_uid).every()


class _Criteria:
    """Reads search keys one after the other; several together mean all of them."""

    def __init__(self, args: Sequence[Value], last: int, last_uid: int, depth: int = 0) -> None:
        self._args = args
        self._last = last
        self._last_uid = last_uid
        self._depth = depth
        self._at = 0

    def every(self) -> Test:
        tests: list[Test] = []
        while self._at < len(self._args):
            tests.append(self._one())
        return lambda it: all(test(it) for test in tests)

    def _one(self, level: int = 0) -> Test:
        value = self._args[self._at] if self._at < len(self._args) else b""
        if self._depth + level > DEPTH:
            raise CommandError("BAD", "Too many levels")
        if isinstance(value, list):
            self._at += 1
            inner = self._depth + level + 1
            return _Criteria(value, self._last, self._last_uid, inner).every()
        key = self._word().upper()
        if key == "NOT":
            negated = self._one(level + 1)
            return lambda it: not negated(it)
        if key == "OR":
            left, right = self._one(level + 1), self._one(level + 1)
            return lambda it: left(it) or right(it)
        return self._flag(key) or self._text(key) or self._number(key)

    def _flag(self, key: str) -> Test | None:
        if key in _CONSTANT:
            return lambda _: _CONSTANT[key]
        if key in {"KEYWORD", "UNKEYWORD"}:
            flag = self._word().casefold()
            return lambda it: (flag in {f.casefold() for f in it.mail.flags}) == (key[0] == "K")
        if (set_ := _FLAGS.get(key)) is not None:
            return lambda it: set_ in it.mail.flags
        unset = _FLAGS.get(key.removeprefix("UN"))
        return (lambda it: unset not in it.mail.flags) if unset else None

    def _text(self, key: str) -> Test | None:
        if key in _HEADERS or key == "HEADER":
            name = (self._word() if key == "HEADER" else key).lower()
            text = self._word().casefold()
            return lambda it: _in_header(it.mail.raw, name, text)
        if key not in {"BODY", "TEXT"}:
            return None
        text = self._word().casefold()
        if key == "BODY":
            return lambda it: text in body_text(it.mail.raw)
        return lambda it: text in header_text(it.mail.raw, "") or text in body_text(it.mail.raw)

    def _number(self, key: str) -> Test:
        if key in _DATES:
            return _date_test(key, read_date(self._word()))
        if key in {"LARGER", "SMALLER", "MODSEQ"}:
            bound = _integer(self._word())
            if key == "MODSEQ":
                return lambda it: it.mail.modseq >= bound
            return lambda it: (
                (len(it.mail.raw) > bound) if key[0] == "L" else len(it.mail.raw) < bound
            )
        if key == "UID":
            uids = read_set(self._word().encode(), self._last_uid)
            return lambda it: it.mail.uid in uids
        if is_set(key.encode("utf-8")):
            numbers = read_set(key.encode(), self._last)
            return lambda it: it.number in numbers
        raise CommandError("BAD", "Unknown search key")

    def _word(self) -> str:
        value = word(self._args, self._at)
        self._at += 1
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CommandError("BAD", "Not in the charset") from error


def _in_header(raw: bytes, name: str, text: str) -> bool:
    """Match a header; an empty text asks only that the field is there."""
    if not text:
        return read_mail(raw).value(name) is not None
    return text in header_text(raw, name)


def _date_test(key: str, day: date) -> Test:
    when = _sent if key.startswith("SENT") else _arrived
    kind = key.removeprefix("SENT")

    def test(it: Candidate) -> bool:
        of = when(it.mail)
        if of is None:
            return False
        return of >= day if kind == "SINCE" else of < day if kind == "BEFORE" else of == day

    return test


def _arrived(mail: StoredMail) -> date:
    return mail.internaldate.date()


def _sent(mail: StoredMail) -> date | None:
    try:
        return parsedate_to_datetime(read_mail(mail.raw).value("date") or "").date()
    except ValueError:
        return None


def _integer(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise CommandError("BAD", "A number is expected")
    return int(text)


def read_date(text: str) -> date:
    """Read a date such as ``23-Nov-2026``.

    Args:
        text: As on the wire.

    Returns:
        The day.

    Raises:
        CommandError: It is none.
    """
    day, _, rest = text.strip().partition("-")
    month, _, year = rest.partition("-")
    try:
        return date(int(year), MONTHS.index(month.capitalize()) + 1, int(day))
    except (ValueError, OverflowError) as error:
        raise CommandError("BAD", "A date is expected, such as 23-Nov-2026") from error
