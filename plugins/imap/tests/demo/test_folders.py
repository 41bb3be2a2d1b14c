"""Folders, as clients list, make and open them."""

from __future__ import annotations

import pytest
from imapclient.exceptions import IMAPClientError


async def test_four_folders_say_what_they_are_for(talk) -> None:
    listed = await talk(lambda client: client.list_folders())
    uses = {name: flags for flags, delimiter, name in listed if delimiter == b"/"}
    assert list(uses) == ["INBOX", "Archive", "Sent", "Trash"]
    assert b"\\Archive" in uses["Archive"]
    assert b"\\Sent" in uses["Sent"]
    assert b"\\Trash" in uses["Trash"]


async def test_a_client_finds_the_sent_folder_by_its_use(talk) -> None:
    assert await talk(lambda client: client.find_special_folder(b"\\Sent")) == "Sent"


async def test_the_status_agrees_with_the_mailbox(talk, mailbox) -> None:
    status = await talk(lambda client: client.folder_status("INBOX"))
    inbox = mailbox["INBOX"]
    assert status[b"MESSAGES"] == len(inbox.mails)
    assert status[b"UIDNEXT"] == inbox.uidnext
    assert status[b"UIDVALIDITY"] == inbox.uidvalidity
    assert status[b"UNSEEN"] == sum("\\Seen" not in mail.flags for mail in inbox.mails)


async def test_select_tells_what_a_sync_starts_from(talk, mailbox) -> None:
    answer = await talk(lambda client: client.select_folder("Archive"))
    archive = mailbox["Archive"]
    assert answer[b"EXISTS"] == len(archive.mails)
    assert answer[b"UIDVALIDITY"] == archive.uidvalidity
    assert answer[b"HIGHESTMODSEQ"] == archive.highestmodseq
    assert answer[b"READ-WRITE"] == [b""] or b"READ-WRITE" in answer


async def test_a_folder_is_made_renamed_and_removed(talk) -> None:
    def work(client) -> list[list[str]]:
        seen = []
        for act in (
            lambda: client.create_folder("Projects/Glass"),
            lambda: client.rename_folder("Projects/Glass", "Projects/House"),
            lambda: client.delete_folder("Projects/House"),
        ):
            act()
            seen.append([name for _, _, name in client.list_folders("", "Projects/%")])
        return seen

    assert await talk(work) == [["Projects/Glass"], ["Projects/House"], []]


async def test_a_folder_is_not_made_twice_and_inbox_stays(talk) -> None:
    with pytest.raises(IMAPClientError, match="ALREADYEXISTS"):
        await talk(lambda client: client.create_folder("inbox"))
    with pytest.raises(IMAPClientError, match="INBOX stays"):
        await talk(lambda client: client.delete_folder("INBOX"))


async def test_a_folder_made_again_has_another_uidvalidity(talk) -> None:
    def work(client) -> list[int]:
        found = []
        for _ in range(2):
            client.create_folder("Again")
            found.append(client.folder_status("Again", ["UIDVALIDITY"])[b"UIDVALIDITY"])
            client.delete_folder("Again")
        return found

    first, second = await talk(work)
    assert first < second


async def test_every_subscription_and_the_namespace_are_answered(talk) -> None:
    assert len(await talk(lambda client: client.list_sub_folders())) == 4
    assert (await talk(lambda client: client.namespace())).personal == (("", "/"),)
    assert await talk(lambda client: client.id_({"name": "test"}))
