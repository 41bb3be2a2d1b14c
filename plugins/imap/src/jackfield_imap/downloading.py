"""Files out of mails, piece by piece, as they are sent; nothing is marked, nothing kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from jackfield.content.mime import extract_part
from jackfield.errors import NotFound, NotSupported, ProviderError
from jackfield_imap import bodies, fetching
from jackfield_imap.decoding import decoder_of
from jackfield_imap.fetching import uid_of
from jackfield_imap.responses import number

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from imapclient import IMAPClient

    from jackfield.batches import Ref
    from jackfield.models import Account, Attachment
    from jackfield_imap.connection import Connection
    from jackfield_imap.responses import Value

PIECE_BYTES = 1024 * 1024
"""As the file is encoded; few enough that a slow line gives a piece within its deadline."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a mail, as BODYSTRUCTURE describes it."""

    encoding: str
    size: int | None


class Download:
    """Downloads one file of one mail.

    Args:
        account: Whose, for errors.
        connection: Nobody else uses it meanwhile.
        ref: The mail.
        attachment: The file.
    """

    def __init__(
        self, account: Account, connection: Connection, ref: Ref, attachment: Attachment
    ) -> None:
        self._account = account
        self._connection = connection
        self._ref = ref
        self._attachment = attachment

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the file.

        Yields:
            Its bytes, decoded, in order.

        Raises:
            NotFound: The mail, or the part, is no longer there.
            NotSupported: The part is encoded in a way that nobody knows.
            ProviderError: The server gave less than the whole.
        """
        await self._connection.run(self._open)
        kind, _, section = self._attachment.id.partition(":")
        if kind != "section":
            yield await self._connection.run(self._out_of_whole)
            return
        part = await self._connection.run(partial(self._describe, section=section))
        decoder = decoder_of(part.encoding)
        if decoder is None:
            said = f"{self._attachment.name} is encoded as {part.encoding[:40]!r}"
            raise NotSupported(self._account, said)
        at = 0
        while some := await self._connection.run(partial(self._fetch, section=section, at=at)):
            at += len(some)
            if decoded := decoder.decode(some):
                yield decoded
            if len(some) > PIECE_BYTES:
                break  # a server that does not know parts of parts gave all
        if last := decoder.end():
            yield last
        if decoder.is_broken or not await self._is_whole(section, at, part.size):
            raise ProviderError(
                self._account,
                f"{self._attachment.name} broke off after {at:,} of {part.size or 0:,} bytes",
                fix="try again later",
            )

    async def _is_whole(self, section: str, came: int, announced: int | None) -> bool:
        """Tell whether all came; where a server announces more than it has, it is asked again."""
        if announced is None or came >= announced:
            return True
        uid = int(self._ref.key)
        counted = await self._connection.run(lambda c: bodies.length(c, uid, section))
        return came == counted

    def _open(self, client: IMAPClient) -> None:
        opened = fetching.examine(client, self._ref.collection)
        if opened.epoch != self._ref.epoch:
            raise NotFound(
                self._account, "the folder was numbered anew since", fix="jackfield sync"
            )

    def _out_of_whole(self, client: IMAPClient) -> bytes:
        """Decode a part of a mail that is small enough to be kept whole."""
        uid = int(self._ref.key)
        said = bodies.by_uids(client, [uid], bodies.WHOLE, counted=False)
        whole = said[0].get(b"BODY[]") if said else None
        if not isinstance(whole, bytes):
            raise self._gone()
        try:
            return extract_part(whole, int(self._attachment.id))
        except (ValueError, LookupError):
            raise self._gone() from None

    def _describe(self, client: IMAPClient, section: str) -> _Part:
        uid = int(self._ref.key)
        found = {uid_of(s): s for s in fetching.lines_of(client, [uid], "UID BODYSTRUCTURE")}
        if uid not in found:
            raise self._gone()
        part = _find(found[uid].get(b"BODYSTRUCTURE"), section)
        if part is None or len(part) < 7:
            raise self._gone()
        encoding = part[5] if isinstance(part[5], bytes) else b""
        return _Part(encoding.decode("ascii", "replace").lower(), number(part[6]))

    def _fetch(self, client: IMAPClient, section: str, at: int) -> bytes:
        found = bodies.piece(client, int(self._ref.key), section, at, PIECE_BYTES)
        if found is None and at == 0:
            raise self._gone()
        return found or b""

    def _gone(self) -> NotFound:
        name = self._attachment.name or "the file"
        return NotFound(self._account, f"{name} is no longer there", fix="jackfield sync")


def _find(structure: Value, section: str) -> list[Value] | None:
    """Follow a section's numbers through a BODYSTRUCTURE (RFC 9051, section 6.4.5.1)."""
    part = structure
    for step in section.split("."):
        if not isinstance(part, list) or not step.isdecimal():
            return None
        if part and isinstance(part[0], list):
            children = [child for child in part if isinstance(child, list)]
            if int(step) > len(children):
                return None
            part = children[int(step) - 1]
        elif step != "1":
            return None
    return part if isinstance(part, list) else None
