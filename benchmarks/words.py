"""A made-up language: words whose frequencies follow Zipf's law, drawn fast and by seed."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

VOCABULARY = 200_000
EXPONENT = 1.05

COMMON = "projekt"
"""Stands in 10 % of the items, whatever the vocabulary's own words do."""

PHRASE = ("quarterly", "invoice")
"""Each stands in 2 % of the items, and one right after the other in 0.1 %."""

RARE = "zyzzyva"
"""Stands in `RARE_ITEMS` items."""

RARE_ITEMS = 15

_SYLLABLES = [consonant + vowel for consonant in "bdfghjklmnprstvwz" for vowel in "aeiou"]
_SHORT = len(_SYLLABLES) ** 2
_TABLE = 1 << 16  # so that two random bytes are a place in it
_DECK = 1 << 20
_HAN = "議事録会議資料予算契約書請求日程変更連絡先確認来週報告製品開発計画東京大阪上海北京項目"


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """Make all words, the most frequent one first.

    Returns:
        Words of four letters, then of six, none of them twice; how a word begins says nothing
        of how frequent it is.
    """
    short = (_spell(rank * 1_999 % _SHORT, 2) for rank in range(_SHORT))
    three = len(_SYLLABLES) ** 3
    long = (_spell(rank * 400_009 % three, 3) for rank in range(VOCABULARY - _SHORT))
    return (*short, *long)


def _spell(number: int, syllables: int) -> str:
    parts = []
    for _ in range(syllables):
        number, place = divmod(number, len(_SYLLABLES))
        parts.append(_SYLLABLES[place])
    return "".join(parts)


@lru_cache(maxsize=1)
def _weights() -> tuple[float, ...]:
    raw = [(rank + 1) ** -EXPONENT for rank in range(VOCABULARY)]
    total = sum(raw)
    return tuple(weight / total for weight in raw)


def share(rank: int, length: float) -> float:
    """Tell in which part of all texts a word stands.

    Args:
        rank: Its place in the vocabulary, from 0.
        length: Words in a text.

    Returns:
        The expected part, between 0 and 1.
    """
    return -math.expm1(length * math.log1p(-_weights()[rank]))


def weight(rank: int) -> float:
    """Tell how often a word is drawn.

    Args:
        rank: Its place in the vocabulary, from 0.

    Returns:
        Its probability.
    """
    return _weights()[rank]


def nearest_ranks(wanted: float, length: float, count: int) -> list[int]:
    """Find the words that stand in about a wanted part of all texts.

    Args:
        wanted: The part, between 0 and 1.
        length: Words in a text.
        count: How many words.

    Returns:
        Ranks, the nearest first; half as frequent is as near as twice as frequent.
    """
    goal = math.log(wanted)
    distance = [abs(math.log(share(rank, length)) - goal) for rank in range(VOCABULARY)]
    return sorted(range(VOCABULARY), key=distance.__getitem__)[:count]


class Writer:
    """Draws words as often as Zipf's law says, ten times as fast as `random.choices`.

    Two random bytes choose a place in a table. Each word has as many places as whole 65,536ths of
    its weight; the places left over are filled anew for each block from a shuffled deck that
    holds the remainders of all words' weights.

    Args:
        rng: Where chance comes from.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        words, weights = vocabulary(), _weights()
        places = [int(weight * _TABLE) for weight in weights]
        self._table = [word for word, many in zip(words, places, strict=True) for _ in range(many)]
        self._fixed = len(self._table)
        rests = (weight * _TABLE - many for weight, many in zip(weights, places, strict=True))
        self._deck = self._deal(rests)
        self._table += self._deck[: _TABLE - self._fixed]
        self._next = 0
        self._block: list[str] = []
        self._at = 0

    def _deal(self, rests: Iterable[float]) -> list[str]:
        """Lay out the remainders of weights as a deck, and shuffle it."""
        edges = [0.0, *accumulate(rests)]
        scale = _DECK / edges[-1]
        marks = [int(edge * scale) for edge in edges]
        deck: list[str] = []
        for word, before, after in zip(vocabulary(), marks, marks[1:], strict=False):
            deck += [word] * (after - before)
        self._rng.shuffle(deck)
        return deck

    def _refill(self) -> None:
        wanted = _TABLE - self._fixed
        if self._next + wanted > len(self._deck):
            self._next = self._rng.randrange(wanted)
        self._table[self._fixed :] = self._deck[self._next : self._next + wanted]
        self._next += wanted
        places = memoryview(self._rng.randbytes(2 * _TABLE)).cast("H")
        self._block = [*self._block[self._at :], *map(self._table.__getitem__, places)]
        self._at = 0

    def words(self, count: int) -> list[str]:
        """Draw words.

        Args:
            count: How many, at most 65,536.

        Returns:
            The words.
        """
        if self._at + count > len(self._block):
            self._refill()
        self._at += count
        return self._block[self._at - count : self._at]

    def text(self, count: int, *, rare: bool = False) -> list[str]:
        """Draw the words of an item, the seeded ones among them.

        Args:
            count: How many words of the vocabulary.
            rare: Put `RARE` in.

        Returns:
            The words.
        """
        words, chance = self.words(count), self._rng.random
        extra = [RARE] if rare else []
        if chance() < 0.1:
            extra.append(COMMON)
        if (drawn := chance()) < 0.001:
            extra.append(" ".join(PHRASE))
        elif drawn < 0.02:
            extra.append(PHRASE[0])
        elif drawn < 0.039:
            extra.append(PHRASE[1])
        if chance() < 0.01:
            extra.append("".join(self._rng.choices(_HAN, k=12)))
        for each in extra:
            words.insert(int(chance() * len(words)), each)
        return words
