"""`jackfield show ID`: one item whole."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from jackfield.cli import documents
from jackfield.cli.running import Exit
from jackfield.cli.terminal import bold, clean
from jackfield.errors import ConfigError, JackfieldError
from jackfield.orchestrator import AssistantOrchestrator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jackfield.models import Contact, Item


async def show(id: str, *, source: bool, deadline: float, as_json: bool) -> Exit:
    """Print an item.

    Args:
        id: Its id, or the beginning of it.
        source: The original bytes and nothing else.
        deadline: Seconds that its provider may take.
        as_json: As a document.

    Returns:
        The exit code: 3 where only a part of it is stored and its provider did not answer.

    Raises:
        ConfigError: Nothing, or more than one item, has that id.
    """
    trouble: JackfieldError | None = None
    async with AssistantOrchestrator() as assistant:
        service = await assistant.items()
        try:
            item = await service.show(id, deadline=deadline)
        except ConfigError:
            raise
        except JackfieldError as error:
            trouble = error
            item = await service.stored(id)
        original = await service.original(item)
    if source:
        if original is not None:
            sys.stdout.buffer.write(original)
    else:
        hint = "; --source shows the original" if original is not None else ""
        typer.echo(documents.of_item(item) if as_json else "\n".join(_lines(item, hint)))
    if trouble is not None:
        typer.echo(f"!  only a part of this is stored: {clean(trouble.message)}", err=True)
    partial = trouble is not None or (source and original is None)
    return Exit.PARTIAL if partial else Exit.OK


def _lines(item: Item, hint: str) -> Iterable[str]:
    subject = getattr(item, "subject", "") or getattr(item, "title", "")
    yield bold(clean(subject) or "(no subject)")
    yield f"From     {clean(str(item.sender)) or '(nobody)'}"
    if item.recipients:
        yield f"To       {_people(item.recipients)}"
    if cc := getattr(item, "cc", ()):
        yield f"Cc       {_people(cc)}"
    yield f"Date     {item.time.astimezone():%a %d %b %Y %H:%M %Z}"
    yield f"In       {item.account}  {clean(', '.join(item.folders))}"
    for file in item.attachments:
        size = "" if file.size is None else f"  {_size(file.size)}"
        inline = "  inline" if file.inline else ""
        yield f"+        {clean(file.name) or '(unnamed)'}  {clean(file.media_type)}{size}{inline}"
    if item.unparsed:
        yield f"!        not all of it is here: {clean(item.unparsed)}{hint}"
    yield ""
    yield clean(item.text, lines=True).rstrip() or "(no text)"


def _people(contacts: Iterable[Contact]) -> str:
    return ", ".join(clean(str(contact)) for contact in contacts)


def _size(size: int) -> str:
    """Write bytes as people do, in steps of 1,000."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1_000_000:.1f} MB"
