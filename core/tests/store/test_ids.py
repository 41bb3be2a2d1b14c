"""Which id an item gets, and what may never give it another item's."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from core.tests.store.mails import ME, NOW, everything, mail, put
from jackfield.batches import Batch, Keys, Ref
from jackfield.content.keys import mail_keys
from jackfield.errors import StoreError
from jackfield.models import UnifiedMessage
from jackfield.store import reading, rounds
from jackfield.store.database import commit
from jackfield.store.files import open_file

if TYPE_CHECKING:
    import sqlite3

    from jackfield.batches import Entry

OTHER = "gmail:work"


def id_in_a_fresh_store(
    entry: Entry, *accounts: tuple[str, str], account: str = ME, kind: str = "email"
) -> str:
    """The id that an item gets where these accounts were registered, in this order."""
    with closing(open_file(None)) as db:
        for name, identity in accounts:
            rounds.register(db, name, identity)
        commit(db, account, entry.ref.collection, kind, Batch(items=(entry,)), entry.received)
        return everything(db)[0].id


def test_an_id_hangs_on_the_mailbox_and_not_on_the_name_or_number_of_its_account() -> None:
    entry = mail("1", keys=Keys(strong=("gm:1",)))
    me, you = "me@acme.example", "you@acme.example"
    plain = id_in_a_fresh_store(entry, (ME, me))
    assert id_in_a_fresh_store(entry, (OTHER, you), (ME, me)) == plain
    assert id_in_a_fresh_store(entry, (OTHER, me), account=OTHER) == plain
    assert id_in_a_fresh_store(entry, (ME, you)) != plain


def test_an_id_hangs_on_the_kind() -> None:
    entry = mail("1", keys=Keys(strong=("x:1",)))
    message = UnifiedMessage(source=entry.item.source, account=ME, time=entry.item.time)
    chat = type(entry)(entry.ref, message, entry.keys, entry.received)
    me = (ME, "me@acme.example")
    assert id_in_a_fresh_store(entry, me) != id_in_a_fresh_store(chat, me, kind="message")


def test_the_strongest_key_makes_the_id() -> None:
    me = (ME, "me@acme.example")
    both = id_in_a_fresh_store(mail("1", keys=Keys(strong=("gm:1", "emailid:7"))), me)
    assert both == id_in_a_fresh_store(mail("2", keys=Keys(strong=("gm:1",))), me)


def test_the_identity_that_was_seen_first_stays(db: sqlite3.Connection) -> None:
    rounds.register(db, ME, "ana@acme.example", ["me@acme.example"])
    rows = db.execute("SELECT identity FROM mailbox JOIN account ON mailbox.id = mailbox")
    assert rows.fetchall() == [("me@acme.example",)]


def test_an_account_that_opens_another_mailbox_is_refused(db: sqlite3.Connection) -> None:
    with pytest.raises(StoreError, match=r"was the mailbox of me@acme\.example and is now"):
        rounds.register(db, ME, "stranger@acme.example")


def test_the_same_mail_in_two_mailboxes_is_two_items(db: sqlite3.Connection) -> None:
    rounds.register(db, OTHER, "work@acme.example")
    keys = Keys(digest="d", size=1, body_hash="b")
    put(db, mail("1", keys=keys))
    put(db, mail("1", keys=keys, account=OTHER), account=OTHER)
    assert len({item.id for item in everything(db)}) == 2


def letter(**fields: str) -> bytes:
    headers = {"Message-ID": "<1@acme.example>", "Date": "Mon, 02 Nov 2026 09:00:00 +0000"}
    headers |= {"From": "ana@acme.example", "To": "me@acme.example", "Subject": "budget"}
    headers |= {"Content-Type": "text/plain"} | fields
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"


@pytest.mark.parametrize("name", ["Date", "From", "To", "Subject", "Content-Type"])
def test_a_message_id_that_a_stranger_copied_is_no_identity(name: str) -> None:
    mine = mail_keys(letter(), 1, whole=False)
    theirs = mail_keys(letter(**{name: "something else"}), 1, whole=False)
    assert mine.digest != theirs.digest


def test_equal_headers_of_another_size_are_another_mail(db: sqlite3.Connection) -> None:
    put(db, mail("1", keys=Keys(digest="d", size=1)))
    put(db, mail("1", folder="Archive", keys=Keys(digest="d", size=2)))
    assert len(everything(db)) == 2


def test_equal_headers_and_size_over_other_bytes_are_another_mail(db: sqlite3.Connection) -> None:
    put(db, mail("1", keys=Keys(digest="d", size=1, body_hash="one")))
    put(db, mail("1", folder="Archive", keys=Keys(digest="d", size=1, body_hash="two")))
    assert len(everything(db)) == 2


def test_a_digest_without_message_id_and_date_joins_nothing(db: sqlite3.Connection) -> None:
    keys = Keys(digest="d", size=1, body_hash="b", joins=False)
    put(db, mail("1", keys=keys), mail("1", folder="Archive", keys=keys))
    assert len(everything(db)) == 2


@pytest.mark.parametrize(("name", "joins"), [("Message-ID", True), ("Date", True), ("", False)])
def test_one_of_message_id_and_date_is_enough_to_join(name: str, joins: bool) -> None:
    fields = {"Message-ID": "", "Date": ""}
    fields.pop(name, None)
    assert mail_keys(letter(**fields), 1, whole=False).joins is joins


def test_the_same_mail_twice_in_one_folder_is_two_items_with_two_ids(
    db: sqlite3.Connection,
) -> None:
    keys = Keys(digest="d", size=1, body_hash="b")
    put(db, mail("1", keys=keys), mail("2", keys=keys))
    assert len({item.id for item in everything(db)}) == 2


def test_the_same_mail_in_two_folders_is_one_item(db: sqlite3.Connection) -> None:
    keys = Keys(digest="d", size=1, body_hash="b")
    put(db, mail("1", keys=keys), mail("1", folder="Archive", keys=keys))
    assert [item.folders for item in everything(db)] == [("INBOX", "Archive")]


def test_a_mail_that_left_one_folder_before_it_came_to_the_next_is_the_same_item(
    db: sqlite3.Connection,
) -> None:
    keys = Keys(digest="d", size=1, body_hash="b")
    put(db, mail("1", keys=keys))
    (before,) = everything(db)
    commit(db, ME, "INBOX", "email", Batch(removed=(Ref("INBOX", "1"),)), NOW)
    put(db, mail("1", folder="Archive", keys=keys))
    assert [item.id for item in everything(db)] == [before.id]


def test_a_mail_that_its_provider_names_is_not_joined_by_its_headers(
    db: sqlite3.Connection,
) -> None:
    put(db, mail("1", keys=Keys(strong=("gm:1",), digest="d", size=1)))
    put(db, mail("1", folder="Archive", keys=Keys(digest="d", size=1)))
    assert len(everything(db)) == 2


def test_a_short_id_is_as_long_as_the_nearest_id_demands(db: sqlite3.Connection) -> None:
    put(db, *(mail(str(n)) for n in range(3)))
    for born, id in enumerate(("aaaaaaaa1", "aaaaaaab1", "b" * 9), 1):
        db.execute("UPDATE item SET id = ? WHERE born = ?", (id, born))
    assert sorted(item.short_id for item in everything(db)) == ["aaaaaaaa", "aaaaaaab", "bbbbb"]
    assert reading.find(db, "aaaaaaaa") == ["aaaaaaaa1"]
    assert reading.find(db, "aaaa") == ["aaaaaaaa1", "aaaaaaab1"]


def test_a_short_id_may_be_typed_in_capitals(db: sqlite3.Connection) -> None:
    put(db, mail("1"))
    (item,) = everything(db)
    assert reading.find(db, item.short_id.upper()) == [item.id]
