"""`jackfield export`: everything that is stored and matches, a line an item or as an mbox."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, BinaryIO

import typer

from jackfield.cli import documents
from jackfield.cli.running import Exit
from jackfield.cli.searching import Wanted, mistake
from jackfield.content.mbox import mbox_message
from jackfield.errors import QueryError
from jackfield.orchestrator import AssistantOrchestrator

if TYPE_CHECKING:
    from pathlib import Path

    from jackfield.models import Item, Kind
    from jackfield.results import SourceState
    from jackfield.services import SearchService


async def export(wanted: Wanted, *, mbox: bool, to: Path | None) -> Exit:
    """Write items out, newest first, in constant memory.

    Args:
        wanted: The query, kinds and accounts.
        mbox: Original bytes as an mbox, instead of a JSON object a line.
        to: A new file; None for standard output.

    Returns:
        The exit code.
    """
    try:
        if to is None:
            return await _export(wanted, sys.stdout.buffer, mbox=mbox)
        with to.open("xb") as file:
            return await _export(wanted, file, mbox=mbox)
    except QueryError as error:
        return mistake(wanted.query, error)


async def _export(wanted: Wanted, out: BinaryIO, *, mbox: bool) -> Exit:
    written = 0
    states: tuple[SourceState, ...] = ()
    left: list[str] = []
    async with AssistantOrchestrator() as assistant:
        service = await assistant.searches()
        kinds: list[Kind] | None = ["email"] if mbox else None
        pages = service.pages(
            wanted.query, kinds=kinds, accounts=wanted.accounts, left_out=frozenset()
        )
        async for page in pages:
            states = page.sources
            for item in page:
                line = await _line(service, item, mbox=mbox)
                if line is None:
                    left.append(item.short_id)
                    continue
                out.write(line)
                written += 1
    out.flush()
    return _report(written, left, states)


async def _line(service: SearchService, item: Item, *, mbox: bool) -> bytes | None:
    if not mbox:
        return documents.line_of_item(item).encode() + b"\n"
    original = await service.original(item)
    return None if original is None else mbox_message(original, item.sender.address, item.time)


def _report(written: int, left: list[str], states: tuple[SourceState, ...]) -> Exit:
    """Say on standard error what was written, what was not, and how far it is the truth."""
    typer.echo(json.dumps({"sources": documents.of_sources(states)}, ensure_ascii=False), err=True)
    typer.echo(f"{written} items written.", err=True)
    if left:
        some = ", ".join(left[:5]) + (" ..." if len(left) > 5 else "")
        typer.echo(f"{len(left)} left out, their original bytes are not stored: {some}", err=True)
    whole = not left and all(state.state == "complete" for state in states)
    return Exit.OK if whole else Exit.PARTIAL
