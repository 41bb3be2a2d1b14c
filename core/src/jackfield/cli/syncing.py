"""`jackfield sync`: everything into the store, with progress on standard error."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from jackfield.cli import documents
from jackfield.cli.listing import exit_code, trouble
from jackfield.cli.progress import Display
from jackfield.cli.running import Exit
from jackfield.errors import ConfigError
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.results import Results
from jackfield.services.listening import Listening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from jackfield.services import AccountSync, SyncService


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    accounts: list[str] | None = None
    since: str | None = None
    folders: tuple[str, ...] = ()
    accept_removals: bool = False
    follow: bool = False
    every: float = 60.0
    as_json: bool = False


async def sync(wanted: Wanted) -> Exit:
    """Sync accounts at the same time, and print how each went.

    Args:
        wanted: What was asked for.

    Returns:
        The exit code.

    Raises:
        ConfigError: There is no account, or the options do not go together.
    """
    if wanted.follow and wanted.as_json:
        raise ConfigError("--follow has no end, so it cannot print one document")
    async with AssistantOrchestrator() as assistant:
        service = await assistant.syncs()
        if not service.chosen(wanted.accounts):
            raise ConfigError("there is no account to sync", fix="jackfield inbox")
        try:
            code = await _round(service, wanted)
            if wanted.follow:
                await _follow(service, wanted)
        except asyncio.CancelledError:
            typer.echo(await stopped(service), err=True)
            return Exit.PARTIAL
    return code


async def _follow(service: SyncService, wanted: Wanted) -> None:
    """Look again whenever a provider says that something is new, and every so often anyway."""
    async with Listening(service.session, service.chosen(wanted.accounts)) as listening:
        while True:
            await listening.wait(wanted.every)
            await _round(service, wanted, quiet=True)


async def _round(service: SyncService, wanted: Wanted, *, quiet: bool = False) -> Exit:
    showing = nullcontext() if wanted.as_json or quiet else _display(service)
    async with showing:
        outcomes = await service.sync(
            wanted.accounts,
            since=wanted.since,
            folders=wanted.folders,
            accept_removals=wanted.accept_removals,
        )
    states = tuple(each.state for each in outcomes)
    if wanted.as_json:
        typer.echo(documents.of_sync(_accounts(outcomes), states))
    else:
        for each in outcomes:
            _print(each, quiet=quiet)
    code = exit_code(Results((), states))
    skipped = any(state.state == "skipped" for state in states)
    return Exit.PARTIAL if skipped and code in {Exit.OK, Exit.ERROR} else code


@asynccontextmanager
async def _display(service: SyncService) -> AsyncIterator[None]:
    """Show progress until the context ends."""
    with Display() as display:

        async def show() -> None:
            while True:
                display.show(service.running)
                await asyncio.sleep(Display.EVERY)

        task = asyncio.create_task(show())
        try:
            yield
        finally:
            task.cancel()


async def stopped(service: SyncService) -> str:
    """Say what an interrupted sync leaves, once what was being committed is.

    Args:
        service: What was interrupted.

    Returns:
        A line for the person who interrupted it.
    """
    safe = await service.stored()
    told = " and ".join(f"{count:,} items of {account}" for account, count in safe.items())
    return f"Stopped. {told or 'What was stored'} are safe; the next jackfield sync goes on there."


def _accounts(outcomes: Sequence[AccountSync]) -> list[dict[str, Any]]:
    accounts: dict[str, list[dict[str, Any]]] = {}
    for each in outcomes:
        accounts.setdefault(str(each.account), []).extend(
            {
                "name": one.name,
                "added": one.report.added,
                "updated": one.report.updated,
                "removed": one.report.removed,
                "unparsed": one.report.unparsed,
                "seconds": round(one.seconds, 3),
            }
            for one in each.collections
        )
    return [{"account": name, "collections": some} for name, some in accounts.items()]


def _print(each: AccountSync, *, quiet: bool) -> None:
    reports = [one.report for one in each.collections]
    new, changed, removed, unparsed = (
        sum(getattr(report, name) for report in reports)
        for name in ("added", "updated", "removed", "unparsed")
    )
    if each.state.state in {"complete", "partial"} and (new or changed or removed or not quiet):
        more = f", {unparsed} not readable" if unparsed else ""
        folders = f"{len(reports)} folder{'s' * (len(reports) != 1)}"
        seconds = max((one.seconds for one in each.collections), default=0.0)
        typer.echo(
            f"{each.state.account:<15} {folders}: {new:,} new, {changed:,} changed,"
            f" {removed:,} removed{more}  {seconds:.1f} s"
        )
    for line in trouble(each.state):
        typer.echo(line, err=True)
