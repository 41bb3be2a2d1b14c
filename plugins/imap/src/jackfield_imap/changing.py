"""Changing mails at the server: what comes back is what the server says of them afterwards."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from jackfield.batches import Batch, Change, Ref
from jackfield.errors import CollectionGone, InvalidRequest, NotFound, NotSupported
from jackfield_imap import fetching, moving
from jackfield_imap.failures import refusals
from jackfield_imap.fetching import uid_of, uid_sets
from jackfield_imap.mapping import patch_of
from jackfield_imap.namespaces import own_folders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imapclient import IMAPClient

    from jackfield.batches import Collection, Entry, Patch
    from jackfield.models import Account
    from jackfield_imap.reading import Reader

_ATOM = re.compile(r"[^\x00-\x20\x7f-\U0010ffff(){%*\"\\\]]{1,100}")
"""A keyword (RFC 9051, section 9, flag-keyword)."""

_FLAGS = {"read": "\\Seen", "flagged": "\\Flagged"}


class Changer:
    """Changes mails of one account; blocking, in a connection's thread.

    Args:
        account: Whose, for errors.
        reader: Fetches what has moved from its new place.
    """

    def __init__(self, account: Account, reader: Reader) -> None:
        self._account = account
        self._reader = reader

    def change(
        self, client: IMAPClient, folder: str, epoch: str, uids: Sequence[int], change: Change
    ) -> Batch | NotSupported:
        """Change mails of one folder.

        Args:
            client: Signed in; nobody else uses it meanwhile.
            folder: Its id.
            epoch: In which the UIDs have their meaning.
            uids: Which mails.
            change: What is to be different.

        Returns:
            What is different; or why the server cannot do it, and then nothing is.

        Raises:
            NotFound: The folder's UIDs have got another meaning.
            CollectionGone: There is no folder to move to.
            InvalidRequest: A label is no keyword.
        """
        ways = (change.move_to is not None, change.archive, change.delete)
        if sum(ways) > 1:
            raise InvalidRequest(self._account, "a mail goes to one place: move, archive or delete")
        with refusals():
            said = client.select_folder(folder)
        if str(said.get(b"UIDVALIDITY", "")) != epoch:
            raise NotFound(
                self._account, f"{folder} was numbered anew; nothing was changed",
                fix="jackfield sync",
            )  # fmt: skip
        marked: Batch | NotSupported = Batch()
        if replace(change, move_to=None, archive=False, delete=False) != Change():
            marked = self._mark(client, folder, epoch, uids, change, said.get(b"PERMANENTFLAGS"))
        if isinstance(marked, NotSupported) or not any(ways):
            return marked
        return self._move(client, folder, epoch, uids, change)

    def _mark(
        self,
        client: IMAPClient,
        folder: str,
        epoch: str,
        uids: Sequence[int],
        change: Change,
        permanent: Sequence[bytes] | None,
    ) -> Batch | NotSupported:
        add, remove = self._flags(change)
        kept = None if permanent is None else {flag.lower() for flag in permanent}
        lost = [flag for flag in (*add, *remove) if not _stays(flag, kept)]
        if lost:
            return NotSupported(self._account, f"{folder} keeps no {', '.join(lost)}")
        for some in uid_sets(sorted(set(uids))):
            for sign, flags in (("+", add), ("-", remove)):
                if flags:
                    moving.store(client, some, f"{sign}FLAGS.SILENT", flags)
        return Batch(patches=tuple(self._patches(client, folder, epoch, uids)))

    def _flags(self, change: Change) -> tuple[list[str], list[str]]:
        """Part what is to be set from what is to be taken away."""
        for label in (*change.add_labels, *change.remove_labels):
            if not _ATOM.fullmatch(label):
                raise InvalidRequest(
                    self._account,
                    f"{label!r} cannot be a label here: it takes letters, digits and - . _ only",
                )
        wanted = {flag: getattr(change, name) for name, flag in _FLAGS.items()}
        add = [flag for flag, on in wanted.items() if on is True]
        remove = [flag for flag, on in wanted.items() if on is False]
        return [*add, *change.add_labels], [*remove, *change.remove_labels]

    @staticmethod
    def _patches(client: IMAPClient, folder: str, epoch: str, uids: Sequence[int]) -> list[Patch]:
        what = "UID FLAGS MODSEQ" if fetching.has_condstore(client) else "UID FLAGS"
        lines = fetching.lines_of(client, uids, what)
        return [
            patch_of(Ref(folder, str(uid_of(said)), epoch), said)
            for said in lines
            if b"FLAGS" in said
        ]

    def _move(
        self, client: IMAPClient, folder: str, epoch: str, uids: Sequence[int], change: Change
    ) -> Batch | NotSupported:
        there = own_folders(client)
        target = self._target(there, folder, change)
        if isinstance(target, NotSupported):
            return target
        if target == folder and not change.delete:
            return Batch()
        way = moving.way_of(client, expunge=target == folder)
        if way is None:
            return NotSupported(
                self._account,
                "the server has neither MOVE nor UIDPLUS: to take mails out of a folder there"
                " would take out what other programs have marked, too",
            )
        moved = moving.move(client, uids, target if target != folder else None, way)
        items: tuple[Entry, ...] = ()
        if moved.to:
            epoch_there, numbers = moved.to
            items = tuple(self._reader.get_closed(client, target, epoch_there, numbers, "headers"))
        removed = tuple(Ref(folder, str(uid), epoch) for uid in moved.gone)
        return Batch(items=items, removed=removed)

    def _target(
        self, there: Sequence[Collection], folder: str, change: Change
    ) -> str | NotSupported:
        """Find the folder to move to; that of the mails themselves where they are to go."""
        if change.move_to is not None:
            if all(each.id != change.move_to for each in there):
                raise CollectionGone(
                    self._account, f"there is no folder {change.move_to}; nothing was moved"
                )
            return change.move_to
        roles = ("trash",) if change.delete else ("archive", "all")
        for role in roles:
            found = [each.id for each in there if each.role == role]
            if found:
                return folder if folder in found else found[0]
        what = "trash" if change.delete else "archive"
        return NotSupported(
            self._account, f"it has no folder for the {what}; make one called {what.title()}"
        )


def _stays(flag: str, kept: set[bytes] | None) -> bool:
    """Tell whether a folder keeps a flag; a server that says nothing keeps all (RFC 9051, 7.1)."""
    if kept is None:
        return True
    return flag.lower().encode() in kept or (not flag.startswith("\\") and b"\\*" in kept)
