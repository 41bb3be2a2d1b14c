"""The commands that change items, and that fetch their files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jackfield.cli.options import AsJson, Id, Ids, Verbose  # noqa: TC001


def register_changing(app: typer.Typer) -> None:
    """Add the commands.

    Args:
        app: What they are added to.
    """
    app.command()(mark)
    app.command()(archive)
    app.command()(move)
    app.command()(delete)
    app.command()(download)


def mark(
    ids: Ids,
    read: Annotated[bool | None, typer.Option("--read/--unread")] = None,
    flagged: Annotated[bool | None, typer.Option("--flag/--unflag")] = None,
    label: Annotated[list[str] | None, typer.Option(help="Add a label.")] = None,
    unlabel: Annotated[list[str] | None, typer.Option(help="Take a label away.")] = None,
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Mark as read, flag, label."""
    from jackfield.batches import Change
    from jackfield.cli import changing, running

    wanted = Change(
        read=read,
        flagged=flagged,
        add_labels=tuple(label or ()),
        remove_labels=tuple(unlabel or ()),
    )
    if wanted == Change():
        raise typer.BadParameter("say --read, --unread, --flag, --unflag, --label or --unlabel")
    running.run(lambda: changing.change(ids, wanted, "marked", as_json=json), verbose=verbose)


def archive(ids: Ids, json: AsJson = False, verbose: Verbose = 0) -> None:
    """Move to the archive."""
    from jackfield.batches import Change
    from jackfield.cli import changing, running

    wanted = Change(archive=True)
    running.run(lambda: changing.change(ids, wanted, "archived", as_json=json), verbose=verbose)


def move(
    ids: Ids,
    to: Annotated[str, typer.Option("--to", help="The folder, by name or role.")],
    json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Move to a folder of the same account."""
    from jackfield.cli import changing, running

    running.run(lambda: changing.move(ids, to, as_json=json), verbose=verbose)


def delete(ids: Ids, json: AsJson = False, verbose: Verbose = 0) -> None:
    """Move to the trash; what is there already goes for good."""
    from jackfield.batches import Change
    from jackfield.cli import changing, running

    wanted = Change(delete=True)
    running.run(lambda: changing.change(ids, wanted, "deleted", as_json=json), verbose=verbose)


def download(
    id: Id,
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="One file, by name or number; else all.")
    ] = "",
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder.")] = Path(),
    verbose: Verbose = 0,
) -> None:
    """Save the files of an item. Nothing that is there is written over."""
    from jackfield.cli import downloading, running

    running.run(lambda: downloading.download(id, name, output), verbose=verbose)
