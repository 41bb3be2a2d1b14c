"""What the server has after a change, and what the connector says of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from jackfield.batches import Change, Ref
from jackfield.errors import CollectionGone, InvalidRequest, NotFound, NotSupported, Unreachable
from jackfield_imap import fetching
from plugins.imap.tests.failures.scripted import CLOSE, scripted
from plugins.imap.tests.mirrored import another_client, letter, opened

if TYPE_CHECKING:
    from jackfield.batches import Batch
    from jackfield_imap import ImapConnector
    from plugins.imap.tests.conftest import Wire
    from tests.peers.fixtures import DovecotAccount

NO_MOVE = "IMAP4rev1 SASL-IR UIDPLUS IDLE"
NEITHER = "IMAP4rev1 SASL-IR"


async def refs(connector: ImapConnector, folder: str = "INBOX", count: int = 1) -> list[Ref]:
    there = {each.id: each for each in await connector.collections()}
    return [Ref(folder, str(uid), there[folder].epoch) for uid in range(1, count + 1)]


def flags(mailbox: DovecotAccount, folder: str = "INBOX") -> dict[int, set[bytes]]:
    """Flags by UID, as another program sees them."""
    with another_client(mailbox, folder) as client:
        said = client.fetch(client.search(), ["FLAGS"]) if client.search() else {}
    return {uid: set(each[b"FLAGS"]) - {b"\\Recent"} for uid, each in said.items()}


def subjects(mailbox: DovecotAccount, folder: str) -> list[str]:
    with another_client(mailbox, folder) as client:
        said = client.fetch(client.search(), ["ENVELOPE"]) if client.search() else {}
    return sorted(each[b"ENVELOPE"].subject.decode() for each in said.values())


def places(batch: Batch) -> list[tuple[str, str]]:
    return [(entry.ref.collection, entry.ref.key) for entry in batch.items]


async def test_flags_are_added_and_taken_away_and_all_others_stay(mailbox: DovecotAccount) -> None:
    mailbox.deliver("INBOX", letter("one"), flags="R")
    mailbox.deliver("INBOX", letter("two"))
    async with opened(mailbox.environment()) as connector:
        (one,) = await refs(connector)
        done = await connector.update([one], Change(read=True, add_labels=("urgent",)))
        again = await connector.update([one], Change(read=False, flagged=True))
    (patch,), (later,) = done.patches, again.patches
    assert (patch.ref, patch.read, patch.flagged, patch.labels) == (one, True, False, ("urgent",))
    assert (later.read, later.flagged, later.labels) == (False, True, ("urgent",))
    assert patch.version is not None
    assert later.version is not None
    assert patch.version < later.version
    assert flags(mailbox) == {1: {b"\\Answered", b"\\Flagged", b"urgent"}, 2: set()}


async def test_what_is_gone_is_not_called_changed(mailbox: DovecotAccount) -> None:
    mailbox.deliver("INBOX", letter("one"))
    async with opened(mailbox.environment()) as connector:
        asked = await refs(connector, count=2)
        done = await connector.update(asked, Change(read=True))
    assert [patch.ref for patch in done.patches] == asked[:1]


async def test_a_folder_that_was_numbered_anew_is_not_touched(mailbox: DovecotAccount) -> None:
    mailbox.deliver("INBOX", letter("one"))
    async with opened(mailbox.environment()) as connector:
        with pytest.raises(NotFound, match="nothing was changed"):
            await connector.update([Ref("INBOX", "1", "7")], Change(delete=True))
    assert flags(mailbox) == {1: set()}


@pytest.mark.parametrize(
    "label", ["two words", "x\r\nA LOGOUT", "a)b", "gr\u00fcn", "\\Deleted", ""]
)
async def test_what_is_no_keyword_is_refused_before_anything_is_sent(
    mailbox: DovecotAccount, wire: Wire, label: str
) -> None:
    mailbox.deliver("INBOX", letter("one"))
    async with opened(mailbox.environment()) as connector:
        asked = await refs(connector)
        wire.clear()
        with pytest.raises(InvalidRequest, match="cannot be a label"):
            await connector.update(asked, Change(read=True, add_labels=(label,)))
    assert wire.commands("UID STORE") == []


async def test_a_folder_that_keeps_no_keywords_says_so() -> None:
    async with scripted("one") as server, opened(server.environment) as connector:
        server.alter(
            "SELECT",
            lambda usual: re.sub(
                rb"\[PERMANENTFLAGS [^\]]*\]", rb"[PERMANENTFLAGS (\\Seen)]", usual
            ),
        )
        with pytest.raises(NotSupported, match="INBOX keeps no urgent"):
            await connector.update(await refs(connector), Change(read=True, add_labels=("urgent",)))
        assert server.commands("UID STORE") == []


async def test_a_moved_mail_is_told_with_its_new_place(mailbox: DovecotAccount) -> None:
    mailbox.deliver("Bills", letter("old"))
    mailbox.deliver("INBOX", letter("one"), flags="S")
    async with opened(mailbox.environment()) as connector:
        asked = await refs(connector)
        done = await connector.update(asked, Change(move_to="Bills"))
    assert (done.removed, places(done)) == (tuple(asked), [("Bills", "2")])
    assert done.items[0].item.unread is False
    assert (subjects(mailbox, "Bills"), subjects(mailbox, "INBOX")) == (["old", "one"], [])


async def test_g18_without_move_only_these_mails_are_expunged(
    plain_mailbox: DovecotAccount, wire: Wire
) -> None:
    """Dovecot without MOVE: what another program has marked as deleted stays."""
    plain_mailbox.deliver("Archive", letter("old"))
    plain_mailbox.deliver("INBOX", letter("one"))
    plain_mailbox.deliver("INBOX", letter("marked by another"), flags="T")
    async with opened(plain_mailbox.environment()) as connector:
        asked = await refs(connector)
        done = await connector.update(asked, Change(archive=True))
    assert done.removed == tuple(asked)
    assert subjects(plain_mailbox, "INBOX") == ["marked by another"]
    assert subjects(plain_mailbox, "Archive") == ["old", "one"]
    assert wire.commands("EXPUNGE") == []
    assert wire.commands("UID EXPUNGE") == ["UID EXPUNGE 1"]


async def test_g18_without_move_and_uidplus_nothing_leaves_a_folder() -> None:
    async with (
        scripted("one", capabilities=NEITHER) as server,
        opened(server.environment) as connector,
    ):
        with pytest.raises(NotSupported, match="neither MOVE nor UIDPLUS"):
            await connector.update(await refs(connector), Change(move_to="Archive"))
        for command in ("UID COPY", "UID STORE", "UID EXPUNGE", "EXPUNGE", "CLOSE"):
            assert server.commands(command) == []


async def test_a_copy_whose_original_cannot_go_leaves_the_original_as_it_was() -> None:
    async with (
        scripted("one", capabilities=NO_MOVE) as server,
        opened(server.environment) as connector,
    ):
        server.on("UID EXPUNGE", b"<tag> NO [NOPERM] not here\r\n")
        with pytest.raises(Exception, match="not here"):
            await connector.update(await refs(connector), Change(move_to="Archive"))
        (mail,) = server.mailbox["INBOX"].mails
        assert "\\Deleted" not in mail.flags
        assert len(server.mailbox["Archive"].mails) == 1


async def test_a_target_that_is_not_there_moves_nothing(mailbox: DovecotAccount) -> None:
    mailbox.deliver("INBOX", letter("one"))
    async with opened(mailbox.environment()) as connector:
        with pytest.raises(CollectionGone, match="no folder Nowhere"):
            await connector.update(await refs(connector), Change(move_to="Nowhere"))
    assert subjects(mailbox, "INBOX") == ["one"]


async def test_a_mailbox_without_a_trash_deletes_nothing() -> None:
    async with scripted("one") as server, opened(server.environment) as connector:
        with pytest.raises(NotSupported, match="no folder for the trash"):
            await connector.update(await refs(connector), Change(delete=True))
        assert len(server.mailbox["INBOX"].mails) == 1


async def test_in_the_trash_a_deleted_mail_goes_for_good_and_no_other(
    mailbox: DovecotAccount,
) -> None:
    mailbox.deliver("Trash", letter("one"))
    mailbox.deliver("Trash", letter("two"))
    async with opened(mailbox.environment()) as connector:
        asked = await refs(connector, "Trash")
        done = await connector.update(asked, Change(delete=True))
    assert (done.removed, done.items) == (tuple(asked), ())
    assert subjects(mailbox, "Trash") == ["two"]


async def test_many_mails_are_named_in_sets_that_a_command_line_can_hold(
    mailbox: DovecotAccount, wire: Wire
) -> None:
    for number in range(30):
        mailbox.deliver("INBOX", letter(f"mail {number}"))
    async with opened(mailbox.environment()) as connector:
        asked = await refs(connector, count=30)
        wire.clear()
        done = await connector.update(asked[::2], Change(read=True))
    assert len(done.patches) == 15
    (line,) = wire.commands("UID STORE")
    assert line.startswith("UID STORE 1,3,5,7,")


async def test_a_line_that_breaks_in_the_middle_is_an_error_and_is_not_repeated() -> None:
    async with scripted("one") as server, opened(server.environment) as connector:
        asked = await refs(connector)
        server.on("UID MOVE", [CLOSE])
        with pytest.raises(Unreachable):
            await connector.update(asked, Change(move_to="Archive"))
        assert len(server.commands("UID MOVE")) == 1


async def test_a_mail_is_never_expunged_where_it_was_to_be_moved(mailbox: DovecotAccount) -> None:
    mailbox.deliver("INBOX", letter("one"))
    async with opened(mailbox.environment()) as connector:
        for change in (
            Change(delete=True, move_to="INBOX"),
            Change(delete=True, archive=True),
            Change(archive=True, move_to="Trash"),
        ):
            with pytest.raises(InvalidRequest, match="one place"):
                await connector.update(await refs(connector), change)
    assert subjects(mailbox, "INBOX") == ["one"]


async def test_a_mail_is_marked_before_it_leaves(mailbox: DovecotAccount) -> None:
    mailbox.deliver("Archive", letter("old"))
    mailbox.deliver("INBOX", letter("one"))
    async with opened(mailbox.environment()) as connector:
        done = await connector.update(await refs(connector), Change(read=True, archive=True))
    assert [entry.item.unread for entry in done.items] == [False]
    assert flags(mailbox, "Archive")[2] == {b"\\Seen"}


async def test_a_folder_that_keeps_no_flags_at_all_says_so() -> None:
    async with scripted("one") as server, opened(server.environment) as connector:
        none = re.compile(rb"\[PERMANENTFLAGS [^\]]*\]")
        server.alter("SELECT", lambda usual: none.sub(b"[PERMANENTFLAGS ()]", usual))
        with pytest.raises(NotSupported, match="INBOX keeps no"):
            await connector.update(await refs(connector), Change(read=True))


async def test_a_refusal_half_way_tells_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_LONGEST_SET", 1)
    async with scripted("one", "two", "three") as server, opened(server.environment) as connector:
        asked = (await refs(connector, count=3))[::2]
        server.on("UID MOVE 3", b"<tag> NO [OVERQUOTA] full\r\n")
        done = await connector.update(asked, Change(move_to="Archive"))
    assert done.removed == (asked[0],)
    assert places(done) == [("Archive", "1")]


@pytest.mark.parametrize("said", [b"5 1 :", b"5 1 1:99999999999", b"x"])
async def test_a_new_place_that_cannot_be_read_is_no_error(said: bytes) -> None:
    async with scripted("one") as server, opened(server.environment) as connector:
        asked = await refs(connector)
        server.alter(
            "UID MOVE", lambda usual: re.sub(rb"COPYUID [^\]]*", b"COPYUID " + said, usual)
        )
        done = await connector.update(asked, Change(move_to="Archive"))
    assert (done.removed, done.items) == (tuple(asked), ())
