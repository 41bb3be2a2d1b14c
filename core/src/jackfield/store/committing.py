"""One batch into the store, in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jackfield.batches import LEVELS, Unchanged
from jackfield.store import identity
from jackfield.store.copies import settle
from jackfield.store.folding import fold_copies
from jackfield.store.payloads import write_payload
from jackfield.store.slots import free_rowid
from jackfield.store.texts import searched_columns, write_content

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from jackfield.batches import Batch, Entry, Patch, Ref
    from jackfield.store.identity import Place

LATEST = timedelta(days=1)
"""How far ahead of the clock a time is believed."""


@dataclass(slots=True)
class Report:
    """What a commit changed.

    Attributes:
        added: New items.
        updated: Items or flags that are no longer as they were.
        removed: Places that no longer hold an item.
        unparsed: Items whose content could not be read.
        withheld: Places whose removal waits for a person.
    """

    added: int = 0
    updated: int = 0
    removed: int = 0
    unparsed: int = 0
    withheld: int = 0

    def add(self, other: Report) -> None:
        """Count another commit in.

        Args:
            other: What it changed.
        """
        self.added += other.added
        self.updated += other.updated
        self.removed += other.removed
        self.unparsed += other.unparsed
        self.withheld += other.withheld


class Commit:
    """Writes a batch; lives as long as its transaction.

    Args:
        db: The store, within a transaction.
        place: Where the batch comes from.
        stamp: The collection's generation: what a snapshot has seen bears it.
        now: The time.
    """

    def __init__(self, db: sqlite3.Connection, place: Place, stamp: int, now: datetime) -> None:
        self.db = db
        self.place = place
        self.stamp = stamp
        self.now = now
        self.report = Report()
        self._touched: set[int] = set()

    def write(self, batch: Batch) -> Report:
        """Write items, patches and removals; removals first, so that a key may be given anew.

        Args:
            batch: What a connector gave.

        Returns:
            What changed.
        """
        self._remove(batch.removed)
        for entry in batch.items:
            self._enter(entry)
        for patch in batch.patches:
            self._patch(patch)
        self._touched |= settle(self.db, self._touched)
        fold_copies(self.db, self._touched)
        if not isinstance(batch.cursor, Unchanged):
            self.db.execute(
                "UPDATE collection SET cursor = ? WHERE id = ?",
                (None if batch.cursor is None else json.dumps(batch.cursor), self.place.collection),
            )
        return self.report

    def _remove(self, refs: Iterable[Ref]) -> None:
        for ref in refs:
            row = self.db.execute(
                "DELETE FROM membership WHERE collection = ? AND epoch = ? AND key = ?"
                " RETURNING item",
                (self.place.collection, ref.epoch, ref.key),
            ).fetchone()
            if row is not None:
                self._touched.add(row[0])
                self.report.removed += 1

    def _enter(self, entry: Entry) -> None:
        born = identity.find(self.db, self.place, entry)
        if born is None:
            born = self._create(entry)
            self.report.added += 1
        else:
            self._update(born, entry)
        identity.remember_keys(self.db, self.place, born, entry.keys)
        self._place(born, entry)
        if entry.item.raw is not None:
            self.db.execute(
                "INSERT INTO body VALUES (?, ?) ON CONFLICT DO UPDATE"
                " SET original = excluded.original WHERE original <> excluded.original",
                (born, entry.item.raw),
            )
        self._touched.add(born)
        self.report.unparsed += entry.item.unparsed is not None

    def _create(self, entry: Entry) -> int:
        (born,) = self.db.execute(
            "UPDATE counter SET value = value + 1 WHERE name = 'born' RETURNING value"
        ).fetchone()
        received = self._received(entry)
        rowid = free_rowid(self.db, received)
        self.db.execute(
            """INSERT INTO item (rowid, born, id, mailbox, kind, digest, size, joins, level,
                                 flagged, fetched_at, payload, received)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)""",
            (
                rowid,
                born,
                self._free_id(entry),
                self.place.mailbox,
                self.place.kind,
                entry.keys.digest,
                entry.keys.size,
                entry.keys.joins,
                LEVELS[entry.level],
                self.now.timestamp(),
                write_payload(entry.item),
                received,
            ),
        )
        self._write_content(rowid, entry)
        return int(born)

    def _received(self, entry: Entry) -> float:
        return min(entry.received, self.now + LATEST).timestamp()

    def _write_content(self, rowid: int, entry: Entry) -> None:
        columns = searched_columns(entry.item, self.place.mailbox, self.place.names)
        write_content(self.db, rowid, columns)

    def _free_id(self, entry: Entry) -> str:
        keys, ref = entry.keys, entry.ref
        key = f"place:{ref.collection}\0{ref.epoch}\0{ref.key}"
        if keys.strong:
            key = keys.strong[0]
        elif keys.digest is not None:
            key = f"digest:{keys.digest}:{keys.size}"
        attempt = 0
        while True:
            id = identity.make_id(self.place.identity, self.place.kind, key, attempt)
            taken = "SELECT 1 FROM item WHERE id = ? UNION SELECT 1 FROM alias WHERE id = ?"
            if self.db.execute(taken, (id, id)).fetchone() is None:
                return id
            attempt += 1

    def _update(self, born: int, entry: Entry) -> None:
        """Take over what is new: never less than is known, never an older edit."""
        rowid, level, payload, text = self.db.execute(
            "SELECT item.rowid, level, payload, body FROM item"
            " JOIN content ON content.id = item.rowid WHERE born = ?",
            (born,),
        ).fetchone()
        self.db.execute(
            "UPDATE item SET fetched_at = ? WHERE born = ?", (self.now.timestamp(), born)
        )
        if LEVELS[entry.level] < level:
            return
        fresh = write_payload(entry.item)
        same = (fresh, entry.item.text) == (payload, text)
        if (same and LEVELS[entry.level] == level) or _is_older_edit(fresh, payload):
            return
        self.db.execute(
            "UPDATE item SET payload = ?, level = ? WHERE born = ?",
            (fresh, LEVELS[entry.level], born),
        )
        self._write_content(rowid, entry)
        self.report.updated += not same

    def _place(self, born: int, entry: Entry) -> None:
        item = entry.item
        before = self.db.execute(
            "SELECT item, version, received FROM membership"
            " WHERE collection = ? AND epoch = ? AND key = ?",
            (self.place.collection, entry.ref.epoch, entry.ref.key),
        ).fetchone()
        if before is not None and before[0] != born:
            self._touched.add(before[0])
        if before is not None and _is_older(entry.version, before[1]):
            self.db.execute(
                "UPDATE membership SET item = ?, stamp = ?"
                " WHERE collection = ? AND epoch = ? AND key = ?",
                (born, self.stamp, self.place.collection, entry.ref.epoch, entry.ref.key),
            )
            return
        received = self._received(entry)
        if before is not None and entry.received > self.now + LATEST:
            received = before[2]  # a time to come is moved to tomorrow once, not every day
        self.db.execute(
            """INSERT INTO membership (collection, epoch, key, item, stamp, unread, flagged,
                                       labels, version, body_hash, received)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
               ON CONFLICT DO UPDATE SET item = excluded.item, stamp = excluded.stamp,
                 unread = excluded.unread, flagged = excluded.flagged, labels = excluded.labels,
                 version = coalesce(excluded.version, version), index_version = NULL,
                 received = excluded.received,
                 body_hash = coalesce(excluded.body_hash, body_hash)""",
            (
                self.place.collection,
                entry.ref.epoch,
                entry.ref.key,
                born,
                self.stamp,
                item.unread,
                item.flagged,
                json.dumps(item.labels),
                entry.version,
                entry.keys.body_hash,
                received,
            ),
        )

    def _patch(self, patch: Patch) -> None:
        where = (self.place.collection, patch.ref.epoch, patch.ref.key)
        row = self.db.execute(
            "SELECT item, unread, flagged, labels, version FROM membership"
            " WHERE collection = ? AND epoch = ? AND key = ?",
            where,
        ).fetchone()
        if row is None or _is_older(patch.version, row[4]):
            return
        unread = row[1] if patch.read is None else int(not patch.read)
        flagged = row[2] if patch.flagged is None else int(patch.flagged)
        labels = json.dumps(_patched_labels(tuple(json.loads(row[3])), patch))
        version = row[4] if patch.version is None else patch.version
        self.db.execute(
            "UPDATE membership SET unread = ?, flagged = ?, labels = ?, version = ?, stamp = ?"
            " WHERE collection = ? AND epoch = ? AND key = ?",
            (unread, flagged, labels, version, self.stamp, *where),
        )
        if (unread, flagged, labels) != row[1:4]:
            self.report.updated += 1
        self._touched.add(row[0])


def _is_older(version: int | None, stored: int | None) -> bool:
    return version is not None and stored is not None and version < stored


def _is_older_edit(fresh: str, stored: str) -> bool:
    """Tell whether a replayed original would undo an edit."""
    if '"edited_at"' not in stored:
        return False
    edited = json.loads(fresh).get("edited_at")
    before = datetime.fromisoformat(json.loads(stored)["edited_at"])
    return edited is None or datetime.fromisoformat(edited) < before


def _patched_labels(labels: tuple[str, ...], patch: Patch) -> tuple[str, ...]:
    if patch.labels is not None:
        return patch.labels
    kept = [label for label in labels if label not in patch.remove_labels]
    return (*kept, *(label for label in patch.add_labels if label not in kept))
