"""Mails and messages that are one word each, as the hard cases name them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from jackfield.batches import Entry, Keys, Ref
from jackfield.models import SourceType, UnifiedEmail, UnifiedMessage

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def mail_keys(word: str) -> Keys:
    """Keys as an IMAP mail has them: `budget~b` has the headers and the size of `budget`."""
    headers = word.partition("~")[0]
    return Keys(
        digest=headers,
        size=len(headers),
        body_hash=hashlib.blake2b(word.encode(), digest_size=16).hexdigest(),
        joins=not word.startswith("!"),
    )


def mail(
    ref: Ref, word: str, flags: frozenset[str], keys: Keys, version: int | None = None
) -> Entry:
    """An entry of a mail whose subject is the word."""
    return Entry(
        ref=ref,
        item=UnifiedEmail(
            source=SourceType("fake"),
            account="fake:default",
            time=BEGINNING,
            subject=word,
            text=word,
            unread="seen" not in flags,
            flagged="flagged" in flags,
            raw=word.encode(),
        ),
        keys=keys,
        received=BEGINNING + timedelta(seconds=sum(word.encode()) % 50),
        version=version,
    )


def message(ref: Ref, text: str, edited: int | None, number: int) -> Entry:
    """An entry of a chat message; `edited` is the number of the update that edited it."""
    return Entry(
        ref=ref,
        item=UnifiedMessage(
            source=SourceType("fake"),
            account="fake:default",
            time=BEGINNING,
            text=text,
            edited_at=None if edited is None else BEGINNING + timedelta(seconds=edited),
        ),
        keys=Keys(strong=(f"queue:{ref.key}",)),
        received=BEGINNING + timedelta(seconds=number),
    )
