"""`jackfield outbox`: what has not left, or may not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from jackfield.cli import documents
from jackfield.cli.running import Exit
from jackfield.cli.sending import report
from jackfield.cli.terminal import clean
from jackfield.orchestrator import AssistantOrchestrator

if TYPE_CHECKING:
    from jackfield.store.outbox import OutboxEntry


async def show(*, everything: bool, as_json: bool) -> Exit:
    """List the outbox.

    Args:
        everything: Also what has left.
        as_json: As a document.

    Returns:
        The exit code: 5 where a send is uncertain.
    """
    async with AssistantOrchestrator() as assistant:
        entries = await (await assistant.mails()).entries(settled=everything)
    if as_json:
        typer.echo(documents.of_outbox(entries))
    elif not entries:
        typer.echo("Nothing waits in the outbox.")
    else:
        typer.echo("\n".join(map(_line, entries)))
    uncertain = any(entry.state in {"unknown", "sending"} for entry in entries)
    return Exit.UNCERTAIN if uncertain else Exit.OK


def _line(entry: OutboxEntry) -> str:
    to = ", ".join(each.address for each in (*entry.draft.to, *entry.draft.cc, *entry.draft.bcc))
    about = clean(entry.draft.subject) or "(no subject)"
    when = f"{entry.created_at.astimezone():%d %b %H:%M}"
    first = f"{entry.id}  {entry.state:<9} {when}  {entry.draft.account}  {clean(to)}  {about}"
    return f"{first}\n{'':14}{clean(entry.reason)}" if entry.reason else first


async def settle(id: str, *, sent: bool | None, as_json: bool) -> Exit:
    """Settle an uncertain send.

    Args:
        id: Which, or the beginning of it.
        sent: A person's word, or None.
        as_json: As a document.

    Returns:
        The exit code.
    """
    async with AssistantOrchestrator() as assistant:
        result = await (await assistant.mails()).settle(id, sent=sent)
    return report(result, as_json=as_json)


async def release(id: str, *, as_json: bool) -> Exit:
    """Send what is held or was rejected.

    Args:
        id: Which, or the beginning of it.
        as_json: As a document.

    Returns:
        The exit code.
    """
    async with AssistantOrchestrator() as assistant:
        result = await (await assistant.mails()).release(id)
    return report(result, as_json=as_json)


async def discard(id: str) -> Exit:
    """Never send what has not left.

    Args:
        id: Which, or the beginning of it.

    Returns:
        The exit code.
    """
    async with AssistantOrchestrator() as assistant:
        await (await assistant.mails()).discard(id)
    typer.echo("Discarded.")
    return Exit.OK
