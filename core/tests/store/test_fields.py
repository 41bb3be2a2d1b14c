"""What items consist of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from core.tests.store.mails import everything, found, mail, put
from jackfield.models import (
    Address,
    AnyItem,
    Attachment,
    Contact,
    Item,
    Thread,
    UnifiedEmail,
    UnifiedMeeting,
    UnifiedMessage,
    UnifiedNote,
)

if TYPE_CHECKING:
    import sqlite3

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIELDS = {
    Item: "id short_id kind source account provider_id thread_id url time sender recipients"
    " is_from_me text new_text html snippet unread flagged labels folders attachments fingerprint"
    " copies trust edited_at fetched_at raw",
    UnifiedEmail: "subject cc bcc reply_to message_id in_reply_to references is_bulk unsubscribe"
    " auth invitation",
    UnifiedMessage: "chat reply_to_id mentions reactions delivery",
    UnifiedMeeting: "title start end all_day timezone organizer attendees my_response location"
    " join_url series_id status",
    UnifiedNote: "title notebook section created_at updated_at",
    Attachment: "id name media_type size inline",
    Thread: "id subject participants items unread last_time",
}


@pytest.mark.parametrize("model", FIELDS, ids=lambda model: model.__name__)
def test_every_model_has_the_fields_that_were_promised(model: Any) -> None:
    assert set(FIELDS[model].split()) - set(model.model_fields) == set()


@pytest.mark.parametrize("kind", ["message", "email", "note", "meeting"])
def test_an_item_is_read_as_the_kind_that_it_says(kind: str) -> None:
    adapter: TypeAdapter[AnyItem] = TypeAdapter(AnyItem)
    start = {"start": NOW} if kind == "meeting" else {}
    item = adapter.validate_python({
        "kind": kind, "source": "fake", "account": "fake:default", "time": NOW, **start,
    })  # fmt: skip
    assert (item.kind, type(item).__name__) == (kind, f"Unified{kind.title()}")


def test_an_item_whose_platform_knows_no_reading_is_neither_read_nor_unread(
    db: sqlite3.Connection,
) -> None:
    put(db, mail("1", unread=None))
    assert everything(db)[0].unread is None
    assert found(db, "is:unread") == found(db, "is:read") == []


def test_a_text_is_a_strangers_unless_somebody_says_otherwise() -> None:
    assert mail("1").item.trust.origin == "remote"


def test_a_person_is_found_by_every_address_they_have(db: sqlite3.Connection) -> None:
    ana = Contact(addresses=(
        Address(scheme="mailto", value="ana@acme.example"),
        Address(scheme="tel", value="+491705550142"),
    ))  # fmt: skip
    put(db, mail("1", sender=ana))
    assert found(db, "from:ana@acme.example") == found(db, "from:+491705550142") == ["budget"]
    assert everything(db)[0].sender == ana


def test_an_address_says_what_kind_of_address_it_is() -> None:
    with pytest.raises(ValidationError):
        Address.model_validate({"value": "+491705550142"})


def test_an_item_comes_out_of_the_store_as_the_kind_that_went_in(db: sqlite3.Connection) -> None:
    put(db, mail("1"))
    assert isinstance(everything(db)[0], UnifiedEmail)


def test_the_original_bytes_are_no_part_of_what_is_written_as_json() -> None:
    item = mail("1", raw=b"marker").item
    assert item.raw == b"marker"
    assert "raw" not in item.model_dump(mode="json")
    assert '"raw"' not in item.model_dump_json()
