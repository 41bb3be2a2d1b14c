"""A change is made at the provider first; the store shows what the provider said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.tests.changing.mailbox import Mail, Mailbox, Server, assistant
from jackfield.batches import Change
from jackfield.errors import ConfigError, NotSupported, Unreachable
from jackfield.models import Account

if TYPE_CHECKING:
    from pathlib import Path

    from jackfield.models import UnifiedEmail
    from jackfield.orchestrator import AssistantOrchestrator


def two() -> Server:
    return Server([Mail("budget", "INBOX", "1"), Mail("lunch", "INBOX", "2")])


async def listed(one: AssistantOrchestrator) -> dict[str, UnifiedEmail]:
    return {mail.subject: mail for mail in await one.get_all_emails()}


async def test_a_mark_shows_at_the_provider_and_in_the_store(tmp_path: Path) -> None:
    server = two()
    async with assistant(tmp_path, server) as one:
        mails = await listed(one)
        changes = await one.changes()
        (change,) = await changes.change([mails["budget"].id[:6]], Change(read=True, flagged=True))
        item = await changes.stored(mails["budget"].id)
        other = await changes.stored(mails["lunch"].id)
    assert change.done
    assert (server.mails[0].read, server.mails[1].read) == (True, False)
    assert (item.unread, item.flagged) == (False, True)
    assert (other.unread, other.flagged) == (True, False)


async def test_items_of_one_folder_are_changed_at_once_and_each_once(tmp_path: Path) -> None:
    server = two()
    async with assistant(tmp_path, server) as one:
        ids = [mail.id for mail in (await listed(one)).values()]
        changes = await (await one.changes()).change([*ids, ids[0][:8]], Change(read=True))
    assert [change.id for change in changes] == ids
    assert [sorted(keys) for keys in server.calls] == [["1", "2"]]


async def test_a_moved_item_keeps_its_id_and_is_nowhere_twice(tmp_path: Path) -> None:
    server = two()
    async with assistant(tmp_path, server) as one:
        before = (await listed(one))["budget"]
        changes = await one.changes()
        folder = await changes.folder(Account.parse("fake:default"), "archive")
        (change,) = await changes.change([before.id], Change(move_to=folder))
        after = await changes.stored(before.id)
    assert change.done
    assert (before.folders, after.folders) == (("INBOX",), ("Archive",))
    assert server.where("budget") == ["Archive"]


async def test_an_item_whose_new_place_nobody_told_is_kept(tmp_path: Path) -> None:
    server = two()
    server.tells = False
    async with assistant(tmp_path, server) as one:
        before = (await listed(one))["budget"]
        changes = await one.changes()
        (change,) = await changes.change([before.id], Change(archive=True))
        assert change.done
        (again,) = await changes.change([before.id], Change(archive=True))
        assert (
            again.error == "it is in no folder that can be asked; the next sync looks where it is"
        )
        assert (await changes.stored(before.id)).subject == "budget"  # type: ignore[attr-defined]
        assert (await listed(one))["budget"].id == before.id
        assert (await changes.stored(before.id)).folders == ("Archive",)


async def test_an_item_that_is_there_already_is_not_moved(tmp_path: Path) -> None:
    server = Server([Mail("budget", "Archive", "1")])
    async with assistant(tmp_path, server) as one:
        id = (await listed(one))["budget"].id
        await (await one.changes()).change([id], Change(move_to="Archive"))
    assert server.calls == []


async def test_a_mark_holds_for_all_copies(tmp_path: Path) -> None:
    server = Server([Mail("budget", "INBOX", "1"), Mail("budget", "Archive", "7")])
    async with assistant(tmp_path, server) as one:
        id = (await listed(one))["budget"].id
        (change,) = await (await one.changes()).change([id], Change(read=True))
    assert change.done
    assert [mail.read for mail in server.mails] == [True, True]


async def test_what_the_provider_does_not_name_did_not_change(tmp_path: Path) -> None:
    server = two()
    server.ignores = frozenset("1")
    async with assistant(tmp_path, server) as one:
        mails = await listed(one)
        changes = await one.changes()
        done = await changes.change([mail.id for mail in mails.values()], Change(read=True))
        stored = await changes.stored(mails["budget"].id)
    by_id = {each.id: each for each in done}
    assert by_id[mails["lunch"].id].done
    assert by_id[mails["budget"].id].error == "fake:default did not change it"
    assert stored.unread


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unreachable("fake:default", "the line broke"), "uncertain whether it changed"),
        (ZeroDivisionError("a bug"), "uncertain whether it changed"),
        (NotSupported("fake:default", "it has no archive"), "it has no archive"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_a_change_that_fails_says_whether_it_is_certain_and_stores_nothing(
    tmp_path: Path, error: Exception, said: str
) -> None:
    server = two()
    server.fails = error
    async with assistant(tmp_path, server) as one:
        id = (await listed(one))["budget"].id
        changes = await one.changes()
        (change,) = await changes.change([id], Change(read=True))
        assert (await changes.stored(id)).unread
    assert not change.done
    assert said in change.error


async def test_an_unknown_id_changes_nothing_at_all(tmp_path: Path) -> None:
    server = two()
    async with assistant(tmp_path, server) as one:
        id = (await listed(one))["budget"].id
        with pytest.raises(ConfigError, match="no item has the id"):
            await (await one.changes()).change([id, "zzzzz"], Change(delete=True))
    assert server.calls == []


@pytest.mark.parametrize("access", ["read", "send"])
async def test_an_account_that_must_not_be_changed_is_not(tmp_path: Path, access: str) -> None:
    (tmp_path / "config.toml").write_text(f'[accounts."fake:default"]\naccess = "{access}"\n')
    server = two()
    async with assistant(tmp_path, server) as one:
        id = (await listed(one))["budget"].id
        with pytest.raises(ConfigError, match=f'nothing is changed in fake:default.*"{access}"'):
            await (await one.changes()).change([id], Change(delete=True))
    assert server.calls == []


async def test_a_folder_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    async with assistant(tmp_path, two()) as one:
        changes = await one.changes()
        with pytest.raises(ConfigError, match="no folder 'Bills'; there are: INBOX, Archive"):
            await changes.folder(Account.parse("fake:default"), "Bills")


async def test_what_is_put_away_already_stays_when_the_rest_is_archived(tmp_path: Path) -> None:
    server = Server([Mail("budget", "INBOX", "1"), Mail("budget", "Archive", "7")])
    server.mails.append(Mail("lunch", "Trash", "8"))
    async with assistant(tmp_path, server) as one:
        mails = await listed(one)
        found = await one.search_across_sources("lunch in:trash")
        changes = await one.changes()
        done = await changes.change([mails["budget"].id, found[0].id], Change(archive=True))
    assert [each.done for each in done] == [True, True]
    assert server.calls == [["1"]]


async def test_an_account_that_cannot_be_opened_has_surely_changed_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = two()
    async with assistant(tmp_path, server) as one:
        id = (await listed(one))["budget"].id

    async def refuse(self: Mailbox, context: object) -> None:
        raise Unreachable("fake:default", "nothing listens")

    monkeypatch.setattr(Mailbox, "open", refuse)
    async with assistant(tmp_path, server) as one:
        (change,) = await (await one.changes()).change([id], Change(read=True))
    assert (change.done, change.error) == (False, "fake:default: nothing listens")
