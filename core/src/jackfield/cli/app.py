"""The commands and their options. Everything else is imported when a command runs."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path  # noqa: TC003  typer reads annotations when it runs
from typing import Annotated, Any

import typer
import typer.core

from jackfield.cli.changing_verbs import register_changing
from jackfield.cli.options import Accounts, AsJson, Timeout, Verbose  # noqa: TC001
from jackfield.cli.sending_verbs import register_sending

app = typer.Typer(
    name="jackfield",
    help="Every mailbox and chat you have, in one place.",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class ListedKind(StrEnum):
    """What an inbox shows."""

    EMAIL = "email"
    MESSAGE = "message"


class AnyKind(StrEnum):
    """What a search finds."""

    EMAIL = "email"
    MESSAGE = "message"
    NOTE = "note"
    MEETING = "meeting"


class Order(StrEnum):
    """What comes first."""

    DATE = "date"
    RELEVANCE = "relevance"


def _version(wanted: bool) -> None:
    if wanted:
        from jackfield import __version__

        typer.echo(f"jackfield {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def inbox(
    account: Accounts = None,
    kind: Annotated[
        list[ListedKind] | None,
        typer.Option(help="Both unless said."),
    ] = None,
    unread: Annotated[bool, typer.Option("--unread", help="Only what is unread.")] = False,
    since: Annotated[str, typer.Option(help="2d, 3w, monday, 2026-01-31.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=1000)] = 50,
    offline: Annotated[bool, typer.Option("--offline", help="Show what is stored.")] = False,
    page: Annotated[str, typer.Option(help="Go on where `next` of a result says.")] = "",
    timeout: Timeout = 10.0,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Show the newest mails and messages."""
    from jackfield.cli import listing, running

    wanted = listing.Wanted(
        kinds=tuple(each.value for each in kind or ListedKind),
        accounts=account,
        unread=unread,
        since=since or None,
        limit=limit,
        offline=offline,
        page=page or None,
        timeout=timeout,
        as_json=json,
    )
    running.run(lambda: listing.inbox(wanted), verbose=verbose)


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="An item's id, or the beginning of it.")],
    source: Annotated[
        bool, typer.Option("--source", help="The original bytes, as the provider has them.")
    ] = False,
    timeout: Timeout = 10.0,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Show one item whole. Nothing is marked as read, nothing is loaded from the network."""
    from jackfield.cli import running, showing

    running.run(
        lambda: showing.show(id, source=source, deadline=timeout, as_json=json),
        verbose=verbose,
    )


class _QueryCommand(typer.core.TyperCommand):
    """Takes `-newsletter` for a word to leave out, and not for seven options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Mark such words, so that no option is looked for in them."""
        return super().parse_args(ctx, [_MARK + a if _LEFT_OUT.fullmatch(a) else a for a in args])


_MARK = "\0"  # no argument of a process can hold it
_LEFT_OUT = re.compile(r"-(?!v+$)[^-].+", re.DOTALL)


def _words(query: list[str] | None) -> tuple[str, ...]:
    return tuple(word.removeprefix(_MARK) for word in query or ())


Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[QUERY]...",
        help='from:ana after:90d is:unread has:attachment subject:"q3 report"'
        " (budget OR forecast) -newsletter. In quotes or not.",
    ),
]
Kinds = Annotated[list[AnyKind] | None, typer.Option(help="All unless said.")]


@app.command(cls=_QueryCommand)
def search(
    query: Words = None,
    account: Accounts = None,
    kind: Kinds = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    sort: Annotated[Order, typer.Option(help="Newest first, or best match first.")] = Order.DATE,
    page: Annotated[str, typer.Option(help="Go on where `next` of a result says.")] = "",
    live: Annotated[bool, typer.Option("--live", help="Also ask the providers.")] = False,
    timeout: Timeout = 10.0,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Find items in the local store, at once; spam and trash only with in:."""
    from jackfield.cli import running, searching

    wanted = searching.Wanted(
        words=_words(query),
        kinds=tuple(each.value for each in kind) if kind else None,
        accounts=account,
        limit=limit,
        order=sort.value,
        page=page or None,
        live=live,
        timeout=timeout,
        as_json=json,
    )
    running.run(lambda: searching.search(wanted), verbose=verbose)


@app.command(cls=_QueryCommand)
def count(
    query: Words = None,
    account: Accounts = None,
    kind: Kinds = None,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Count what is stored and matches."""
    from jackfield.cli import running, searching

    kinds = tuple(each.value for each in kind) if kind else None
    wanted = searching.Wanted(_words(query), kinds, account, as_json=json)
    running.run(lambda: searching.count(wanted), verbose=verbose)


@app.command(cls=_QueryCommand)
def export(
    query: Words = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="A JSON object a line.")] = False,
    mbox: Annotated[bool, typer.Option("--mbox", help="Original mails, one mbox.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new file; else standard output.")
    ] = None,
    account: Accounts = None,
    verbose: Verbose = 0,
) -> None:
    """Write out everything that is stored and matches, spam and trash included."""
    from jackfield.cli import exporting, running, searching

    if jsonl == mbox:
        raise typer.BadParameter("say either --jsonl or --mbox")
    wanted = searching.Wanted(_words(query), accounts=account)
    running.run(lambda: exporting.export(wanted, mbox=mbox, to=output), verbose=verbose)


@app.command()
def sync(
    accounts: Annotated[
        list[str] | None, typer.Argument(metavar="[ACCOUNT]...", help="All unless said.")
    ] = None,
    account: Accounts = None,
    since: Annotated[str, typer.Option(help="Only what came since: 1y, 2026-01-31.")] = "",
    folder: Annotated[
        list[str] | None, typer.Option("--folder", "-f", help="Only this, by name or role.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Stay; look when told that something is new.")
    ] = False,
    every: Annotated[
        float, typer.Option(help="Look at the latest after so many seconds.", min=1.0)
    ] = 60.0,
    accept_removals: Annotated[
        bool, typer.Option("--accept-removals", help="More than half of a folder may go.")
    ] = False,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Copy everything into the local store, newest first. What stops it, loses nothing."""
    from jackfield.cli import running, syncing

    wanted = syncing.Wanted(
        accounts=[*(accounts or ()), *(account or ())] or None,
        since=since or None,
        folders=tuple(folder or ()),
        accept_removals=accept_removals,
        follow=follow,
        every=every,
        as_json=json,
    )
    running.run(lambda: syncing.sync(wanted), verbose=verbose)


@app.command()
def demo(
    keep: Annotated[
        Path | None,
        typer.Option(help="Leave the store in this folder, for every other command to use."),
    ] = None,
    verbose: Verbose = 0,
) -> None:
    """Do the whole job against a mail server of our own: no account, no network."""
    from jackfield.cli import demonstration, running

    running.run(lambda: demonstration.demo(keep), verbose=verbose)


register_sending(app)
register_changing(app)
