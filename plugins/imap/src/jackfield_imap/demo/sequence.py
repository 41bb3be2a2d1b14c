"""Sets of numbers such as ``2,4:7,9:*`` (RFC 9051, section 9, sequence-set)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jackfield_imap.demo.tokens import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable

_RANGE = re.compile(rb"([1-9]\d{0,9}|\*)(?::([1-9]\d{0,9}|\*))?")


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Ranges of numbers, both ends included."""

    ranges: tuple[tuple[int, int], ...]

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and any(low <= number <= high for low, high in self.ranges)

    @property
    def largest(self) -> int:
        """The largest number in it."""
        return max(high for _, high in self.ranges)


def is_set(text: bytes) -> bool:
    """Tell whether a word has the form of a set.

    Args:
        text: A word of a command.

    Returns:
        True if `read_set` would take it.
    """
    return all(_RANGE.fullmatch(part) for part in text.split(b","))


def read_set(text: bytes, last: int) -> SequenceSet:
    """Read a set.

    Args:
        text: As on the wire.
        last: What ``*`` stands for: the last message's number or UID, 0 if there is none.

    Returns:
        The set. ``9:*`` holds the last message even if that is 4, since ranges have no direction.

    Raises:
        CommandError: It has not the form of a set.
    """
    if not is_set(text):
        raise CommandError("BAD", "Invalid sequence set")
    return SequenceSet(tuple(_range(part, last) for part in text.split(b",")))


def _range(part: bytes, last: int) -> tuple[int, int]:
    ends = [last if end == b"*" else int(end) for end in part.split(b":")]
    return min(ends), max(ends)


def write_set(numbers: Iterable[int]) -> str:
    """Write numbers as a set, in the order given, neighbours joined to ranges.

    Args:
        numbers: In the order that the set shall have.

    Returns:
        The set as on the wire.
    """
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in ranges)
