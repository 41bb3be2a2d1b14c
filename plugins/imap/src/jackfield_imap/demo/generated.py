"""What fills the mailbox: `templates.toml` into letters, by a seeded generator."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from jackfield_imap.demo.attachments import paper
from jackfield_imap.demo.letters import Letter
from jackfield_imap.demo.mailbox import SEEN
from jackfield_imap.demo.when import fill, moment
from jackfield_imap.demo.written import read_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from jackfield_imap.demo.letters import Cast

ARCHIVED_AFTER = timedelta(days=60)

_UNREAD = ((timedelta(days=7), 0.9), (timedelta(days=30), 0.75), (timedelta(days=60), 0.6))
"""Up to which age a mail is unread with which chance."""


class Press:
    """Prints letters from templates, the same ones for the same now.

    Args:
        cast: Who writes.
        now: Aware.
    """

    def __init__(self, cast: Cast, now: datetime) -> None:
        self._cast = cast
        self._now = now
        self._random = random.Random(20260214)  # noqa: S311  no secret hangs on it

    def letters(self, data: Mapping[str, Any]) -> list[Letter]:
        """Print them all.

        Args:
            data: What is in `templates.toml`.

        Returns:
            The letters.
        """
        printed = [letter for series in data["series"] for letter in self._series(series)]
        for conversation in data["conversation"]:
            for number, topic in enumerate(conversation["topics"], 1):
                printed += self._conversation(
                    conversation, f"{conversation['name']}-{number}", topic
                )
        return [self._filed(letter) for letter in printed]

    def _series(self, series: Mapping[str, Any]) -> Iterator[Letter]:
        items: Sequence[Mapping[str, str]] = series["items"]
        for turn in range(series["count"]):
            number, item = series["number"] - turn, items[turn % len(items)]
            at = moment(self._now, series["start"] + turn * series["every"], series["at"])
            text = fill(item["text"], at, n=number)
            name = f"{series['name']}-{number}"
            pages = [fill(line, at, n=number) for line in series.get("pdf", ())]
            yield Letter(
                key=name,
                sender=self._cast[series["from"]],
                to=(self._cast[series.get("to", "me")],),
                subject=fill(item["subject"], at, n=number),
                at=at + timedelta(seconds=self._random.randrange(600)),
                text=text,
                html=fill(series.get("html", ""), at, n=number, text=text),
                folder=series.get("folder", "INBOX"),
                headers=series.get("headers", {}),
                files=(paper(f"{name}.pdf", pages),) if pages else (),
                digest=read_digest(series, self._cast, at, name),
            )

    def _conversation(
        self, conversation: Mapping[str, Any], key: str, topic: str
    ) -> Iterator[Letter]:
        at = self._beginning(*conversation["days"])
        serial, last = self._random.randrange(100, 1000), None
        for number, turn in enumerate(conversation["turns"]):
            at += timedelta(hours=turn["hours"], minutes=self._random.randrange(1, 25))
            mine = turn["from"] == "me"
            other, me = self._cast[conversation["with"]], self._cast["me"]
            subject = turn.get("subject", "").replace("{topic}", topic)
            letter = Letter(
                key=f"{key}.{number}",
                sender=me if mine else other,
                to=(other if mine else me,),
                subject=subject if last is None else f"Re: {last.subject.removeprefix('Re: ')}",
                at=at,
                text=fill(turn["text"], at, topic=topic, serial=serial),
                folder="Sent" if mine else "INBOX",
                charset=other.charset,
                reply_to=last,
                flags=self._answered(conversation["turns"], number),
            )
            yield letter
            last = letter

    def _beginning(self, newest: int, oldest: int) -> datetime:
        """Choose when a conversation begins: in office hours, the recent past more often."""
        days = newest + int((oldest - newest) * self._random.random() ** 1.5)
        hour, minute = self._random.randrange(8, 16), self._random.randrange(60)
        return moment(self._now, days, f"{hour:02d}:{minute:02d}")

    @staticmethod
    def _answered(turns: Sequence[Mapping[str, Any]], number: int) -> frozenset[str]:
        followed = number + 1 < len(turns)
        return frozenset({SEEN, "\\Answered"} if followed and turns[number]["from"] != "me" else ())

    def _filed(self, letter: Letter) -> Letter:
        """Put an old letter into the archive, and mark most as read."""
        age = self._now - letter.at
        chance = next((chance for limit, chance in _UNREAD if age < limit), 0.06)
        unread = self._random.random() < chance and letter.folder in {"INBOX", "Archive"}
        flags = letter.flags if unread else letter.flags | {SEEN}
        old = letter.folder == "INBOX" and age > ARCHIVED_AFTER
        return replace(letter, flags=flags, folder="Archive" if old else letter.folder)
