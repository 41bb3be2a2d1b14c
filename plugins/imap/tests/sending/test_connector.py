"""Sending as the core asks a connector for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jackfield.errors import InvalidRequest
from jackfield.models import Contact, Draft
from jackfield_imap import ImapConnector
from jackfield_imap.demo import build_mailbox, demo
from plugins.imap.tests.test_connector import opened
from tests.faults.letters import draft
from tests.faults.post_office import PostOffice


def theirs(office: PostOffice) -> dict[str, str]:
    return {
        "EMAIL_SMTP_SERVER": office.host,
        "EMAIL_SMTP_PORT": str(office.port),
        "EMAIL_SMTP_SECURITY": "plain",
        "EMAIL_ADDRESS": "me@example.org",
        "EMAIL_NAME": "My Name",
    }


async def test_a_connector_sends_under_the_owner_s_name() -> None:
    mailbox = build_mailbox(datetime.now(UTC))
    async with PostOffice() as office, demo(mailbox) as environment:
        async with opened({**environment, **theirs(office)}) as connector:
            result = await connector.send(draft())
    assert result.state == "accepted"
    (delivery,) = office.deliveries
    assert b"From: My Name <me@example.org>\r\n" in delivery.content


@pytest.mark.parametrize(
    "wrong",
    [draft(to=()), draft(subject="a\r\nBcc: e@x.org"), draft(sender=Contact.mail("a@b.org"))],
)
async def test_what_cannot_be_sent_reaches_no_server(wrong: Draft) -> None:
    async with PostOffice() as office, demo() as environment:
        async with opened({**environment, **theirs(office)}) as connector:
            with pytest.raises(InvalidRequest):
                await connector.send(wrong)
    assert office.sessions == 0


def test_it_says_that_it_can_send() -> None:
    able = ImapConnector.declared["email"]
    assert (able.send, able.reply, able.forward, able.attachments_out) == (True,) * 4
