"""Runs a command: one event loop, errors for people, the exit code."""

from __future__ import annotations

import asyncio
import logging
import sys
from enum import IntEnum
from typing import TYPE_CHECKING

import typer

from jackfield.cli.terminal import clean
from jackfield.errors import ConfigError, JackfieldError, QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Exit(IntEnum):
    """What the shell is told (documented, tested)."""

    OK = 0
    ERROR = 1
    USAGE = 2
    PARTIAL = 3
    SIGN_IN = 4
    UNCERTAIN = 5


def run(command: Callable[[], Coroutine[None, None, Exit]], *, verbose: int) -> None:
    """Run a command and leave the process with its exit code.

    Args:
        command: Makes the coroutine.
        verbose: How often ``-v`` was given.

    Raises:
        Exit: Always, with the code.
    """
    _log(verbose)
    try:
        code = asyncio.run(command())
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        code = Exit.PARTIAL
    except (ConfigError, QueryError) as error:
        code = _complain(error, Exit.USAGE)
    except JackfieldError as error:
        code = _complain(error, Exit.ERROR)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            typer.echo(f"jackfield: {error}", err=True)
        code = Exit.ERROR
    raise typer.Exit(code)


def _complain(error: JackfieldError, code: Exit) -> Exit:
    typer.echo(f"jackfield: {clean(error.message)}", err=True)
    if error.fix:
        typer.echo(f"           {clean(error.fix)}", err=True)
    return code


def _log(verbose: int) -> None:
    if verbose:
        level = logging.DEBUG if verbose > 1 else logging.INFO
        logging.basicConfig(format="%(name)s: %(message)s", stream=sys.stderr)
        logging.getLogger("jackfield").setLevel(level)
