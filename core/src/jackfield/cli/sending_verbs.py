"""The commands that send, and that look after what was sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jackfield.cli.options import AsJson, By, Id, Verbose  # noqa: TC001

Text = Annotated[
    str, typer.Option("--message", "-m", help="The text; else standard input is read.")
]
Attach = Annotated[list[Path] | None, typer.Option("--attach", help="A file to send along.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Send without being asked.")]
Hold = Annotated[bool, typer.Option("--hold", help="Keep it in the outbox for a person.")]
Key = Annotated[str, typer.Option(help="Two sends with one key are one.")]


def register_sending(app: typer.Typer) -> None:
    """Add the commands.

    Args:
        app: What they are added to.
    """
    app.command()(send)
    app.command()(reply)
    app.command()(forward)
    outbox = typer.Typer(help="What was to be sent, and what became of it.")
    outbox.callback(invoke_without_command=True)(list_outbox)
    outbox.command()(settle)
    outbox.command("send")(release)
    outbox.command()(discard)
    app.add_typer(outbox, name="outbox")


def send(
    to: Annotated[list[str], typer.Option("--to", help="A receiver; several times for several.")],
    subject: Annotated[str, typer.Option("--subject", "-s")] = "",
    cc: Annotated[list[str] | None, typer.Option("--cc")] = None,
    bcc: Annotated[list[str] | None, typer.Option("--bcc")] = None,
    message: Text = "",
    attach: Attach = None,
    account: By = None,
    key: Key = "",
    yes: Yes = False,
    hold: Hold = False,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Send a mail; it is shown first."""
    from jackfield.cli import running, sending

    wanted = sending.New(to, cc or [], bcc or [], subject, account)
    how = sending.How(message, attach or [], key, yes, hold, json)
    running.run(lambda: sending.send(wanted, how), verbose=verbose)


def reply(
    id: Id,
    everyone: Annotated[bool, typer.Option("--all", help="To all who got it.")] = False,
    message: Text = "",
    attach: Attach = None,
    key: Key = "",
    yes: Yes = False,
    hold: Hold = False,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Answer a mail; the answer is shown first."""
    from jackfield.cli import running, sending

    how = sending.How(message, attach or [], key, yes, hold, json)
    running.run(lambda: sending.reply(id, how, everyone=everyone), verbose=verbose)


def forward(
    id: Id,
    to: Annotated[list[str], typer.Option("--to", help="A receiver; several times for several.")],
    message: Text = "",
    key: Key = "",
    yes: Yes = False,
    hold: Hold = False,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Pass a mail on, with its files; it is shown first."""
    from jackfield.cli import running, sending

    how = sending.How(message, [], key, yes, hold, json)
    running.run(lambda: sending.forward(id, to, how), verbose=verbose)


def list_outbox(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also what has left.")] = False,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Show what has not left, or may not have."""
    from jackfield.cli import outbox, running

    if context.invoked_subcommand is None:
        running.run(lambda: outbox.show(everything=everything, as_json=json), verbose=verbose)


def settle(
    id: Id,
    sent: Annotated[
        bool | None, typer.Option("--sent/--not-sent", help="You know that it left, or did not.")
    ] = None,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Find out whether an uncertain send left. Nothing is sent."""
    from jackfield.cli import outbox, running

    running.run(lambda: outbox.settle(id, sent=sent, as_json=json), verbose=verbose)


def release(id: Id, json: AsJson = False, verbose: Verbose = 0) -> None:
    """Send what is held, or what was rejected."""
    from jackfield.cli import outbox, running

    running.run(lambda: outbox.release(id, as_json=json), verbose=verbose)


def discard(id: Id, verbose: Verbose = 0) -> None:
    """Never send what has not left."""
    from jackfield.cli import outbox, running

    running.run(lambda: outbox.discard(id), verbose=verbose)
