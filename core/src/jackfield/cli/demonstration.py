"""`jackfield demo`: the main job against servers of our own, over a socket on this machine."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from jackfield.cli import listing, searching, showing, syncing
from jackfield.cli.listing import Wanted
from jackfield.cli.running import Exit
from jackfield.errors import ConfigError, NotInstalled
from jackfield.registry import DEMOS, installed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

SHOWN = 12
"""Items that the demo's inbox shows."""

SEARCHED = ("from:ana", "budget")
"""What the demo searches."""


async def demo(keep: Path | None) -> Exit:
    """Sync, list, search and show, against every demo server that is installed.

    Args:
        keep: A folder for the store, new or empty. None forgets everything at the end.

    Returns:
        The exit code of the last step that went wrong, else 0.

    Raises:
        NotInstalled: No connector with a demo server is installed.
        ConfigError: The folder is not empty.
    """
    demos = installed(DEMOS)
    if not demos:
        raise NotInstalled(
            "no connector with a demo is installed", fix="pip install jackfield-imap"
        )
    if keep is not None and not _is_empty(keep):
        raise ConfigError(f"{keep} is not empty", fix="name another folder")
    async with AsyncExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        variables: dict[str, str] = {}
        for each in demos:
            server = cast(
                "Callable[[], AbstractAsyncContextManager[Mapping[str, str]]]", each.load()
            )
            variables |= await stack.enter_async_context(server())
        _use_only(folder, variables)
        code = await _steps()
    if keep is not None:
        _leave(keep, variables)
    return code


def _is_empty(folder: Path) -> bool:
    return not folder.exists() or not any(folder.iterdir())


def _use_only(folder: Path, variables: Mapping[str, str]) -> None:
    """Let this process see the demo's accounts and none of the user's own."""
    for name in [name for name in os.environ if _is_ours(name)]:
        del os.environ[name]
    os.environ.update(variables)
    os.environ["JACKFIELD_DATA_DIR"] = str(folder)
    os.environ["JACKFIELD_CONFIG"] = str(folder / "config.toml")


def _is_ours(name: str) -> bool:
    marks = ("EMAIL_", "MS_", "WHATSAPP_", "GMAIL_", "SLACK_", "TELEGRAM_", "TWILIO_", "ENABLE_")
    return name.startswith((*marks, "JACKFIELD_"))


async def _steps() -> Exit:
    typer.echo("This is a mail server of Jackfield's own, on 127.0.0.1, with made-up mail.")
    codes = []
    typer.echo("\n$ jackfield sync")
    codes.append(await syncing.sync(syncing.Wanted()))
    typer.echo(f"\n$ jackfield inbox --limit {SHOWN}")
    codes.append(await listing.inbox(Wanted(limit=SHOWN)))
    typer.echo(f"\n$ jackfield search {' '.join(SEARCHED)}")
    codes.append(await searching.search(searching.Wanted(SEARCHED, limit=5)))
    if (id := await listing.first_unread()) is not None:
        typer.echo(f"\n$ jackfield show {id}")
        codes.append(await showing.show(id, source=False, deadline=10.0, as_json=False))
    return next((code for code in reversed(codes) if code), Exit.OK)


def _leave(folder: Path, variables: Mapping[str, str]) -> None:
    """Write a configuration that shows what is stored, since the server is gone."""
    config = folder / "config.toml"
    config.write_text(
        "# Left by `jackfield demo`: its server has stopped, so nobody is asked.\n"
        f'offline = true\n\n[accounts."imap:default"]\n'
        f"server = {json.dumps(variables['EMAIL_IMAP_SERVER'])}\n"
        f"username = {json.dumps(variables['EMAIL_IMAP_USERNAME'])}\n",
        encoding="utf-8",
    )
    typer.echo(f"\nKept. To look around:\n  export JACKFIELD_DATA_DIR={folder.absolute()}")
    typer.echo(f"  export JACKFIELD_CONFIG={config.absolute()}\n  jackfield inbox")
