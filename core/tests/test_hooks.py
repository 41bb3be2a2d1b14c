"""One plugin manager an account, and what plugins may do."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

import pytest

from jackfield.base import Allow, Decision, Deny, Hold, MailSourceConnector
from jackfield.batches import Batch, Ref
from jackfield.capabilities import Capabilities
from jackfield.errors import NotSupported, PluginError
from jackfield.hooks import AccountHooks
from jackfield.hookspecs import hookimpl
from jackfield.models import Account, Draft, SendResult, SourceType
from jackfield.registry import Registry
from jackfield.requests import ListRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from jackfield.models import Item

FAKE = SourceType("fake")
WORK = Account(FAKE, "work")


class Sender(MailSourceConnector):
    """Sends into a list, after giving everyone else a turn."""

    source = FAKE
    declared: ClassVar = MappingProxyType({"email": Capabilities(send=True)})

    def __init__(self, name: str = "work") -> None:
        super().__init__()
        self.name = name
        self.sent: list[str] = []

    async def send(self, draft: Draft) -> SendResult:
        await asyncio.sleep(0)
        self.sent.append(draft.account)
        return SendResult(state="accepted", provider_id=self.name)


def draft(account: Account = WORK, text: str = "hello") -> Draft:
    return Draft(account=str(account), text=text)


async def test_ten_thousand_sends_while_accounts_come_and_go_each_leave_by_their_own() -> None:
    registry = Registry()
    steady = {f"steady{n}": Sender(f"steady{n}") for n in range(10)}
    for name, connector in steady.items():
        registry.register_mail_connector(FAKE, connector, name)
    hooks = {a: AccountHooks(a, c) for a, c in registry.registered.items()}
    done = asyncio.Event()

    async def come_and_go() -> int:
        turns = 0
        while not done.is_set():
            passing = Account(FAKE, f"passing{turns % 7}")
            registry.register_mail_connector(FAKE, Sender(passing.name), passing.name)
            hooks[passing] = AccountHooks(passing, registry.registered[passing])
            await asyncio.sleep(0)
            registry.unregister(passing)
            del hooks[passing]
            turns += 1
        return turns

    async def send(number: int) -> bool:
        account = Account(FAKE, f"steady{number % 10}")
        result = await hooks[account].send(draft(account), Allow())
        return result.provider_id == account.name

    coming_and_going = asyncio.create_task(come_and_go())
    rightly: list[bool] = []
    for start in range(0, 10_000, 100):
        rightly += await asyncio.gather(*(send(n) for n in range(start, start + 100)))
    done.set()

    assert await coming_and_going > 100
    assert sum(rightly) == 10_000
    assert all(
        set(c.sent) == {f"fake:{name}"} and len(c.sent) == 1000 for name, c in steady.items()
    )


async def test_a_draft_of_another_account_is_refused() -> None:
    connector = Sender()
    with pytest.raises(PluginError, match="fake:home"):
        await AccountHooks(WORK, connector).send(draft(Account(FAKE, "home")), Allow())
    assert connector.sent == []


async def test_a_connector_that_cannot_send_says_so() -> None:
    class Reader(MailSourceConnector):
        source = FAKE

    with pytest.raises(NotSupported, match="'send'"):
        await AccountHooks(WORK, Reader()).send(draft(), Allow())


@pytest.mark.parametrize(
    ("said", "decision"),
    [
        (Allow(), Allow()),
        (Hold("ask"), Hold("ask")),
        (Deny("no"), Deny("no")),
        ("yes", Deny("gate: before_send gave str")),
    ],
)
def test_a_plugin_decides_what_may_be_sent(said: object, decision: Decision) -> None:
    class Gate:
        @hookimpl
        def before_send(self) -> object:
            return said

    assert AccountHooks(WORK, Sender(), {"gate": Gate()}).decide(draft()) == decision


def test_a_plugin_that_fails_before_a_send_denies_it_and_is_named() -> None:
    class Gate:
        @hookimpl
        def before_send(self, draft: Draft) -> object:
            raise RuntimeError("no rule")

    decision = AccountHooks(WORK, Sender(), {"gate": Gate()}).decide(draft())

    assert decision == Deny("gate: before_send: no rule")


def test_plugins_hear_what_became_of_a_send_and_their_errors_change_nothing() -> None:
    heard: list[str] = []

    class Audit:
        @hookimpl
        def after_send(self, account: Account, result: SendResult) -> None:
            heard.append(f"{account} {result.state}")
            raise RuntimeError("disk full")

    hooks = AccountHooks(WORK, Sender(), {"audit": Audit()})

    hooks.tell(draft(), SendResult(state="accepted"))

    assert heard == ["fake:work accepted"]
    assert "audit: after_send: disk full" in str(hooks.reports[0])


def test_a_plugin_that_fails_to_present_shows_nothing() -> None:
    class Redactor:
        @hookimpl
        def on_present(self, items: Sequence[Item]) -> Sequence[Item]:
            raise RuntimeError("no rules")

    with pytest.raises(PluginError, match="redactor: on_present"):
        AccountHooks(WORK, Sender(), {"redactor": Redactor()}).present([])


def test_a_plugin_that_fails_to_ingest_is_reported_and_the_batch_kept() -> None:
    class Tagger:
        @hookimpl
        def on_ingest(self, batch: Batch) -> Batch:
            return None  # type: ignore[return-value]

    hooks = AccountHooks(WORK, Sender(), {"tagger": Tagger()})
    batch = Batch(removed=(Ref("INBOX", "1"),))

    assert hooks.ingest(batch) is batch
    assert "tagger: on_ingest" in str(hooks.reports[0])


def test_plugins_are_called_in_their_configured_order() -> None:
    class Cut:
        def __init__(self, number: int) -> None:
            self.number = number

        @hookimpl
        def on_ingest(self, batch: Batch) -> Batch:
            return Batch(cursor=[*(batch.cursor or []), self.number])  # type: ignore[misc]

    hooks = AccountHooks(WORK, Sender(), {"b": Cut(1), "a": Cut(2), "c": Cut(3)})

    assert hooks.ingest(Batch(cursor=[])).cursor == [1, 2, 3]


def test_a_cross_cutting_plugin_cannot_play_the_connector() -> None:
    class Thief:
        @hookimpl
        async def send(self, draft: Draft) -> SendResult:
            return SendResult(state="accepted")

    with pytest.raises(PluginError, match="belongs to connectors"):
        AccountHooks(WORK, Sender(), {"thief": Thief()})


def test_a_misspelt_hook_is_refused() -> None:
    class Typo:
        @hookimpl
        def on_presnt(self, items: Sequence[Item]) -> Sequence[Item]:
            return items

    with pytest.raises(PluginError, match="on_presnt"):
        AccountHooks(WORK, Sender(), {"typo": Typo()})


def _define(**methods: object) -> None:
    type("Bad", (MailSourceConnector,), {"source": FAKE, **methods})


async def _no_generator(self: object, request: object) -> None: ...


async def _with_default(self: object, request: object = None) -> AsyncIterator[Batch]:
    yield Batch()


async def _keyword_only(self: object, *, request: object) -> AsyncIterator[Batch]:
    yield Batch()


async def _strange_name(self: object, req: object) -> AsyncIterator[Batch]:
    yield Batch()


@pytest.mark.parametrize(
    ("fetch", "says"),
    [
        (_no_generator, "asynchronous generator"),
        (_with_default, "without a default"),
        (_keyword_only, "must be plain"),
        (_strange_name, "not 'req'"),
    ],
)
def test_a_hook_that_pluggy_would_call_wrongly_is_refused_in_the_class(
    fetch: object, says: str
) -> None:
    with pytest.raises(TypeError, match=says):
        _define(fetch=fetch)


async def test_a_batch_that_breaks_a_bound_is_the_connectors_fault() -> None:
    class Greedy(MailSourceConnector):
        source = FAKE

        async def fetch(self, request: ListRequest) -> AsyncIterator[Batch]:
            yield Batch(removed=tuple(Ref("INBOX", str(n)) for n in range(501)))

    hooks = AccountHooks(WORK, Greedy())
    with pytest.raises(PluginError, match="a batch of 501"):
        [batch async for batch in hooks.fetch(ListRequest("email"))]


async def test_leaving_a_fetch_early_closes_the_connectors_generator() -> None:
    closed = asyncio.Event()

    class Slow(MailSourceConnector):
        source = FAKE

        async def fetch(self, request: ListRequest) -> AsyncIterator[Batch]:
            try:
                yield Batch()
                yield Batch()
            finally:
                closed.set()

    batches = AccountHooks(WORK, Slow()).fetch(ListRequest("email"))
    await anext(batches)
    await batches.aclose()

    assert closed.is_set()
