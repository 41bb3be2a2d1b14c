"""Accounts and drafts for what is sent to a post office."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from jackfield.models import Account, Contact, Draft, SourceType
from jackfield_imap.settings import ImapSettings

ACCOUNT = Account(SourceType.IMAP, "work")
WRITTEN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def settings(port: int, security: str = "plain", **more: Any) -> ImapSettings:
    """Settings that send to a port of this machine."""
    given: dict[str, Any] = {
        "server": "127.0.0.1",
        "username": "user",
        "password": SecretStr("pass"),
        "address": "me@example.org",
        "smtp_port": port,
        "smtp_security": security,
    }
    return ImapSettings.model_validate(given | more)


def draft(*to: str, **more: Any) -> Draft:
    """A draft to some addresses, by default to one."""
    people = tuple(Contact.mail(each) for each in to or ("ana@example.com",))
    given: dict[str, Any] = {
        "to": people,
        "subject": "Budget",
        "text": "All is well.",
        "key": "k1",
        "created_at": WRITTEN,
    }
    return Draft(account=str(ACCOUNT), **(given | more))
