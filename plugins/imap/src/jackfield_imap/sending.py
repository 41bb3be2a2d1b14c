"""Sending a draft, keeping its copy, and finding out what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.content.composing import compose
from jackfield.models import SendResult
from jackfield_imap import copying
from jackfield_imap.smtp import Submission

if TYPE_CHECKING:
    from jackfield.content.composing import Outgoing
    from jackfield.models import Account, Draft
    from jackfield_imap.connection import Pool
    from jackfield_imap.settings import ImapSettings

_NOT_FOUND = (
    "it is not among what was sent, which proves nothing: the copy is made after the mail has left"
)


class Sender:
    """Sends what an account writes.

    Args:
        account: Whose.
        settings: Of the account.
        pool: Connections to its mailbox.
    """

    def __init__(self, account: Account, settings: ImapSettings, pool: Pool) -> None:
        self._account = account
        self._settings = settings
        self._pool = pool

    def _composed(self, draft: Draft) -> Outgoing:
        return compose(draft, self._settings.addresses, self._settings.name)

    async def send(self, draft: Draft) -> SendResult:
        """Send a draft once.

        Args:
            draft: What.

        Returns:
            What became of it.

        Raises:
            InvalidRequest: Something in it cannot be sent; nothing left.
            AuthenticationError: The server refused the password; nothing left.
        """
        return await Submission(self._account, self._settings).send(self._composed(draft))

    async def keep_copy(self, draft: Draft) -> None:
        """Put the copy into the Sent folder, unless the server does, or it is there.

        Args:
            draft: What was sent.
        """
        if self._settings.sent_copy == "never":
            return
        mail, settings = self._composed(draft), self._settings
        async with self._pool.lease() as connection:
            await connection.run(lambda client: copying.keep(client, settings, draft, mail))

    async def reconcile(self, draft: Draft) -> SendResult:
        """Look for a draft among what was sent.

        Args:
            draft: What was sent, perhaps.

        Returns:
            ``accepted`` where it is there, else ``unknown``.
        """
        identifier = self._composed(draft).message_id
        async with self._pool.lease() as connection:
            found = await connection.run(lambda client: copying.is_there(client, identifier))
        if found:
            return SendResult(state="accepted", provider_id=identifier)
        return SendResult(state="unknown", reason=_NOT_FOUND)
