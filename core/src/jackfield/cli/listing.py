"""`jackfield inbox`: the newest, and how each account answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import typer
from rich.cells import cell_len

from jackfield.cli import documents
from jackfield.cli.running import Exit
from jackfield.cli.terminal import bold, clean, columns, fit
from jackfield.errors import NoSourceAnswered
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.services import OFFLINE

if TYPE_CHECKING:
    from datetime import datetime

    from jackfield.models import AnyItem, Item, Kind
    from jackfield.results import Results, SourceState

_FIRST_RUN = """\
No account yet.  Tell Jackfield of one:
  export EMAIL_IMAP_SERVER=mail.example.org EMAIL_IMAP_USERNAME=me@example.org
  export EMAIL_IMAP_PASSWORD_FILE=~/.mail-password        any mailbox with a password
  jackfield demo                                          no account, no network"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    kinds: tuple[str, ...] = ("email", "message")
    accounts: list[str] | None = None
    unread: bool = False
    since: str | None = None
    limit: int = 50
    offline: bool = False
    page: str | None = None
    timeout: float = 10.0
    as_json: bool = False


async def inbox(wanted: Wanted) -> Exit:
    """List the newest items and print them.

    Args:
        wanted: What was asked for.

    Returns:
        The exit code.
    """
    async with AssistantOrchestrator() as assistant:
        session = await assistant.session()
        service = await assistant.items()
        try:
            results = await service.newest(
                cast("tuple[Kind, ...]", wanted.kinds),
                limit=wanted.limit,
                unread_only=wanted.unread,
                since=wanted.since,
                accounts=wanted.accounts,
                offline=wanted.offline,
                page=wanted.page,
                deadline=wanted.timeout,
            )
        except NoSourceAnswered as nobody:
            results = cast("Results[Any]", nobody.results)
        if wanted.as_json:
            typer.echo(documents.of_results(results))
        elif not session.accounts:
            typer.echo(_FIRST_RUN)
        else:
            _print(results, wanted, session.clock.now())
    return exit_code(results)


async def first_unread() -> str | None:
    """Find the newest unread item that is stored.

    Returns:
        Its short id, or None.
    """
    async with AssistantOrchestrator() as assistant:
        service = await assistant.items()
        results = await service.newest(["email"], limit=1, unread_only=True, offline=True)
    return results[0].short_id if results else None


def exit_code(results: Results[Any]) -> Exit:
    """Tell the shell how complete a result is.

    Args:
        results: The result.

    Returns:
        0 all answered; 3 some did, or what is shown is stale; 4 none did and all for the
        sign-in; 1 otherwise.
    """
    if results.complete:
        return Exit.OK
    states = {source.state for source in results.sources}
    if states & {"complete", "partial", "stale"}:
        return Exit.PARTIAL
    return Exit.SIGN_IN if states and all(s.sign_in for s in results.sources) else Exit.ERROR


def _print(results: Results[Any], wanted: Wanted, now: datetime) -> None:
    for line in table(results.items, now):
        typer.echo(line)
    if not results.sources:
        typer.echo(f"No account has any {' or '.join(wanted.kinds)}s.")
    elif all(source.state == "failed" for source in results.sources):
        typer.echo("Nobody answered, and nothing is stored. This is not an empty inbox.")
    else:
        typer.echo(_summary(results, wanted))
    for source in results.sources:
        for line in trouble(source):
            typer.echo(line)


def _summary(results: Results[Any], wanted: Wanted) -> str:
    asked = [source for source in results.sources if source.state != "skipped"]
    answered = sum(source.state in {"complete", "partial"} for source in asked)
    if not results.items:
        nothing = "Nothing unread." if wanted.unread else "Nothing there."
        return f"{nothing} {answered} of {len(asked)} accounts answered."
    unread = sum(item.unread is True for item in results)
    more = "  There is more: --limit." if results.truncated else ""
    return f"{unread} unread of {len(results)} shown.  + attachment{more}"


def trouble(source: SourceState) -> list[str]:
    """Say what was wrong with a source.

    Args:
        source: Its state.

    Returns:
        No line where it is complete; else one, and one for the fix.
    """
    if source.state == "complete":
        return []
    state = source.state if source.state != "stale" else "failed"
    told = f"{state}: {clean(source.error)}"
    if source.error == OFFLINE:
        told = "offline"
    if source.state == "stale":
        told += f"; this was stored {ago(source.age)}"
    lines = [f"!  {source.account:<15} {told}"]
    return [*lines, f"   {'':<15} fix: {clean(source.fix)}"] if source.fix else lines


def ago(seconds: float | None) -> str:
    """Say how long ago something was.

    Args:
        seconds: How long ago, or None.

    Returns:
        Such as ``3 days ago``.
    """
    if seconds is None:
        return "some time ago"
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' * (count > 1)} ago"
    return f"{int(seconds)} s ago"


def table(items: tuple[AnyItem, ...] | tuple[Item, ...], now: datetime) -> list[str]:
    """Lay items out in columns; nothing is cut where the output is no terminal.

    Args:
        items: What to show.
        now: The time.

    Returns:
        One line an item, and a head where there are any.
    """
    if not items:
        return []
    rows = [_row(item, now) for item in items]
    head = ("", "ID", "WHEN", "FROM", "SUBJECT OR TEXT", "", "ACCOUNT")
    widths = _widths([head, *rows])
    lines = [_line(head, widths)]
    for item, row in zip(items, rows, strict=True):
        line = _line(row, widths)
        lines.append(bold(line) if item.unread else line)
    return lines


def _row(item: Item, now: datetime) -> tuple[str, ...]:
    text = getattr(item, "subject", "") or getattr(item, "title", "") or item.snippet or item.text
    return (
        "●" if item.unread else " ",
        item.short_id,
        when(item.time, now),
        clean(item.sender.name or item.sender.address) or "(nobody)",
        clean(text) or "(no subject)",
        "+" if any(not each.inline for each in item.attachments) else " ",
        item.account,
    )


def _widths(rows: list[tuple[str, ...]]) -> list[int]:
    """Give the sender a fifth and the subject what is left; cut nothing without a terminal."""
    total = columns()
    if total is None:
        return [max(cell_len(row[n]) for row in rows) for n in range(7)]
    id_width = max(len(row[1]) for row in rows)
    account = min(16, max(len(row[6]) for row in rows))
    sender = min(24, total // 5)
    subject = total - (1 + id_width + 6 + sender + 1 + account) - 2 * 6
    return [1, id_width, 6, sender, subject, 1, account]


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = (fit(text, width) for text, width in zip(row, widths, strict=True))
    return "  ".join(cells).rstrip()


def when(time: datetime, now: datetime) -> str:
    """Say when something was, as short as it is clear.

    Args:
        time: When.
        now: The time.

    Returns:
        ``09:41`` today, ``Fri`` in the last week, ``20 Nov`` in the last months, ``Nov 24`` is
        a month of 2024.
    """
    local, today = time.astimezone(), now.astimezone().date()
    days = (today - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if 0 < days < 7:
        return f"{local:%a}"
    if abs(days) < 300:
        return f"{local.day} {local:%b}"
    return f"{local:%b} {local:%y}"
