"""Sync rules that the contract's cases do not show: horizons, errors, broken connectors."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from jackfield.capabilities import Capabilities
from jackfield.clock import SystemClock
from jackfield.errors import ProviderError, Unreachable
from jackfield.hooks import AccountHooks
from jackfield.mirror import CollectionSync, Mirror
from jackfield.models import Account, SourceType
from jackfield.requests import SyncRequest
from jackfield.store import reading
from jackfield.store.database import Store
from jackfield.store.searching import Search, search
from tests.contract.graph_fake import GraphFake, GraphServer
from tests.contract.imap_fake import ImapFake, ImapServer
from tests.contract.words import BEGINNING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from jackfield.batches import Batch, Collection, Entry, IndexEntry, Level, Ref
    from jackfield.requests import ListRequest

ACCOUNT = Account(SourceType("fake"))
ALL = Search(kinds=("email",), limit=100, left_out=frozenset())


async def run(
    connector: ImapFake | GraphFake, store: Store, **options: object
) -> list[CollectionSync]:
    connector.mailbox_identity = lambda: "me@acme.example"  # type: ignore[method-assign]
    hooks = AccountHooks(ACCOUNT, connector)
    return await Mirror(hooks, store, SystemClock(), "email", **options).round()  # type: ignore[arg-type]


async def words(store: Store) -> list[str]:
    return sorted(item.text for item in (await store.read(search, ALL)).items)


class Dated(ImapFake):
    """An index that says when mails came."""

    async def index(self, collection: Collection) -> AsyncIterator[Sequence[IndexEntry]]:
        async for page in super().index(collection):
            yield [type(e)(e.key, e.version, e.patch, self._received(e.key)) for e in page]

    @staticmethod
    def _received(key: str) -> datetime:
        return BEGINNING + timedelta(days=int(key))


async def test_what_lies_before_the_horizon_is_not_fetched_by_way_of_the_index() -> None:
    server, store = ImapServer(), Store(None)
    server.append("INBOX", "late")
    await run(Dated(server), store)
    for word in ("one", "two", "three"):
        server.append("Archive", word)
    connector = Dated(server)
    connector.declared = MappingProxyType({"email": Capabilities(sync="index")})  # type: ignore[misc]
    await run(connector, store, horizon=BEGINNING + timedelta(days=2))
    assert await words(store) == ["late", "three", "two"]
    store.close()


class Broken(ImapFake):
    """Its archive cannot be reached, and its index stops half way."""

    async def index(self, collection: Collection) -> AsyncIterator[Sequence[IndexEntry]]:
        async for page in super().index(collection):
            yield page
            if collection.id == "Archive":
                raise Unreachable(ACCOUNT, "the line broke")


async def test_an_index_that_stops_half_way_drops_nothing() -> None:
    server, store = ImapServer(), Store(None)
    for word in ("one", "two", "three"):
        server.append("Archive", word)
    await run(ImapFake(server), store)
    server.expunge("Archive", "3")
    outcomes = await run(Broken(server), store)
    assert [str(each.error) for each in outcomes if each.error] == ["fake:default: the line broke"]
    assert await words(store) == ["one", "three", "two"]
    store.close()


class Shut(ImapFake):
    """Its archive cannot be opened."""

    async def fetch(self, request: ListRequest | SyncRequest) -> AsyncIterator[Batch]:
        if isinstance(request, SyncRequest) and request.collection.id == "Archive":
            raise Unreachable(ACCOUNT, "the line broke")
        async for batch in super().fetch(request):
            yield batch


async def test_a_mail_that_moved_to_a_folder_that_failed_is_not_deleted() -> None:
    server, store = ImapServer(), Store(None)
    server.append("INBOX", "budget")
    await run(ImapFake(server), store)
    (before,) = (await store.read(search, ALL)).items
    server.move("INBOX", "1", "Archive")
    await run(Shut(server), store)
    assert len(await store.read(reading.by_ids, [before.id])) == 1
    await run(ImapFake(server), store)
    assert [item.id for item in (await store.read(search, ALL)).items] == [before.id]
    (after,) = await store.read(reading.by_ids, [before.id])
    assert after.folders == ("Archive",)
    store.close()


class Bare(ImapFake):
    """Names no folder, as a broken server does."""

    async def collections(self) -> Sequence[Collection]:
        return []


async def test_a_provider_that_names_no_folder_is_not_believed() -> None:
    server, store = ImapServer(), Store(None)
    server.append("INBOX", "budget")
    await run(ImapFake(server), store)
    with pytest.raises(ProviderError, match="named no folder"):
        await run(Bare(server), store)
    assert await words(store) == ["budget"]
    store.close()


async def test_a_folder_missing_from_one_listing_costs_no_mail() -> None:
    server, store = ImapServer(), Store(None)
    server.append("Archive", "budget")
    await run(ImapFake(server), store)
    (before,) = (await store.read(search, ALL)).items
    missing = server.folders.pop("Archive")
    await run(ImapFake(server), store)
    assert len(await store.read(reading.by_ids, [before.id])) == 1
    server.folders["Archive"] = missing
    await run(ImapFake(server), store)
    assert [item.id for item in (await store.read(search, ALL)).items] == [before.id]
    store.close()


class Reaching(GraphFake):
    """Gives what came since the horizon, and no more, as a provider does that can filter."""

    async def fetch(self, request: ListRequest | SyncRequest) -> AsyncIterator[Batch]:
        horizon = getattr(request, "horizon", None)
        async for batch in super().fetch(request):
            yield replace(
                batch,
                items=tuple(e for e in batch.items if horizon is None or e.received > horizon),
            )


async def test_a_later_sync_that_reaches_further_back_gets_the_older_mail_too() -> None:
    server, store = GraphServer(), Store(None)
    server.put("inbox", "g1", "old")
    await run(Reaching(server), store, horizon=BEGINNING + timedelta(days=300))
    assert await words(store) == []
    await run(Reaching(server), store)
    assert await words(store) == ["old"]
    store.close()


async def test_a_sync_of_the_newest_drops_nothing_that_is_older() -> None:
    server, store = ImapServer(), Store(None)
    for word in ("one", "two", "three"):
        server.append("Archive", word)
    await run(Dated(server), store)
    for key in ("1", "3"):
        server.expunge("Archive", key)
    connector = Dated(server)
    connector.declared = MappingProxyType({"email": Capabilities(sync="index")})  # type: ignore[misc]
    await run(connector, store, horizon=BEGINNING + timedelta(days=300))
    assert await words(store) == ["one", "three", "two"]
    await run(connector, store)
    assert await words(store) == ["two"]
    store.close()


class Withholding(ImapFake):
    """Names a mail and does not give it."""

    async def get(self, refs: Sequence[Ref], level: Level) -> Sequence[Entry]:
        return [entry for entry in await super().get(refs, level) if entry.ref.key != "2"]


async def test_a_mail_that_was_named_and_not_given_is_asked_for_again() -> None:
    server, store = ImapServer(), Store(None)
    server.append("INBOX", "one")
    connector = ImapFake(server)
    await run(connector, store)
    for word in ("two", "three"):
        server.append("INBOX", word)
    broken = Withholding(server)
    broken.declared = MappingProxyType({"email": Capabilities(sync="index")})  # type: ignore[misc]
    inbox, _ = await run(broken, store)
    assert (inbox.error, inbox.missing, inbox.went_well) == (None, 1, False)
    assert await words(store) == ["one", "three"]
    assert all(each.went_well for each in await run(connector, store))
    assert await words(store) == ["one", "three", "two"]
    store.close()


async def test_a_large_folder_that_is_no_longer_named_waits_for_a_person() -> None:
    server, store = ImapServer(), Store(None)
    for number in range(60):
        server.append("Archive", f"mail{number}")
    server.append("INBOX", "budget")
    await run(ImapFake(server), store)
    del server.folders["Archive"]
    for _ in range(3):
        outcomes = await run(ImapFake(server), store)
        assert [(each.name, each.report.withheld) for each in outcomes if each.report.withheld] == [
            ("Archive", 60)
        ]
    assert len(await words(store)) == 61
    for _ in range(2):
        await run(ImapFake(server), store, accept_removals=True)
    assert await words(store) == ["budget"]
    store.close()


async def test_a_large_folder_that_is_renamed_asks_nobody_and_keeps_its_ids() -> None:
    server, store = ImapServer(), Store(None)
    for number in range(60):
        server.append("Archive", f"mail{number}")
    await run(ImapFake(server), store)
    before = sorted(item.id for item in (await store.read(search, ALL)).items)
    server.folders["Archive 2026"] = server.folders.pop("Archive")
    outcomes = await run(ImapFake(server), store)
    assert [each.report.withheld for each in outcomes] == [0, 0, 0]
    found = (await store.read(search, ALL)).items
    assert sorted(item.id for item in found) == before
    assert {item.folders for item in found} == {("Archive 2026",)}
    store.close()


class Bug(ImapFake):
    """Fails as code fails."""

    async def index(self, collection: Collection) -> AsyncIterator[Sequence[IndexEntry]]:
        if collection.id == "Archive":
            raise ZeroDivisionError("a bug")
        async for page in super().index(collection):
            yield page


async def test_a_bug_in_one_folder_is_named_and_the_others_are_synced() -> None:
    server, store = ImapServer(), Store(None)
    server.append("INBOX", "budget")
    outcomes = await run(Bug(server), store)
    assert [bool(each.error) for each in outcomes] == [False, True]
    assert "ZeroDivisionError: a bug" in str(outcomes[1].error)
    assert await words(store) == ["budget"]
    store.close()


async def test_a_folder_that_is_gone_loses_its_places_and_a_renamed_one_no_mail() -> None:
    server, store = ImapServer(), Store(None)
    server.append("Archive", "budget")
    await run(ImapFake(server), store)
    (before,) = (await store.read(search, ALL)).items
    server.folders["Projects"] = server.folders.pop("Archive")
    await run(ImapFake(server), store)
    (after,) = (await store.read(search, ALL)).items
    assert (after.id, after.folders) == (before.id, ("Projects",))
    store.close()


async def test_most_of_a_large_folder_goes_when_a_person_agrees() -> None:
    server, store = ImapServer(), Store(None)
    for number in range(60):
        server.append("INBOX", f"mail{number}")
    await run(ImapFake(server), store)
    for uid in range(1, 41):
        server.expunge("INBOX", str(uid))
    held = await run(ImapFake(server), store)
    assert (held[0].report.withheld, len(await words(store))) == (40, 60)
    agreed = await run(ImapFake(server), store, accept_removals=True)
    assert (agreed[0].report.removed, len(await words(store))) == (40, 20)
    store.close()
