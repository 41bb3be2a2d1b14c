"""`jackfield demo`: the whole job on a socket of this machine, without account or network."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jackfield.config import load_configuration
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.registry import DEMOS, Registry, installed
from jackfield_imap.demo import build_mailbox, demo
from tests.e2e.mailbox import jackfield

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_demo_syncs_lists_and_shows(tmp_path: Path) -> None:
    ran = jackfield("demo", home=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    mails = sum(len(f.mails) for f in build_mailbox(datetime.now(UTC)).folders.values())
    assert f"{mails} new" in ran.out
    assert "Re: Q3 budget" in ran.out
    assert "Can you confirm the budget by Friday?" in ran.out
    assert not (tmp_path / "data").exists()


def test_the_demo_reaches_for_no_account_of_the_user(tmp_path: Path) -> None:
    mine = {"EMAIL_IMAP_SERVER__HOME": "nowhere.invalid", "ENABLE_IMAP": "false"}
    ran = jackfield("demo", home=tmp_path, environment=mine)
    assert (ran.code, "home" in ran.out) == (0, False)


def test_the_kept_store_works_with_every_ordinary_command(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    jackfield("demo", "--keep", str(kept), home=tmp_path)
    there = {"JACKFIELD_DATA_DIR": str(kept), "JACKFIELD_CONFIG": str(kept / "config.toml")}
    inbox = jackfield("inbox", "--json", home=tmp_path, environment=there)
    document = inbox.json()
    assert (inbox.code, len(document["items"])) == (3, 50)
    assert [source["state"] for source in document["sources"]] == ["stale"]
    shown = jackfield("show", document["items"][0]["short_id"], home=tmp_path, environment=there)
    assert (shown.code, "Can you confirm the budget" in shown.out) == (0, True)
    again = jackfield("demo", "--keep", str(kept), home=tmp_path)
    assert again.code == 2
    assert "is not empty" in again.err


def test_at_least_two_hundred_mails_in_four_folders_as_of_today(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    jackfield("demo", "--keep", str(kept), home=tmp_path)
    there = {"JACKFIELD_DATA_DIR": str(kept), "JACKFIELD_CONFIG": str(kept / "config.toml")}
    ran = jackfield("inbox", "-n", "1000", "--json", home=tmp_path, environment=there)
    items = ran.json()["items"]
    newest = datetime.fromisoformat(items[0]["time"])
    assert abs((datetime.now(UTC) - newest).days) <= 1
    assert len(items) > 150
    assert {folder for item in items for folder in item["folders"]} == {"INBOX", "Archive"}
    folders = build_mailbox(datetime.now(UTC)).folders
    assert len(folders) == 4
    assert sum(len(folder.mails) for folder in folders.values()) >= 200


def test_nothing_of_the_hostile_mail_reaches_the_terminal(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    jackfield("demo", "--keep", str(kept), home=tmp_path)
    there = {"JACKFIELD_DATA_DIR": str(kept), "JACKFIELD_CONFIG": str(kept / "config.toml")}
    listed = jackfield("inbox", "-n", "1000", "--json", home=tmp_path, environment=there).json()
    hostile = next(i for i in listed["items"] if any(".." in a["name"] for a in i["attachments"]))
    screen = jackfield("inbox", "-n", "1000", home=tmp_path, environment=there)
    shown = jackfield("show", hostile["id"], home=tmp_path, environment=there)
    for out in (screen.out, shown.out):
        strange = {c for c in out if ord(c) < 32 and c not in "\n\t"}
        assert strange == set()
        assert "[31m" not in out
        assert not set("\u202e\u2066\u200b\x7f\x9b") & set(out)


async def test_a_mail_that_is_edited_on_the_server_changes_the_screen(
    tmp_path: Path,
) -> None:
    mailbox = build_mailbox(datetime.now(UTC))
    inbox = mailbox["INBOX"]
    newest = max(inbox.mails, key=lambda mail: mail.internaldate)
    async with demo(mailbox) as environment:
        before = await _newest_subject(environment, tmp_path / "one.db")
        edited = newest.raw.replace(b"Subject: Re: Q3 budget", b"Subject: Re: Q4 holidays")
        inbox.replace(newest.uid, edited)
        after = await _newest_subject(environment, tmp_path / "two.db")
    assert (before, after) == ("Re: Q3 budget", "Re: Q4 holidays")


async def _newest_subject(environment: object, store: Path) -> str:
    configuration = load_configuration(dict(environment))  # type: ignore[call-overload]
    async with AssistantOrchestrator(
        registry=Registry(), configuration=configuration, store=store
    ) as assistant:
        return str((await assistant.get_all_emails(limit=1))[0].subject)


async def test_a_garbled_structure_loses_no_mail_from_a_listing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("jackfield_imap.demo.fetch.structure", lambda *_, **__: b'("broken')
    async with demo() as environment:
        configuration = load_configuration(dict(environment))
        async with AssistantOrchestrator(
            registry=Registry(), configuration=configuration, store=tmp_path / "store.db"
        ) as assistant:
            mails = await assistant.get_all_emails(limit=20)
    assert (len(mails), mails.complete) == (20, True)


def test_the_demo_is_found_by_its_entry_point() -> None:
    assert [each.name for each in installed(DEMOS)] == ["imap"]
    assert asyncio.iscoroutinefunction(demo) is False
