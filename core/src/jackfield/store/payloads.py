"""An item as the store keeps it: JSON, without what has a column of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from jackfield.models import AnyItem

if TYPE_CHECKING:
    from jackfield.models import Item

_ITEM: TypeAdapter[AnyItem] = TypeAdapter(AnyItem)

_ELSEWHERE = {
    "id", "short_id", "folders", "copies", "fetched_at", "unread", "flagged", "labels", "raw",
    "text",
}  # fmt: skip


def write_payload(item: Item) -> str:
    """Write an item without what the core keeps elsewhere, and without defaults.

    Args:
        item: The item.

    Returns:
        JSON.
    """
    text = item.model_dump_json(exclude=_ELSEWHERE, exclude_defaults=True)
    return f'{{"kind":"{item.kind}",{text[1:]}'


def read_payload(payload: str) -> AnyItem:
    """Read what `write_payload` wrote.

    Args:
        payload: JSON.

    Returns:
        The item, without what is kept elsewhere.

    Raises:
        ValueError: It is no item.
    """
    return _ITEM.validate_json(payload)
