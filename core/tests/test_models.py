"""Models never change, say their times in UTC, and survive JSON."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from jackfield.models import Account, AnyItem, Contact, SourceType, UnifiedEmail, UnifiedMessage

CET = timezone(timedelta(hours=1))
NINE = datetime(2026, 11, 22, 9, 41, tzinfo=CET)


def mail(**fields: object) -> UnifiedEmail:
    return UnifiedEmail.model_validate({
        "source": "imap",
        "account": "imap:default",
        "time": NINE,
        **fields,
    })


def test_a_source_is_an_open_string() -> None:
    assert SourceType.WHATSAPP == "whatsapp"
    assert SourceType("matrix") == "matrix"
    assert hash(SourceType("matrix")) == hash("matrix")


@pytest.mark.parametrize("name", ["", "Matrix", "1and1", "a b", "a:b", "x" * 65])
def test_a_source_has_a_form(name: str) -> None:
    with pytest.raises(ValueError, match="no source name"):
        SourceType(name)


def test_an_unknown_platform_survives_json() -> None:
    again = UnifiedEmail.model_validate_json(mail(source="matrix").model_dump_json())
    assert isinstance(again.source, SourceType)
    assert again.source == "matrix"


def test_times_are_utc_with_z() -> None:
    assert '"time":"2026-11-22T08:41:00Z"' in mail().model_dump_json()


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        mail(time=datetime(2026, 11, 22))  # noqa: DTZ001


def test_a_model_never_changes() -> None:
    with pytest.raises(ValidationError):
        mail().subject = "other"  # type: ignore[misc]


def test_the_original_stays_out_of_repr_and_json() -> None:
    secret = mail(raw=b"marker")
    assert "marker" not in repr(secret) + secret.model_dump_json()


def test_items_are_told_apart_by_kind() -> None:
    adapter: TypeAdapter[AnyItem] = TypeAdapter(AnyItem)
    message = UnifiedMessage(source=SourceType.SLACK, account="slack:acme", time=NINE, text="hi")
    assert adapter.validate_json(message.model_dump_json()) == message


@given(st.text(), st.text())
def test_any_text_survives_json(subject: str, name: str) -> None:
    sent = mail(subject=subject, sender=Contact.mail("ana@acme.example", name))
    assert UnifiedEmail.model_validate_json(sent.model_dump_json()) == sent


def test_an_account_is_written_source_colon_name() -> None:
    assert str(Account.parse("gmail:work")) == "gmail:work"
    assert str(Account.parse("gmail")) == "gmail:default"
    with pytest.raises(ValueError, match="account name"):
        Account.parse("gmail:a b")
