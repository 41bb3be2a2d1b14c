"""Mails: written, answered, passed on."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from jackfield.errors import InvalidRequest
from jackfield.models import Account, Draft, Upload
from jackfield.services.downloading import DownloadService
from jackfield.services.drafting import answer, contacts, passing_on
from jackfield.services.sending import SendService

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jackfield.models import Attachment, Item, SendResult
    from jackfield.services.drafting import Receivers

MAX_FORWARDED = 50_000_000
"""Bytes of attachments that are passed on; few servers take more."""


class MailService(DownloadService, SendService):
    """Writes mails and sends them by way of the outbox."""

    async def send_email(
        self,
        to: Receivers | Iterable[Receivers],
        subject: str,
        text: str,
        *,
        html: str | None = None,
        cc: Receivers | Iterable[Receivers] = (),
        bcc: Receivers | Iterable[Receivers] = (),
        attachments: Sequence[Upload] = (),
        account: str | None = None,
        key: str = "",
    ) -> SendResult:
        """Send a mail.

        Args:
            to: Receivers, such as ``Ana Prieto <ana@acme.com>``.
            subject: The subject.
            text: The text.
            html: The same as markup.
            cc: Copies.
            bcc: Blind copies.
            attachments: Files.
            account: By which; may be left out where only one can send.
            key: The idempotency key: two mails with one key are one.

        Returns:
            What became of it.

        Raises:
            ConfigError: No account can send, or several and none is named.
        """
        draft = Draft(
            account=str(self.sender(account)),
            to=contacts(to),
            cc=contacts(cc),
            bcc=contacts(bcc),
            subject=subject,
            text=text,
            html=html,
            attachments=tuple(attachments),
            key=key,
        )
        return await self.send(draft)

    async def answer(
        self,
        prefix: str,
        text: str,
        *,
        html: str | None = None,
        everyone: bool = False,
        attachments: Sequence[Upload] = (),
        key: str = "",
    ) -> Draft:
        """Draft an answer; `send` sends it.

        Args:
            prefix: The id of the mail, or the beginning of it.
            text: The answer.
            html: The same as markup.
            everyone: Also to all who got the mail.
            attachments: Files.
            key: The idempotency key.

        Returns:
            The draft.
        """
        item = await self.stored(prefix)
        mine = await self._mine(item)
        return answer(
            item, text, mine, html=html, everyone=everyone, attachments=attachments, key=key
        )

    async def passing_on(
        self, prefix: str, to: Receivers | Iterable[Receivers], text: str = "", *, key: str = ""
    ) -> Draft:
        """Draft a mail that passes another on, with its files; `send` sends it.

        Args:
            prefix: The id of the mail, or the beginning of it.
            to: Receivers.
            text: What to say above it.
            key: The idempotency key.

        Returns:
            The draft.

        Raises:
            InvalidRequest: Its files are more than 50 MB.
        """
        item = await self.show(prefix)
        mine = await self._mine(item)
        files: list[Upload] = []
        for attachment in item.attachments:
            room = MAX_FORWARDED - sum(len(file.content) for file in files)
            files.append(await self._upload(item, attachment, room))
        return passing_on(item, to, text, mine, attachments=files, key=key)

    async def _mine(self, item: Item) -> frozenset[str]:
        """Give my addresses, as the account knows them."""
        hooks = await self.session.open(Account.parse(item.account))
        names = (hooks.connector.mailbox_identity(), *hooks.connector.mailbox_aliases())
        return frozenset(name.lower() for name in names)

    async def _upload(self, item: Item, attachment: Attachment, room: int) -> Upload:
        content = bytearray()
        async with aclosing(self.download(item, attachment)) as pieces:
            async for piece in pieces:
                content += piece
                if len(content) > room:
                    raise InvalidRequest(
                        item.account,
                        f"the files of {item.short_id} are more than {MAX_FORWARDED:,} bytes",
                        fix=f"jackfield download {item.short_id}, and send a link",
                    )
        return Upload(
            name=attachment.name, media_type=attachment.media_type, content=bytes(content)
        )
