"""What changes a mailbox, from either side of the line."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email import message_from_bytes

import pytest
from imapclient.exceptions import IMAPClientError

MAIL = b"From: bo@acme.example\r\nTo: me@acme.example\r\nSubject: new\r\n\r\nHello.\r\n"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_an_appended_mail_comes_back_byte_for_byte(talk, mailbox) -> None:
    def work(client) -> tuple[bytes, dict]:
        answer = client.append("Sent", MAIL, ["\\Seen", "$Sent"], NOON)
        client.select_folder("Sent", readonly=True)
        return answer, client.fetch(client.search("ALL")[-1], ["BODY.PEEK[]", "FLAGS"])

    answer, found = await talk(work)
    ((uid, items),) = found.items()
    assert f"[APPENDUID {mailbox['Sent'].uidvalidity} {uid}]".encode() in answer
    assert items[b"BODY[]"] == MAIL
    assert set(items[b"FLAGS"]) == {b"\\Seen", b"$Sent"}
    assert mailbox["Sent"].find(uid).internaldate == NOON


async def test_an_append_to_nowhere_says_that_the_folder_can_be_made(talk) -> None:
    with pytest.raises(IMAPClientError, match="TRYCREATE"):
        await talk(lambda client: client.append("Nowhere", MAIL))


async def test_flags_are_set_added_and_removed(talk) -> None:
    def work(client) -> list[tuple[bytes, ...]]:
        client.select_folder("INBOX")
        uid = client.search("UNSEEN")[0]
        return [
            client.set_flags(uid, ["\\flagged", "Work"])[uid],
            client.add_flags(uid, ["\\SEEN"])[uid],
            client.remove_flags(uid, ["Work", "\\Flagged"])[uid],
        ]

    assert [set(flags) for flags in await talk(work)] == [
        {b"\\Flagged", b"Work"},
        {b"\\Flagged", b"\\Seen", b"Work"},
        {b"\\Seen"},
    ]


async def test_a_store_on_what_others_changed_is_refused(chat, mailbox) -> None:
    inbox = mailbox["INBOX"]
    mail = inbox.mails[0]

    def work(client) -> tuple[str, list[bytes]]:
        client.select("INBOX")
        return client._simple_command(  # imaplib has no word for it
            "UID", "STORE", str(mail.uid), f"(UNCHANGEDSINCE {before})", "+FLAGS", "(\\Flagged)"
        )

    before = mail.modseq
    inbox.set_flags(mail, {"\\Answered"})
    _, (answer,) = await chat(work)
    assert f"[MODIFIED {mail.uid}]".encode() in answer
    assert mail.flags == {"\\Answered"}


async def test_examine_refuses_changes(talk) -> None:
    def work(client) -> None:
        client.select_folder("INBOX", readonly=True)
        client.add_flags(client.search("ALL")[0], ["\\Seen"])

    with pytest.raises(IMAPClientError, match="READ-ONLY"):
        await talk(work)


async def test_a_moved_mail_is_in_its_new_folder_only(talk, mailbox) -> None:
    inbox, archive = mailbox["INBOX"], mailbox["Archive"]
    mail, count = inbox.mails[5], len(archive.mails)

    def work(client) -> None:
        client.select_folder("INBOX")
        client.move([mail.uid], "Archive")

    await talk(work)
    assert inbox.find(mail.uid) is None
    assert len(archive.mails) == count + 1
    assert archive.mails[-1].raw == mail.raw
    assert archive.mails[-1].flags == mail.flags
    assert archive.mails[-1].internaldate == mail.internaldate


async def test_a_copy_leaves_the_original_and_tells_its_uid(say, mailbox) -> None:
    mail = mailbox["INBOX"].mails[5]
    copied = mailbox["Archive"].uidnext
    validity = mailbox["Archive"].uidvalidity
    answer = await say(
        b'a LOGIN me@acme.example "open sesame"\r\nb SELECT INBOX\r\n'
        b"c UID COPY %d Archive\r\nd LOGOUT\r\n" % mail.uid
    )
    assert f"c OK [COPYUID {validity} {mail.uid} {copied}]".encode() in answer
    assert mailbox["INBOX"].find(mail.uid) is mail
    assert mailbox["Archive"].mails[-1].raw == mail.raw


async def test_uid_expunge_removes_only_what_it_names(talk, mailbox) -> None:
    inbox = mailbox["INBOX"]
    first, second = inbox.mails[0].uid, inbox.mails[1].uid

    def work(client) -> None:
        client.select_folder("INBOX")
        client.delete_messages([first, second])
        client.uid_expunge([second])

    await talk(work)
    assert inbox.find(first) is not None
    assert inbox.find(second) is None


async def test_close_removes_what_is_deleted_and_unselect_does_not(talk, mailbox) -> None:
    inbox = mailbox["INBOX"]
    uid = inbox.mails[0].uid

    def work(client) -> bool:
        client.select_folder("INBOX")
        client.delete_messages([uid])
        client.unselect_folder()
        kept = inbox.find(uid) is not None
        client.select_folder("INBOX")
        client.close_folder()
        return kept

    assert await talk(work)
    assert inbox.find(uid) is None


async def test_idle_tells_of_a_new_mail_a_flag_and_a_loss(talk, mailbox) -> None:
    loop, inbox = asyncio.get_running_loop(), mailbox["INBOX"]
    count = len(inbox.mails)

    def work(client) -> list[list[tuple]]:
        client.select_folder("INBOX", readonly=True)
        client.idle()
        heard = []
        for change in (
            lambda: inbox.append(MAIL, NOON),
            lambda: inbox.set_flags(inbox.mails[-1], {"\\Flagged"}),
            lambda: inbox.expunge([inbox.mails[0].uid]),
        ):
            loop.call_soon_threadsafe(change)
            heard.append(client.idle_check(timeout=5))
        client.idle_done()
        return heard

    arrived, flagged, gone = await talk(work)
    assert arrived == [(count + 1, b"EXISTS")]
    assert flagged[0][:2] == (count + 1, b"FETCH")
    assert gone == [(1, b"EXPUNGE")]


async def test_numbers_stand_still_while_a_client_counts_on_them(chat, mailbox) -> None:
    inbox = mailbox["INBOX"]

    def work(client) -> list[bytes]:
        client.select("INBOX", readonly=True)
        inbox.expunge([inbox.mails[0].uid])
        before = client.fetch("2", "(UID)")[1][0]
        client.noop()
        return [before, client.fetch("1", "(UID)")[1][0]]

    second = inbox.mails[1].uid
    assert await chat(work) == [b"2 (UID %d)" % second, b"1 (UID %d)" % second]


async def test_a_replaced_mail_shows_its_new_subject_under_a_new_uid(talk, mailbox) -> None:
    inbox = mailbox["INBOX"]
    old = inbox.mails[-1]
    new = inbox.replace(old.uid, old.raw.replace(b"Subject: Re: Q3 budget", b"Subject: Edited"))

    def work(client) -> dict:
        client.select_folder("INBOX", readonly=True)
        return client.fetch([old.uid, new.uid], ["BODY.PEEK[HEADER]"])

    found = await talk(work)
    assert list(found) == [new.uid]
    assert message_from_bytes(found[new.uid][b"BODY[HEADER]"])["Subject"] == "Edited"
    assert (new.flags, new.internaldate) == (old.flags, old.internaldate)


async def test_a_server_that_breaks_the_rule_replaces_under_the_old_uid(talk, mailbox) -> None:
    inbox = mailbox["INBOX"]
    uid = inbox.mails[0].uid
    inbox.replace(uid, MAIL, keep_uid=True)

    def work(client) -> dict:
        client.select_folder("INBOX", readonly=True)
        return client.fetch([uid], ["ENVELOPE", "BODY.PEEK[]"])

    items = (await talk(work))[uid]
    assert items[b"ENVELOPE"].subject == b"new"
    assert items[b"BODY[]"] == MAIL
