"""Attachments, piece by piece, from where they are."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from jackfield.errors import ConfigError, JackfieldError, NotFound, Unreachable
from jackfield.models import Account
from jackfield.services.showing import ShowService
from jackfield.store import reading

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from jackfield.batches import Ref
    from jackfield.models import Attachment, Item

PIECE_SECONDS = 60.0
"""How long a provider may take for the next piece."""


class DownloadService(ShowService):
    """Downloads attachments."""

    async def download(
        self, item: Item, attachment: Attachment, *, seconds: float = PIECE_SECONDS
    ) -> AsyncGenerator[bytes, None]:
        """Stream an attachment from the first place where it is.

        Args:
            item: Whose, as a service gave it.
            attachment: One of its attachments.
            seconds: How long each piece may take.

        Yields:
            Its bytes.

        Raises:
            ConfigError: The item has no such attachment, or is where nobody can be asked.
            Unreachable: The next piece did not come in time.
            JackfieldError: The provider failed; what came so far is not the whole.
        """
        if attachment not in item.attachments:
            raise ConfigError(f"{item.short_id} has no attachment {attachment.name!r}")
        gone: JackfieldError = ConfigError(f"{item.short_id} is where nobody can be asked")
        for account, ref, _ in await self.session.store.read(reading.places, item.id):
            if Account.parse(account) not in self.session.accounts:
                continue
            try:
                pieces = self._pieces(Account.parse(account), ref, attachment, seconds)
                async with aclosing(pieces):
                    async for piece in pieces:
                        yield piece
            except NotFound as error:
                gone = error
            else:
                return
        raise gone

    async def _pieces(
        self, account: Account, ref: Ref, attachment: Attachment, seconds: float
    ) -> AsyncGenerator[bytes, None]:
        hooks = await self.session.open(account)
        stream = hooks.connector.download(ref, attachment)
        async with aclosing(cast("AsyncGenerator[bytes, None]", stream)) as pieces:
            while True:
                try:
                    async with asyncio.timeout(seconds):
                        piece = await anext(pieces, None)
                except TimeoutError as error:
                    if isinstance(error, JackfieldError):
                        raise
                    raise Unreachable(account, f"nothing came for {seconds:g} s") from None
                if piece is None:
                    return
                yield piece
