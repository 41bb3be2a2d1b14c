"""An IMAP mailbox as a connector."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, cast

from jackfield.base import MailSourceConnector
from jackfield.capabilities import Capabilities, Effective
from jackfield.errors import NotSupported
from jackfield.models import SourceType
from jackfield.requests import ListRequest, SyncRequest
from jackfield_imap import listing, syncing
from jackfield_imap.changing import Changer
from jackfield_imap.connection import Pool
from jackfield_imap.downloading import Download
from jackfield_imap.query import translate
from jackfield_imap.reading import Reader
from jackfield_imap.sending import Sender
from jackfield_imap.settings import ImapSettings
from jackfield_imap.statuses import folders_with_status
from jackfield_imap.watching import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from imapclient import IMAPClient

    from jackfield.base import Context
    from jackfield.batches import Batch, Change, Collection, Entry, Event, IndexEntry, Level, Ref
    from jackfield.models import Attachment, Draft, Kind, SendResult
    from jackfield.query.tree import Query, Translation
    from jackfield.requests import SearchRequest
    from jackfield_imap.reading import What


class ImapConnector(MailSourceConnector):
    """Reads any IMAP mailbox, and sends by SMTP.

    Args:
        settings: By default from the environment and the configuration file.
    """

    source = SourceType.IMAP
    settings_type = ImapSettings
    declared: ClassVar = MappingProxyType({
        "email": Capabilities(
            fetch="remote",
            search="remote",
            sync="append",
            deletions_visible=True,
            send=True,
            reply=True,
            forward=True,
            attachments_in=True,
            attachments_out=True,
            mark_read=True,
            flag=True,
            label=True,
            move=True,
            archive=True,
            delete=True,
            watch=True,
        )
    })

    async def open(self, context: Context) -> None:
        """Connect and sign in, so that a wrong password is known at once.

        Args:
            context: What the core lends.
        """
        await super().open(context)
        self.settings = cast("ImapSettings", context.settings)
        self._pool = Pool(context.account, self.settings)
        self._reader = Reader(context.account, frozenset(self.settings.addresses))
        self._changer = Changer(context.account, self._reader)
        self._sender = Sender(context.account, self.settings, self._pool)
        self._with_horizon: set[str] = set()
        async with self._pool.lease() as connection:
            self._has_idle = await connection.run(_has_idle)

    def effective(self, kind: Kind) -> Effective:
        """Tell what this server can do.

        Args:
            kind: Of which kind.

        Returns:
            What is declared, without pushing where the server has no IDLE.
        """
        declared = self.declared.get(kind, Capabilities())
        if getattr(self, "_has_idle", True):
            return Effective(declared)
        lost = {"watch": "the server has no IDLE"}
        return Effective(replace(declared, watch=False), lost)

    async def close(self) -> None:
        """Sign out."""
        if hasattr(self, "_pool"):
            await self._pool.close()

    def mailbox_identity(self) -> str:
        """Tell whose mailbox it is.

        Returns:
            The main address, else ``user@server``.
        """
        return self.settings.identity

    def mailbox_aliases(self) -> Sequence[str]:
        """Tell what else the mailbox is called.

        Returns:
            All addresses, and ``user@server``, which names it while no address is set.
        """
        return (*self.settings.addresses, self.settings.sign_in)

    async def collections(self) -> Sequence[Collection]:
        """List the folders with their UIDVALIDITY, count and version.

        Returns:
            All folders; one that the server says nothing of has no epoch, and its own sync
            will say so.
        """
        async with self._pool.lease() as connection:
            return await connection.run(folders_with_status)

    async def fetch(self, request: ListRequest | SyncRequest) -> AsyncIterator[Batch]:
        """List the newest mails, or sync a folder.

        Args:
            request: Which of the two.

        Yields:
            Batches.
        """
        batches = (
            listing.newest(self._pool, self._reader, request)
            if isinstance(request, ListRequest)
            else self._sync(request)
        )
        async with aclosing(batches):
            async for batch in batches:
                yield batch

    async def _sync(self, request: SyncRequest) -> AsyncGenerator[Batch, None]:
        self._note_horizon(request)
        async with self._pool.lease() as connection:
            walk = syncing.Walk(connection, self._reader, request)
            async with aclosing(syncing.ahead(walk.batches())) as batches:
                async for batch in batches:
                    yield batch

    def _note_horizon(self, request: SyncRequest) -> None:
        """Remember that the index of this folder must tell times: only they show what is old."""
        if request.horizon is None:
            self._with_horizon.discard(request.collection.id)
        else:
            self._with_horizon.add(request.collection.id)

    def translate(self, query: Query) -> Translation:
        """Put a query into SEARCH keys.

        Args:
            query: What was asked.

        Returns:
            The keys, and what is left to check.
        """
        return translate(query)

    async def search(self, request: SearchRequest) -> AsyncIterator[Batch]:
        """Search all folders but spam and trash, or all that there are where folders are named.

        Args:
            request: What is wanted.

        Yields:
            Batches, newest first.
        """
        async with aclosing(listing.search(self._pool, self._reader, request)) as batches:
            async for batch in batches:
                yield batch

    async def index(self, collection: Collection) -> AsyncIterator[Sequence[IndexEntry]]:
        """List all UIDs of a folder, with their flags where `fetch` does not tell the changes.

        Args:
            collection: The folder.

        Yields:
            Pages.
        """
        dated = collection.id in self._with_horizon
        async with self._pool.lease() as connection:
            pages = syncing.index(connection, self._reader, collection, dated=dated)
            async with aclosing(pages):
                async for page in pages:
                    yield page

    async def get(self, refs: Sequence[Ref], level: Level) -> Sequence[Entry]:
        """Fetch single mails.

        Args:
            refs: Which, all of one folder and epoch.
            level: ``headers``, or else the whole mails.

        Returns:
            Those that are still there.
        """
        what: What = "headers" if level == "headers" else "whole"
        places = dict.fromkeys((ref.collection, ref.epoch) for ref in refs)
        found: list[Entry] = []
        for folder, epoch in places:
            uids = [int(ref.key) for ref in refs if (ref.collection, ref.epoch) == (folder, epoch)]
            found += await self._get(folder, epoch, uids, what)
        return found

    async def _get(
        self, folder: str, epoch: str, uids: Sequence[int], what: What
    ) -> Sequence[Entry]:
        held = self._pool.holding(folder)
        if held is not None:
            connection, opened = held
            if opened.epoch != epoch:
                return []
            return await connection.run(
                lambda client: self._reader.get(client, folder, opened, uids, what)
            )
        async with self._pool.lease() as connection:
            return await connection.run(
                lambda client: self._reader.get_closed(client, folder, epoch, uids, what)
            )

    async def send(self, draft: Draft) -> SendResult:
        """Send a mail by SMTP, once.

        Args:
            draft: What.

        Returns:
            ``unknown`` where the line broke after the whole mail may have left.
        """
        return await self._sender.send(draft)

    async def reconcile(self, draft: Draft) -> SendResult:
        """Look for a mail in the Sent folder.

        Args:
            draft: What was sent, perhaps.

        Returns:
            ``accepted`` where it is there, else ``unknown``.
        """
        return await self._sender.reconcile(draft)

    async def keep_copy(self, draft: Draft) -> None:
        """Put a copy into the Sent folder, unless the server does it or it is there already.

        Args:
            draft: What was sent.
        """
        await self._sender.keep_copy(draft)

    async def update(self, refs: Sequence[Ref], change: Change) -> Batch:
        """Mark, label, move or delete mails.

        Args:
            refs: Which, all of one folder and epoch.
            change: What.

        Returns:
            What the server says is different now.

        Raises:
            NotSupported: The server cannot do it without touching other mails.
        """
        folder, epoch, uids = refs[0].collection, refs[0].epoch, [int(ref.key) for ref in refs]
        async with self._pool.lease() as connection:
            done = await connection.run(
                lambda client: self._changer.change(client, folder, epoch, uids, change)
            )
        if isinstance(done, NotSupported):
            raise done
        return done

    async def download(self, ref: Ref, attachment: Attachment) -> AsyncIterator[bytes]:
        """Stream a file.

        Args:
            ref: Of which mail.
            attachment: Which file.

        Yields:
            Its bytes, piece by piece.
        """
        async with self._pool.lease() as connection:
            pieces = Download(self.context.account, connection, ref, attachment).pieces()
            async with aclosing(pieces):
                async for piece in pieces:
                    yield piece

    async def watch(self) -> AsyncIterator[Event]:
        """Hear of new mail in the inbox.

        Yields:
            Events, until cancelled; one also whenever the line was laid anew.
        """
        async with aclosing(Watch(self.context.account, self.settings).events()) as events:
            async for event in events:
                yield event


def _has_idle(client: IMAPClient) -> bool:
    client.noop()
    return bool(client.has_capability("IDLE"))
