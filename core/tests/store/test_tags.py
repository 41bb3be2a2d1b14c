"""Kinds, platforms and mailboxes are words of the full-text index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.tests.store.mails import ME, NOW, found, mail, put
from jackfield.batches import Batch, Entry, Keys, Ref
from jackfield.models import UnifiedNote
from jackfield.query.tree import Words
from jackfield.store import rounds
from jackfield.store.database import commit
from jackfield.store.matching import compile_query
from jackfield.store.searching import Search, search
from jackfield.store.texts import kind_tag, mailbox_tag

if TYPE_CHECKING:
    import sqlite3

OTHER = "apple-mail:home"


def fill(db: sqlite3.Connection) -> None:
    """A budget as a mail in two mailboxes, and as a note."""
    rounds.register(db, OTHER, "home@acme.example")
    put(db, mail("1", "budget mail"))
    put(db, mail("1", "budget home", account=OTHER), account=OTHER)
    source = mail("1").item.source
    note = UnifiedNote(source=source, account=ME, time=NOW, title="budget", text="budget note")
    entry = Entry(Ref("Notes", "1"), note, Keys(strong=("n:1",)), NOW)
    commit(db, ME, "Notes", "note", Batch(items=(entry,)), NOW)


def texts(db: sqlite3.Connection, wanted: Search) -> set[str]:
    return {item.text for item in search(db, wanted).items}


def test_a_search_of_one_kind_finds_no_other(db: sqlite3.Connection) -> None:
    fill(db)
    assert texts(db, Search(Words("budget"), kinds=("note",))) == {"budget note"}
    assert found(db, "budget kind:note") == ["budget note"]


def test_a_search_of_one_account_finds_nothing_of_another(db: sqlite3.Connection) -> None:
    fill(db)
    assert texts(db, Search(Words("budget"), accounts=(OTHER,))) == {"budget home"}


def test_a_platform_with_a_hyphen_is_one_word(db: sqlite3.Connection) -> None:
    fill(db)
    assert found(db, "source:apple-mail") == ["budget home"]
    assert found(db, "source:apple") == []


def test_kind_platform_and_mailbox_are_asked_of_the_index_alone(db: sqlite3.Connection) -> None:
    fill(db)
    matching = compile_query(db, Words("budget"), ("email",), (ME,), frozenset())
    assert matching.match is not None
    assert f'tag : "{kind_tag("email")}"' in matching.match
    assert f'tag : "{mailbox_tag(1)}"' in matching.match
    assert not any("item.kind" in each or "item.mailbox" in each for each in matching.conditions)


def test_what_lacks_a_word_is_found_by_its_lack_alone(db: sqlite3.Connection) -> None:
    put(db, mail("1", "budget"), mail("2", "lunch"), mail("3", "forecast"))
    assert sorted(found(db, "-budget")) == ["forecast", "lunch"]
    assert sorted(found(db, "-budget OR forecast")) == ["forecast", "lunch"]
    assert found(db, "-budget -lunch") == ["forecast"]


def test_a_word_of_a_mail_is_never_taken_for_a_tag(db: sqlite3.Connection) -> None:
    put(db, mail("1", "kemail"), mail("2", "lunch"))
    assert found(db, "kemail") == ["kemail"]
