"""A search as a tree, which the core evaluates and connectors translate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Everything:
    """Matches every item."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words stand one after the other in any searched text.

    Attributes:
        text: One word, or a phrase.
        prefix: The last word may go on.
    """

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field matches.

    Attributes:
        name: ``from``, ``to``, ``cc``, ``subject``: its words stand one after the other in that
            field; ``me`` in from and to means the account's owner. ``in``: role or name of a
            collection. ``is``: ``unread``, ``read``, ``flagged`` or ``unflagged``. ``has``:
            ``attachment``. ``kind``, ``source``, ``account``, ``thread``: equal. ``larger``,
            ``smaller``: than so many bytes.
        value: As the person wrote it, but for the closed sets above, and bytes as digits.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class When:
    """The item's time lies before, or at or after, an instant.

    Attributes:
        order: Which side.
        instant: A time with a zone.
    """

    order: Literal["before", "since"]
    instant: datetime


@dataclass(frozen=True, slots=True)
class Not:
    """What `part` does not match."""

    part: Query


@dataclass(frozen=True, slots=True)
class And:
    """What all parts match."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """What any part matches."""

    parts: tuple[Query, ...]


Query = Everything | Words | Field | When | Not | And | Or


@dataclass(frozen=True, slots=True)
class Translation:
    """A query in a provider's own language.

    Attributes:
        native: The provider's form, opaque to the core. It matches a superset of the query: a
            leaf that the provider lacks is true under And, false under Not, and takes its whole
            Or with it.
        residue: What the core still has to check on each hit.
        exact: Nothing is left to check.
    """

    native: object
    residue: Query
    exact: bool
