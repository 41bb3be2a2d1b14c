"""Many sources at once: each on its own, each within its deadline, none hides another."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from jackfield.base import MailSourceConnector
from jackfield.batches import Batch, Collection, Entry, Keys, Ref
from jackfield.capabilities import Capabilities
from jackfield.config import load_configuration
from jackfield.errors import AuthenticationError, ConfigError, NoSourceAnswered
from jackfield.hookspecs import hookimpl
from jackfield.models import SourceType, UnifiedEmail
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.query.tree import Query, Translation
from jackfield.registry import Registry
from jackfield.results import Incomplete

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from jackfield.batches import Level
    from jackfield.requests import ListRequest, SearchRequest

NOW = datetime.now(UTC)
FAKE = SourceType("fake")


class Source(MailSourceConnector):
    """Gives `count` mails, after doing what `before` says, then what `after` says."""

    source = FAKE
    declared: ClassVar = MappingProxyType({"email": Capabilities(fetch="remote")})

    def __init__(self, name: str, count: int = 1, before: Any = None, after: Any = None) -> None:
        super().__init__()
        self.name, self.count, self.before, self.after = name, count, before, after

    def mailbox_identity(self) -> str:
        return f"{self.name}@acme.example"

    async def fetch(self, request: ListRequest) -> AsyncIterator[Batch]:
        if self.before is not None:
            await self.before()
        yield Batch(items=tuple(self._entry(n) for n in range(self.count)))
        if self.after is not None:
            await self.after()

    def _entry(self, number: int) -> Entry:
        received = NOW - timedelta(minutes=number)
        mail = UnifiedEmail(
            source=FAKE,
            account=f"fake:{self.name}",
            time=received,
            subject=f"{self.name} {number}",
            unread=True,
        )
        keys = Keys(strong=(f"fake:{number}",))
        return Entry(Ref("INBOX", str(number)), mail, keys, received, "headers")


async def hang() -> None:
    await asyncio.sleep(3600)


async def refuse() -> None:
    raise AuthenticationError("fake:x", "the password is wrong", fix="sign in")


async def cancel() -> None:
    raise asyncio.CancelledError


async def crash() -> None:
    raise ZeroDivisionError("a bug")


def assistant(*sources: Source) -> AssistantOrchestrator:
    registry = Registry()
    for each in sources:
        registry.register_mail_connector(FAKE, each, each.name)
    configuration = load_configuration({"JACKFIELD_CONFIG": "/nonexistent/config.toml"})
    return AssistantOrchestrator(registry=registry, configuration=configuration, store=None)


async def test_one_dead_source_never_breaks_the_rest() -> None:
    sources = [
        Source("good"),
        Source("hangs", before=hang),
        Source("refuses", before=refuse),
        Source("crashes", before=crash),
        Source("stops", after=hang),
        Source("breaks", after=refuse),
    ]
    async with assistant(*sources) as everything:
        mails = await everything.get_all_emails(deadline=0.5)
    states = {state.account.partition(":")[2]: state for state in mails.sources}
    assert {mail.subject for mail in mails} == {"good 0", "stops 0", "breaks 0"}
    assert {name: state.state for name, state in states.items()} == {
        "good": "complete",
        "hangs": "failed",
        "refuses": "failed",
        "crashes": "failed",
        "stops": "partial",
        "breaks": "partial",
    }
    assert states["hangs"].error == "no answer in 0.5 s"
    assert (states["refuses"].error, states["refuses"].fix) == ("the password is wrong", "sign in")
    assert "ZeroDivisionError: a bug" in states["crashes"].error
    assert not mails.complete
    with pytest.raises(Incomplete, match="fake:hangs: failed"):
        mails.raise_if_incomplete()


async def test_rubbish_from_one_connector_never_breaks_the_rest() -> None:
    class Rubbish(Source):
        def __init__(self, name: str, **changes: Any) -> None:
            super().__init__(name)
            self.changes = changes

        def _entry(self, number: int) -> Entry:
            return replace(super()._entry(number), **self.changes)

    class Endless(Source):
        async def fetch(self, request: ListRequest) -> AsyncIterator[Batch]:
            while True:
                yield Batch()

    surrogate = Source("text")._entry(0).item.model_copy(update={"text": "\ud800"})
    stolen = Source("good")._entry(0).item
    sources = [
        Source("good"),
        Rubbish("level", level="half"),
        Rubbish("ref", ref=Ref(None, "7")),  # type: ignore[arg-type]
        Rubbish("text", item=surrogate),
        Rubbish("stolen", item=stolen),
        Source("cancels", before=cancel),
        Endless("endless"),
    ]
    async with assistant(*sources) as everything:
        mails = await everything.get_all_emails(deadline=0.5)
    states = {state.account.partition(":")[2]: state.state for state in mails.sources}
    assert [mail.subject for mail in mails] == ["good 0"]
    assert states.pop("good") == "complete"
    assert set(states.values()) == {"failed"}


async def test_sources_are_asked_at_the_same_time() -> None:
    async def slowly() -> None:
        await asyncio.sleep(0.2)

    began = asyncio.get_running_loop().time()
    async with assistant(*(Source(f"s{n}", before=slowly) for n in range(20))) as everything:
        mails = await everything.get_all_emails()
    assert (len(mails), mails.complete) == (20, True)
    assert asyncio.get_running_loop().time() - began < 2


async def test_mails_of_all_sources_are_merged_newest_first_and_cut() -> None:
    async with assistant(Source("a", 30), Source("b", 30)) as everything:
        mails = await everything.get_all_emails(limit=10)
    assert len(mails) == 10
    assert [mail.time for mail in mails] == sorted((m.time for m in mails), reverse=True)
    assert mails.truncated


async def test_nobody_answering_is_an_error_and_never_an_empty_result() -> None:
    async with assistant(Source("x", before=refuse), Source("y", before=crash)) as everything:
        with pytest.raises(NoSourceAnswered, match="fake:x: the password is wrong"):
            await everything.get_all_emails()


async def test_what_failed_is_shown_from_the_store_as_stale() -> None:
    source = Source("a", 3)
    async with assistant(source) as everything:
        await everything.get_all_emails()
        source.before = refuse
        mails = await everything.get_all_emails()
    (state,) = mails.sources
    assert (len(mails), state.state, state.count, state.error) == (
        3,
        "stale",
        3,
        "the password is wrong",
    )
    assert state.age is not None
    assert mails.failed == (state,)


async def test_cancelling_stops_every_source() -> None:
    stopped: list[str] = []

    async def note() -> None:
        try:
            await hang()
        finally:
            stopped.append("yes")

    async with assistant(Source("a", before=note), Source("b", before=note)) as everything:
        asking = asyncio.create_task(everything.get_all_emails())
        await asyncio.sleep(0.1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert stopped == ["yes", "yes"]


async def test_results_are_a_sequence_and_records() -> None:
    async with assistant(Source("a", 3)) as everything:
        mails = await everything.get_all_emails()
    assert [mail.subject for mail in mails[1:]] == ["a 1", "a 2"]
    assert mails.records()[0]["subject"] == "a 0"
    assert mails.raise_if_incomplete() is mails


async def test_an_account_is_chosen_by_its_whole_name_its_source_or_its_own() -> None:
    async with assistant(Source("work"), Source("home")) as everything:
        for name, count in (("fake:work", 1), ("fake", 2), ("home", 1)):
            assert len(await everything.get_all_emails(accounts=[name])) == count
        with pytest.raises(ConfigError, match="known: fake:work, fake:home"):
            await everything.get_all_emails(accounts=["gmail"])


async def test_two_accounts_keep_their_equal_provider_ids_apart() -> None:
    async with assistant(Source("a", 5), Source("b", 5)) as everything:
        mails = await everything.get_all_emails()
    assert len({mail.id for mail in mails}) == 10


class Foldered(Source):
    """One mail, in a folder whose role nobody knew before it was listed; its text comes later."""

    role = "spam"

    async def collections(self) -> Sequence[Collection]:
        return [Collection("INBOX", "Unerwünscht", role=self.role)]

    async def get(self, refs: Sequence[Ref], level: Level) -> Sequence[Entry]:
        entry = self._entry(int(refs[0].key))
        whole = entry.item.model_copy(update={"text": "the password is hunter2"})
        return [replace(entry, item=whole, level="full")]


async def test_spam_that_was_only_listed_is_no_mail_yet() -> None:
    async with assistant(Foldered("me")) as everything:
        await everything.get_all_emails()
        found = await everything.search_across_sources("me")
        asked = await everything.search_across_sources("me in:spam")
    assert list(found) == []
    assert [item.folders for item in asked] == [("Unerwünscht",)]


class Guard:
    """Takes passwords out of everything before it is kept."""

    @hookimpl
    def on_ingest(self, batch: Batch) -> Batch:
        return replace(batch, items=tuple(map(self._clean, batch.items)))

    @staticmethod
    def _clean(entry: Entry) -> Entry:
        clean = entry.item.model_copy(update={"text": entry.item.text.replace("hunter2", "***")})
        return replace(entry, item=clean)


def install(monkeypatch: pytest.MonkeyPatch, plugin: type) -> None:
    """Let a plugin be found as if a distribution named it."""
    found = SimpleNamespace(name=plugin.__name__.lower(), load=plugin)
    monkeypatch.setattr("jackfield.session.installed", lambda group: (found,))


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Guard)


@pytest.mark.usefixtures("guarded")
async def test_what_show_fetches_passes_the_plugins_before_it_is_kept() -> None:
    class Inbox(Foldered):
        role = "inbox"

    async with assistant(Inbox("me")) as everything:
        (mail,) = await everything.get_all_emails()
        assert (await everything.show(mail.id)).text == "the password is ***"


@pytest.mark.usefixtures("guarded")
async def test_what_a_live_search_fetches_passes_the_plugins_before_it_is_kept() -> None:
    class Searching(Foldered):
        role = "inbox"
        declared: ClassVar = MappingProxyType({
            "email": Capabilities(fetch="remote", search="remote")
        })

        def translate(self, query: Query) -> Translation:
            return Translation(native="all", residue=query, exact=False)

        async def search(self, request: SearchRequest) -> AsyncIterator[Batch]:
            yield Batch(items=(self._entry(0),))

    async with assistant(Searching("me")) as everything:
        assert list(await everything.search_across_sources("hunter2")) == []
        (mail,) = await everything.search_across_sources("password")
    assert mail.text == "the password is ***"


async def test_there_is_more_where_a_plugin_leaves_out_what_filled_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Choosy:
        @hookimpl
        def on_ingest(self, batch: Batch) -> Batch:
            return replace(batch, items=batch.items[1:])

    install(monkeypatch, Choosy)
    async with assistant(Source("me", count=3)) as everything:
        mails = await everything.get_all_emails(limit=3)
    assert len(mails) == 2
    assert mails.truncated
