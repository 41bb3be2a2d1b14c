"""Keeping a copy of a real Dovecot's mailbox in step, through the core's mirror."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from jackfield.store.database import Store
from plugins.imap.tests.mirrored import another_client, letter, mirrored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plugins.imap.tests.conftest import Wire
    from tests.peers.fixtures import DovecotAccount

NOW = datetime.now(UTC)


def fill(mailbox: DovecotAccount, *subjects: str, folder: str = "INBOX") -> None:
    for subject in subjects:
        mailbox.deliver(folder, letter(subject))


async def test_changed_flags_arrive_without_a_body(mailbox: DovecotAccount, wire: Wire) -> None:
    fill(mailbox, "budget", "lunch", "minutes")
    async with mirrored(mailbox.environment()) as copy:
        await copy.round()
        with another_client(mailbox) as client:
            client.add_flags([1], ["\\Seen"])
            client.add_flags([2], ["\\Flagged", "$Work"])
        wire.clear()
        await copy.round()
        assert (await copy.flags())["INBOX/budget"] == (False, False)
        assert (await copy.flags())["INBOX/lunch"] == (True, True)
        assert not [line for line in wire.lines if "BODY" in line]
        with another_client(mailbox) as client:
            client.remove_flags([1, 2], ["\\Seen", "\\Flagged"])
        await copy.round()
        assert set((await copy.flags()).values()) == {(True, False)}


async def test_an_expunged_mail_goes(mailbox: DovecotAccount) -> None:
    fill(mailbox, "budget", "lunch", "minutes")
    async with mirrored(mailbox.environment()) as copy:
        await copy.round()
        with another_client(mailbox) as client:
            client.delete_messages([2])
            client.expunge()
        await copy.round()
        assert sorted(await copy.places()) == ["INBOX/budget", "INBOX/minutes"]


async def test_a_moved_mail_keeps_its_id(mailbox: DovecotAccount) -> None:
    fill(mailbox, "budget", "lunch")
    async with mirrored(mailbox.environment()) as copy:
        await copy.round()
        before = await copy.places()
        with another_client(mailbox) as client:
            client.move([1], "Archive")
        await copy.round()
        after = await copy.places()
        assert sorted(after) == ["Archive/budget", "INBOX/lunch"]
        assert after["Archive/budget"][0] == before["INBOX/budget"][0]


async def test_folders_come_and_are_renamed_without_loss(mailbox: DovecotAccount) -> None:
    fill(mailbox, "plan", folder="Work")
    async with mirrored(mailbox.environment()) as copy:
        await copy.round()
        before = await copy.places()
        fill(mailbox, "tickets", folder="Reisen/Köln")
        with another_client(mailbox) as client:
            client.rename_folder("Work", "Projects")
        await copy.round()
        after = await copy.places()
        assert sorted(after) == ["Projects/plan", "Reisen/Köln/tickets"]
        assert after["Projects/plan"][0] == before["Work/plan"][0]


@pytest.fixture
def store() -> Iterator[Store]:
    found = Store(None)
    yield found
    found.close()


async def test_another_uidvalidity_doubles_nothing(mailbox: DovecotAccount, store: Store) -> None:
    fill(mailbox, "budget", "lunch", "minutes")
    async with mirrored(mailbox.environment(), store) as copy:
        await copy.round()
        before, epoch = await copy.places(), (await copy.folder("INBOX")).epoch
    await asyncio.sleep(1.1)  # a UIDVALIDITY is a time in seconds
    for file in mailbox.maildir.glob("dovecot*"):
        file.unlink()
    async with mirrored(mailbox.environment(), store) as copy:
        await copy.round()
        assert (await copy.folder("INBOX")).epoch != epoch
        await copy.round()
        assert await copy.places() == before


async def test_an_unchanged_mailbox_opens_no_folder(mailbox: DovecotAccount, wire: Wire) -> None:
    fill(mailbox, "budget", "lunch")
    async with mirrored(mailbox.environment()) as copy:
        await copy.round()
        await copy.round()
        wire.clear()
        await copy.round()
        assert wire.commands("EXAMINE") == []
        assert len(wire.lines) == 1


async def test_a_server_that_counts_no_changes_syncs_flags_by_its_index(
    plain_mailbox: DovecotAccount, wire: Wire
) -> None:
    fill(plain_mailbox, "budget", "lunch", "minutes")
    async with mirrored(plain_mailbox.environment()) as copy:
        assert {each.version for each in await copy.connector.collections()} == {""}
        await copy.round()
        with another_client(plain_mailbox) as client:
            client.add_flags([1], ["\\Seen"])
            client.delete_messages([2])
            client.expunge()
        wire.clear()
        await copy.round()
        assert await copy.flags() == {
            "INBOX/budget": (False, False),
            "INBOX/minutes": (True, False),
        }
        assert not [line for line in wire.lines if "BODY" in line or "MODSEQ" in line]


async def test_a_server_that_begins_to_count_anew_loses_no_flag(
    mailbox: DovecotAccount, store: Store
) -> None:
    fill(mailbox, "budget", "lunch")
    async with mirrored(mailbox.environment(), store) as copy:
        for _ in range(3):
            with another_client(mailbox) as client:
                client.add_flags([1], ["\\Flagged"])
                client.remove_flags([1], ["\\Flagged"])
        await copy.round()
        inbox = await copy.folder("INBOX")
    for file in mailbox.maildir.glob("dovecot.index*"):
        file.unlink()
    with another_client(mailbox) as client:
        client.add_flags([1], ["\\Seen"])
    async with mirrored(mailbox.environment(), store) as copy:
        again = await copy.folder("INBOX")
        assert again.epoch == inbox.epoch
        assert int(again.version.split(":")[0]) < int(inbox.version.split(":")[0])
        await copy.round()
        assert (await copy.flags())["INBOX/budget"] == (False, False)
        with another_client(mailbox) as client:
            client.add_flags([2], ["\\Seen"])
        await copy.round()
        assert (await copy.flags())["INBOX/lunch"] == (False, False)


async def test_what_lies_before_the_horizon_is_neither_fetched_nor_patched(
    mailbox: DovecotAccount, wire: Wire
) -> None:
    mailbox.deliver("INBOX", letter("late"), when=NOW - timedelta(days=1))
    mailbox.deliver("INBOX", letter("early"), when=NOW - timedelta(days=60))
    mailbox.deliver("INBOX", letter("same day"), when=NOW - timedelta(days=10, hours=1))
    mailbox.deliver("INBOX", letter("latest"), when=NOW)
    horizon = NOW - timedelta(days=10)
    async with mirrored(mailbox.environment()) as copy:
        await copy.round(horizon=horizon)
        assert sorted(await copy.places()) == ["INBOX/late", "INBOX/latest"]
        with another_client(mailbox) as client:
            client.add_flags([1, 2, 3, 4], ["\\Seen"])
        wire.clear()
        await copy.round(horizon=horizon)
        assert not [line for line in wire.lines if "BODY" in line]
        assert set((await copy.flags()).values()) == {(False, False)}
