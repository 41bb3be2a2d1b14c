"""SEARCH: criteria as clients send them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from imapclient.exceptions import IMAPClientError


@pytest.fixture
def hits(talk, mailbox):
    """Search the inbox, and give the hits' subjects or their number."""

    async def search(*criteria: object, charset: str | None = None) -> list:
        def work(client) -> list[int]:
            client.select_folder("INBOX", readonly=True)
            return client.search(list(criteria), charset)

        return [mailbox["INBOX"].find(uid) for uid in await talk(work)]

    return search


async def test_flags_part_the_inbox_in_two(hits, mailbox) -> None:
    unseen, seen, every = await hits("UNSEEN"), await hits("SEEN"), await hits("ALL")
    assert len(unseen) + len(seen) == len(every) == len(mailbox["INBOX"].mails)
    assert all("\\Flagged" in mail.flags for mail in await hits("FLAGGED"))
    assert len(await hits("FLAGGED")) == 2
    assert len(await hits("UNFLAGGED", "UNDELETED", "UNDRAFT")) == len(every) - 2
    assert await hits("ANSWERED")
    assert not await hits("DELETED")
    assert not await hits("KEYWORD", "$Forwarded")


async def test_words_are_found_where_they_stand(hits) -> None:
    assert len(await hits("FROM", "ana prieto", "SUBJECT", "q3 BUDGET")) == 2
    assert await hits("CC", "bo@acme")
    assert await hits("TO", "everyone@")
    assert not await hits("BCC", "everyone@")
    assert len(await hits("BODY", "confirm the budget by Friday")) == 1
    assert len(await hits("TEXT", "greenhouse")) > len(await hits("SUBJECT", "greenhouse"))
    assert len(await hits("HEADER", "List-Unsubscribe", "")) >= 5


async def test_words_are_found_beyond_ascii(hits) -> None:
    assert len(await hits("SUBJECT", "打ち合わせ", charset="UTF-8")) == 1
    assert len(await hits("BODY", "見積書", charset="UTF-8")) == 1
    assert len(await hits("SUBJECT", "gehäuse FÜR", charset="UTF-8")) == 1
    assert len(await hits("BODY", "Stückzahl", charset="UTF-8")) == 1
    assert len(await hits("FROM", "李伟", charset="UTF-8")) == 1


async def test_an_unknown_charset_is_refused_by_its_code(hits) -> None:
    with pytest.raises(IMAPClientError, match="BADCHARSET"):
        await hits("SUBJECT", "x", charset="ISO-8859-15")


async def test_dates_take_the_day_and_not_the_hour(hits, now) -> None:
    today = now.date()
    assert all(mail.internaldate.date() == today for mail in await hits("ON", today))
    since, before = await hits("SINCE", today), await hits("BEFORE", today)
    assert since == await hits("ON", today)
    assert len(since) + len(before) == len(await hits("ALL"))
    assert await hits("SENTSINCE", today) == since
    assert await hits("SENTBEFORE", today - timedelta(days=3))
    assert not await hits("SINCE", date(today.year + 1, 1, 1))


async def test_sizes_and_sets_and_logic(hits, mailbox) -> None:
    uids = [mail.uid for mail in mailbox["INBOX"].mails]
    assert len(await hits("LARGER", 3000)) + len(await hits("SMALLER", 3001)) == len(uids)
    assert [mail.uid for mail in await hits("UID", f"{uids[3]}:{uids[5]}")] == uids[3:6]
    assert [mail.uid for mail in await hits("2,4:5")] == [uids[1], *uids[3:5]]
    assert [mail.uid for mail in await hits("UID", "999999:*")] == uids[-1:]
    ana, bo = await hits("FROM", "ana@"), await hits("FROM", "bo@")
    assert len(await hits("OR", "FROM", "ana@", "FROM", "bo@")) == len(ana) + len(bo)
    assert await hits("NOT", ["OR", "FROM", "ana@", "NOT", "FROM", "ana@"]) == []


async def test_a_change_is_found_by_its_number(hits, mailbox) -> None:
    inbox = mailbox["INBOX"]
    inbox.set_flags(inbox.mails[3], {"\\Seen", "$Label"})
    assert await hits("MODSEQ", inbox.highestmodseq) == [inbox.mails[3]]
    assert await hits("KEYWORD", "$label") == [inbox.mails[3]]
