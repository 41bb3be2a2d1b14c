"""`jackfield search` and `count` on a synced mailbox, and at the provider with `--live`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from jackfield.config import load_configuration
from jackfield.errors import NotSupported
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.registry import Registry
from tests.e2e.mailbox import Ran, jackfield, mail

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.fixtures import DovecotAccount


def when(day: int) -> datetime:
    return datetime(2026, 11, day, 9, tzinfo=UTC)


@pytest.fixture
def filled(mailbox: DovecotAccount) -> DovecotAccount:
    """Six mails: two of Ana's on the budget, one newsletter, one in Sent, one in Junk."""
    body = "Can you confirm the budget by Friday? The board gets the papers on Monday."
    mailbox.deliver("INBOX", mail("Q3 budget", day=5, body=body), when=when(5))
    mailbox.deliver("INBOX", mail("Lunch", day=4, body="No budgets, only soup."), when=when(4))
    news = mail("Weekly newsletter", day=3, sender="news@shop.example", body="budget offers")
    mailbox.deliver("INBOX", news, flags="S", when=when(3))
    mailbox.deliver("Archive", mail("Minutes 議事録", day=2, body="会議"), flags="SF", when=when(2))
    mailbox.deliver("Sent", mail("Re: budget", day=6, sender="me@acme.example"), when=when(6))
    mailbox.deliver("Junk", mail("budget loans", day=7), when=when(7))
    return mailbox


@pytest.fixture
def synced(filled: DovecotAccount, tmp_path: Path) -> DovecotAccount:
    assert jackfield("sync", home=tmp_path, environment=filled.environment()).code == 0
    return filled


def search(account: DovecotAccount, home: Path, *words: str) -> Ran:
    return jackfield("search", *words, home=home, environment=account.environment())


def subjects(account: DovecotAccount, home: Path, *words: str) -> list[Any]:
    ran = search(account, home, *words, "--json")
    assert ran.code == 0, ran.err
    return [item["subject"] for item in ran.json()["items"]]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["budget"], ["Re: budget", "Q3 budget", "Weekly newsletter"]),
        (["from:ana", "budget"], ["Q3 budget"]),
        (["from:ana budget"], ["Q3 budget"]),
        (["budget", "-newsletter"], ["Re: budget", "Q3 budget"]),
        (["-budget", "-is:flagged"], ["Lunch"]),
        (["-budget"], ["Lunch", "Minutes 議事録"]),
        (['"confirm the budget"'], ["Q3 budget"]),
        (["subject:(lunch OR minutes)"], ["Lunch", "Minutes 議事録"]),
        (["after:2026-11-03", "before:2026-11-05"], ["Lunch", "Weekly newsletter"]),
        (["is:unread"], ["Re: budget", "Q3 budget", "Lunch"]),
        (["in:archive"], ["Minutes 議事録"]),
        (["in:spam", "budget"], ["budget loans"]),
        (["議事録"], ["Minutes 議事録"]),
        (["budg*", "soup"], ["Lunch"]),
    ],
)
def test_a_search_finds_what_it_says(
    synced: DovecotAccount, tmp_path: Path, words: list[str], found: list[str]
) -> None:
    assert subjects(synced, tmp_path, *words) == found


def test_the_screen_shows_the_words_found_and_how_old_the_answer_is(
    synced: DovecotAccount, tmp_path: Path
) -> None:
    ran = search(synced, tmp_path, "from:ana", "confirm")
    lines = ran.out.splitlines()
    assert "«confirm» the budget by Friday" in lines[0] or "you «confirm» the" in lines[0]
    assert lines[1].startswith("1 item, newest first, ")
    assert "as of " in lines[1]
    assert all(len(line) <= 100 for line in lines)


def test_a_search_asks_nobody_unless_it_is_live(synced: DovecotAccount, tmp_path: Path) -> None:
    environment = {**synced.environment(), "EMAIL_IMAP_PORT": "1"}
    local = jackfield("search", "lunch", home=tmp_path, environment=environment)
    live = jackfield("search", "lunch", "--live", home=tmp_path, environment=environment)
    assert (local.code, live.code) == (0, 3)
    assert "Lunch" in local.out
    assert "Lunch" in live.out
    assert "nothing listens" in live.out


def test_what_was_never_synced_is_named(filled: DovecotAccount, tmp_path: Path) -> None:
    ran = search(filled, tmp_path, "budget")
    assert ran.code == 3
    assert ran.out.splitlines()[-1] == (
        "Not searched: imap:default (never synced: jackfield sync imap:default)"
    )


def test_a_live_search_finds_what_was_never_synced_and_checks_it_word_by_word(
    filled: DovecotAccount, tmp_path: Path
) -> None:
    found = subjects(filled, tmp_path, "budget", "--live")
    assert found == ["Re: budget", "Q3 budget", "Weekly newsletter"]
    assert subjects(filled, tmp_path, "from:ana", "-newsletter", "soup", "--live") == ["Lunch"]


def test_a_live_search_adds_what_came_since_the_sync(
    synced: DovecotAccount, tmp_path: Path
) -> None:
    synced.deliver("INBOX", mail("Budget again", day=8), when=when(8))
    assert "Budget again" not in subjects(synced, tmp_path, "budget")
    assert subjects(synced, tmp_path, "budget", "--live")[0] == "Budget again"


@pytest.mark.parametrize(
    ("query", "screen"),
    [
        (
            "from:ana (budget OR",
            "from:ana (budget OR\n                 ^ OR needs something on both sides\n",
        ),
        ("from:ana (budget", "from:ana (budget\n         ^ this bracket is never closed\n"),
    ],
)
def test_a_mistake_is_pointed_at(
    synced: DovecotAccount, tmp_path: Path, query: str, screen: str
) -> None:
    ran = search(synced, tmp_path, query)
    assert (ran.code, ran.out, ran.err) == (2, "", screen)


def test_pages_lead_through_everything_once(synced: DovecotAccount, tmp_path: Path) -> None:
    found: list[str] = []
    page: list[str] = []
    for _ in range(10):
        document = search(synced, tmp_path, "--limit", "2", "--json", *page).json()
        found += [item["subject"] for item in document["items"]]
        if document["next"] is None:
            break
        page = ["--page", document["next"]]
    assert found == ["Re: budget", "Q3 budget", "Lunch", "Weekly newsletter", "Minutes 議事録"]


def test_counts_agree_with_searches(synced: DovecotAccount, tmp_path: Path) -> None:
    environment = synced.environment()
    for words, number in ((["budget"], 3), ([], 5), (["in:spam"], 1)):
        ran = jackfield("count", *words, home=tmp_path, environment=environment)
        assert (ran.code, ran.out) == (0, f"{number}\n")


async def test_every_mail_comes_once_page_by_page(filled: DovecotAccount, tmp_path: Path) -> None:
    configuration = load_configuration({**filled.environment(), "HOME": str(tmp_path)})
    async with AssistantOrchestrator(
        registry=Registry(), configuration=configuration, store=tmp_path / "store.db"
    ) as assistant:
        mails = [mail.subject async for mail in assistant.iter_emails(limit=2)]
        unread = [each.subject async for each in assistant.iter_emails(limit=1, unread_only=True)]
    assert mails == ["Q3 budget", "Lunch", "Weekly newsletter", "Minutes 議事録"]
    assert unread == ["Q3 budget", "Lunch"]


async def test_without_a_store_only_the_providers_are_searched(
    filled: DovecotAccount, tmp_path: Path
) -> None:
    configuration = load_configuration({**filled.environment(), "HOME": str(tmp_path)})
    async with AssistantOrchestrator(
        registry=Registry(), configuration=configuration, store=None
    ) as assistant:
        live = await assistant.search_across_sources("confirm budget")
        with pytest.raises(NotSupported, match="none on disk"):
            await assistant.search_across_sources("budget", live=False)
    assert [getattr(item, "subject", "") for item in live] == ["Q3 budget"]
