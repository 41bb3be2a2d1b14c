"""`jackfield search` and `jackfield count`: local and instant, unless the providers are asked."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import typer
from rich.cells import cell_len

from jackfield.cli import documents
from jackfield.cli.listing import ago, exit_code, trouble, when
from jackfield.cli.running import Exit
from jackfield.cli.terminal import bold, clean, columns, fit
from jackfield.errors import ConfigError, QueryError
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.query.evaluating import excerpts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jackfield.models import Item, Kind
    from jackfield.results import Results, SourceState
    from jackfield.store.searching import Order


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    words: Sequence[str] = ()
    kinds: tuple[str, ...] | None = None
    accounts: list[str] | None = None
    limit: int = 50
    order: str = "date"
    page: str | None = None
    live: bool = False
    timeout: float = 10.0
    as_json: bool = False

    @property
    def query(self) -> str:
        """The words as one query."""
        return " ".join(self.words)


async def search(wanted: Wanted) -> Exit:
    """Find items and print them.

    Args:
        wanted: What was asked for.

    Returns:
        The exit code.
    """
    try:
        return await _search(wanted)
    except QueryError as error:
        return mistake(wanted.query, error)


async def _search(wanted: Wanted) -> Exit:
    async with AssistantOrchestrator() as assistant:
        service = await assistant.searches()
        _check_accounts(service.chosen(None))
        began = time.perf_counter()
        results = await service.search(
            wanted.query,
            kinds=cast("tuple[Kind, ...] | None", wanted.kinds),
            accounts=wanted.accounts,
            limit=wanted.limit,
            order=cast("Order", wanted.order),
            page=wanted.page,
            live=wanted.live,
            deadline=wanted.timeout,
        )
        seconds = time.perf_counter() - began
        found = excerpts(service.parse(wanted.query), results.items)
        now = service.session.clock.now()
    if wanted.as_json:
        typer.echo(documents.of_search(results, found))
    else:
        _print(results, found, wanted, now, seconds)
    return _exit(results, wanted)


def _check_accounts(accounts: Sequence[object]) -> None:
    if not accounts:
        raise ConfigError("there is no account to search", fix="jackfield inbox")


async def count(wanted: Wanted) -> Exit:
    """Count items and print how many.

    Args:
        wanted: What was asked for.

    Returns:
        The exit code.
    """
    try:
        return await _count(wanted)
    except QueryError as error:
        return mistake(wanted.query, error)


async def _count(wanted: Wanted) -> Exit:
    async with AssistantOrchestrator() as assistant:
        service = await assistant.searches()
        _check_accounts(service.chosen(None))
        number, states = await service.count(
            wanted.query,
            kinds=cast("tuple[Kind, ...] | None", wanted.kinds),
            accounts=wanted.accounts,
        )
    if wanted.as_json:
        typer.echo(documents.of_count(number, states))
    else:
        typer.echo(str(number))
        for line in _unsearched(states):
            typer.echo(line, err=True)
    return Exit.PARTIAL if _unsearched(states) else Exit.OK


def _exit(results: Results[Any], wanted: Wanted) -> Exit:
    """A local search that leaves sources out is partial; a live one answers for each of them."""
    if wanted.live:
        return exit_code(results)
    return Exit.PARTIAL if _unsearched(results.sources) else Exit.OK


def _print(
    results: Results[Any],
    found: dict[str, str],
    wanted: Wanted,
    now: datetime,
    seconds: float,
) -> None:
    for line in table(results.items, found, now):
        typer.echo(line)
    what = f"{len(results)} item{'s' * (len(results) != 1)}"
    order = "newest first" if wanted.order == "date" else "best of the newest 5,000 first"
    more = "  There is more: --limit." if results.truncated else ""
    took = f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"
    typer.echo(f"{what}, {order}, {took}{_age(results.sources, wanted)}.{more}")
    lines = _troubles(results.sources) if wanted.live else _unsearched(results.sources)
    for line in lines:
        typer.echo(line)


def _troubles(states: Sequence[SourceState]) -> list[str]:
    return [line for state in states for line in trouble(state)]


def _age(states: Sequence[SourceState], wanted: Wanted) -> str:
    ages = [state.age for state in states if state.age is not None]
    return f", as of {ago(max(ages))}" if ages and not wanted.live else ""


def _unsearched(states: Sequence[SourceState]) -> list[str]:
    """Name what a local search could not look at."""
    never = [state for state in states if state.state == "skipped"]
    lines = [line for state in states if state.state not in {"skipped", "complete"}
             for line in trouble(state)]  # fmt: skip
    if never:
        names = ", ".join(dict.fromkeys(state.account for state in never))
        fix = never[0].fix if len({state.account for state in never}) == 1 else "jackfield sync"
        lines.append(f"Not searched: {names} (never synced: {fix})")
    return lines


def table(items: Sequence[Item], found: dict[str, str], now: datetime) -> list[str]:
    """Lay found items out; nothing is cut where the output is no terminal.

    Args:
        items: What was found.
        found: Excerpts by id.
        now: The time.

    Returns:
        One line an item.
    """
    rows = [_row(item, found, now) for item in items]
    if not rows:
        return []
    widths = _widths(rows)
    lines = [
        "  ".join((" ", *(fit(cell, width) for cell, width in zip(row, widths, strict=True))))
        for row in rows
    ]
    return [
        bold(line.rstrip()) if item.unread else line.rstrip()
        for item, line in zip(items, lines, strict=True)
    ]


def _widths(rows: Sequence[tuple[str, ...]]) -> list[int]:
    """Give the subject and the excerpt what is left; cut nothing without a terminal."""
    widest = [max(cell_len(row[n]) for row in rows) for n in range(6)]
    total = columns()
    if total is None:
        return widest
    sender = min(widest[3], total // 6)
    rest = total - 1 - sum(widest[:3]) - sender - 2 * 6
    subject = min(widest[4], rest * 2 // 5) if widest[5] else rest
    return [*widest[:3], sender, subject, rest - subject]


def _row(item: Item, found: dict[str, str], now: datetime) -> tuple[str, ...]:
    title = next(
        (text for name in ("subject", "title", "chat") if (text := getattr(item, name, ""))), ""
    )
    return (
        item.short_id,
        when(item.time, now),
        item.kind,
        clean(item.sender.name or item.sender.address) or "(nobody)",
        clean(title) or "(no subject)",
        clean(found.get(item.id, "")),
    )


def mistake(query: str, error: QueryError) -> Exit:
    """Point at the character of a query that cannot be understood.

    Args:
        query: As it was typed.
        error: What is wrong with it, and where.

    Returns:
        The exit code.
    """
    before = cell_len(clean(f".{query[: error.position]}.")) - 2
    typer.echo(clean(query), err=True)
    typer.echo(f"{' ' * before}^ {clean(error.message)}", err=True)
    return Exit.USAGE
