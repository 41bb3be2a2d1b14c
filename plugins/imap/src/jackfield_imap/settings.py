"""What must be known to reach a mailbox."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from jackfield.settings import Env, Settings

if TYPE_CHECKING:
    from typing import Self

_PORTS = {"tls": 993, "starttls": 143, "plain": 143}
_SMTP_PORTS = {"tls": 465, "starttls": 587, "plain": 25}


class ImapSettings(Settings):
    """Settings of an IMAP account.

    Attributes:
        server: Host name.
        port: By default 993 for ``tls``, else 143.
        username: As the server wants it, often the address.
        password: The password, or an app password; with ``xoauth2`` the access token.
        auth: How to sign in: ``login`` or ``plain`` with the password, ``xoauth2`` with a token;
            ``auto`` takes PLAIN where the server offers it, else LOGIN.
        security: ``tls`` from the first byte, ``starttls``, or ``plain`` on this machine only.
        ca_file: A PEM file with the certificate authority to trust instead of the system's.
        address: My addresses, separated by commas; by default the user name if it has an @.
        name: My name, as others shall see it.
        smtp_server: Where mail is sent; by default the IMAP server.
        smtp_port: By default 465 for ``tls``, 587 for ``starttls``, 25 for ``plain``.
        smtp_username: By default the IMAP user name.
        smtp_password: By default the IMAP password.
        smtp_security: As `security`; by default the same.
        sent_copy: Put what was sent into the Sent folder: ``always``, ``never``, or ``auto``, which
            leaves it to servers that are known to do it themselves.
    """

    server: Annotated[str, Env("EMAIL_IMAP_SERVER"), Field(min_length=1)]
    port: Annotated[int | None, Env("EMAIL_IMAP_PORT"), Field(ge=1, le=65535)] = None
    username: Annotated[str, Env("EMAIL_IMAP_USERNAME"), Field(min_length=1)]
    password: Annotated[SecretStr, Env("EMAIL_IMAP_PASSWORD")]
    auth: Annotated[Literal["auto", "login", "plain", "xoauth2"], Env("EMAIL_IMAP_AUTH")] = "auto"
    security: Annotated[Literal["tls", "starttls", "plain"], Env("EMAIL_IMAP_SECURITY")] = "tls"
    ca_file: Annotated[str, Env("EMAIL_IMAP_CA_FILE")] = ""
    address: Annotated[str, Env("EMAIL_ADDRESS")] = ""
    name: Annotated[str, Env("EMAIL_NAME")] = ""
    smtp_server: Annotated[str, Env("EMAIL_SMTP_SERVER")] = ""
    smtp_port: Annotated[int | None, Env("EMAIL_SMTP_PORT"), Field(ge=1, le=65535)] = None
    smtp_username: Annotated[str, Env("EMAIL_SMTP_USERNAME")] = ""
    smtp_password: Annotated[SecretStr | None, Env("EMAIL_SMTP_PASSWORD")] = None
    smtp_security: Annotated[
        Literal["tls", "starttls", "plain"] | None, Env("EMAIL_SMTP_SECURITY")
    ] = None
    sent_copy: Annotated[Literal["auto", "always", "never"], Env("EMAIL_SENT_COPY")] = "auto"

    @model_validator(mode="after")
    def _plain_stays_here(self) -> Self:
        for what, security, server in (
            ("IMAP", self.security, self.server),
            ("SMTP", self.effective_smtp_security, self.effective_smtp_server),
        ):
            if security == "plain" and not is_loopback(server):
                raise ValueError(
                    f"EMAIL_{what}_SECURITY=plain would show the password to the network; "
                    "it is allowed for this machine only"
                )
        return self

    @property
    def effective_port(self) -> int:
        """The port that is used."""
        return self.port or _PORTS[self.security]

    @property
    def effective_smtp_server(self) -> str:
        """The host that mail is handed to."""
        return self.smtp_server or self.server

    @property
    def effective_smtp_security(self) -> Literal["tls", "starttls", "plain"]:
        """How the line to that host is secured."""
        return self.smtp_security or self.security

    @property
    def effective_smtp_port(self) -> int:
        """The port there."""
        return self.smtp_port or _SMTP_PORTS[self.effective_smtp_security]

    @property
    def addresses(self) -> tuple[str, ...]:
        """My addresses in lower case, the main one first; may be empty."""
        given = [part.strip().lower() for part in self.address.split(",") if part.strip()]
        if not given and "@" in self.username:
            given = [self.username.lower()]
        return tuple(given)

    @property
    def identity(self) -> str:
        """What names the mailbox itself: the main address, else ``user@server``."""
        return next(iter(self.addresses), self.sign_in)

    @property
    def sign_in(self) -> str:
        """``user@server``: the mailbox without any address."""
        return f"{self.username}@{self.server}".lower()


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine.

    Args:
        host: A name or an address.

    Returns:
        True for ``localhost`` and loopback addresses.
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
