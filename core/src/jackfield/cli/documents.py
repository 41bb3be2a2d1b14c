"""The JSON that commands print. Its form is an interface; `SCHEMA` counts its versions."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jackfield.models import Item, SendResult
    from jackfield.results import Results, SourceState
    from jackfield.services import ItemChange
    from jackfield.store.outbox import OutboxEntry

SCHEMA = 1


def of_results(results: Results[Any]) -> str:
    """Write a listing.

    Args:
        results: The listing.

    Returns:
        One JSON document.
    """
    return _dump(_results(results))


def _results(results: Results[Any]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "items": [item.model_dump(mode="json") for item in results],
        "sources": of_sources(results.sources),
        "complete": results.complete,
        "truncated": results.truncated,
        "next": results.next,
    }


def of_search(results: Results[Any], excerpts: Mapping[str, str]) -> str:
    """Write what a search found.

    Args:
        results: What was found.
        excerpts: By id, the line around the first hit.

    Returns:
        One JSON document: that of a listing, and ``excerpts``.
    """
    return _dump({**_results(results), "excerpts": dict(excerpts)})


def of_count(number: int, sources: Sequence[SourceState]) -> str:
    """Write how many items there are.

    Args:
        number: How many.
        sources: One state an account and kind.

    Returns:
        One JSON document.
    """
    return _dump({"schema": SCHEMA, "count": number, "sources": of_sources(sources)})


def line_of_item(item: Item) -> str:
    """Write one item on one line, as ``--jsonl`` prints it.

    Args:
        item: The item.

    Returns:
        One JSON object without line breaks.
    """
    return json.dumps(item.model_dump(mode="json"), ensure_ascii=False)


def of_item(item: Item) -> str:
    """Write one item.

    Args:
        item: The item.

    Returns:
        One JSON document.
    """
    return _dump({"schema": SCHEMA, "item": item.model_dump(mode="json")})


def of_sync(accounts: Sequence[dict[str, Any]], sources: Sequence[SourceState]) -> str:
    """Write how a sync went.

    Args:
        accounts: One object an account, with its collections.
        sources: One state an account.

    Returns:
        One JSON document.
    """
    return _dump({"schema": SCHEMA, "sources": of_sources(sources), "accounts": list(accounts)})


def of_send(result: SendResult) -> str:
    """Write what became of a send.

    Args:
        result: What became of it.

    Returns:
        One JSON document.
    """
    return _dump({"schema": SCHEMA, "send": result.model_dump(mode="json")})


def of_outbox(entries: Sequence[OutboxEntry]) -> str:
    """Write the outbox.

    Args:
        entries: What is in it; the bytes of attachments are left out.

    Returns:
        One JSON document.
    """
    rows = [
        {
            "id": each.id,
            "state": each.state,
            "reason": each.reason,
            "provider_id": each.provider_id,
            "created_at": each.created_at.isoformat(),
            "changed_at": each.changed_at.isoformat(),
            "draft": each.draft.model_dump(
                mode="json", exclude={"attachments": {"__all__": {"content"}}}
            ),
        }
        for each in entries
    ]
    return _dump({"schema": SCHEMA, "outbox": rows})


def of_changes(changes: Sequence[ItemChange]) -> str:
    """Write what became of a change.

    Args:
        changes: One an item.

    Returns:
        One JSON document.
    """
    return _dump({"schema": SCHEMA, "changes": [asdict(each) for each in changes]})


def of_sources(sources: Sequence[SourceState]) -> list[dict[str, Any]]:
    """Write source states.

    Args:
        sources: The states.

    Returns:
        One object each.
    """
    rows = [asdict(source) for source in sources]
    return [{name: row[name] for name in row if name != "sign_in"} for row in rows]


def _dump(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)
