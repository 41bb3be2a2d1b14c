"""`jackfield send`, `reply`, `forward`: shown first, asked, written down, sent."""

from __future__ import annotations

import asyncio
import mimetypes
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from jackfield.cli import documents
from jackfield.cli.running import Exit
from jackfield.cli.terminal import bold, clean
from jackfield.errors import ConfigError
from jackfield.models import Draft, Upload
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.services.drafting import contacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jackfield.models import Contact, SendResult
    from jackfield.services import MailService

_TERMINAL = Path("/dev/tty")

_TEXT_LINES = 12
"""Lines of the text that are shown before it is sent."""

CODES = {"accepted": Exit.OK, "held": Exit.OK, "rejected": Exit.ERROR, "unknown": Exit.UNCERTAIN}


@dataclass(frozen=True, slots=True)
class New:
    """A new mail, as the options say it."""

    to: Sequence[str]
    cc: Sequence[str]
    bcc: Sequence[str]
    subject: str
    account: str | None


@dataclass(frozen=True, slots=True)
class How:
    """What all three commands take.

    Attributes:
        message: The text; empty reads standard input.
        attach: Files.
        key: The idempotency key.
        yes: Send without being asked.
        hold: Keep it in the outbox.
        as_json: Print a document.
    """

    message: str
    attach: Sequence[Path]
    key: str
    yes: bool
    hold: bool
    as_json: bool


async def send(new: New, how: How) -> Exit:
    """Send a new mail.

    Args:
        new: What the options say.
        how: The rest.

    Returns:
        The exit code.
    """
    text, files = await asyncio.to_thread(_content, how)
    async with AssistantOrchestrator() as assistant:
        service = await assistant.mails()
        draft = Draft(
            account=str(service.sender(new.account)),
            to=contacts(new.to),
            cc=contacts(new.cc),
            bcc=contacts(new.bcc),
            subject=new.subject,
            text=text,
            attachments=files,
            key=how.key,
        )
        return await _offer(service, draft, how)


async def reply(id: str, how: How, *, everyone: bool) -> Exit:
    """Answer a mail.

    Args:
        id: Which, or the beginning of its id.
        how: The options.
        everyone: To all who got it.

    Returns:
        The exit code.
    """
    text, files = await asyncio.to_thread(_content, how)
    async with AssistantOrchestrator() as assistant:
        service = await assistant.mails()
        draft = await service.answer(id, text, everyone=everyone, attachments=files, key=how.key)
        return await _offer(service, draft, how)


async def forward(id: str, to: Sequence[str], how: How) -> Exit:
    """Pass a mail on.

    Args:
        id: Which, or the beginning of its id.
        to: Receivers.
        how: The options.

    Returns:
        The exit code.
    """
    text = how.message or ("" if sys.stdin.isatty() else await asyncio.to_thread(sys.stdin.read))
    async with AssistantOrchestrator() as assistant:
        service = await assistant.mails()
        draft = await service.passing_on(id, to, text, key=how.key)
        return await _offer(service, draft, how)


def _content(how: How) -> tuple[str, tuple[Upload, ...]]:
    """Read the text and the files."""
    files = tuple(_upload(path) for path in how.attach)
    if how.message:
        return how.message, files
    if sys.stdin.isatty():
        typer.echo("The text; end it with Ctrl-D:", err=True)
    return sys.stdin.read(), files


def _upload(path: Path) -> Upload:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    try:
        return Upload(name=path.name, media_type=kind, content=path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path} cannot be attached: {error.strerror}") from error


async def _offer(service: MailService, draft: Draft, how: How) -> Exit:
    """Show a draft, ask, and send it."""
    if how.hold:
        return report(await service.hold(draft), as_json=how.as_json)
    if not how.yes:
        typer.echo("\n".join(_lines(draft)), err=how.as_json)
        if not await asyncio.to_thread(_agreed):
            typer.echo("Not sent; nothing is kept.", err=True)
            return Exit.ERROR
    return report(await service.send(draft), as_json=how.as_json)


def _agreed() -> bool:
    """Ask at the terminal, also where standard input is the text.

    Returns:
        Whether the person said yes.

    Raises:
        ConfigError: There is no terminal.
    """
    try:
        with ExitStack() as stack:
            said, asked = sys.stdin, sys.stderr
            if not (said.isatty() and asked.isatty()):
                said = stack.enter_context(_TERMINAL.open(encoding="utf-8"))
                asked = stack.enter_context(_TERMINAL.open("w", encoding="utf-8"))
            asked.write("Send?  y yes · n no: ")
            asked.flush()
            return said.readline().strip().lower() in {"y", "yes"}
    except OSError:
        raise ConfigError(
            "nobody can be asked here whether to send",
            fix="say --yes to send it, or --hold to keep it in the outbox",
        ) from None


def _lines(draft: Draft) -> Iterable[str]:
    sender = f"{draft.sender} by {draft.account}" if draft.sender else f"by {draft.account}"
    yield f"From     {clean(sender)}"
    for name, people in (("To", draft.to), ("Cc", draft.cc), ("Bcc", draft.bcc)):
        if people or name == "To":
            yield f"{name:<8} {_people(people)}"
    yield f"Subject  {bold(clean(draft.subject) or '(none)')}"
    for file in draft.attachments:
        yield f"+        {clean(file.name)}  {clean(file.media_type)}  {len(file.content):,} B"
    text = clean(draft.text, lines=True).rstrip().split("\n")
    for line in text[:_TEXT_LINES]:
        yield f"         {line}"
    if len(text) > _TEXT_LINES:
        yield f"         … {len(text) - _TEXT_LINES} more lines"


def _people(people: Iterable[Contact]) -> str:
    return clean(", ".join(map(str, people))) or "nobody"


def report(result: SendResult, *, as_json: bool) -> Exit:
    """Say what became of a send.

    Args:
        result: What became of it.
        as_json: As a document.

    Returns:
        The exit code: 5 where it is uncertain.
    """
    if as_json:
        typer.echo(documents.of_send(result))
        return CODES[result.state]
    typer.echo(f"{result.state:<8} {result.outbox_id}  {clean(result.reason)}".rstrip())
    with suppress(KeyError):
        typer.echo(f"         {_NEXT[result.state].format(id=result.outbox_id)}")
    return CODES[result.state]


_NEXT = {
    "unknown": "It will not be sent again by itself: jackfield outbox settle {id}",
    "held": "It leaves with: jackfield outbox send {id}",
    "rejected": "Nothing left. Once the cause is mended: jackfield outbox send {id}",
}
