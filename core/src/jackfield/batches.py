"""What connectors give: entries, patches and removals, a batch at a time."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from jackfield.models.item import Item

MAX_ITEMS = 500
"""Entries, patches and removals that a batch may hold together."""

MAX_BYTES = 8 * 1024 * 1024
"""Bytes of originals in a batch. One larger item may travel alone."""

MAX_CURSOR = 64 * 1024
"""Bytes of a cursor as JSON."""

Level = Literal["headers", "text", "full"]
"""How much of an item is known; a lower level never overwrites a higher one."""

LEVELS: Mapping[Level, int] = {"headers": 0, "text": 1, "full": 2}

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]


@dataclass(frozen=True, slots=True)
class Ref:
    """The provider's key of an item within a collection.

    Attributes:
        collection: `Collection.id`.
        key: Unique in the collection for as long as its epoch lasts.
        epoch: The `Collection.epoch` in which the key has this meaning.
    """

    collection: str
    key: str
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class Keys:
    """All that may tell whether an item was seen before, under whatever ref.

    Attributes:
        strong: The provider's own ids that survive a move, with their scheme: ``gm:17c9…``,
            ``graph:AAMk…``. The strongest first.
        digest: Where there is no strong key: a digest of the headers that no server changes.
        size: Bytes of the original; belongs to `digest`.
        body_hash: A hash of the original bytes, once they are known.
        joins: The digest may join items of two collections. False for a mail without
            Message-ID and Date, whose digest says too little.
    """

    strong: tuple[str, ...] = ()
    digest: str | None = None
    size: int | None = None
    body_hash: str | None = None
    joins: bool = True


def hash_body(original: bytes) -> str:
    """Hash original bytes for `Keys.body_hash`.

    Args:
        original: The bytes.

    Returns:
        32 hexadecimal digits.
    """
    return hashlib.blake2b(original, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as a connector saw it, at one place.

    Attributes:
        ref: Where.
        item: The item; its flags and labels are those of this place.
        keys: What it can be recognised by.
        received: When the provider received or created it (a time with a zone); orders lists.
        level: How much of it is known.
        version: Of its flags, growing; None where the provider counts none.
    """

    ref: Ref
    item: Item
    keys: Keys
    received: datetime
    level: Level = "full"
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """Flags or labels changed; no body travels. None means unchanged.

    Attributes:
        ref: Of which item. The core gets an item that it does not know.
        read: Read or not.
        flagged: Starred or not.
        labels: All labels, or None where `add_labels` and `remove_labels` say the difference.
        add_labels: Labels that came.
        remove_labels: Labels that went.
        version: Of the flags, growing; an older one than the stored is dropped.
    """

    ref: Ref
    read: bool | None = None
    flagged: bool | None = None
    labels: tuple[str, ...] | None = None
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()
    version: int | None = None


class Unchanged:
    """The type of `UNCHANGED`."""

    def __repr__(self) -> str:
        return "UNCHANGED"


UNCHANGED = Unchanged()
"""The cursor stays as it was; None would mean: there is none any more."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is committed at once, together with its cursor.

    The core asks for the next batch only after this one is committed: a connector that goes on
    after ``yield`` knows that what it yielded is safe.

    Attributes:
        items: New or changed items.
        patches: Changed flags.
        removed: Places that no longer hold their item. The item itself may be elsewhere.
        cursor: Opaque JSON of at most 64 KiB: where to go on after this batch.
        snapshot_complete: Everything in the collection, inside the request's horizon, has now
            been given; the core may drop what it did not see.
    """

    items: tuple[Entry, ...] = ()
    patches: tuple[Patch, ...] = ()
    removed: tuple[Ref, ...] = ()
    cursor: JSON | Unchanged = UNCHANGED
    snapshot_complete: bool = False

    def broken_rule(self, collection: str | None = None, account: str | None = None) -> str | None:
        """Say which bound of the contract this batch breaks.

        Args:
            collection: The collection that was asked for, or None for any.
            account: The account that was asked, or None for any.

        Returns:
            A sentence, or None where all is well.
        """
        count = len(self.items) + len(self.patches) + len(self.removed)
        if count > MAX_ITEMS:
            return f"a batch of {count} entries; {MAX_ITEMS} are allowed"
        size = sum(len(entry.item.raw or b"") for entry in self.items)
        if size > MAX_BYTES and len(self.items) > 1:
            return f"a batch of {size} bytes; {MAX_BYTES} are allowed"
        for entry in self.items:
            if entry.received.tzinfo is None:
                return "an entry whose time has no zone"
            if entry.level not in LEVELS:
                return f"an entry of level {entry.level!r}"
            if account not in {None, entry.item.account}:
                return f"an item of account {entry.item.account!r}"
        if not isinstance(self.cursor, Unchanged) and len(json.dumps(self.cursor)) > MAX_CURSOR:
            return f"a cursor of more than {MAX_CURSOR} bytes"
        refs = [*(e.ref for e in self.items), *(p.ref for p in self.patches), *self.removed]
        strange = next((ref for ref in refs if collection not in {None, ref.collection}), None)
        if strange is not None:
            return f"an entry of {strange.collection!r} where {collection!r} was asked for"
        return None


@dataclass(frozen=True, slots=True)
class Collection:
    """A folder, chat, notebook, or the one queue or mailbox where there are none.

    Attributes:
        id: The provider's key of it.
        name: As people see it.
        kind: ``folder``, ``label``, ``chat``, ``channel``, ``notebook``, ``calendar`` ...
        role: ``inbox``, ``sent``, ``drafts``, ``trash``, ``spam``, ``archive``, ``all`` or empty.
        parent: The `id` of the one it is in.
        epoch: As long as it stays, refs keep their meaning (IMAP: UIDVALIDITY).
        count: Items in it, or None.
        version: Equal to the last round's exactly when nothing in the collection can have
            changed since (IMAP: HIGHESTMODSEQ, UIDNEXT and MESSAGES; a notebook's last change):
            the core then leaves the collection alone. Empty where the provider has no such mark.
    """

    id: str
    name: str
    kind: str = "folder"
    role: str = ""
    parent: str | None = None
    epoch: str = ""
    count: int | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One line of a cheap listing.

    Attributes:
        key: `Ref.key`.
        version: Differs from the last time exactly when something about the item changed. None
            where the listing only says that the item is there, and `fetch` tells the changes.
        patch: The flags, where the listing has them: then no body needs to travel.
        received: When the provider received it, where the listing has it; the core leaves alone
            what lies before a sync's horizon.
    """

    key: str
    version: str | None
    patch: Patch | None = None
    received: datetime | None = None

    def is_within(self, horizon: datetime | None) -> bool:
        """Tell whether a sync with this horizon wants the item.

        Args:
            horizon: Nothing received before this time is wanted; None means all.

        Returns:
            False only where it surely lies before.
        """
        return horizon is None or self.received is None or self.received >= horizon


@dataclass(frozen=True, slots=True)
class Change:
    """What `update` shall do to items. None leaves a thing as it is.

    Attributes:
        read: Mark as read or unread.
        flagged: Star or not.
        add_labels: Labels to add.
        remove_labels: Labels to take away.
        move_to: `Collection.id` of the target.
        archive: Move to the archive.
        delete: Move to the trash, or expunge where it is there already.
    """

    read: bool | None = None
    flagged: bool | None = None
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()
    move_to: str | None = None
    archive: bool = False
    delete: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """What a webhook brought for one mailbox.

    Attributes:
        identity: The mailbox's own identity, such as a phone number id.
        batch: What came.
    """

    identity: str
    batch: Batch


@dataclass(frozen=True, slots=True)
class Event:
    """Something arrived while watching.

    Attributes:
        collection: Where; the core syncs it. None when the provider only says that.
        batch: What arrived, where the provider says it at once.
    """

    collection: str | None = None
    batch: Batch = field(default_factory=Batch)
