"""What the demo server serves: folders of mails, in memory only."""

from __future__ import annotations

from bisect import bisect_left
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import datetime

SEEN = "\\Seen"
DELETED = "\\Deleted"


@dataclass(slots=True)
class StoredMail:
    r"""A mail in a folder.

    Attributes:
        uid: Unique in the folder, never used again (RFC 9051, section 2.3.1.1).
        raw: The mail as it came over the line, with CRLF.
        internaldate: When it arrived; aware.
        flags: System flags such as ``\Seen``, and keywords.
        modseq: Grows with every change of the flags (RFC 7162).
    """

    uid: int
    raw: bytes
    internaldate: datetime
    flags: frozenset[str] = frozenset()
    modseq: int = 1


@dataclass
class Folder:
    r"""A folder, its mails in the order of their UIDs.

    Attributes:
        name: As on the wire: ASCII, modified UTF-7 where it must be, levels parted by ``/``.
        special_use: An attribute of RFC 6154 such as ``\Sent``, or nothing.
        uidvalidity: Changes when UIDs lose their meaning.
        uidnext: The UID of the next mail.
        highestmodseq: The modseq of the latest change.
        mails: By ascending UID.
    """

    name: str
    special_use: str = ""
    uidvalidity: int = 1
    uidnext: int = 1
    highestmodseq: int = 1
    mails: list[StoredMail] = field(default_factory=list)
    _changed: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)

    def append(self, raw: bytes, at: datetime, flags: Collection[str] = ()) -> StoredMail:
        """Add a mail at the end.

        Args:
            raw: The mail, with CRLF.
            at: When it arrived; aware.
            flags: What it carries from the start.

        Returns:
            The mail, with its UID.

        Raises:
            ValueError: The time has no zone.
        """
        if at.tzinfo is None:
            raise ValueError("the arrival time of a mail needs a time zone")
        mail = StoredMail(self.uidnext, raw, at, frozenset(flags), self._next_modseq())
        self.uidnext += 1
        self.mails.append(mail)
        self._changed()
        return mail

    def find(self, uid: int) -> StoredMail | None:
        """Look up a mail.

        Args:
            uid: Of the mail.

        Returns:
            The mail, or None if there is none of that UID.
        """
        at = bisect_left(self.mails, uid, key=lambda mail: mail.uid)
        return self.mails[at] if at < len(self.mails) and self.mails[at].uid == uid else None

    def set_flags(self, mail: StoredMail, flags: Collection[str]) -> None:
        """Give a mail other flags; equal ones are no change.

        Args:
            mail: One of this folder.
            flags: All that it shall carry.
        """
        if mail.flags != frozenset(flags):
            mail.flags = frozenset(flags)
            mail.modseq = self._next_modseq()
            self._changed()

    def replace(self, uid: int, raw: bytes, *, keep_uid: bool = False) -> StoredMail:
        """Put another text in the place of a mail, with its flags and its arrival time.

        A mail behind a UID never changes, so the new text gets a UID of its own, as with the
        REPLACE command (RFC 8508).

        Args:
            uid: Of the mail to replace.
            raw: The new mail, with CRLF.
            keep_uid: Play a server that breaks the rule.

        Returns:
            The new mail.

        Raises:
            KeyError: There is no mail of that UID.
        """
        mail = self.find(uid)
        if mail is None:
            raise KeyError(uid)
        if not keep_uid:
            self.expunge([uid])
            return self.append(raw, mail.internaldate, mail.flags)
        mail.raw, mail.modseq = raw, self._next_modseq()
        self._changed()
        return mail

    def expunge(self, uids: Iterable[int]) -> list[int]:
        """Remove mails for good.

        Args:
            uids: Which; unknown ones are passed over.

        Returns:
            The UIDs that were there, ascending.
        """
        doomed = set(uids)
        gone = [mail.uid for mail in self.mails if mail.uid in doomed]
        if gone:
            self.mails = [mail for mail in self.mails if mail.uid not in doomed]
            self._next_modseq()
            self._changed()
        return gone

    def copy(self, uid: int, to: Folder) -> StoredMail:
        """Copy a mail.

        Args:
            uid: Of the mail.
            to: The folder that gets the copy.

        Returns:
            The copy.

        Raises:
            KeyError: There is no mail of that UID.
        """
        mail = self.find(uid)
        if mail is None:
            raise KeyError(uid)
        return to.append(mail.raw, mail.internaldate, mail.flags)

    def move(self, uid: int, to: Folder) -> StoredMail:
        """Move a mail.

        Args:
            uid: Of the mail.
            to: The folder that gets it.

        Returns:
            The mail in its new place.
        """
        moved = self.copy(uid, to)
        self.expunge([uid])
        return moved

    def _next_modseq(self) -> int:
        self.highestmodseq += 1
        return self.highestmodseq


class Mailbox:
    """The folders of one account, in order. Always has ``INBOX``.

    Args:
        uidvalidity: Of the folders that are made in it.
    """

    def __init__(self, uidvalidity: int = 1) -> None:
        self.folders: dict[str, Folder] = {}
        self._uidvalidity = uidvalidity
        self._listeners: set[Callable[[], None]] = set()
        self.create("INBOX")

    def __getitem__(self, name: str) -> Folder:
        return self.folders["INBOX" if name.upper() == "INBOX" else name]

    def __contains__(self, name: str) -> bool:
        return name in self.folders or name.upper() == "INBOX"

    def create(self, name: str, special_use: str = "") -> Folder:
        """Make a folder.

        Args:
            name: As on the wire.
            special_use: An attribute of RFC 6154, or nothing.

        Returns:
            The new, empty folder.

        Raises:
            ValueError: There is one of that name.
        """
        if name in self.folders:
            raise ValueError(f"there is a folder {name!r} already")
        self.folders[name] = folder = Folder(
            name, special_use, self._uidvalidity, _changed=self._tell
        )
        self._uidvalidity += 1  # a folder made again under an old name must not reuse its UIDs
        return folder

    def rename(self, name: str, to: str) -> None:
        """Rename a folder; its mails keep their UIDs.

        Args:
            name: Of the folder.
            to: Its new name, which must be free.
        """
        folder = self.folders.pop(name)
        folder.name = to
        self.folders[to] = folder

    def delete(self, name: str) -> None:
        """Remove a folder with its mails.

        Args:
            name: Of the folder.
        """
        del self.folders[name]
        self._tell()

    @contextmanager
    def watched(self, listener: Callable[[], None]) -> Iterator[None]:
        """Hear of every change while the context lasts.

        Args:
            listener: Called after each change, in the thread that made it.

        Yields:
            Nothing.
        """
        self._listeners.add(listener)
        try:
            yield
        finally:
            self._listeners.discard(listener)

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
