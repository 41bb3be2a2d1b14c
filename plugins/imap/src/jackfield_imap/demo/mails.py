"""The demo mailbox: a small company's week, and the year before it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from jackfield_imap.demo.compose import compose
from jackfield_imap.demo.generated import Press
from jackfield_imap.demo.hostile import hostile_mail
from jackfield_imap.demo.letters import Cast
from jackfield_imap.demo.mailbox import Mailbox
from jackfield_imap.demo.when import moment
from jackfield_imap.demo.written import Desk, read_data

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

ADDRESS = "me@acme.example"
NAME = "Robin Hale"

_FOLDERS = (("Archive", "\\Archive"), ("Sent", "\\Sent"), ("Trash", "\\Trash"))


class _Arrival(NamedTuple):
    """A mail on its way into a folder."""

    at: datetime
    folder: str
    raw: bytes
    flags: frozenset[str]


def build_mailbox(now: datetime) -> Mailbox:
    """Make the demo mailbox; the same now gives the same bytes.

    Args:
        now: Aware; the newest mail is of that morning.

    Returns:
        A mailbox with four folders and some 230 mails, a fifth of them unread.

    Raises:
        ValueError: The time has no zone.
    """
    if now.tzinfo is None:
        raise ValueError("the demo mailbox needs a now with a time zone")
    mailbox = Mailbox(uidvalidity=int(now.timestamp()))
    for name, special_use in _FOLDERS:
        mailbox.create(name, special_use)
    gaps = random.Random(7)  # noqa: S311  no secret hangs on it
    for arrival in sorted(_arrivals(now), key=lambda arrival: arrival.at):
        folder = mailbox[arrival.folder]
        folder.uidnext += gaps.choice((0, 0, 0, 1, 4))  # as if others had been deleted
        folder.append(arrival.raw, arrival.at, arrival.flags)
    return mailbox


def _arrivals(now: datetime) -> Iterable[_Arrival]:
    data = read_data("mails.toml")
    cast = Cast(data["cast"])
    letters = Desk(data["mail"], cast, now).letters()
    letters += Press(cast, now).letters(read_data("templates.toml"))
    for letter in letters:
        yield _Arrival(letter.at, letter.folder, compose(letter), letter.flags)
    at = moment(now, 1, "23:58")
    yield _Arrival(at, "INBOX", hostile_mail(at), frozenset())
