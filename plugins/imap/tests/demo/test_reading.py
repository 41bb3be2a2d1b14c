"""FETCH: mails come whole, in parts, and in a nutshell."""

from __future__ import annotations

import email
import re
from email.policy import compat32

FOLDERS = ("INBOX", "Archive", "Sent", "Trash")


async def test_every_mail_comes_whole_and_is_as_long_as_it_says(talk, mailbox) -> None:
    def work(client) -> dict[tuple[str, int], tuple[int, bytes]]:
        found = {}
        for folder in FOLDERS:
            client.select_folder(folder, readonly=True)
            for items in client.fetch(client.search(), ["RFC822.SIZE", "BODY.PEEK[]"]).values():
                found[folder, items[b"SEQ"]] = (items[b"RFC822.SIZE"], items[b"BODY[]"])
        return found

    found = await talk(work)
    assert len(found) >= 200
    assert all(size == len(raw) for size, raw in found.values())
    stored = [mail.raw for folder in FOLDERS for mail in mailbox[folder].mails]
    assert sorted(stored) == sorted(raw for _, raw in found.values())


async def test_every_mail_has_an_envelope_and_a_structure_that_a_client_can_read(talk) -> None:
    def work(client) -> list[dict]:
        items = ["ENVELOPE", "BODYSTRUCTURE", "INTERNALDATE", "FLAGS"]
        found = []
        for folder in FOLDERS:
            client.select_folder(folder, readonly=True)
            found += client.fetch(client.search(), items).values()
        return found

    found = await talk(work)
    assert all(items[b"ENVELOPE"].subject and items[b"ENVELOPE"].from_ for items in found)
    assert all(items[b"BODYSTRUCTURE"] for items in found)


async def test_each_part_is_what_the_mail_parser_of_python_finds(chat, mailbox) -> None:
    """The numbers lead to the same bytes that another parser cuts out."""

    def work(client) -> int:
        client.select("INBOX", readonly=True)
        checked = 0
        for number, mail in enumerate(mailbox["INBOX"].mails, 1):
            parsed = email.message_from_bytes(mail.raw, policy=compat32.clone(linesep="\r\n"))
            if b"trouble.example" in mail.raw:
                continue
            for section, part in leaves(parsed):
                _, answer = client.fetch(str(number), f"(BODY.PEEK[{section}])")
                wanted = part.get_payload(decode=False).encode("ascii", "surrogateescape")
                got = answer[0][1]
                assert unix(got) == unix(wanted), (mail.raw[:200], section)
                checked += 1
        return checked

    assert await chat(work) > 90


def unix(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n")


def leaves(part: email.message.Message, number: str = ""):
    if part.get_content_maintype() == "multipart":
        for at, child in enumerate(part.get_payload(), 1):
            yield from leaves(child, f"{number}.{at}".lstrip("."))
    elif part.get_content_type() == "message/rfc822":
        (inside,) = part.get_payload()
        multi = inside.get_content_maintype() == "multipart"
        yield from leaves(inside, number if multi else f"{number}.1")
    elif part.get_content_maintype() != "message":
        yield number or "1", part


async def test_header_and_text_make_the_whole(talk) -> None:
    def work(client) -> dict:
        client.select_folder("INBOX", readonly=True)
        items = ["BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]", "RFC822.HEADER", "BODY.PEEK[]"]
        return client.fetch(client.search("ALL")[-1], items)

    ((_, items),) = (await talk(work)).items()
    assert items[b"BODY[HEADER]"] + items[b"BODY[TEXT]"] == items[b"BODY[]"]
    assert items[b"RFC822.HEADER"] == items[b"BODY[HEADER]"]


async def test_some_header_fields_come_alone(talk) -> None:
    def work(client) -> dict:
        client.select_folder("INBOX", readonly=True)
        return client.fetch(
            client.search(["SUBJECT", "Q3 budget", "FROM", "ana"])[-1],
            ["BODY.PEEK[HEADER.FIELDS (Subject FROM)]", "BODY.PEEK[HEADER.FIELDS.NOT (Subject)]"],
        )

    ((_, items),) = (await talk(work)).items()
    some = items[b"BODY[HEADER.FIELDS (SUBJECT FROM)]"]
    assert some == b"From: Ana Prieto <ana@acme.example>\r\nSubject: Re: Q3 budget\r\n\r\n"
    assert b"Subject" not in items[b"BODY[HEADER.FIELDS.NOT (SUBJECT)]"]


async def test_a_mail_within_a_mail_has_a_header_of_its_own(talk) -> None:
    def work(client) -> dict:
        client.select_folder("INBOX", readonly=True)
        return client.fetch(
            client.search(["SUBJECT", "Fwd: Battery door", "NOT", "SUBJECT", "Re:"])[-1],
            ["BODY.PEEK[2.HEADER]", "BODY.PEEK[2.1]", "BODY.PEEK[2.MIME]", "BODY.PEEK[3]"],
        )

    ((_, items),) = (await talk(work)).items()
    assert b"From: Tom Ferris" in items[b"BODY[2.HEADER]"]
    assert items[b"BODY[2.1]"].startswith(b"Hello Carla")
    assert b"Content-Type: message/rfc822" in items[b"BODY[2.MIME]"]
    assert items[b"BODY[3]"] is None


async def test_a_piece_of_a_mail_comes_from_where_it_was_asked(chat, mailbox) -> None:
    def work(client) -> tuple[bytes, bytes]:
        client.select("INBOX", readonly=True)
        return client.fetch("1", "(BODY.PEEK[]<10.20>)")[1][0]

    label, piece = await chat(work)
    assert piece == mailbox["INBOX"].mails[0].raw[10:30]
    assert b"BODY[]<10>" in label


async def test_the_macros_stand_for_their_items(chat) -> None:
    def work(client) -> list[bytes]:
        client.select("INBOX", readonly=True)
        return [client.fetch("1", macro)[1][0] for macro in ("FAST", "ALL", "FULL")]

    fast, every, full = await chat(work)
    assert re.match(rb"1 \(FLAGS \(.*\) INTERNALDATE \".*\" RFC822.SIZE \d+\)", fast)
    assert b"ENVELOPE (" in every
    assert b"BODY (" in full


async def test_a_peek_leaves_a_mail_unread_and_a_look_does_not(talk) -> None:
    def work(client) -> tuple[bool, bool]:
        client.select_folder("INBOX")
        uid = client.search("UNSEEN")[0]
        client.fetch(uid, ["BODY.PEEK[]", "RFC822.HEADER", "ENVELOPE", "BODY.PEEK[TEXT]"])
        peeked = uid in client.search("UNSEEN")
        client.fetch(uid, ["BODY[]"])
        return peeked, uid in client.search("UNSEEN")

    assert await talk(work) == (True, False)


async def test_examine_leaves_everything_as_it_is(talk) -> None:
    def work(client) -> bool:
        client.select_folder("INBOX", readonly=True)
        uid = client.search("UNSEEN")[0]
        client.fetch(uid, ["BODY[]", "RFC822"])
        return uid in client.search("UNSEEN")

    assert await talk(work)


async def test_only_what_changed_since_is_told(talk) -> None:
    def work(client) -> tuple[list[int], list[int]]:
        since = client.select_folder("INBOX")[b"HIGHESTMODSEQ"]
        uid = client.search("UNSEEN")[0]
        client.add_flags(uid, ["\\Flagged"])
        changed = client.fetch(client.search(), ["FLAGS"], modifiers=[f"CHANGEDSINCE {since}"])
        return [uid], list(changed)

    one, changed = await talk(work)
    assert one == changed
