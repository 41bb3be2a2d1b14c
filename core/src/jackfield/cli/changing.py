"""`jackfield mark`, `archive`, `move`, `delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from jackfield.batches import Change
from jackfield.cli import documents
from jackfield.cli.running import Exit
from jackfield.cli.terminal import clean
from jackfield.errors import ConfigError
from jackfield.models import Account
from jackfield.orchestrator import AssistantOrchestrator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jackfield.services import ItemChange


async def change(ids: Sequence[str], wanted: Change, done: str, *, as_json: bool) -> Exit:
    """Change items, and say what became of each that did not.

    Args:
        ids: Which, or their beginnings.
        wanted: What is to be different.
        done: The word for it.
        as_json: As a document.

    Returns:
        The exit code: 3 where some did not change, 1 where none did.
    """
    async with AssistantOrchestrator() as assistant:
        changes = await (await assistant.changes()).change(ids, wanted)
    return _report(changes, done, as_json=as_json)


async def move(ids: Sequence[str], to: str, *, as_json: bool) -> Exit:
    """Move items to a folder of their account.

    Args:
        ids: Which, or their beginnings.
        to: The folder, by name or role.
        as_json: As a document.

    Returns:
        The exit code.

    Raises:
        ConfigError: The items are of several accounts, or there is no such folder.
    """
    async with AssistantOrchestrator() as assistant:
        service = await assistant.changes()
        accounts = {(await service.stored(id)).account for id in ids}
        if len(accounts) != 1:
            raise ConfigError(
                f"these are items of {', '.join(sorted(accounts))}: move one account's"
            )
        folder = await service.folder(Account.parse(accounts.pop()), to)
        changes = await service.change(ids, Change(move_to=folder))
    return _report(changes, "moved", as_json=as_json)


def _report(changes: Sequence[ItemChange], done: str, *, as_json: bool) -> Exit:
    failed = [each for each in changes if not each.done]
    if as_json:
        typer.echo(documents.of_changes(changes))
    else:
        typer.echo(f"{len(changes) - len(failed)} of {len(changes)} {done}.")
        for each in failed:
            typer.echo(f"!  {each.id[:8]}  {clean(each.error)}", err=True)
            if each.fix:
                typer.echo(f"             {clean(each.fix)}", err=True)
    if not failed:
        return Exit.OK
    return Exit.ERROR if len(failed) == len(changes) else Exit.PARTIAL
