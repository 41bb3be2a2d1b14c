"""Searches of ten kinds, each of them different, in Jackfield's language and in notmuch's."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from benchmarks.items import NEWEST, YEARS
from benchmarks.words import COMMON, PHRASE, RARE, VOCABULARY, nearest_ranks, vocabulary, weight

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

OFTEN = 0.1
"""The part of all items in which a common word stands."""

SELDOM = 15
"""In so many items stands a rare word."""

_TOGETHER = 0.001


@dataclass(frozen=True, slots=True)
class Stock:
    """What is searched.

    Attributes:
        items: How many items there are.
        length: Words in an item, on average.
        sources: The platforms they come from.
    """

    items: int
    length: float
    sources: Sequence[str]


@dataclass(frozen=True, slots=True)
class Case:
    """One search.

    Attributes:
        text: In Jackfield's language.
        notmuch: In notmuch's; None where notmuch has nothing alike.
        ranked: The best match first instead of the newest.
        second: The second page; the first is read beforehand and not timed.
        counted: How many there are, instead of the newest 50.
    """

    text: str
    notmuch: str | None
    ranked: bool = False
    second: bool = False
    counted: bool = False


def make_cases(stock: Stock, count: int, seed: int) -> dict[str, list[Case]]:
    """Make searches for a stock.

    Args:
        stock: What will be searched.
        count: How many of each kind.
        seed: The same seed gives the same searches.

    Returns:
        Searches by the name of their kind, none of them twice within a kind.
    """
    rng = random.Random(seed)
    often = _words(OFTEN, stock, count, COMMON)
    rare = _words(min(OFTEN, SELDOM / stock.items), stock, count, RARE)
    for words in (often, rare):
        rng.shuffle(words)
    spans = _distinct(count, lambda: _span(rng, rng.choice(often), rng.choice(stock.sources)))
    phrases = [" ".join(PHRASE), *_distinct(count - 1, lambda: _phrase(rng, stock))]
    prefixes = _distinct(count, lambda: rng.choice(vocabulary())[:3])
    return {
        "a word": [Case(word, word) for word in often],
        "a phrase": [Case(f'"{phrase}"', f'"{phrase}"') for phrase in phrases[:count]],
        "a word, source and dates": [Case(*span) for span in spans],
        "a word, by relevance": [Case(word, None, ranked=True) for word in often],
        "a rare word": [Case(word, word) for word in rare],
        "is:unread and a word": [
            Case(f"is:unread {word}", f"tag:unread and {word}") for word in often
        ],
        "next page of a word": [Case(word, word, second=True) for word in often],
        "-word alone": [Case(f"-{word}", f"not {word}") for word in often],
        "a prefix": [Case(f"{prefix}*", f"{prefix}*") for prefix in prefixes],
        "count of a word": [Case(word, word, counted=True) for word in often],
    }


def _words(share: float, stock: Stock, count: int, seeded: str) -> list[str]:
    """Name the seeded word, and those of the vocabulary that are about as frequent."""
    ranks = nearest_ranks(share, stock.length, count - 1)
    return [seeded, *(vocabulary()[rank] for rank in ranks)]


def _distinct(count: int, draw: Callable[[], T]) -> list[T]:
    found: dict[T, None] = {}
    while len(found) < count:
        found[draw()] = None
    return list(found)


def _span(rng: random.Random, word: str, source: str) -> tuple[str, str]:
    """Write a search of one platform within a year; notmuch's last day counts too."""
    begin = (NEWEST - timedelta(days=rng.uniform(365, YEARS * 365))).date()
    end = begin + timedelta(days=365)
    return (
        f"{word} source:{source} after:{begin} before:{end}",
        f"{word} date:{begin}..{end - timedelta(days=1)}",
    )


def _phrase(rng: random.Random, stock: Stock) -> str:
    """Name two words that stand side by side in about one of a thousand items."""
    first = int(3 * 40 ** rng.random())
    wanted = _TOGETHER / stock.length / weight(first) * rng.uniform(0.5, 2)
    second = next((r for r in range(VOCABULARY) if weight(r) < wanted), VOCABULARY - 1)
    pair = [vocabulary()[first], vocabulary()[second]]
    rng.shuffle(pair)
    return " ".join(pair)
