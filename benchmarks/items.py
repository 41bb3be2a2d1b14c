"""Batches for a store: as many items as wanted, in constant memory, the same for the same seed."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from benchmarks.words import RARE_ITEMS, Writer, vocabulary
from jackfield.batches import Batch, Entry, Keys, Ref
from jackfield.models import Contact, SourceType, UnifiedEmail, UnifiedMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 500
MEAN_WORDS = 60
YEARS = 10
NEWEST = datetime(2026, 11, 1, tzinfo=UTC)

_SUBJECT = 6
_SENDERS = 50
_SOURCES = {
    SourceType.IMAP: ("INBOX", "Archive", "Lists"),
    SourceType.GMAIL: ("INBOX", "Receipts", "Team"),
    SourceType.OUTLOOK: ("Inbox", "Archive", "Projects"),
    SourceType.SLACK: ("general", "random", "support"),
    SourceType.WHATSAPP: ("Family", "Neighbours", "Office"),
}
_MAIL = frozenset({SourceType.IMAP, SourceType.GMAIL, SourceType.OUTLOOK})


@dataclass(frozen=True, slots=True)
class Owner:
    """One of the accounts that items come from.

    Attributes:
        source: Its platform.
        account: ``source:name``.
        identity: What its mailbox is registered by.
        kind: The kind of its items.
        me: The owner.
        senders: Who writes to it.
    """

    source: SourceType
    account: str
    identity: str
    kind: Literal["email", "message"]
    me: Contact
    senders: tuple[Contact, ...]


def owners() -> list[Owner]:
    """Name all accounts: 20, on five platforms.

    Returns:
        The accounts, in the order in which their pages arrive.
    """
    return [_owner(source, number) for number in range(1, 5) for source in _SOURCES]


def _owner(source: SourceType, number: int) -> Owner:
    name = f"me{number}@{source}.example"
    words = vocabulary()[1000 * number :]
    senders = tuple(
        Contact.mail(f"{words[2 * n]}@{source}.example", f"{words[2 * n]} {words[2 * n + 1]}")
        for n in range(_SENDERS)
    )
    kind: Literal["email", "message"] = "email" if source in _MAIL else "message"
    me = Contact.mail(name, f"Me {number}")
    return Owner(source, f"{source}:account{number}", name, kind, me, senders)


def lengths(rng: random.Random, mean: float) -> list[int]:
    """Draw lengths of texts: many short ones, a few long ones.

    Args:
        rng: Where chance comes from.
        mean: Their mean, in words.

    Returns:
        4,096 lengths, none below 3.
    """
    sigma = 0.8
    middle = math.log(mean) - sigma**2 / 2
    return [max(3, round(rng.lognormvariate(middle, sigma))) for _ in range(4096)]


def batches(count: int, seed: int) -> Iterator[tuple[str, str, Batch]]:
    """Make items, account by account in turns, a page at a time, the newest first.

    Args:
        count: How many items.
        seed: The same seed gives the same items.

    Yields:
        The account, the collection and a batch of at most 500 items of one kind.
    """
    rng = random.Random(seed)
    mailboxes = [_Mailbox(owner, count, rng) for owner in owners()]
    writer, sizes = Writer(rng), lengths(rng, MEAN_WORDS)
    rare = set(rng.sample(range(count), min(RARE_ITEMS, count)))
    done = 0
    while done < count:
        for mailbox in mailboxes[: math.ceil((count - done) / PAGE)]:
            many = min(PAGE, count - done)
            yield mailbox.page([
                writer.text(sizes[rng.getrandbits(12)], rare=number in rare)
                for number in range(done, done + many)
            ])
            done += many


class _Mailbox:
    """Makes the pages of one account, going back in time."""

    def __init__(self, owner: Owner, count: int, rng: random.Random) -> None:
        self.owner = owner
        self.rng = rng
        self.step = YEARS * 365.25 * 86400 * len(owners()) / max(1, count)
        self.clock = NEWEST.timestamp()
        self.made = 0
        self.pages = 0

    def page(self, texts: list[list[str]]) -> tuple[str, str, Batch]:
        """Make a batch of texts."""
        folders = _SOURCES[self.owner.source]
        folder = folders[self.pages % len(folders)]
        self.pages += 1
        make = self._mail if self.owner.kind == "email" else self._message
        entries = tuple(make(folder, words) for words in texts)
        batch = Batch(items=entries, cursor={"page": self.pages})
        return self.owner.account, folder, batch

    def _when(self) -> datetime:
        self.made += 1
        self.clock -= self.step * 2 * self.rng.random()
        return datetime.fromtimestamp(self.clock, UTC)

    def _mail(self, folder: str, words: list[str]) -> Entry:
        owner, when, chance = self.owner, self._when(), self.rng.random
        key, text = str(self.made), " ".join(words[_SUBJECT:])
        own = chance() < 0.05
        sender = owner.senders[int(chance() * _SENDERS)]
        item = UnifiedEmail(
            source=owner.source,
            account=owner.account,
            provider_id=key,
            time=when,
            sender=owner.me if own else sender,
            recipients=(sender if own else owner.me,),
            is_from_me=own,
            subject=" ".join(words[:_SUBJECT]),
            text=text,
            snippet=text[:200],
            message_id=f"<{key}.{owner.identity}>",
            unread=not own and chance() < 0.1,
            flagged=chance() < 0.02,
        )
        return Entry(Ref(folder, key), item, self._keys(key, len(text)), when)

    def _keys(self, key: str, size: int) -> Keys:
        if self.owner.source == SourceType.IMAP:
            return Keys(digest=f"{self.rng.getrandbits(128):032x}", size=size + 1500)
        return Keys((f"{self.owner.source}:{key}",))

    def _message(self, folder: str, words: list[str]) -> Entry:
        owner, when, chance = self.owner, self._when(), self.rng.random
        key, text = str(self.made), " ".join(words)
        own = chance() < 0.3
        item = UnifiedMessage(
            source=owner.source,
            account=owner.account,
            provider_id=key,
            time=when,
            sender=owner.me if own else owner.senders[int(chance() * _SENDERS)],
            is_from_me=own,
            chat=folder,
            text=text,
            snippet=text[:200],
            unread=not own and chance() < 0.1,
            flagged=chance() < 0.02,
        )
        return Entry(Ref(folder, key), item, Keys((f"{owner.source}:{key}",)), when)


def after_newest() -> datetime:
    """Name the time at which a store of these items is filled.

    Returns:
        A day after the newest item.
    """
    return NEWEST + timedelta(days=1)
