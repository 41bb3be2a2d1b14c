"""Opening a folder as the core knows it, and mails into entries; blocking, in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from jackfield.batches import MAX_BYTES, Ref
from jackfield.errors import CursorExpired, ProviderError
from jackfield_imap import bodies, fetching
from jackfield_imap.failures import Refused
from jackfield_imap.fetching import size_of, uid_of
from jackfield_imap.large import is_large, large_entry
from jackfield_imap.mapping import entry_of
from jackfield_imap.searching import all_uids

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator, Sequence

    from imapclient import IMAPClient

    from jackfield.batches import Collection, Entry
    from jackfield.models import Account
    from jackfield_imap.fetching import Opened
    from jackfield_imap.responses import Value

Line: TypeAlias = "dict[bytes, Value]"
What: TypeAlias = Literal["headers", "text", "whole"]

AT_ONCE = 50
"""Mails in one FETCH (ARCHITECTURE.md, "IMAP": more gains nothing)."""

BYTES_AT_ONCE = MAX_BYTES // 2
WINDOW = 1000
"""Mails that are listed at once."""

_ITEMS: dict[What, str] = {"headers": bodies.HEADERS, "whole": bodies.WHOLE}


class Reader:
    """Reads one account's mails.

    Args:
        account: Whose.
        mine: The owner's addresses in lower case.
    """

    def __init__(self, account: Account, mine: frozenset[str]) -> None:
        self.account = account
        self._mine = mine

    def open(self, client: IMAPClient, folder: Collection) -> Opened:
        """Open a folder of which the core knows the epoch.

        Args:
            client: Signed in.
            folder: As `collections()` gave it.

        Returns:
            What the server says of it.

        Raises:
            CursorExpired: Its UIDs have got another meaning.
            ProviderError: The server does not open it, or gives no meaning to its UIDs.
        """
        try:
            opened = fetching.examine(client, folder.id)
        except Refused as error:
            raise ProviderError(self.account, f"{folder.name} cannot be opened: {error}") from error
        if not folder.epoch or not opened.epoch:
            raise ProviderError(self.account, f"{folder.name}: the server gives no UIDVALIDITY")
        if opened.epoch != folder.epoch:
            raise CursorExpired(self.account, folder.id, f"UIDVALIDITY of {folder.name} changed")
        return opened

    def survey(self, client: IMAPClient, folder: Collection) -> tuple[Opened, array[int]]:
        """Open a folder and list all its UIDs.

        Args:
            client: Signed in.
            folder: As `collections()` gave it.

        Returns:
            What the server says of the folder, and its UIDs, ascending.

        Raises:
            ProviderError: The server leaves mails out; they would be taken for deleted.
        """
        for _ in range(2):  # somebody may have removed a mail between the two commands
            opened = self.open(client, folder)
            uids = all_uids(client, opened.count)
            if len(uids) >= opened.count:
                return opened, uids
        said = f"the server counts {opened.count} mails and names {len(uids)}"
        raise ProviderError(self.account, f"{folder.name}: {said}")

    def entries(
        self, client: IMAPClient, folder: str, opened: Opened, uids: Sequence[int], what: What
    ) -> list[Entry]:
        """Fetch mails of the open folder.

        Args:
            client: With the folder open.
            folder: Its id.
            opened: What the server said of it.
            uids: Which, few enough for one answer.
            what: How much of them; of a large mail alone its ``text``.

        Returns:
            Those that are there, in the order of `uids`.
        """
        if what == "text":
            return self._large(client, folder, opened, uids)
        lines = bodies.by_uids(client, uids, _ITEMS[what], counted=opened.modseq > 0)
        made = {
            uid_of(said): entry_of(
                self.account, self._mine, Ref(folder, str(uid_of(said)), opened.epoch), said
            )
            for said in lines
        }
        found = (made.get(uid) for uid in uids)
        return [entry for entry in found if entry is not None]

    def _large(
        self, client: IMAPClient, folder: str, opened: Opened, uids: Sequence[int]
    ) -> list[Entry]:
        counted = opened.modseq > 0
        refs = [Ref(folder, str(uid), opened.epoch) for uid in uids]
        made = (large_entry(client, self.account, self._mine, r, counted=counted) for r in refs)
        return [entry for entry in made if entry is not None]

    def get(
        self, client: IMAPClient, folder: str, opened: Opened, uids: Sequence[int], what: What
    ) -> list[Entry]:
        """Fetch mails of the open folder in portions that memory can hold.

        Args:
            client: With the folder open.
            folder: Its id.
            opened: What the server said of it.
            uids: Which.
            what: How much of them.

        Returns:
            Those that are there, in the order of `uids`.
        """
        found: list[Entry] = []
        for some in windows(uids):
            sizes = sizes_of(fetching.lines_of(client, some)) if what == "whole" else {}
            for portion in portions([(uid, sizes.get(uid, 0)) for uid in some]):
                much = "text" if any(is_large(sizes.get(uid, 0)) for uid in portion) else what
                found += self.entries(client, folder, opened, portion, much)
        return found

    def get_closed(
        self, client: IMAPClient, folder: str, epoch: str, uids: Sequence[int], what: What
    ) -> list[Entry]:
        """Open a folder, and fetch mails of it.

        Args:
            client: Signed in.
            folder: Its id.
            epoch: In which the UIDs have their meaning.
            uids: Which.
            what: How much of them.

        Returns:
            Those that are there, in the order of `uids`; none in another epoch.
        """
        opened = fetching.examine(client, folder)
        return self.get(client, folder, opened, uids, what) if opened.epoch == epoch else []


def sizes_of(lines: Iterable[Line]) -> dict[int, int]:
    """Read the sizes of mails.

    Args:
        lines: What the server said of them.

    Returns:
        UIDs to bytes; of what the server does not say, as many as travel alone.
    """
    return {uid_of(said): size_of(said) or BYTES_AT_ONCE for said in lines}


def windows(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut into thousands.

    Args:
        uids: Any number of them.

    Yields:
        Some of them, in their order.
    """
    for at in range(0, len(uids), WINDOW):
        yield uids[at : at + WINDOW]


def portions(sized: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Cut into portions of 50 mails and 4 MiB; a larger mail travels alone.

    Args:
        sized: UID and bytes of each mail.

    Yields:
        UIDs, in their order.
    """
    portion: list[int] = []
    total = 0
    for uid, size in sized:
        if portion and (len(portion) == AT_ONCE or total + size > BYTES_AT_ONCE):
            yield portion
            portion, total = [], 0
        portion.append(uid)
        total += size
    if portion:
        yield portion
