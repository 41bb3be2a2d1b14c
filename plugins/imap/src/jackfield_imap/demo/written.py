"""The hand-written mails: `mails.toml` into letters."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

from jackfield_imap.demo.attachments import note, paper, picture
from jackfield_imap.demo.compose import compose
from jackfield_imap.demo.letters import Bounce, Cast, File, Letter, Meeting
from jackfield_imap.demo.mailbox import SEEN
from jackfield_imap.demo.when import fill, moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime


def read_data(name: str) -> dict[str, Any]:
    """Read a data file of this package.

    Args:
        name: Such as ``mails.toml``.

    Returns:
        What is in it.
    """
    text = resources.files("jackfield_imap.demo").joinpath(name).read_text("utf-8")
    return tomllib.loads(text)


class Desk:
    """Writes the letters of `mails.toml`, each after those that it needs.

    Args:
        entries: The tables ``[[mail]]``.
        cast: Who writes.
        now: Aware.
    """

    def __init__(self, entries: Sequence[dict[str, Any]], cast: Cast, now: datetime) -> None:
        self._entries = {entry["key"]: entry for entry in entries}
        self._cast = cast
        self._now = now
        self._letters: dict[str, Letter] = {}

    def letters(self) -> list[Letter]:
        """Write them all.

        Returns:
            Those that lie in a folder; ``none`` is for what only lies within another mail.
        """
        every = [self.letter(key) for key in self._entries]
        return [letter for letter in every if letter.folder != "none"]

    def letter(self, key: str) -> Letter:
        """Write one, if it is not written yet.

        Args:
            key: Its name in the data.

        Returns:
            The letter.
        """
        if key not in self._letters:
            self._letters[key] = self._write(self._entries[key])
        return self._letters[key]

    def _write(self, entry: Mapping[str, Any]) -> Letter:
        at = moment(self._now, entry["day"], entry["at"])
        at += timedelta(seconds=len(entry["subject"]) % 60)
        folder = entry.get("folder", "INBOX")
        read = frozenset({SEEN}) if entry.get("read", True) else frozenset()
        return Letter(
            key=entry["key"],
            sender=self._cast[entry["from"]],
            to=tuple(self._cast[who] for who in entry["to"]),
            cc=tuple(self._cast[who] for who in entry.get("cc", ())),
            subject=fill(entry["subject"], at),
            at=at,
            text=fill(entry.get("text", ""), at).strip(),
            html=entry.get("html", "").strip(),
            folder=folder,
            flags=read | frozenset(entry.get("flags", ())),
            charset=entry.get("charset", ""),
            reply_to=self.letter(entry["reply"]) if "reply" in entry else None,
            quote=entry.get("quote", False),
            headers=entry.get("headers", {}),
            files=tuple(self._file(file) for file in entry.get("attach", ())),
            meeting=_meeting(entry.get("meeting"), at),
            digest=read_digest(entry, self._cast, at),
            bounce=self._bounce(entry.get("bounce")),
        )

    def _file(self, entry: Mapping[str, Any]) -> File:
        name = entry["name"]
        if "mail" in entry:
            return File(name, "message/rfc822", compose(self.letter(entry["mail"])))
        if "pdf" in entry:
            return paper(name, entry["pdf"])
        return note(name, entry["text"]) if "text" in entry else picture(name)

    def _bounce(self, entry: Mapping[str, str] | None) -> Bounce | None:
        if entry is None:
            return None
        original = compose(self.letter(entry["original"]))
        return Bounce(entry["recipient"], entry["status"], original)


def _meeting(entry: Mapping[str, Any] | None, at: datetime) -> Meeting | None:
    if entry is None:
        return None
    start = moment(at, -entry["days"], entry["at"])
    return Meeting(entry["uid"], start, entry["minutes"], entry["place"])


def read_digest(
    entry: Mapping[str, Any], cast: Cast, at: datetime, key: str = ""
) -> tuple[Letter, ...]:
    """Write the letters that a digest collects.

    Args:
        entry: With ``digest``, or without.
        cast: Who writes.
        at: The time of the digest.
        key: Of the digest, by default the entry's.

    Returns:
        The letters, each some hours older than the digest.
    """
    items: Iterable[Mapping[str, str]] = entry.get("digest", ())
    return tuple(
        Letter(
            key=f"{key or entry['key']}.{number}",
            sender=cast[item["from"]],
            to=(cast["list"],),
            subject=item["subject"],
            at=at - timedelta(hours=9, minutes=-47 * number),
            text=item["text"],
        )
        for number, item in enumerate(items, 1)
    )
