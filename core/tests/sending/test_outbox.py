"""What is sent is written down first, leaves once, and is never repeated by itself."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest

from core.tests.sending.sender import Sender, assistant, draft, service, states
from jackfield.errors import (
    AuthenticationError,
    ConfigError,
    InvalidRequest,
    ProviderError,
    RateLimited,
    Unreachable,
)
from jackfield.models import SendResult, Upload

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path


def raising(error: BaseException) -> Callable[[], Awaitable[object]]:
    async def fail() -> None:
        raise error

    return fail


async def test_the_intent_is_on_disk_before_the_connector_is_asked(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    async def look() -> None:
        seen.append(states(tmp_path))

    async with assistant(tmp_path, Sender(look)) as one:
        result = await (await service(one)).send(draft())
    assert seen == [["sending"]]
    assert (result.state, result.provider_id) == ("accepted", "p1")
    assert states(tmp_path) == ["accepted"]


async def test_the_outbox_survives_the_loss_of_power_and_is_its_owners_alone(
    tmp_path: Path,
) -> None:
    async with assistant(tmp_path, Sender()) as one:
        box = (await one.session()).outbox
        assert box is not None
        full = await box.write(lambda db: db.execute("PRAGMA synchronous").fetchone())
    assert full == (2,)
    assert (tmp_path / "outbox.db").stat().st_mode & 0o777 == 0o600


async def test_two_drafts_with_one_key_are_one_send(tmp_path: Path) -> None:
    sender = Sender()
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        first = await sends.send(draft(key="order-17"))
    async with assistant(tmp_path, sender) as one:
        assert await (await service(one)).send(draft(key="order-17")) == first
    assert sender.sent == ["hello"]


async def test_two_drafts_without_a_key_are_two_sends(tmp_path: Path) -> None:
    sender = Sender()
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        await sends.send(draft())
        await sends.send(draft())
    assert sender.sent == ["hello", "hello"]


@pytest.mark.parametrize(
    "other",
    [
        draft("bye", "order-17"),
        draft(key="order-17").model_copy(update={"attachments": (Upload(name="a", content=b"1"),)}),
    ],
)
async def test_a_key_given_to_another_draft_is_refused(tmp_path: Path, other: object) -> None:
    sender = Sender()
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        await sends.send(draft(key="order-17"))
        with pytest.raises(InvalidRequest, match="order-17"):
            await sends.send(other)  # type: ignore[arg-type]
    assert sender.sent == ["hello"]


async def test_a_key_belongs_to_its_account(tmp_path: Path) -> None:
    senders = Sender(), Sender()
    async with assistant(tmp_path, *senders) as one:
        sends = await service(one)
        await sends.send(draft(key="k"))
        await sends.send(draft(key="k", account="fake:second"))
    assert [each.sent for each in senders] == [["hello"], ["hello"]]


async def test_one_key_sent_at_the_same_time_leaves_once(tmp_path: Path) -> None:
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        under_way.set()
        await go_on.wait()

    sender = Sender(wait)
    async with assistant(tmp_path, sender) as one, assistant(tmp_path, sender) as other:
        first = asyncio.create_task((await service(one)).send(draft(key="k")))
        await under_way.wait()
        second = await (await service(other)).send(draft(key="k"))
        assert [each.state for each in await (await service(other)).entries()] == ["sending"]
        go_on.set()
        assert (await first).state == "accepted"
    assert (second.state, second.reason) == ("unknown", "it is being sent just now")
    assert sender.sent == ["hello"]


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("fake:default", "the line broke"),
        ProviderError("fake:default", "error 500"),
        TimeoutError(),
        ZeroDivisionError("a bug"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_that_may_mean_anything_makes_a_send_unknown(
    tmp_path: Path, error: Exception
) -> None:
    sender = Sender(raising(error))
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        result = await sends.send(draft(key="k"))
        sender.before = None
        assert (await sends.send(draft(key="k"))).state == "unknown"
        with pytest.raises(ConfigError, match="may have left"):
            await sends.release(result.outbox_id)
    assert (result.state, result.retryable) == ("unknown", False)
    assert "may have left" in result.reason
    assert sender.sent == []


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError("fake:default", "wrong password", fix="sign in"),
        RateLimited("fake:default", "slow down"),
        InvalidRequest("fake:default", "no such address"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_an_error_that_means_that_nothing_left_rejects_and_may_be_tried_again(
    tmp_path: Path, error: Exception
) -> None:
    sender = Sender(raising(error))
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        assert (await sends.send(draft(key="k"))).state == "rejected"
        sender.before = None
        assert (await sends.send(draft(key="k"))).state == "accepted"
    assert sender.sent == ["hello"]


async def test_a_send_that_takes_too_long_is_unknown(tmp_path: Path) -> None:
    sender = Sender(lambda: asyncio.sleep(3600))
    async with assistant(tmp_path, sender) as one:
        result = await (await service(one)).send(draft(), seconds=0.05)
    assert (result.state, result.reason) == ("unknown", "no answer in 0.05 s; it may have left")


async def test_a_send_that_was_cancelled_is_unknown(tmp_path: Path) -> None:
    under_way = asyncio.Event()

    async def wait() -> None:
        under_way.set()
        await asyncio.sleep(3600)

    async with assistant(tmp_path, Sender(wait)) as one:
        sends = await service(one)
        task = asyncio.create_task(sends.send(draft(key="k")))
        await under_way.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        (entry,) = await sends.entries()
        assert (entry.state, entry.reason) == (
            "unknown",
            "its process ended while it was being sent",
        )
        assert (await sends.send(draft(key="k"))).state == "unknown"


async def test_an_account_that_cannot_be_opened_sends_nothing(tmp_path: Path) -> None:
    class Closed(Sender):
        async def open(self, context: object) -> None:
            raise AuthenticationError("fake:default", "wrong password", fix="sign in again")

    sender = Closed()
    async with assistant(tmp_path, sender) as one:
        result = await (await service(one)).send(draft())
    assert (result.state, result.reason) == ("rejected", "wrong password: sign in again")
    assert sender.sent == []


async def test_an_unknown_send_is_settled_by_what_the_provider_has(tmp_path: Path) -> None:
    sender = Sender(raising(ProviderError("fake:default", "error 500")))
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        id = (await sends.send(draft())).outbox_id
        assert (await sends.settle(id[:4])).reason == "not there"
        sender.there = SendResult(state="accepted", provider_id="p9")
        settled = await sends.settle(id)
        assert (settled.state, settled.provider_id) == ("accepted", "p9")
        assert await sends.entries() == []
        with pytest.raises(ConfigError, match="nothing to settle"):
            await sends.settle(id)
    assert sender.copies == ["hello"]


@pytest.mark.parametrize(("sent", "state"), [(True, "accepted"), (False, "rejected")])
async def test_a_person_may_settle_what_the_provider_cannot(
    tmp_path: Path, sent: bool, state: str
) -> None:
    sender = Sender(raising(ProviderError("fake:default", "error 500")))
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        id = (await sends.send(draft())).outbox_id
        assert (await sends.settle(id, sent=sent)).state == state
    assert sender.sent == []


async def test_a_provider_that_cannot_be_asked_settles_nothing(tmp_path: Path) -> None:
    class Silent(Sender):
        async def reconcile(self, draft: object) -> SendResult:
            raise Unreachable("fake:default", "no answer")

    sender = Silent(raising(ProviderError("fake:default", "error 500")))
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        result = await sends.settle((await sends.send(draft())).outbox_id)
    assert result.state == "unknown"
    assert "not settled: fake:default: no answer" in result.reason


async def test_the_copy_is_made_after_the_acceptance_was_written_down(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    async def look() -> None:
        seen.append(states(tmp_path))

    sender = Sender()
    sender.copying = look
    async with assistant(tmp_path, sender) as one:
        await (await service(one)).send(draft())
    assert (seen, sender.copies) == ([["accepted"]], ["hello"])


async def test_a_copy_that_failed_is_made_with_the_next_send_and_once(tmp_path: Path) -> None:
    sender = Sender()
    sender.copying = raising(Unreachable("fake:default", "no answer"))
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        first = await sends.send(draft("one"))
        assert first.state == "accepted"
        assert "no copy among what was sent yet: fake:default: no answer" in first.reason
        sender.copying = None
        await sends.send(draft("two"))
        await sends.send(draft("three"))
        assert (await sends.entry(first.outbox_id)).reason == ""
    assert sender.sent == ["one", "two", "three"]
    assert sender.copies == ["one", "two", "three"]


async def test_a_copy_that_failed_is_made_when_a_person_asks_for_it(tmp_path: Path) -> None:
    sender = Sender()
    sender.copying = raising(Unreachable("fake:default", "no answer"))
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        id = (await sends.send(draft())).outbox_id
        assert [entry.id for entry in await sends.entries()] == [id]
        sender.copying = None
        assert (await sends.settle(id)).reason == ""
        assert await sends.entries() == []
    assert (sender.sent, sender.copies) == (["hello"], ["hello"])


async def test_the_bytes_of_attachments_stay_until_the_copy_is_made(tmp_path: Path) -> None:
    with_file = draft().model_copy(update={"attachments": (Upload(name="a", content=b"\0\xff"),)})
    kept: list[int] = []

    async def count() -> None:
        db = sqlite3.connect(tmp_path / "outbox.db")
        kept.extend(db.execute("SELECT length(content) FROM upload").fetchone())
        db.close()

    sender = Sender(count)
    async with assistant(tmp_path, sender) as one:
        await (await service(one)).send(with_file)
    db = sqlite3.connect(tmp_path / "outbox.db")
    assert db.execute("SELECT count(*) FROM upload").fetchone() == (0,)
    db.close()
    assert kept == [2]


async def test_what_did_not_leave_can_be_discarded_and_what_may_have_cannot(
    tmp_path: Path,
) -> None:
    sender = Sender(raising(InvalidRequest("fake:default", "no such address")))
    async with assistant(tmp_path, sender) as one:
        sends = await service(one)
        rejected = (await sends.send(draft())).outbox_id
        await sends.discard(rejected)
        assert await sends.entries() == []
        with pytest.raises(ConfigError, match="is discarded"):
            await sends.release(rejected)
        sender.before = raising(ZeroDivisionError())
        unknown = (await sends.send(draft())).outbox_id
        with pytest.raises(ConfigError, match="is unknown"):
            await sends.discard(unknown)


async def test_nothing_is_sent_without_an_outbox(tmp_path: Path) -> None:
    sender = Sender()
    one = assistant(tmp_path, sender)
    one._store = None
    async with one:
        with pytest.raises(ConfigError, match="without an outbox"):
            await (await service(one)).send(draft())
    assert sender.sent == []
