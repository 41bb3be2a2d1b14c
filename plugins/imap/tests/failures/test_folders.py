"""Folders as servers name them (G14): each is synced once, and its role is what it is for."""

from __future__ import annotations

import pytest
from imapclient import imap_utf7

from jackfield_imap.folders import folders_of
from plugins.imap.tests.failures.attempts import attempt, subjects
from plugins.imap.tests.failures.scripted import ARRIVED, mailbox_of, scripted
from plugins.imap.tests.mirrored import letter, mirrored

STRANGE = [
    "R&D",
    'a "quoted" name',
    "back\\slash",
    "Über uns",
    "日本語",
    "per % cent *",
    "trailing ",
]


def roles(*listed: tuple[tuple[bytes, ...], str]) -> dict[str, str]:
    """Roles by name, of folders that a server lists with these flags."""
    return {each.name: each.role for each in folders_of((f, b"/", n) for f, n in listed)}


async def test_g14_folders_of_every_name_are_synced_and_shown_by_it() -> None:
    mailbox = mailbox_of("in the inbox")
    for name in STRANGE:
        wire = imap_utf7.encode(name).decode("ascii")
        mailbox.create(wire).append(letter(f"in {len(name)}"), ARRIVED)
    async with scripted(mailbox=mailbox) as server, mirrored(server.environment) as copy:
        outcomes = await attempt(copy)
        assert [each.error for each in outcomes.values() if each.error] == []
        for name in STRANGE:
            assert await subjects(copy, name) == [f"in {len(name)}"]


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Gesendete Elemente", "sent"),
        ("Envoyés", "sent"),
        ("INBOX/Sent", "sent"),
        ("[Gmail]/Bin", "trash"),
        ("Kosz", "trash"),
        ("下書き", "drafts"),
        ("Спам", "spam"),
        ("Archiv", "archive"),
        ("Clients/Archive", ""),
        ("Sentences", ""),
    ],
)
def test_g14_a_role_that_is_not_marked_is_told_by_the_name(name: str, role: str) -> None:
    assert roles(((), "INBOX"), ((), name))[name] == role


def test_g14_what_the_server_marks_counts_more_than_a_name() -> None:
    found = roles(((), "Sent"), ((b"\\Sent",), "Von mir"), ((), "Papierkorb"))
    assert found == {"Sent": "", "Von mir": "sent", "Papierkorb": "trash"}


def test_g14_the_inbox_is_the_inbox_however_it_is_written() -> None:
    assert roles(((), "Inbox"), ((), "A"))["Inbox"] == "inbox"


def test_g14_a_folder_that_cannot_be_opened_is_not_asked_for() -> None:
    assert roles(((b"\\Noselect",), "[Gmail]"), ((b"\\NonExistent",), "Gone"), ((), "A")) == {
        "A": ""
    }


def test_g14_a_server_without_a_separator_has_flat_names() -> None:
    (found,) = folders_of([((), None, "a/b.c")])
    assert (found.name, found.parent) == ("a/b.c", None)


async def test_g14_folders_of_others_are_not_mine() -> None:
    mailbox = mailbox_of("mine")
    for name in ("#shared/Team", "~bo/Private"):
        mailbox.create(name).append(letter("not mine"), ARRIVED)
    async with scripted(mailbox=mailbox) as server, mirrored(server.environment) as copy:
        said = b'* NAMESPACE (("" "/")) (("~" "/")) (("#shared/" "/"))\r\n<tag> OK\r\n'
        server.on("NAMESPACE", said)
        assert sorted(await attempt(copy)) == ["Archive", "INBOX"]


async def test_g14_a_server_that_does_not_tell_its_namespaces_is_synced_all_the_same() -> None:
    async with scripted("mine") as server, mirrored(server.environment) as copy:
        server.on("NAMESPACE", b"<tag> NO not today\r\n")
        outcomes = await attempt(copy)
        assert outcomes["INBOX"].error is None
        assert await subjects(copy) == ["mine"]
