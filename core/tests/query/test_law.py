"""The law of search: store, evaluator and a naive loop give the same answer."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.batches import Batch, Collection, Entry, Keys, Ref
from jackfield.models import Attachment, Contact, SourceType, UnifiedEmail
from jackfield.query.evaluating import matching
from jackfield.query.parser import parse
from jackfield.query.tree import And, Everything, Field, Not, Or, When, Words
from jackfield.store import reading, rounds
from jackfield.store.database import commit
from jackfield.store.files import open_file
from jackfield.store.searching import Search, count, search

if TYPE_CHECKING:
    import sqlite3

    from jackfield.query.tree import Query

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ME = "me@acme.example"
ACCOUNTS = {"imap:default": ME, "gmail:work": "work@acme.example"}
FOLDERS = {"INBOX": "inbox", "Archive": "", "Junk": "spam"}

# One word each, so that a naive loop can cut them: letters and digits, lower case, no accents.
WORDS = ("budget", "budgets", "forecast", "q3", "report", "ana", "lunch", "invoice42")
PEOPLE = ("ana@acme.example", "bo@acme.example", ME, "work@acme.example")


def make_mail(number: int, **fields: Any) -> tuple[str, str, Entry]:
    """A mail as a dictionary says it; account and folder come beside."""
    account, folder = fields.pop("account"), fields.pop("folder")
    people = {name: tuple(map(Contact.mail, fields.pop(name))) for name in ("recipients", "cc")}
    files = (Attachment(id="1", name="a.pdf"),) if fields.pop("file") else ()
    item = UnifiedEmail(
        source=SourceType(account.partition(":")[0]),
        account=account,
        time=NOW,
        sender=Contact.mail(fields.pop("sender")),
        attachments=files,
        **people,
        unread=fields.pop("unread"),
        flagged=fields.pop("flagged"),
        subject=fields.pop("subject"),
        text=fields.pop("text"),
    )
    received = NOW - timedelta(hours=fields.pop("hours"))
    keys = Keys(strong=(f"id:{number}",), size=fields.pop("size"))
    return account, folder, Entry(Ref(folder, str(number)), item, keys, received)


TEXTS = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
MAILS = st.fixed_dictionaries({
    "account": st.sampled_from(sorted(ACCOUNTS)),
    "folder": st.sampled_from(sorted(FOLDERS)),
    "sender": st.sampled_from(PEOPLE),
    "recipients": st.lists(st.sampled_from(PEOPLE), max_size=2),
    "cc": st.lists(st.sampled_from(PEOPLE), max_size=1),
    "file": st.booleans(),
    "unread": st.sampled_from([True, False, None]),
    "flagged": st.booleans(),
    "subject": TEXTS,
    "text": TEXTS,
    "hours": st.integers(0, 60),
    "size": st.integers(1, 5).map(lambda n: n * 1000),
})

LEAVES = st.one_of(
    st.builds(Words, st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(" ".join)),
    st.builds(Words, st.sampled_from(["bud", "fore", "inv"]), st.just(True)),
    st.builds(Field, st.just("subject"), st.sampled_from(WORDS)),
    st.builds(Field, st.sampled_from(["from", "to", "cc"]), st.sampled_from([*PEOPLE, "ana"])),
    st.builds(Field, st.just("to"), st.just("me")),
    st.builds(Field, st.just("is"), st.sampled_from(["unread", "read", "flagged", "unflagged"])),
    st.builds(Field, st.just("has"), st.just("attachment")),
    st.builds(Field, st.just("in"), st.sampled_from(["inbox", "archive", "spam", "nowhere"])),
    st.builds(Field, st.just("source"), st.sampled_from(["imap", "gmail", "slack"])),
    st.builds(Field, st.just("kind"), st.sampled_from(["email", "note"])),
    st.builds(Field, st.just("account"), st.sampled_from(["work", "imap:default", "imap", "x"])),
    st.builds(Field, st.sampled_from(["larger", "smaller"]), st.sampled_from(["2000", "3500"])),
    st.builds(
        When,
        st.sampled_from(["before", "since"]),
        st.integers(-2, 62).map(lambda hours: NOW - timedelta(hours=hours, minutes=30)),
    ),
)


def _grow(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, parts), st.builds(And, several), st.builds(Or, several))


QUERIES: st.SearchStrategy[Any] = st.one_of(
    st.just(Everything()), st.recursive(LEAVES, _grow, max_leaves=6)
)


def fill(db: sqlite3.Connection, mails: list[dict[str, Any]]) -> None:
    """Put mails into a store, each into the folder it names."""
    for account, identity in ACCOUNTS.items():
        rounds.register(db, account, identity)
        for folder, role in FOLDERS.items():
            place = rounds.place_of(db, account, folder, "email")
            rounds.enter_collection(db, place, Collection(folder, folder, role=role))
    for number, fields in enumerate(mails):
        account, folder, entry = make_mail(number, **fields)
        commit(db, account, folder, "email", Batch(items=(entry,)), NOW)


def naive(query: Query, mail: dict[str, Any]) -> bool:  # noqa: C901
    """The same again, as plainly as it can be written; knows none of the code it checks."""
    match query:
        case Words(text, prefix):
            texts = [mail["subject"], mail["text"], mail["sender"], " | ".join(mail["recipients"])]
            texts += [" | ".join(mail["cc"]), "a.pdf" if mail["file"] else ""]
            return any(_stands_in(text, each, prefix=prefix) for each in texts)
        case Field("subject", value):
            return _stands_in(value, mail["subject"])
        case Field("from", value):
            return _stands_in(value, mail["sender"])
        case Field("to", "me"):
            return ACCOUNTS[mail["account"]] in mail["recipients"]
        case Field("to", value):
            return _stands_in(value, " | ".join(mail["recipients"]))
        case Field("cc", value):
            return _stands_in(value, " | ".join(mail["cc"]))
        case Field("is", value):
            state = {"unread": mail["unread"] is True, "read": mail["unread"] is False}
            state |= {"flagged": mail["flagged"], "unflagged": not mail["flagged"]}
            return bool(state[value])
        case Field("has", _):
            return bool(mail["file"])
        case Field("in", value):
            return value in {mail["folder"].lower(), FOLDERS[mail["folder"]]}
        case Field("source", value):
            return bool(mail["account"].startswith(f"{value}:"))
        case Field("kind", value):
            return value == "email"
        case Field("account", value):
            return value == mail["account"] or value in mail["account"].split(":")
        case Field("larger", value):
            return bool(mail["size"] > int(value))
        case Field("smaller", value):
            return bool(mail["size"] < int(value))
        case When(order, instant):
            received = NOW - timedelta(hours=mail["hours"])
            return received < instant if order == "before" else received >= instant
        case Not(part):
            return not naive(part, mail)
        case And(parts):
            return all(naive(part, mail) for part in parts)
        case Or(parts):
            return any(naive(part, mail) for part in parts)
    return True


def _stands_in(phrase: str, text: str, *, prefix: bool = False) -> bool:
    words, wanted = _cut(text), _cut(phrase)
    spots = range(len(words) - len(wanted) + 1)
    if prefix:
        return any(
            words[at + len(wanted) - 1].startswith(wanted[-1])
            and words[at : at + len(wanted) - 1] == wanted[:-1]
            for at in spots
        )
    return any(words[at : at + len(wanted)] == wanted for at in spots)


def _cut(text: str) -> list[str]:
    # A bar between two people is a word of its own: no address searched for goes over it.
    return re.findall(r"[a-z0-9]+|\|", text)


@given(st.lists(MAILS, min_size=1, max_size=8), QUERIES)
@settings(max_examples=300, deadline=None)
def test_store_evaluator_and_a_naive_loop_agree(mails: list[dict[str, Any]], query: Query) -> None:
    with closing(open_file(None)) as db:
        fill(db, mails)
        wanted = Search(query, limit=100, left_out=frozenset())
        stored = {item.id for item in search(db, wanted).items}
        counted = count(db, wanted)
        usual = {item.id for item in search(db, Search(query)).items}
        usually_counted = count(db, Search(query))
        ids = [id for (id,) in db.execute("SELECT id FROM item ORDER BY born").fetchall()]
        candidates = reading.candidates(db, ids)
    evaluated = {
        each.item.id
        for each, good in zip(candidates, matching(query, candidates), strict=True)
        if good
    }
    expected = {id for id, mail in zip(ids, mails, strict=True) if naive(query, mail)}
    assert stored == expected
    assert evaluated == expected
    assert counted == len(expected)
    if not _says_in(query):
        junk = {id for id, mail in zip(ids, mails, strict=True) if mail["folder"] == "Junk"}
        expected -= junk
    assert usual == expected
    assert usually_counted == len(expected)


def _says_in(query: Query) -> bool:
    if isinstance(query, And | Or):
        return any(map(_says_in, query.parts))
    return isinstance(query, Field) and query.name == "in"


# text, what is searched, whether it is found: written by hand, held by store and evaluator.
TABLE = [
    ("議事録を確認しました", "議事録", True),
    ("議事録を確認しました", "確認", True),
    ("議事録を確認しました", "録", True),
    ("議事録を確認しました", "た", True),
    ("議事録を確認しました", "事録", True),
    ("議事録を確認しました", "録事", False),
    ("議事 録", "議事録", False),
    ("Q3議事録v2", "q3", True),
    ("Q3議事録v2", "議事録", True),
    ("Q3議事録v2", "q3議事録v2", True),
    ("Q3議事録v2", '"q3 議事録"', True),
    ("budget の 議事録", '"budget の"', True),
    ("회의록을 보냅니다", "회의", True),
    ("会议纪要", "会议", True),
    ("会议纪要", "会纪", False),
    ("Straße", "straße", True),
    ("Straße", "STRAßE", True),
    ("Straße", "strasse", False),  # ß is a letter of its own to unicode61
    ("STRASSE", "straße", False),
    ("İstanbul", "istanbul", True),
    ("istanbul", "İSTANBUL", True),
    ("ıstanbul", "istanbul", False),  # the dotless i is another letter
    ("naïve Ångström", "naive angstrom", True),
    ("e\u0301clair", "éclair", True),
    ("party 🎉 tonight", "🎉", True),
    ("party🎉tonight", "party", True),
    ("party🎉tonight", "🎉", True),
    ("party 🎉 tonight", "🚀", False),
    ("well done 👍🏽", "👍", True),
    ("well done 👍", "👍🏽", True),
    ("don't", "don't", True),
    ("foo_bar", "foo", True),
    ("re-run", '"re run"', True),
    ("naïve", "nai*", True),
    ("議事録", "議*", True),
]


@pytest.mark.parametrize(("text", "query", "found"), TABLE)
@pytest.mark.parametrize("where", ["text", "subject"])
def test_scripts_and_signs_are_found_as_the_table_says(
    text: str, query: str, found: bool, where: str
) -> None:
    mail: dict[str, Any] = {
        "account": "imap:default", "folder": "INBOX", "sender": "x@y.example", "recipients": [],
        "cc": [], "file": False, "unread": True, "flagged": False, "hours": 1, "size": 1,
        "subject": "", "text": "", where: text,
    }  # fmt: skip
    in_field = where == "subject" and not query.endswith("*")
    tree = parse(f"subject:({query})" if in_field else query, now=NOW, zone=UTC)
    with closing(open_file(None)) as db:
        fill(db, [mail])
        stored = bool(search(db, Search(tree)).items)
        ids = [id for (id,) in db.execute("SELECT id FROM item").fetchall()]
        evaluated = matching(tree, reading.candidates(db, ids))
    assert (stored, evaluated) == (found, [found])


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/St_Johns"])
def test_a_day_in_a_query_is_a_day_of_the_users_zone(zone: str) -> None:
    here = ZoneInfo(zone)
    midnight = datetime(2026, 11, 20, tzinfo=here)
    hours = [
        int((NOW - moment).total_seconds() // 3600) + 1
        for moment in (midnight, midnight + timedelta(hours=1), midnight + timedelta(days=1))
    ]
    mails = [
        {
            "account": "imap:default", "folder": "INBOX", "sender": "x@y.example",
            "recipients": [], "cc": [], "file": False, "unread": True, "flagged": False,
            "hours": each, "size": 1, "subject": str(number), "text": "",
        }
        for number, each in enumerate(hours)
    ]  # fmt: skip
    query = parse("after:2026-11-20 before:2026-11-21", now=NOW, zone=here)
    with closing(open_file(None)) as db:
        fill(db, mails)
        found = [item.subject for item in search(db, Search(query)).items]  # type: ignore[union-attr]
        received = [row[0] for row in db.execute("SELECT received FROM item ORDER BY born")]
    begin, end = midnight.timestamp(), (midnight + timedelta(days=1)).timestamp()
    expected = [str(n) for n, moment in enumerate(received) if begin <= moment < end]
    assert sorted(found) == expected
    assert len(expected) < len(mails)
