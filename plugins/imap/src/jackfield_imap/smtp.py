"""One mail over one SMTP connection (RFC 5321, RFC 6409), and what became of it.

Until the final dot is written no server may take the mail (RFC 5321, section 4.1.1.4): whatever
breaks before it, nothing has left. From then on only the server's answer tells, and where that
does not come, nobody can know.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from jackfield.models import SendResult
from jackfield_imap.settings import is_loopback
from jackfield_imap.smtp_failures import Refusal, reason_of, said

if TYPE_CHECKING:
    from aiosmtplib.protocol import SMTPProtocol

    from jackfield.content.composing import Outgoing
    from jackfield.models import Account
    from jackfield_imap.settings import ImapSettings

CONNECT_SECONDS = 30.0
"""For the TCP connection, the TLS handshake and the greeting, each."""

COMMAND_SECONDS = 60.0
"""For the answer to a command, and for each 64 KiB of the mail to leave."""

ANSWER_SECONDS = 180.0
"""For the answer to the whole mail, which a server may look through first."""

QUIT_SECONDS = 3.0
"""For the goodbye, after all is decided."""

_BLOCK: Final = 1 << 16
_LEADING_DOT = re.compile(rb"(?m)^\.")
_HELLO: Final = "[127.0.0.1]"  # the name of this machine is nobody's business


class Submission:
    """Sends one mail, once.

    Args:
        account: Whose, for errors.
        settings: Where to connect; the settings allow plain text on this machine only.

    Attributes:
        may_have_left: The final dot was written: only an answer tells what became of the mail.
    """

    def __init__(self, account: Account, settings: ImapSettings) -> None:
        self._account = account
        self._settings = settings
        self._client: aiosmtplib.SMTP | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.may_have_left = False

    async def send(self, mail: Outgoing) -> SendResult:
        """Send a mail. However it ends, also by cancellation, the connection is closed.

        Args:
            mail: What.

        Returns:
            ``accepted`` or ``rejected`` where the server says so, ``rejected`` where the line
            broke before the final dot, else ``unknown``.

        Raises:
            AuthenticationError: The server refused the password.
        """
        try:
            await self._deliver(await self._connect(), mail)
        except (SMTPException, OSError, ValueError, Refusal) as error:
            return self._failed(error)
        finally:
            self._abort()
        return SendResult(state="accepted", provider_id=mail.message_id)

    def _failed(self, error: Exception) -> SendResult:
        reason, retryable = reason_of(self._account, self._settings, error)
        if self.may_have_left and not isinstance(error, Refusal):
            return SendResult(state="unknown", reason=f"{reason}; the mail may have left")
        return SendResult(state="rejected", reason=reason, retryable=retryable)

    async def _connect(self) -> aiosmtplib.SMTP:
        security = self._settings.effective_smtp_security
        authority = self._settings.ca_file or None
        trust: ssl.SSLContext | None = None
        if security != "plain":
            trust = await asyncio.to_thread(ssl.create_default_context, cafile=authority)
        self._client = aiosmtplib.SMTP(
            hostname=self._settings.effective_smtp_server,
            port=self._settings.effective_smtp_port,
            use_tls=security == "tls",
            start_tls=security == "starttls",  # never None, which sends in clear where it can
            tls_context=trust,
            local_hostname=_HELLO,
            timeout=COMMAND_SECONDS,
        )
        await self._client.connect(timeout=CONNECT_SECONDS)
        await self._client.ehlo()
        return self._client

    async def _deliver(self, client: aiosmtplib.SMTP, mail: Outgoing) -> None:
        await self._sign_in(client)
        await self._announce(client, mail)
        await self._hand_over(client, mail.for_receivers)
        with suppress(SMTPException, OSError):
            await client.quit(timeout=QUIT_SECONDS)

    async def _sign_in(self, client: aiosmtplib.SMTP) -> None:
        """Sign in once, in one way: each refused try counts where accounts get locked."""
        settings = self._settings
        name = settings.smtp_username or settings.username
        password = (settings.smtp_password or settings.password).get_secret_value()
        offered = client.server_auth_methods
        if not offered and is_loopback(settings.effective_smtp_server):
            return
        if settings.auth == "xoauth2" and "xoauth2" in offered:
            await client.auth_xoauth2(name, password)
        elif settings.auth != "xoauth2" and "plain" in offered:
            await client.auth_plain(name, password)
        elif settings.auth != "xoauth2" and "login" in offered:
            await client.auth_login(name, password)
        else:
            ways = ", ".join(offered) or "no way to sign in"
            raise Refusal(f"the server offers {ways}", "check EMAIL_SMTP_PORT and EMAIL_IMAP_AUTH")

    async def _announce(self, client: aiosmtplib.SMTP, mail: Outgoing) -> None:
        """Name sender and receivers; if the server refuses one of them, nobody gets the mail."""
        options = _options(client, mail)
        encoding = "utf-8" if mail.utf8 else "ascii"
        await client.mail(mail.sender, options=options, encoding=encoding)
        refused: list[aiosmtplib.SMTPRecipientRefused] = []
        for receiver in mail.receivers:
            try:
                await client.rcpt(receiver, encoding=encoding)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused.append(error)
                if not client.is_connected:
                    break
        if refused:
            raise Refusal(
                "; ".join(f"{each.recipient}: {said(each)}" for each in refused[:20]),
                "nobody got the mail: mend or leave out these addresses",
                retryable=all(each.code < 500 for each in refused),
            )

    async def _hand_over(self, client: aiosmtplib.SMTP, content: bytes) -> None:
        """Send the content, all but the end; then the end, after which the mail may have left."""
        ready = await client.execute_command(b"DATA")
        if ready.code != 354:
            raise SMTPResponseException(ready.code, ready.message)
        protocol, transport = client.protocol, cast("asyncio.WriteTransport", client.transport)
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("the line broke")
        loop = asyncio.get_running_loop()
        writer = self._writer = asyncio.StreamWriter(transport, protocol, None, loop)
        transport.set_write_buffer_limits(0)  # so that `drain` waits until all has left
        stuffed = _LEADING_DOT.sub(b"..", content)
        for start in range(0, len(stuffed), _BLOCK):
            writer.write(stuffed[start : start + _BLOCK])
            await asyncio.wait_for(writer.drain(), COMMAND_SECONDS)
        await self._finish(writer, protocol)

    async def _finish(self, writer: asyncio.StreamWriter, protocol: SMTPProtocol) -> None:
        self.may_have_left = True
        writer.write(b".\r\n")
        answer = await protocol.read_response(timeout=ANSWER_SECONDS)
        if 400 <= answer.code < 600:
            raise Refusal(said(answer), retryable=answer.code < 500)
        if answer.code != 250:
            raise SMTPResponseException(answer.code, answer.message)

    def _abort(self) -> None:
        """Close the socket at once: what it has not sent yet must not leave later."""
        if self._client is not None:
            if self._client.transport is not None:
                cast("asyncio.WriteTransport", self._client.transport).abort()
            self._client.close()


def _options(client: aiosmtplib.SMTP, mail: Outgoing) -> list[str]:
    """Say how large the mail is (RFC 1870), and what kind of addresses it has (RFC 6531).

    Returns:
        Parameters of MAIL.

    Raises:
        Refusal: The server takes no such mail.
    """
    options: list[str] = []
    size, offered = len(mail.for_receivers), client.esmtp_extensions
    if "size" in offered:
        most = offered["size"].strip()
        if most.isdecimal() and 0 < int(most) < size:
            raise Refusal(
                f"the mail has {size:,} bytes, the server takes {int(most):,}",
                "send fewer or smaller files, or a link to them",
            )
        options.append(f"SIZE={size}")
    if mail.utf8:
        if "smtputf8" not in offered:
            raise Refusal(
                "an address has letters that this server cannot send to (no SMTPUTF8)",
                "use an address in ASCII, or another server",
            )
        options += ["BODY=8BITMIME", "SMTPUTF8"]
    return options
