"""Results that say, source by source, how much of the truth they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from jackfield.errors import JackfieldError, NoSourceAnswered

if TYPE_CHECKING:
    from jackfield.models import Item, Kind

T = TypeVar("T", bound="Item")

State = Literal["complete", "partial", "stale", "failed", "skipped"]
"""``complete``: all that was asked. ``partial``: some of it. ``stale``: it failed, and what was
stored is shown. ``failed``: nothing. ``skipped``: it was not asked."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """How one account answered for one kind.

    Attributes:
        account: ``source:name``.
        kind: Of which kind.
        state: How much it gave.
        count: Items it gave, before any of them were folded or cut off.
        error: Why it is not complete.
        fix: What to do about it: a command where there is one.
        retry_after: Seconds after which another try makes sense, or None.
        age: Seconds since what is shown was the truth; 0 for an answer of now, None when unknown.
        sign_in: The provider refused the sign-in; left out of JSON, where `fix` says it.
    """

    account: str
    kind: Kind
    state: State
    count: int = 0
    error: str = ""
    fix: str = ""
    retry_after: float | None = None
    age: float | None = None
    sign_in: bool = False


class Incomplete(JackfieldError):
    """A result was not complete, and `Results.raise_if_incomplete` was called.

    Args:
        results: The result.
    """

    def __init__(self, results: Results[Any]) -> None:
        bad = [each for each in results.sources if each.state != "complete"]
        reasons = "; ".join(f"{each.account}: {each.state}: {each.error}" for each in bad)
        super().__init__(reasons or "no account was asked", fix=bad[0].fix if bad else "")
        self.results = results


@dataclass(frozen=True)
class Results(Sequence[T], Generic[T]):
    """An immutable sequence of items, and how each source answered.

    Attributes:
        items: The items, newest first.
        sources: One state an account and kind.
        truncated: There is more than was asked for.
        next: Where the next page begins, or None.
    """

    items: tuple[T, ...]
    sources: tuple[SourceState, ...]
    truncated: bool = False
    next: str | None = None

    @property
    def complete(self) -> bool:
        """All sources that were asked gave all that was asked, and some were asked."""
        asked = [each for each in self.sources if each.state != "skipped"]
        return bool(asked) and all(each.state == "complete" for each in asked)

    @property
    def failed(self) -> tuple[SourceState, ...]:
        """The sources that did not answer, also where something stored is shown instead."""
        return tuple(each for each in self.sources if each.state in {"failed", "stale"})

    def raise_if_incomplete(self) -> Results[T]:
        """Turn an incomplete result into an exception.

        Returns:
            The result itself.

        Raises:
            Incomplete: A source did not give all that was asked.
        """
        if not self.complete:
            raise Incomplete(self)
        return self

    def raise_if_nobody_answered(self) -> Results[T]:
        """Turn a result to which no source contributed into an exception.

        Returns:
            The result itself.

        Raises:
            NoSourceAnswered: Sources were asked, all failed, and nothing was stored.
        """
        asked = [each for each in self.sources if each.state != "skipped"]
        if asked and all(each.state == "failed" for each in asked):
            raise NoSourceAnswered(self, [f"{each.account}: {each.error}" for each in asked])
        return self

    def records(self) -> list[dict[str, Any]]:
        """Give the items as plain dictionaries, e.g. for a data frame.

        Returns:
            One dictionary an item.
        """
        return [item.model_dump() for item in self.items]

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.items[index]
