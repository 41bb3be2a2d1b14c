"""What was to be sent and what became of it: written down before the first byte leaves."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from secrets import choice
from typing import TYPE_CHECKING, Literal

from jackfield.errors import InvalidRequest
from jackfield.models import Draft, SendResult, Upload
from jackfield.store.files import open_file

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from jackfield.store.migrating import Migrations

OutboxState = Literal["pending", "sending", "held", "accepted", "rejected", "unknown", "discarded"]
"""``pending``: nothing left yet. ``sending``: it may be leaving just now, or its process ended.
``held``: waits for a person. ``accepted``: the provider has it. ``rejected``: nothing left.
``unknown``: it may have left. ``discarded``: a person does not want it sent."""

MIGRATIONS: Migrations = (
    (
        """
CREATE TABLE send (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
    draft TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
    provider_id TEXT NOT NULL DEFAULT '', retryable INTEGER NOT NULL DEFAULT 0,
    copied INTEGER NOT NULL DEFAULT 0, created_at REAL NOT NULL, changed_at REAL NOT NULL,
    UNIQUE (account, key)) WITHOUT ROWID;
CREATE INDEX send_open ON send (state, copied) WHERE state <> 'accepted' OR copied = 0;
CREATE TABLE upload (
    send TEXT NOT NULL REFERENCES send, number INTEGER NOT NULL, name TEXT NOT NULL,
    media_type TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (send, number));
""",
    ),
)

open_outbox = partial(open_file, migrations=MIGRATIONS, durable=True)
"""Opens the outbox's file, whose commits survive the loss of power."""

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 12
_COLUMNS = "id, draft, state, reason, provider_id, retryable, copied, created_at, changed_at"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One send.

    Attributes:
        id: In the outbox.
        draft: What; without the bytes of its attachments once they are not needed any more.
        state: How far it is.
        reason: Why it is there.
        provider_id: What the provider calls it.
        retryable: Another try may succeed.
        copied: The copy among what was sent is made, or nobody needs to make it.
        created_at: When it was entered.
        changed_at: When its state last changed.
    """

    id: str
    draft: Draft
    state: OutboxState
    reason: str
    provider_id: str
    retryable: bool
    copied: bool
    created_at: datetime
    changed_at: datetime

    @property
    def result(self) -> SendResult:
        """What became of it, as far as it is known: what is not known is ``unknown``."""
        state = self.state
        if state in {"pending", "discarded"}:
            state = "rejected"
        return SendResult(
            state="unknown" if state == "sending" else state,
            outbox_id=self.id,
            provider_id=self.provider_id,
            reason=self.reason,
            retryable=self.retryable and state == "rejected",
        )


def enter(db: sqlite3.Connection, draft: Draft, now: datetime) -> OutboxEntry:
    """Write down that something is to be sent, once for each key.

    Args:
        db: The outbox, within a transaction.
        draft: What, with its key.
        now: The time.

    Returns:
        The entry: a new one, or that which the key has already.

    Raises:
        InvalidRequest: The key was given to something else.
    """
    fingerprint = _fingerprint(draft)
    row = db.execute(
        "SELECT id, fingerprint FROM send WHERE account = ? AND key = ?", (draft.account, draft.key)
    ).fetchone()
    if row is None:
        return _create(db, draft, fingerprint, now)
    if row[1] != fingerprint:
        raise InvalidRequest(
            draft.account,
            f"the key {draft.key!r} was given to another draft, {row[0]}",
            fix="give every draft a key of its own",
        )
    return get(db, row[0])


def _create(db: sqlite3.Connection, draft: Draft, fingerprint: str, now: datetime) -> OutboxEntry:
    id = "".join(choice(_LETTERS) for _ in range(_LENGTH))
    body = json.dumps(draft.model_dump(mode="json", exclude={"attachments"}), ensure_ascii=False)
    at = now.timestamp()
    db.execute(
        "INSERT INTO send (id, account, key, fingerprint, draft, state, created_at, changed_at)"
        " VALUES (?, ?, ?, ?, ?, 'pending', ?, ?)",
        (id, draft.account, draft.key, fingerprint, body, at, at),
    )
    db.executemany(
        "INSERT INTO upload VALUES (?, ?, ?, ?, ?)",
        [
            (id, number, file.name, file.media_type, file.content)
            for number, file in enumerate(draft.attachments)
        ],
    )
    return get(db, id)


def _fingerprint(draft: Draft) -> str:
    """Tell whether two drafts say the same; when they were written does not matter."""
    said = draft.model_dump(mode="json", exclude={"attachments", "created_at"})
    hashed = hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=16)
    for file in draft.attachments:
        head = json.dumps([file.name, file.media_type, len(file.content)])
        hashed.update(head.encode() + file.content)
    return hashed.hexdigest()


def get(db: sqlite3.Connection, id: str) -> OutboxEntry:
    """Read an entry.

    Args:
        db: The outbox.
        id: Which; it must be there.

    Returns:
        The entry.
    """
    (entry,) = _read(db, "WHERE id = ?", id)
    return entry


def entries(db: sqlite3.Connection, *, settled: bool = False) -> list[OutboxEntry]:
    """List the outbox.

    Args:
        db: The outbox.
        settled: Also what was accepted, copied and needs nobody any more.

    Returns:
        Entries, oldest first.
    """
    some = "" if settled else "WHERE state NOT IN ('accepted', 'discarded') OR copied = 0"
    return _read(db, f"{some} ORDER BY created_at, id")


def uncopied(db: sqlite3.Connection, account: str) -> list[OutboxEntry]:
    """List what was accepted and has no copy yet.

    Args:
        db: The outbox.
        account: ``source:name``.

    Returns:
        Entries, oldest first.
    """
    where = "WHERE state = 'accepted' AND copied = 0 AND account = ? ORDER BY created_at, id"
    return _read(db, where, account)


def find(db: sqlite3.Connection, prefix: str) -> list[str]:
    """Resolve the beginning of an id.

    Args:
        db: The outbox.
        prefix: The beginning.

    Returns:
        The ids that it may mean, at most ten.
    """
    rows = db.execute(
        "SELECT id FROM send WHERE id >= ? AND id < ? ORDER BY id LIMIT 10",
        (prefix.lower(), prefix.lower() + "\uffff"),
    )
    return [id for (id,) in rows]


def change(
    db: sqlite3.Connection,
    id: str,
    before: Sequence[OutboxState],
    after: OutboxState,
    now: datetime,
    result: SendResult | None = None,
) -> bool:
    """Let an entry go from one state to another, if it is still in the first.

    Args:
        db: The outbox, within a transaction.
        id: Which.
        before: The states that it may be in.
        after: The state that it gets.
        now: The time.
        result: Why, and what the provider calls it.

    Returns:
        False where somebody else has changed it meanwhile; then nothing is written.
    """
    result = result or SendResult(state="unknown")
    marks = ", ".join("?" * len(before))
    done = db.execute(
        f"UPDATE send SET state = ?, reason = ?, provider_id = ?, retryable = ?, changed_at = ?"
        f" WHERE id = ? AND state IN ({marks})",
        (after, result.reason, result.provider_id, result.retryable, now.timestamp(), id, *before),
    )
    return done.rowcount == 1


def finish(db: sqlite3.Connection, id: str) -> None:
    """Write down that the copy is made, or never will be; the attachments' bytes can go.

    Args:
        db: The outbox, within a transaction.
        id: Of what.
    """
    db.execute("UPDATE send SET copied = 1 WHERE id = ?", (id,))
    db.execute("DELETE FROM upload WHERE send = ?", (id,))


def _read(db: sqlite3.Connection, rest: str, *values: str) -> list[OutboxEntry]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM send {rest}", values).fetchall()
    found = []
    for id, draft, state, reason, provider_id, retryable, copied, created, changed in rows:
        files = db.execute(
            "SELECT name, media_type, content FROM upload WHERE send = ? ORDER BY number", (id,)
        )
        uploads = tuple(Upload(name=n, media_type=m, content=c) for n, m, c in files)
        found.append(
            OutboxEntry(
                id=id,
                draft=Draft.model_validate({**json.loads(draft), "attachments": uploads}),
                state=state,
                reason=reason,
                provider_id=provider_id,
                retryable=bool(retryable),
                copied=bool(copied),
                created_at=datetime.fromtimestamp(created, UTC),
                changed_at=datetime.fromtimestamp(changed, UTC),
            )
        )
    return found
