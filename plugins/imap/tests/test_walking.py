"""What the connector gives to whoever keeps a copy, and what it asks the server for that."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from jackfield.batches import Collection, Ref
from jackfield.errors import ProviderError
from jackfield.requests import SyncRequest
from jackfield_imap import reading, searching
from jackfield_imap.demo import build_mailbox, demo
from jackfield_imap.demo import folders as demo_folders
from jackfield_imap.demo.tokens import CommandError
from plugins.imap.tests.mirrored import letter, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from jackfield.batches import Batch, Patch
    from plugins.imap.tests.conftest import Wire
    from tests.peers.fixtures import DovecotAccount

NOW = datetime.now(UTC)


async def everything(batches: AsyncIterator[Batch]) -> list[Batch]:
    return [batch async for batch in batches]


def fill(mailbox: DovecotAccount, *subjects: str, folder: str = "INBOX") -> None:
    for subject in subjects:
        mailbox.deliver(folder, letter(subject))


def patched(batches: list[Batch]) -> list[Patch]:
    return [patch for batch in batches for patch in batch.patches]


async def test_a_death_between_two_batches_of_flags_loses_none() -> None:
    mailbox = build_mailbox(NOW)
    many = mailbox.create("Many")
    for number in range(1200):
        many.append(letter(f"mail {number}"), NOW)
    async with demo(mailbox) as environment, opened(environment) as connector:
        folder = next(each for each in await connector.collections() if each.name == "Many")
        given = await everything(connector.fetch(SyncRequest("email", folder)))
        for mail in many.mails:
            many.set_flags(mail, {"\\Seen"})
        many.append(letter("new"), NOW)
        cursor: Any = given[-1].cursor
        batches = connector.fetch(SyncRequest("email", folder, cursor))
        new, flags = await anext(batches), await anext(batches)
        await batches.aclose()  # type: ignore[attr-defined]
        rest = await everything(connector.fetch(SyncRequest("email", folder, flags.cursor)))  # type: ignore[arg-type]
    assert [entry.ref.key for entry in new.items] == [str(many.mails[-1].uid)]
    assert len(flags.patches) == 500
    assert {patch.ref.key for patch in patched(rest)} >= {str(mail.uid) for mail in many.mails[:-1]}
    assert all(patch.read for patch in patched(rest) if patch.ref != new.items[0].ref)
    modseqs: list[Any] = [batch.cursor for batch in (new, flags, *rest)]
    assert [at["modseq"] for at in modseqs] == [cursor["modseq"]] * 4 + [many.highestmodseq]
    versions = {mail.uid: mail.modseq for mail in many.mails}
    assert all(patch.version == versions[int(patch.ref.key)] for patch in patched(rest))


async def test_a_folder_whose_status_is_refused_fails_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    status = demo_folders.VERBS["STATUS"]

    async def grudging(session: Any, command: Any) -> str:
        if command.args[0] == b"Archive":
            raise CommandError("NO", "[NOPERM] Not you")
        return await status(session, command)

    monkeypatch.setitem(demo_folders.VERBS, "STATUS", grudging)
    async with demo() as environment, opened(environment) as connector:
        found = {each.name: each for each in await connector.collections()}
        assert (found["Archive"].epoch, found["Archive"].version) == ("", "")
        assert all(each.epoch for name, each in found.items() if name != "Archive")
        with pytest.raises(ProviderError, match="Archive"):
            await everything(connector.fetch(SyncRequest("email", found["Archive"])))
        await everything(connector.fetch(SyncRequest("email", found["INBOX"])))


async def test_a_folder_that_cannot_be_opened_is_named() -> None:
    async with demo() as environment, opened(environment) as connector:
        gone = Collection("Gone", "Gone", epoch="1")
        with pytest.raises(ProviderError, match="Gone cannot be opened"):
            await everything(connector.fetch(SyncRequest("email", gone)))


async def test_a_refusal_costs_no_connection(wire: Wire) -> None:
    async with demo() as environment, opened(environment) as connector:
        with pytest.raises(ProviderError):
            await everything(connector.fetch(SyncRequest("email", Collection("Gone", "Gone"))))
        await connector.collections()
    assert len(wire.commands("AUTHENTICATE")) == 1


async def test_a_server_that_leaves_mails_out_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with demo() as environment, opened(environment) as connector:
        inbox = next(e for e in await connector.collections() if e.name == "INBOX")
        names = searching.all_uids
        monkeypatch.setattr(reading, "all_uids", lambda *asked: names(*asked)[:-1])
        with pytest.raises(ProviderError, match="INBOX: the server counts"):
            await everything(connector.fetch(SyncRequest("email", inbox)))
        with pytest.raises(ProviderError, match="INBOX: the server counts"):
            [page async for page in connector.index(inbox)]


async def test_an_index_names_flags_only_where_fetch_does_not() -> None:
    async with demo() as environment, opened(environment) as connector:
        inbox = next(e for e in await connector.collections() if e.name == "INBOX")
        lines = [line async for page in connector.index(inbox) for line in page]
        assert {(e.version, e.patch, e.received) for e in lines} == {(None, None, None)}
        assert len(lines) == inbox.count
        horizon = NOW - timedelta(days=30)
        await everything(connector.fetch(SyncRequest("email", inbox, horizon=horizon)))
        lines = [line async for page in connector.index(inbox) for line in page]
        assert {(e.version, e.patch) for e in lines} == {(None, None)}
        assert {e.is_within(horizon) for e in lines} == {True, False}


async def test_a_mail_can_be_got_while_every_connection_walks() -> None:
    async with demo() as environment, opened(environment) as connector:
        folders = [each for each in await connector.collections() if (each.count or 0) > 60][:2]
        walks = [connector.fetch(SyncRequest("email", folder)) for folder in folders]
        try:
            first = [await anext(walk) for walk in walks]
            refs = [batch.items[0].ref for batch in first]
            async with asyncio.timeout(5):
                for ref in refs:
                    (entry,) = await connector.get([ref], "full")
                    assert entry.ref == ref
                assert await connector.get([Ref(refs[0].collection, "1", "0")], "full") == []
            rest = [await everything(walk) for walk in walks]
        finally:
            for walk in walks:
                await walk.aclose()  # type: ignore[attr-defined]
    for folder, begun, batches in zip(folders, first, rest, strict=True):
        assert sum(len(batch.items) for batch in [begun, *batches]) == folder.count


async def test_a_walk_that_is_left_early_leaves_nothing_behind() -> None:
    async with demo() as environment, opened(environment) as connector:
        tasks = len(asyncio.all_tasks())
        for _ in range(5):
            folder = next(e for e in await connector.collections() if e.name == "INBOX")
            async with aclosing(connector.fetch(SyncRequest("email", folder))) as walk:  # type: ignore[type-var]
                await anext(walk)
        assert len(asyncio.all_tasks()) <= tasks + 2  # the demo server's own, one a connection
        assert len(connector._pool._all) <= 2


async def test_a_walk_prepares_one_batch_ahead(wire: Wire) -> None:
    async with demo() as environment, opened(environment) as connector:
        folder = next(e for e in await connector.collections() if e.name == "INBOX")
        async with aclosing(connector.fetch(SyncRequest("email", folder))) as walk:  # type: ignore[type-var]
            await anext(walk)
            await asyncio.sleep(0.3)
            assert len([line for line in wire.lines if "BODY.PEEK[]" in line]) == 2


async def test_large_mails_are_got_in_portions(mailbox: DovecotAccount, wire: Wire) -> None:
    for number in range(5):
        mailbox.deliver("INBOX", letter(f"small {number}"))
    for number in range(3):
        mailbox.deliver("INBOX", letter(f"huge {number}", body=("y" * 70 + "\r\n") * 36_000))
    async with opened(mailbox.environment()) as connector:
        inbox = next(e for e in await connector.collections() if e.name == "INBOX")
        wire.clear()
        refs = [Ref("INBOX", str(uid), inbox.epoch) for uid in range(1, 9)]
        entries = await connector.get(refs, "full")
    assert [entry.ref for entry in entries] == refs
    assert len([line for line in wire.lines if "BODY.PEEK[]" in line]) >= 3


async def test_the_folders_are_known_after_one_question(
    mailbox: DovecotAccount, plain_mailbox: DovecotAccount, wire: Wire
) -> None:
    async with opened(mailbox.environment()) as connector:
        fill(mailbox, "a", folder="Reisen/Köln")
        await connector.collections()
        wire.clear()
        modern = await connector.collections()
        assert len(wire.lines) == 1
    async with opened(plain_mailbox.environment()) as connector:
        fill(plain_mailbox, "a", folder="Reisen/Köln")
        wire.clear()
        plain = await connector.collections()
        assert len(wire.commands("STATUS")) == len(plain)
    assert [(e.id, e.name, e.count) for e in modern] == [(e.id, e.name, e.count) for e in plain]
    assert all(each.epoch and each.version for each in modern)
    assert {each.role for each in modern} >= {"inbox", "sent", "drafts", "trash", "spam"}
