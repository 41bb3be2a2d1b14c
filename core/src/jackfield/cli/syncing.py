"""`jackfield sync`: everything into the local store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from jackfield.cli import documents
from jackfield.cli.listing import exit_code, trouble
from jackfield.errors import ConfigError, JackfieldError, PluginError
from jackfield.mirror import Mirror
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.results import Results, SourceState
from jackfield.services import source_failed

if TYPE_CHECKING:
    from jackfield.cli.running import Exit
    from jackfield.mirror import CollectionSync
    from jackfield.models import Account
    from jackfield.session import Session


async def sync(accounts: list[str] | None, *, as_json: bool) -> Exit:
    """Sync accounts at the same time, and print how each went.

    Args:
        accounts: Which; None means all.
        as_json: As a document.

    Returns:
        The exit code.

    Raises:
        ConfigError: There is no account, or the configuration says offline.
    """
    async with AssistantOrchestrator() as assistant:
        session = await assistant.session()
        if session.configuration.offline:
            path = session.configuration.path
            raise ConfigError("offline: nobody is asked", fix=f"take offline out of {path}")
        chosen = (await assistant.items()).chosen(accounts)
        if not chosen:
            raise ConfigError("there is no account to sync", fix="jackfield inbox")
        outcomes = await asyncio.gather(*(sync_account(session, each) for each in chosen))
    states = [state for state, _ in outcomes]
    documents_ = [_document(state, collections) for state, collections in outcomes]
    if as_json:
        typer.echo(documents.of_sync(documents_, states))
    else:
        for state, collections in outcomes:
            _print(state, collections)
    return exit_code(Results((), tuple(states)))


async def sync_account(
    session: Session, account: Account
) -> tuple[SourceState, list[CollectionSync]]:
    """Run one round over an account's collections of mail.

    Args:
        session: The accounts.
        account: Which.

    Returns:
        How it went, whole and by collection.
    """
    state = SourceState(str(account), "email", "complete", age=0.0)
    try:
        hooks = await session.open(account)
        collections = await Mirror(hooks, session.store, session.clock, "email").round()
    except JackfieldError as error:
        return source_failed(state, error), []
    except Exception as error:  # noqa: BLE001  a stranger's code
        broken = PluginError(str(account), f"{type(error).__name__}: {error}")
        return source_failed(state, broken), []
    bad = next((each for each in collections if each.error is not None), None)
    count = sum(each.report.added for each in collections)
    if bad is not None and bad.error is not None:
        failed = source_failed(state, bad.error, partial=True)
        return replace(failed, error=f"{bad.name}: {failed.error}", count=count), collections
    if withheld := sum(each.report.withheld for each in collections):
        waiting = f"{withheld} removals wait, more than half of a folder; nothing was dropped"
        return replace(state, state="partial", error=waiting, count=count), collections
    return replace(state, count=count), collections


def _document(state: SourceState, collections: list[CollectionSync]) -> dict[str, Any]:
    return {
        "account": state.account,
        "collections": [
            {
                "name": each.name,
                "added": each.report.added,
                "updated": each.report.updated,
                "removed": each.report.removed,
                "unparsed": each.report.unparsed,
                "seconds": round(each.seconds, 3),
            }
            for each in collections
        ],
    }


def _print(state: SourceState, collections: list[CollectionSync]) -> None:
    reports = [each.report for each in collections]
    if state.state in {"complete", "partial"}:
        new, changed, removed, unparsed = (
            sum(getattr(report, name) for report in reports)
            for name in ("added", "updated", "removed", "unparsed")
        )
        more = f", {unparsed} not readable" if unparsed else ""
        folders = f"{len(collections)} folder{'s' * (len(collections) != 1)}"
        typer.echo(
            f"{state.account:<15} {folders}: {new} new, {changed} changed, {removed} removed{more}"
        )
    for line in trouble(state):
        typer.echo(line, err=True)
