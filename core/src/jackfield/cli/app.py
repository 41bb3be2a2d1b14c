"""The commands and their options. Everything else is imported when a command runs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003  typer reads annotations when it runs
from typing import Annotated

import typer

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


Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", "-a", help="Only this account: imap:work, imap or work."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Timeout = Annotated[float, typer.Option(help="Seconds that an account may take.", min=0.1)]
Verbose = Annotated[int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv most.")]


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


@app.command()
def sync(
    account: Accounts = None,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Copy everything into the local store, newest first."""
    from jackfield.cli import running, syncing

    running.run(lambda: syncing.sync(account, as_json=json), verbose=verbose)


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
