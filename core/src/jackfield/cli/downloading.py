"""`jackfield download`: an item's files, under names of ours where theirs are unsafe."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import typer

from jackfield.cli.running import Exit
from jackfield.cli.terminal import clean
from jackfield.errors import ConfigError
from jackfield.orchestrator import AssistantOrchestrator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jackfield.models import Attachment, Item
    from jackfield.services import DownloadService

_LONGEST = 200
"""Bytes of a file's name; most systems take 255."""

_UNSAFE = frozenset('<>:"/\\|?*')
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
)


async def download(id: str, name: str, folder: Path) -> Exit:
    """Save files.

    Args:
        id: Of which item.
        name: Which file: its name, or its number from 1; empty means all.
        folder: Where to.

    Returns:
        The exit code.

    Raises:
        ConfigError: There is no such item or file, or the folder cannot be written.
    """
    async with AssistantOrchestrator() as assistant:
        service = await assistant.downloads()
        item = await service.show(id)
        for attachment in _chosen(item, name):
            path = await _save(service, item, attachment, folder)
            typer.echo(f"{path}  {path.stat().st_size:,} B")
    return Exit.OK


def _chosen(item: Item, name: str) -> Sequence[Attachment]:
    if not item.attachments:
        raise ConfigError(f"{item.short_id} has no files")
    if not name:
        return item.attachments
    numbered = dict(enumerate(item.attachments, 1))
    if name.isdigit() and int(name) in numbered:
        return [numbered[int(name)]]
    named = [each for each in item.attachments if each.name == name]
    if not named:
        listed = ", ".join(f"{n} {clean(each.name)}" for n, each in numbered.items())
        raise ConfigError(f"{item.short_id} has no file {name!r}; it has: {listed}")
    return named


async def _save(service: DownloadService, item: Item, attachment: Attachment, folder: Path) -> Path:
    """Write a file beside its place and put it there when it is whole."""
    unfinished, handle = await asyncio.to_thread(_begin, folder)
    try:
        with handle:
            async with aclosing(service.download(item, attachment)) as pieces:
                async for piece in pieces:
                    await asyncio.to_thread(handle.write, piece)
        return await asyncio.to_thread(_put, unfinished, folder, safe_name(attachment.name))
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _begin(folder: Path) -> tuple[Path, BinaryIO]:
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".jackfield-{os.getpid()}-{os.urandom(4).hex()}"
    number = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    return unfinished, os.fdopen(number, "wb")


def _put(unfinished: Path, folder: Path, name: str) -> Path:
    """Give a file its name, or the next that is free: nothing is written over."""
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(1, 10_000):
        path = folder / (name if number == 1 else f"{stem} ({number}){suffix}")
        with suppress(FileExistsError):
            os.link(unfinished, path)
            return path
    raise ConfigError(f"{folder} has too many files called {name!r}")


def safe_name(name: str) -> str:
    """Make a file name of a stranger's text: it never leads out of its folder.

    Args:
        name: As it was sent.

    Returns:
        A name without separators, control characters, a leading dot, or a device's name.
    """
    kept = "".join(
        "_" if letter in _UNSAFE or not letter.isprintable() else letter for letter in name
    )
    kept = _cut(kept.strip(" ."))
    if not kept or Path(kept).stem.lower() in _DEVICES:
        return f"_{kept}" if kept else "unnamed"
    return kept


def _cut(name: str) -> str:
    """Shorten a name and keep its ending, by which a person knows what it is."""
    suffix = Path(name).suffix.encode()[-20:].decode(errors="ignore")
    stem = name.removesuffix(suffix).encode()[: _LONGEST - len(suffix.encode())]
    return f"{stem.decode(errors='ignore').rstrip(' .')}{suffix}".strip(" .")
