"""What the core asks of connectors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from jackfield.batches import JSON, Collection
    from jackfield.models.item import Kind
    from jackfield.query.tree import Query, Translation

LEFT_OUT_OF_LISTS = frozenset({"spam", "trash", "drafts", "sent"})
"""Roles of collections that "all mails" does not mean."""


@dataclass(frozen=True, slots=True)
class ListFilter:
    """What a listing is narrowed to.

    Attributes:
        unread_only: Only what is unread.
        since: Only what was received at or after this time.
        collections: Ids of the only collections to look at; None means all but spam, trash,
            drafts and sent.
    """

    unread_only: bool = False
    since: datetime | None = None
    collections: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ListRequest:
    """The newest items, newest first, over all collections. Keeps no cursor.

    Attributes:
        kind: Of which kind.
        limit: At most so many items.
        filter: What to leave out.
        before: Only what was received before this time.
    """

    kind: Kind
    limit: int = 50
    filter: ListFilter = field(default_factory=ListFilter)
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """Everything in one collection, or what changed in it since a cursor.

    Attributes:
        kind: Of which kind.
        collection: As `collections()` gave it; a connector that finds another epoch raises
            `CursorExpired`.
        cursor: The last committed one; None means from nothing.
        snapshot: A full pass is under way: give everything, then `snapshot_complete`.
        horizon: Nothing received before this time is wanted; None means all.
    """

    kind: Kind
    collection: Collection
    cursor: JSON = None
    snapshot: bool = False
    horizon: datetime | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search at the provider, newest first.

    Attributes:
        kind: Of which kind.
        query: What was asked.
        translation: What `translate` made of it.
        limit: At most so many hits.
        before: Only what was received before this time.
    """

    kind: Kind
    query: Query
    translation: Translation
    limit: int = 50
    before: datetime | None = None
