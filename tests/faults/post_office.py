"""A real SMTP server on loopback that keeps what it took, and refuses what it is told to."""

from __future__ import annotations

import asyncio
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True)
class Delivery:
    """A mail that the server took responsibility for.

    Attributes:
        sender: From the envelope.
        receivers: From the envelope.
        content: The bytes, without the dots that SMTP adds.
    """

    sender: str
    receivers: tuple[str, ...]
    content: bytes


@dataclass
class PostOffice:
    """Speaks SMTP as long as its context lasts.

    Attributes:
        password: What `user` must show; None offers no AUTH.
        tls: Speaks TLS from the first byte.
        starttls: Offers STARTTLS, and asks for it before anything else.
        size: Bytes of the largest mail; 0 for any.
        utf8: Offers SMTPUTF8.
        refuse: Answers by command and address, such as ``{("RCPT", "a@b.org"): "550 no"}``; the
            address of MAIL and DATA is the first receiver's, or the sender's.
        deliveries: What was taken.
        attempts: How often a password was shown.
        sessions: How many connections there were.
    """

    password: str | None = None
    tls: ssl.SSLContext | None = None
    starttls: ssl.SSLContext | None = None
    size: int = 0
    utf8: bool = False
    refuse: dict[tuple[str, str], str] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    attempts: int = 0
    sessions: int = 0
    host: str = "127.0.0.1"

    async def __aenter__(self) -> Self:
        self._open: set[_Speaker] = set()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._speaker, self.host, 0, ssl=self.tls)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        for speaker in list(self._open):
            await speaker.hang_up()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.sockets[0].getsockname()[1])

    async def all_gone(self) -> None:
        """Wait until every client has gone, and all it sent has been looked at."""
        for speaker in list(self._open):
            await speaker.gone.wait()

    def _speaker(self) -> SMTP:
        self.sessions += 1
        options: dict[str, Any] = {}
        if self.password is not None:
            options |= {"authenticator": self._sign_in, "auth_required": True}
            options["auth_require_tls"] = self.starttls is not None
        if self.starttls is not None:
            options |= {"tls_context": self.starttls, "require_starttls": True}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # AUTH without TLS, on loopback
            return _Speaker(
                self,
                self._open,
                hostname="post.example",
                data_size_limit=self.size or None,
                enable_SMTPUTF8=self.utf8,
                loop=asyncio.get_running_loop(),
                **options,
            )

    def _sign_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        self.attempts += 1
        expected = LoginPassword(b"user", (self.password or "").encode())
        return AuthResult(success=data == expected, handled=False)

    async def handle_MAIL(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if ("MAIL", address) not in self.refuse:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.refuse.get(("MAIL", address), "250 sender noted")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if ("RCPT", address) not in self.refuse:
            envelope.rcpt_tos.append(address)
        return self.refuse.get(("RCPT", address), "250 receiver noted")

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        refused = self.refuse.get(("DATA", envelope.rcpt_tos[0]))
        if refused is not None:
            return refused
        content = envelope.content
        assert isinstance(content, bytes)
        self.deliveries.append(
            Delivery(envelope.mail_from or "", tuple(envelope.rcpt_tos), content)
        )
        return f"250 taken as number {len(self.deliveries)}"


class _Speaker(SMTP):
    """One connection, which tells when it is over."""

    def __init__(self, office: PostOffice, among: set[_Speaker], **options: Any) -> None:
        super().__init__(office, **options)
        self.gone = asyncio.Event()
        self._among = among

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._among.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        task: asyncio.Task[None] | None = self._handler_coroutine
        super().connection_lost(error)
        self._among.discard(self)
        self.gone.set()
        if task is not None:
            task.add_done_callback(_look_at)

    async def hang_up(self) -> None:
        """Close the connection."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.gone.wait(), 1)


def _look_at(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()
