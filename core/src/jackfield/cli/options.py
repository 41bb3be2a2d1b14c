"""Options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", "-a", help="Only this account: imap:work, imap or work."),
]
By = Annotated[str | None, typer.Option("--account", "-a", help="By this account.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Timeout = Annotated[float, typer.Option(help="Seconds that an account may take.", min=0.1)]
Verbose = Annotated[int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv most.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, or their beginnings.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="An id, or the beginning of it.")]
