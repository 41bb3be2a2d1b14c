"""What a search finds, at a real Dovecot and at servers that can do less."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.errors import ProviderError
from jackfield.query.tree import And, Everything, Field, Not, Or, Query, When, Words
from jackfield.requests import SearchRequest
from jackfield_imap import searching
from jackfield_imap.demo import build_mailbox, demo
from jackfield_imap.demo import messages as demo_messages
from jackfield_imap.demo.tokens import CommandError
from jackfield_imap.query import Criteria, translate
from plugins.imap.tests.mirrored import letter, opened
from plugins.imap.tests.test_query import (
    ALL,
    BEFORE,
    BUDGET,
    EAST,
    NOTE,
    SINCE,
    TABLE,
    UNREAD,
    WEST,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from jackfield.batches import Batch, Entry
    from jackfield_imap import ImapConnector
    from plugins.imap.tests.conftest import Wire
    from tests.peers.fixtures import DovecotAccount

queries = st.recursive(
    st.sampled_from([each for each, _, _ in TABLE]),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, max_size=3).map(lambda q: And(tuple(q))),
        st.lists(inner, max_size=3).map(lambda q: Or(tuple(q))),
    ),
    max_leaves=8,
)


@dataclass(frozen=True)
class Mail:
    """A delivered mail, as a naive reader sees it."""

    subject: str
    body: str = "hello"
    sender: str = "Ana <ana@acme.example>"
    to: str = "me@acme.example"
    cc: str = ""
    flags: str = ""
    when: datetime = datetime(2026, 6, 1, tzinfo=UTC)

    @property
    def raw(self) -> bytes:
        headers = {"From": self.sender, "To": self.to} | ({"Cc": self.cc} if self.cc else {})
        return letter(self.subject, body=self.body, **headers)


MAILS = [
    Mail("budget for q3", "the report"),
    Mail("q3", "budgetary report", flags="S"),
    Mail("lunch?", "Bob pays", to="Bob <bob@b.example>", flags="F"),
    Mail("Re: lunch", "no budget", sender="Bob <bob@b.example>", cc="me@acme.example", flags="FS"),
    Mail("long", "lunch " * 2000, flags="S"),
    Mail("Size", "die größe und GRÖSSE und große", sender="A <a@b.example>"),
    Mail("kaigi", "明日の会議room です", flags="F"),
    *(
        Mail(f"day {zone} {hours}", when=when + timedelta(hours=hours))
        for zone in (EAST, WEST, UTC)
        for when in (SINCE.instant.astimezone(zone), BEFORE.instant.astimezone(zone))
        for hours in (-30, -1, 0, 1, 30)
    ),
]


def tokens(text: str) -> str:
    folded = unicodedata.normalize("NFD", text.lower())
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    words = re.findall(r"[^\W_]+", bare)
    return f" {' '.join(words)} "


def matches(query: Query, mail: Mail) -> bool:
    match query:
        case Everything():
            return True
        case Words(text, prefix):
            everything = f"{mail.subject} . {mail.sender} . {mail.to} . {mail.cc} . {mail.body}"
            return tokens(text).rstrip(" " if prefix else "") in tokens(everything)
        case When(order, instant):
            return (mail.when >= instant) is (order == "since")
        case Not(part):
            return not matches(part, mail)
        case And(parts):
            return all(matches(part, mail) for part in parts)
        case Or(parts):
            return any(matches(part, mail) for part in parts)
        case Field(name, value):
            return field_matches(name, value, mail)


def field_matches(name: str, value: str, mail: Mail) -> bool:
    texts = {"from": mail.sender, "to": mail.to, "cc": mail.cc, "subject": mail.subject}
    if name in texts:
        value = "me@acme.example" if value.lower() == "me" and name != "cc" else value
        return tokens(value) in tokens(texts[name])
    seen, starred = "S" in mail.flags, "F" in mail.flags
    states = {"unread": not seen, "read": seen, "flagged": starred, "unflagged": not starred}
    if name == "is":
        return states[value]
    if name in {"larger", "smaller"}:
        size = len(mail.raw)
        return size > int(value) if name == "larger" else size < int(value)
    return {"kind": value == "email", "source": value == "imap"}.get(name, False)


async def hits(connector: ImapConnector, query: Query, **options: Any) -> list[Entry]:
    request = SearchRequest(
        "email", query, connector.translate(query), **({"limit": 500} | options)
    )
    found: list[Batch] = []
    await collect(connector.search(request), found)
    return [entry for batch in found for entry in batch.items]


async def collect(batches: AsyncIterator[Batch], found: list[Batch]) -> None:
    async for batch in batches:
        found += [batch]  # also where an error follows


async def test_dovecot_finds_at_least_what_matches(mailbox: DovecotAccount, wire: Wire) -> None:
    for mail in MAILS:
        mailbox.deliver("INBOX", mail.raw, flags=mail.flags, when=mail.when)
    async with opened(mailbox.environment()) as connector:
        for query, asked, residue in TABLE:
            wire.clear()
            found = {entry.item.subject for entry in await hits(connector, query)}  # type: ignore[attr-defined]
            expected = {mail.subject for mail in MAILS if matches(query, mail)}
            assert found >= expected, query
            assert residue != ALL or found == expected, query
            assert searches(wire)[:1] == ([] if asked is None else [written(asked)]), query


def searches(wire: Wire) -> list[str]:
    """Each search with its literals on one line."""
    text = "\n".join(wire.lines)
    text = re.sub(r"\{\d+\+\}\n", "", text)
    return [line for line in text.split("\n") if line.startswith("UID SEARCH")]


def written(asked: str) -> str:
    """A text that is not ASCII goes as a literal, without quotes."""
    charset = "" if asked.isascii() else "CHARSET UTF-8 "
    bare = re.sub(r'"([^"]*[^\x00-\x7f][^"]*)"', r"\1", asked)
    return f"UID SEARCH RETURN (ALL) {charset}{bare}"


async def test_a_server_that_can_do_little_finds_the_same(
    plain_mailbox: DovecotAccount, wire: Wire
) -> None:
    plain_mailbox.deliver("INBOX", MAILS[5].raw)
    plain_mailbox.deliver("Archive", MAILS[0].raw)
    async with opened(plain_mailbox.environment()) as connector:
        (found,) = await hits(connector, And((Words("größe"), UNREAD)))
        assert found.item.subject == "Size"  # type: ignore[attr-defined]
        assert "UID SEARCH CHARSET UTF-8 OR TEXT {7}" in wire.lines
        assert "größe TEXT {6}" in wire.lines
        assert len(await hits(connector, UNREAD)) == 2


async def test_hits_are_the_newest_over_all_folders_and_bounded(mailbox: DovecotAccount) -> None:
    folders = ("INBOX", "Archive", "Sent", "Drafts", "Work", "Junk", "Trash")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(140):
        name, when = folders[number % 7], start + timedelta(hours=number)
        mailbox.deliver(name, letter(f"{name} {number}"), when=when)
    async with opened(mailbox.environment()) as connector:
        request = SearchRequest("email", ALL, connector.translate(ALL), limit=60)
        batches: list[Batch] = []
        await collect(connector.search(request), batches)
        found = [entry for batch in batches for entry in batch.items]
        assert [len(batch.items) for batch in batches] == [50, 10]
        assert {entry.level for entry in found} == {"headers"}
        wanted = [start + timedelta(hours=n) for n in reversed(range(140)) if n % 7 < 5]
        assert [entry.received for entry in found] == wanted[:60]
        rest = await hits(connector, ALL, before=found[-1].received)
        assert [entry.received for entry in rest] == wanted[60:]
        named = await hits(connector, And((Field("in", "trash"), ALL)))
        assert {entry.ref.collection for entry in named} == set(folders)
        without = await hits(connector, Not(Field("in", "trash")))
        assert {entry.ref.collection for entry in without} == set(folders[:5])


async def test_a_folder_that_cannot_be_opened_is_named_after_all_hits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mailbox = build_mailbox(datetime.now(UTC))
    async with demo(mailbox) as environment, opened(environment) as connector:
        everything = len(await hits(connector, ALL))
        find = mailbox.__class__.__contains__
        monkeypatch.setattr(
            mailbox.__class__,
            "__contains__",
            lambda self, name: name != "Archive" and find(self, name),
        )
        request = SearchRequest("email", ALL, connector.translate(ALL), limit=500)
        found: list[Batch] = []
        with pytest.raises(ProviderError, match="could not be searched: Archive"):
            await collect(connector.search(request), found)
        assert sum(len(batch.items) for batch in found) == everything - len(
            mailbox.folders["Archive"].mails
        )
        monkeypatch.undo()
        assert len(await hits(connector, ALL)) == everything


async def test_a_server_without_utf_8_is_asked_without_those_texts(
    monkeypatch: pytest.MonkeyPatch, wire: Wire
) -> None:
    search = demo_messages.VERBS["SEARCH"]

    async def old_fashioned(session: Any, command: Any) -> str:
        if command.args[0] == b"CHARSET":
            raise CommandError("NO", "[BADCHARSET (US-ASCII)] Speak English")
        return await search(session, command)

    monkeypatch.setitem(demo_messages.VERBS, "SEARCH", old_fashioned)
    async with demo() as environment, opened(environment) as connector:
        unread = await hits(connector, UNREAD)
        found = await hits(connector, And((Words("größe"), UNREAD)))
        assert {entry.ref for entry in found} <= {entry.ref for entry in unread}
        assert found
        assert "UID SEARCH OR ALL ALL UNSEEN" in wire.lines


async def test_an_answer_that_is_too_long_for_a_line_is_asked_for_in_parts(
    monkeypatch: pytest.MonkeyPatch, wire: Wire
) -> None:
    monkeypatch.setattr(searching, "WINDOW", 40)
    async with demo() as environment, opened(environment) as connector:
        everything = await hits(connector, ALL)
        unread = await hits(connector, UNREAD)
        assert {e.ref for e in unread} == {e.ref for e in everything if e.item.unread}
        assert [line for line in wire.lines if re.fullmatch(r"UID SEARCH UID \d+:\d+ UNSEEN", line)]


async def test_whole_mails_can_be_got_while_searches_wait() -> None:
    async with demo() as environment, opened(environment) as connector:
        request = SearchRequest("email", ALL, connector.translate(ALL), limit=120)
        searches = [connector.search(request) for _ in range(3)]
        async with asyncio.timeout(10):
            for each in searches:
                batch = await anext(each)
                (whole,) = await connector.get([batch.items[0].ref], "full")
                assert whole.level == "full"
        for each in searches:
            await each.aclose()  # type: ignore[attr-defined]


async def test_nothing_is_asked_where_nothing_can_match(wire: Wire) -> None:
    async with demo() as environment, opened(environment) as connector:
        wire.clear()
        assert await hits(connector, And((BUDGET, NOTE))) == []
        assert wire.lines == []


@given(queries)
def test_an_exact_translation_leaves_nothing(query: Query) -> None:
    made = translate(query)
    assert made.exact is (made.residue == ALL)
    for mail in MAILS[:8]:
        if matches(query, mail):
            assert cast("Criteria", made.native).keys is not None
            assert matches(made.residue, mail)
