"""In which order, how many at a time, and from where a sync goes on."""

from __future__ import annotations

import asyncio
import weakref
from contextlib import asynccontextmanager
from datetime import timedelta
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from core.tests.store.mails import EVERYTHING, NOW, mail
from jackfield.base import MailSourceConnector
from jackfield.batches import Batch, Collection
from jackfield.capabilities import Capabilities
from jackfield.cli.progress import Standing
from jackfield.clock import SystemClock
from jackfield.config import load_configuration
from jackfield.errors import ConfigError, CursorExpired, Unreachable
from jackfield.hooks import AccountHooks
from jackfield.mirror import CollectionSync, Mirror
from jackfield.models import Account, SourceType
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.registry import Registry
from jackfield.requests import SyncRequest
from jackfield.store.committing import Report
from jackfield.store.database import Store
from jackfield.store.searching import search

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from jackfield.requests import ListRequest

FAKE = SourceType("fake")
ACCOUNT = Account(FAKE)


class Pages(MailSourceConnector):
    """Gives each folder one mail a batch; its cursor counts the batches."""

    source = FAKE
    declared: ClassVar = MappingProxyType({"email": Capabilities(fetch="remote", sync="delta")})

    def __init__(self, pages: int = 3, folders: Sequence[Collection] = ()) -> None:
        super().__init__()
        self.pages = pages
        self.folders = folders or [Collection("INBOX", "INBOX", role="inbox")]
        self.requests: list[SyncRequest] = []
        self.before: Callable[[str, int], Awaitable[None]] | None = None

    def mailbox_identity(self) -> str:
        return "me@acme.example"

    async def collections(self) -> Sequence[Collection]:
        return self.folders

    async def fetch(self, request: ListRequest | SyncRequest) -> AsyncIterator[Batch]:
        assert isinstance(request, SyncRequest)
        self.requests.append(request)
        folder, cursor = request.collection.id, request.cursor
        start = cursor["at"] if isinstance(cursor, dict) else 0
        assert isinstance(start, int)
        for page in range(start, self.pages):
            if self.before is not None:
                await self.before(folder, page)
            one = mail(str(page), f"{folder} {page}", folder=folder, account=str(ACCOUNT))
            last = page == self.pages - 1
            yield Batch(items=(one,), cursor={"at": page + 1}, snapshot_complete=last)


@asynccontextmanager
async def stored() -> AsyncIterator[Store]:
    store = Store(None)
    try:
        yield store
    finally:
        store.close()


def mirror(connector: Pages, store: Store, **options: Any) -> Mirror:
    return Mirror(AccountHooks(ACCOUNT, connector), store, SystemClock(), "email", **options)


async def texts(store: Store) -> set[str]:
    return {item.text for item in (await store.read(search, EVERYTHING)).items}


def folders(*names: str) -> list[Collection]:
    return [Collection(name, name, role=name.partition("-")[0]) for name in names]


async def test_inbox_and_sent_come_before_the_rest() -> None:
    connector = Pages(1, folders("trash", "archive", "sent", "inbox"))
    async with stored() as store:
        await mirror(connector, store, concurrency=1).round()
    asked = [request.collection.id for request in connector.requests]
    assert asked == ["inbox", "sent", "trash", "archive"]


async def test_folders_are_synced_at_the_same_time_but_not_too_many() -> None:
    connector = Pages(1, folders(*(f"f-{n}" for n in range(9))))
    under_way, most = 0, 0

    async def count(folder: str, page: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1

    connector.before = count
    async with stored() as store:
        await mirror(connector, store, concurrency=3).round()
    assert most == 3


async def test_a_sync_that_was_cut_off_goes_on_at_the_last_committed_batch() -> None:
    connector = Pages(5)

    async def cut(folder: str, page: int) -> None:
        if page == 3:
            raise Unreachable(str(ACCOUNT), "the line broke")

    async with stored() as store:
        connector.before = cut
        await mirror(connector, store).round()
        assert len(await texts(store)) == 3
        connector.before = None
        await mirror(connector, store).round()
        assert len(await texts(store)) == 5
    assert [request.cursor for request in connector.requests] == [None, {"at": 3}]


async def test_a_snapshot_that_was_cut_off_goes_on_with_its_number() -> None:
    connector = Pages(4)
    expired = False

    async def cut(folder: str, page: int) -> None:
        nonlocal expired
        if page == 4 and not expired:
            expired = True
            raise CursorExpired(str(ACCOUNT), folder)
        if expired and page == 2 and len(connector.requests) < 4:
            raise Unreachable(str(ACCOUNT), "the line broke")

    async with stored() as store:
        await mirror(connector, store).round()
        connector.before, connector.pages = cut, 5
        await mirror(connector, store).round()
        await mirror(connector, store).round()
        stamps = await store.read(_stamps)
    asked = [(request.cursor, request.snapshot) for request in connector.requests]
    assert asked == [(None, True), ({"at": 4}, False), (None, True), ({"at": 2}, True)]
    assert stamps == {2}


def _stamps(db: Any) -> set[int]:
    return {stamp for (stamp,) in db.execute("SELECT stamp FROM membership")}


async def test_a_connector_is_told_the_horizon() -> None:
    connector, since = Pages(1), NOW - timedelta(days=30)
    async with stored() as store:
        await mirror(connector, store, horizon=since).round()
    assert [request.horizon for request in connector.requests] == [since]


async def test_only_the_folders_that_were_chosen_are_synced() -> None:
    connector = Pages(1, folders("inbox", "archive", "sent"))
    async with stored() as store:
        await mirror(connector, store).round(["archive"])
        assert await texts(store) == {"archive 0"}


@pytest.mark.parametrize(("name", "synced"), [("sent", "s"), ("Gesendet", "s"), ("s", "s")])
async def test_a_folder_is_chosen_by_role_name_or_id(name: str, synced: str) -> None:
    connector = Pages(
        1, [Collection("i", "Eingang", role="inbox"), Collection("s", "Gesendet", role="sent")]
    )
    async with _assistant(connector) as assistant:
        await (await assistant.syncs()).sync(folders=[name])
    assert [request.collection.id for request in connector.requests] == [synced]


async def test_a_folder_that_is_not_there_is_said_and_those_that_are() -> None:
    connector = Pages(1, folders("inbox", "archive"))
    async with _assistant(connector) as assistant:
        with pytest.raises(ConfigError, match=r"no folder 'drafts'; there are: inbox, archive"):
            await (await assistant.syncs()).sync(folders=["drafts"])
    assert connector.requests == []


async def test_since_reaches_the_connector_as_a_time() -> None:
    connector = Pages(1)
    async with _assistant(connector) as assistant:
        await (await assistant.syncs()).sync(since=timedelta(days=2))
    (horizon,) = [request.horizon for request in connector.requests]
    assert horizon is not None
    assert abs(SystemClock().now() - timedelta(days=2) - horizon) < timedelta(minutes=1)


def _assistant(connector: Pages) -> AssistantOrchestrator:
    registry = Registry()
    registry.register_mail_connector(FAKE, connector, "default")
    configuration = load_configuration({"JACKFIELD_CONFIG": "/nonexistent/config.toml"})
    return AssistantOrchestrator(registry=registry, configuration=configuration, store=None)


async def test_a_batch_is_let_go_of_before_the_next_but_one_is_asked_for() -> None:
    alive = weakref.WeakSet[Any]()
    most = 0

    class Long(Pages):
        async def fetch(self, request: Any) -> AsyncIterator[Batch]:
            nonlocal most
            async for batch in super().fetch(request):
                alive.update(entry.item for entry in batch.items)
                most = max(most, len(alive))
                yield batch

    connector = Long(50)
    async with stored() as store:
        await mirror(connector, store).round()
        assert len(await texts(store)) == 50
    assert 1 <= most <= 3


async def test_progress_tells_what_came_and_how_much_there_is() -> None:
    told: list[tuple[int, int | None]] = []
    connector = Pages(3, [Collection("INBOX", "INBOX", role="inbox", count=3)])

    def hear(progress: CollectionSync) -> None:
        told.append((progress.fetched, progress.total))

    async with stored() as store:
        await mirror(connector, store, on_commit=hear).round()
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_progress_tells_count_rate_and_time_left() -> None:
    one = CollectionSync("INBOX", total=3000, stored=500, fetched=1000, oldest=NOW, report=Report())
    mirrored = SimpleNamespace(account=ACCOUNT, collections=[one])
    standing = Standing.of(mirrored)  # type: ignore[arg-type]
    assert standing.describe(10) == "1,500 of 3,000  100/s  15 s left, back to 2026-11"
