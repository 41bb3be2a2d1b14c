"""What must be known to reach a mailbox."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from jackfield.settings import Env, Settings

if TYPE_CHECKING:
    from typing import Self

_PORTS = {"tls": 993, "starttls": 143, "plain": 143}


class ImapSettings(Settings):
    """Settings of an IMAP account.

    Attributes:
        server: Host name.
        port: By default 993 for ``tls``, else 143.
        username: As the server wants it, often the address.
        password: The password, or an app password.
        security: ``tls`` from the first byte, ``starttls``, or ``plain`` on this machine only.
        ca_file: A PEM file with the certificate authority to trust instead of the system's.
        address: My addresses, separated by commas; by default the user name if it has an @.
        name: My name, as others shall see it.
    """

    server: Annotated[str, Env("EMAIL_IMAP_SERVER"), Field(min_length=1)]
    port: Annotated[int | None, Env("EMAIL_IMAP_PORT"), Field(ge=1, le=65535)] = None
    username: Annotated[str, Env("EMAIL_IMAP_USERNAME"), Field(min_length=1)]
    password: Annotated[SecretStr, Env("EMAIL_IMAP_PASSWORD")]
    security: Annotated[Literal["tls", "starttls", "plain"], Env("EMAIL_IMAP_SECURITY")] = "tls"
    ca_file: Annotated[str, Env("EMAIL_IMAP_CA_FILE")] = ""
    address: Annotated[str, Env("EMAIL_ADDRESS")] = ""
    name: Annotated[str, Env("EMAIL_NAME")] = ""

    @model_validator(mode="after")
    def _plain_stays_here(self) -> Self:
        if self.security == "plain" and not is_loopback(self.server):
            raise ValueError(
                "EMAIL_IMAP_SECURITY=plain would show the password to the network; "
                "it is allowed for this machine only"
            )
        return self

    @property
    def effective_port(self) -> int:
        """The port that is used."""
        return self.port or _PORTS[self.security]

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
