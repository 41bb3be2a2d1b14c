"""Progress on standard error: a line an account, redrawn on a terminal, else now and then."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Self

    from jackfield.services import AccountSync

PLAIN_SECONDS = 10.0
"""Between two lines where standard error is no terminal."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the sync of an account is.

    Attributes:
        account: ``source:name``.
        done: Items that are stored.
        total: Items that the provider counts, or None.
        fetched: Items that have come since it began.
        oldest: When the oldest of them was received.
    """

    account: str
    done: int
    total: int | None
    fetched: int
    oldest: datetime | None

    @classmethod
    def of(cls, each: AccountSync) -> Standing:
        """Add an account's collections up.

        Args:
            each: How its sync goes.

        Returns:
            How far it is.
        """
        some = each.collections
        counts = [one.total for one in some]
        total = sum(count or 0 for count in counts) if some and None not in counts else None
        done = sum(one.stored + one.fetched for one in some)
        oldest = min((one.oldest for one in some if one.oldest is not None), default=None)
        if total is not None:
            done = min(done, total)
        return cls(str(each.account), done, total, sum(one.fetched for one in some), oldest)

    def describe(self, seconds: float) -> str:
        """Say it.

        Args:
            seconds: Since the sync began.

        Returns:
            Such as ``29,114 of 48,210  612/s  31 s left, back to 2021-03``.
        """
        of = f" of {self.total:,}" if self.total is not None else ""
        text = f"{self.done:,}{of}"
        rate = self.fetched / seconds if seconds > 0 else 0.0
        if rate:
            text += f"  {rate:,.0f}/s"
        if rate and self.total is not None and self.total > self.done:
            text += f"  {_duration((self.total - self.done) / rate)} left"
        if self.oldest is not None:
            text += f", back to {self.oldest:%Y-%m}"
        return text


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Display:
    """Shows how syncs go, within a context; nothing of it stays on the screen."""

    EVERY: ClassVar = 0.25
    """Seconds between two looks."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.fields[account]:<15}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[told]}"),
            console=self._console,
            transient=True,
            auto_refresh=False,
        )
        self._tasks: dict[str, TaskID] = {}
        self._began = self._told = time.monotonic()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def show(self, running: Sequence[AccountSync]) -> None:
        """Show how far each account is.

        Args:
            running: What is under way.
        """
        now = time.monotonic()
        standings = [Standing.of(each) for each in running if each.collections]
        if self._console.is_terminal:
            self._redraw(standings, now - self._began)
        elif now - self._told >= PLAIN_SECONDS:
            self._told = now
            for each in standings:
                line = f"{each.account:<15} {each.describe(now - self._began)}"
                self._console.print(line, soft_wrap=True, markup=False, highlight=False)

    def _redraw(self, standings: Sequence[Standing], seconds: float) -> None:
        for each in standings:
            told = each.describe(seconds)
            if each.account not in self._tasks:
                self._tasks[each.account] = self._bars.add_task(
                    "", account=each.account, told=told, total=None
                )
            self._bars.update(
                self._tasks[each.account], completed=each.done, total=each.total, told=told
            )
        self._bars.refresh()
