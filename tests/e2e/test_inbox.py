"""`jackfield inbox` and `show` against a real Dovecot over TLS."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from jackfield.config import load_configuration
from jackfield.errors import NoSourceAnswered
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.registry import Registry
from tests.e2e.mailbox import jackfield, mail

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.fixtures import DovecotAccount


def when(day: int) -> datetime:
    return datetime(2026, 11, day, 9, tzinfo=UTC)


@pytest.fixture
def filled(mailbox: DovecotAccount) -> DovecotAccount:
    mailbox.deliver("INBOX", mail("Q3 budget", day=3), when=when(3))
    mailbox.deliver(
        "INBOX", mail("Lunch", day=1, sender="bo@acme.example"), flags="S", when=when(1)
    )
    mailbox.deliver("Archive", mail("Minutes", day=2), flags="SF", when=when(2))
    mailbox.deliver("Junk", mail("You won", day=4), when=when(4))
    mailbox.deliver("Sent", mail("Re: Lunch", day=4, sender="me@acme.example"), when=when(4))
    return mailbox


def subjects(document: dict[str, list[dict[str, object]]]) -> list[object]:
    return [item["subject"] for item in document["items"]]


def test_the_newest_mails_of_all_folders_newest_first_but_spam_and_sent(
    filled: DovecotAccount, tmp_path: Path
) -> None:
    ran = jackfield("inbox", "--json", home=tmp_path, environment=filled.environment())
    document = ran.json()
    assert (ran.code, ran.err) == (0, "")
    assert subjects(document) == ["Q3 budget", "Minutes", "Lunch"]
    assert [item["unread"] for item in document["items"]] == [True, False, False]
    assert [item["flagged"] for item in document["items"]] == [False, True, False]
    assert document["items"][1]["folders"] == ["Archive"]
    assert (document["schema"], document["complete"], document["truncated"]) == (1, True, False)
    assert document["sources"] == [
        {
            "account": "imap:default",
            "kind": "email",
            "state": "complete",
            "count": 3,
            "error": "",
            "fix": "",
            "retry_after": None,
            "age": 0.0,
        }
    ]


def test_the_screen_shows_what_is_on_the_server(filled: DovecotAccount, tmp_path: Path) -> None:
    ran = jackfield("inbox", home=tmp_path, environment=filled.environment())
    lines = ran.out.splitlines()
    assert lines[1].startswith("●")
    assert "Ana Prieto" in lines[1]
    assert "Q3 budget" in lines[1]
    assert all(len(line) <= 100 for line in lines)
    assert lines[-1].startswith("1 unread of 3 shown.")


def test_unread_and_since_narrow_the_list(filled: DovecotAccount, tmp_path: Path) -> None:
    environment = filled.environment()
    unread = jackfield("inbox", "--unread", "--json", home=tmp_path, environment=environment)
    since = jackfield(
        "inbox", "--since", "2026-11-02", "--json", home=tmp_path, environment=environment
    )
    assert subjects(unread.json()) == ["Q3 budget"]
    assert subjects(since.json()) == ["Q3 budget", "Minutes"]


def test_a_limit_keeps_the_newest_and_says_that_there_is_more(
    filled: DovecotAccount, tmp_path: Path
) -> None:
    document = jackfield(
        "inbox", "-n", "2", "--json", home=tmp_path, environment=filled.environment()
    ).json()
    assert (subjects(document), document["truncated"]) == (["Q3 budget", "Minutes"], True)


def test_a_mail_is_shown_whole_by_its_short_id_and_stays_unread(
    filled: DovecotAccount, tmp_path: Path
) -> None:
    environment = filled.environment()
    listed = jackfield("inbox", "--json", home=tmp_path, environment=environment).json()
    shown = jackfield(
        "show", listed["items"][0]["short_id"], home=tmp_path, environment=environment
    )
    assert shown.code == 0
    assert "Q3 budget" in shown.out
    assert "Hello." in shown.out
    again = jackfield("inbox", "--unread", "--json", home=tmp_path, environment=environment)
    assert subjects(again.json()) == ["Q3 budget"]


def test_the_original_bytes_are_those_of_the_server(filled: DovecotAccount, tmp_path: Path) -> None:
    environment = filled.environment()
    listed = jackfield("inbox", "--json", home=tmp_path, environment=environment).json()
    id = listed["items"][0]["id"]
    shown = jackfield("show", id, "--source", home=tmp_path, environment=environment)
    assert shown.out.encode() == mail("Q3 budget", day=3).replace(b"\r\n", b"\n")


def test_an_id_is_the_same_after_a_move_and_after_a_sync(
    filled: DovecotAccount, tmp_path: Path
) -> None:
    environment = filled.environment()
    listed = jackfield("inbox", "--json", home=tmp_path, environment=environment).json()
    synced = jackfield("sync", "--json", home=tmp_path, environment=environment)
    after = jackfield("inbox", "--json", home=tmp_path, environment=environment).json()
    assert synced.code == 0
    assert [i["id"] for i in after["items"]] == [i["id"] for i in listed["items"]]


def test_a_sync_copies_everything_and_a_second_one_adds_nothing(
    filled: DovecotAccount, tmp_path: Path
) -> None:
    environment = filled.environment()
    first = jackfield("sync", "--json", home=tmp_path, environment=environment).json()
    second = jackfield("sync", "--json", home=tmp_path, environment=environment).json()
    added = {c["name"]: c["added"] for c in first["accounts"][0]["collections"]}
    assert {name: n for name, n in added.items() if n} == {
        "INBOX": 2,
        "Archive": 1,
        "Junk": 1,
        "Sent": 1,
    }
    assert all(
        (c["added"], c["updated"], c["removed"]) == (0, 0, 0)
        for c in second["accounts"][0]["collections"]
    )


def test_folders_of_any_name_are_read(mailbox: DovecotAccount, tmp_path: Path) -> None:
    names = ["Entwürfe 2026", "Tom & Jerry", "会議", "a 'b' \\c"]
    for name in names:
        mailbox.deliver(name, mail(f"in {name[:1]}"))
    ran = jackfield("inbox", "--json", home=tmp_path, environment=mailbox.environment())
    assert (ran.code, ran.err) == (0, "")
    synced = jackfield("sync", "--json", home=tmp_path, environment=mailbox.environment()).json()
    assert sorted(subjects(ran.json())) == sorted(f"in {name[:1]}" for name in names)  # type: ignore[type-var]
    there = {c["name"]: c["added"] + c["updated"] for c in synced["accounts"][0]["collections"]}
    assert set(names) <= set(there)
    assert synced["sources"][0]["state"] == "complete"


def test_what_a_sync_stored_is_shown_when_the_server_is_dead(
    filled: DovecotAccount, tmp_path: Path
) -> None:
    jackfield("sync", home=tmp_path, environment=filled.environment())
    dead = {**filled.environment(), "EMAIL_IMAP_SERVER": "nowhere.invalid"}
    ran = jackfield("inbox", "--json", home=tmp_path, environment=dead)
    assert (ran.code, subjects(ran.json())) == (3, ["Q3 budget", "Minutes", "Lunch"])


def test_a_mail_that_is_gone_is_said_to_be_gone(filled: DovecotAccount, tmp_path: Path) -> None:
    environment = filled.environment()
    listed = jackfield("inbox", "--json", home=tmp_path, environment=environment).json()
    next(path for path in (filled.maildir / "cur").iterdir() if b"Q3" in path.read_bytes()).unlink()
    ran = jackfield("show", listed["items"][0]["id"], home=tmp_path, environment=environment)
    assert ran.code == 3
    assert "no longer where it was seen" in ran.err
    source = ("show", listed["items"][0]["id"], "--source")
    ran = jackfield(*source, home=tmp_path, environment=environment)
    assert (ran.code, ran.out) == (3, "")


def test_a_wrong_password_is_failed_with_its_fix_and_never_shown(
    filled: DovecotAccount, tmp_path: Path
) -> None:
    environment = {**filled.environment(), "EMAIL_IMAP_PASSWORD": "m4rker-wrong"}
    ran = jackfield("inbox", home=tmp_path, environment=environment)
    assert ran.code == 4
    assert "This is not an empty inbox." in ran.out
    assert "refused the password" in ran.out
    assert "EMAIL_IMAP_PASSWORD" in ran.out
    assert "m4rker" not in ran.out + ran.err


def test_a_dead_server_shows_what_is_stored_and_how_old_it_is(
    filled: DovecotAccount, tmp_path: Path
) -> None:
    environment = filled.environment()
    jackfield("inbox", home=tmp_path, environment=environment)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        environment["EMAIL_IMAP_PORT"] = str(unused.getsockname()[1])
        ran = jackfield("inbox", "--json", home=tmp_path, environment=environment)
    document = ran.json()
    assert ran.code == 3
    assert subjects(document) == ["Q3 budget", "Minutes", "Lunch"]
    (source,) = document["sources"]
    assert (source["state"], source["count"], document["complete"]) == ("stale", 3, False)
    assert "nothing listens" in source["error"]
    assert 0 <= source["age"] < 100


def test_a_dead_server_and_nothing_stored_is_no_empty_inbox(
    mailbox: DovecotAccount, tmp_path: Path
) -> None:
    environment = {**mailbox.environment(), "EMAIL_IMAP_SERVER": "nowhere.invalid"}
    ran = jackfield("inbox", home=tmp_path, environment=environment)
    assert ran.code == 1
    assert "This is not an empty inbox." in ran.out


def test_one_dead_account_does_not_hide_the_other(filled: DovecotAccount, tmp_path: Path) -> None:
    environment = {
        **filled.environment(),
        "EMAIL_IMAP_SERVER__OLD": "nowhere.invalid",
        "EMAIL_IMAP_USERNAME__OLD": "me",
        "EMAIL_IMAP_PASSWORD__OLD": "pw",
    }
    ran = jackfield("inbox", home=tmp_path, environment=environment)
    assert ran.code == 3
    assert "Q3 budget" in ran.out
    assert "!  imap:old" in ran.out


def test_an_empty_mailbox_and_no_account_are_different_screens(
    mailbox: DovecotAccount, tmp_path: Path
) -> None:
    empty = jackfield("inbox", home=tmp_path, environment=mailbox.environment())
    nobody = jackfield("inbox", home=tmp_path)
    assert (empty.code, empty.out) == (0, "Nothing there. 1 of 1 accounts answered.\n")
    assert nobody.code == 1
    assert nobody.out.startswith("No account yet.")


def test_a_certificate_of_nobody_is_refused(filled: DovecotAccount, tmp_path: Path) -> None:
    environment = filled.environment()
    del environment["EMAIL_IMAP_CA_FILE"]
    ran = jackfield("inbox", home=tmp_path, environment=environment)
    assert ran.code == 1
    assert "certificate" in ran.out
    assert "EMAIL_IMAP_CA_FILE" in ran.out


def test_three_event_loops_in_a_row_with_one_orchestrator(
    filled: DovecotAccount, tmp_path: Path
) -> None:
    configuration = load_configuration({
        **filled.environment(),
        "JACKFIELD_CONFIG": str(tmp_path / "none.toml"),
    })
    assistant = AssistantOrchestrator(
        registry=Registry(), configuration=configuration, store=tmp_path / "store.db"
    )
    counts = [len(asyncio.run(assistant.get_all_emails(limit=50))) for _ in range(3)]
    asyncio.run(assistant.close())
    assert counts == [3, 3, 3]


async def test_without_a_store_nothing_is_written(
    filled: DovecotAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    configuration = load_configuration(filled.environment())
    async with AssistantOrchestrator(
        registry=Registry(), configuration=configuration, store=None
    ) as assistant:
        mails = await assistant.get_all_emails(limit=1)
        whole = await assistant.show(mails[0].short_id)
    assert whole.text.startswith("Hello.")
    assert list(tmp_path.iterdir()) == []


async def test_nobody_answering_raises_in_the_api(tmp_path: Path) -> None:
    settings = {"EMAIL_IMAP_USERNAME": "me", "EMAIL_IMAP_PASSWORD": "pw"}
    configuration = load_configuration({
        **settings,
        "EMAIL_IMAP_SERVER": "nowhere.invalid",
        "HOME": str(tmp_path),
    })
    async with AssistantOrchestrator(
        registry=Registry(), configuration=configuration, store=None
    ) as assistant:
        with pytest.raises(NoSourceAnswered, match=r"imap:default: no server is known"):
            await assistant.get_all_emails()


async def test_no_account_is_an_empty_and_incomplete_result(tmp_path: Path) -> None:
    configuration = load_configuration({"JACKFIELD_CONFIG": str(tmp_path / "none.toml")})
    async with AssistantOrchestrator(
        registry=Registry(), configuration=configuration, store=None
    ) as assistant:
        mails = await assistant.get_all_emails()
    assert (len(mails), mails.complete) == (0, False)
