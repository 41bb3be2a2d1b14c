"""Signing in, by the way that was chosen and only where the server lets it be done."""

from __future__ import annotations

import ssl
from imaplib import IMAP4
from typing import TYPE_CHECKING

from jackfield.errors import AuthenticationError, Unreachable

if TYPE_CHECKING:
    from imapclient import IMAPClient

    from jackfield.models import Account
    from jackfield_imap.settings import ImapSettings


def sign_in(client: IMAPClient, account: Account, settings: ImapSettings) -> None:
    """Sign in on a line that is already as secure as it will be.

    Args:
        client: Connected.
        account: Whose, for errors.
        settings: Who, and how.

    Raises:
        AuthenticationError: The server takes no password on this line (RFC 3501, section
            6.2.3); none was sent.
        imapclient.exceptions.LoginError: The server refused.
    """
    offered = client._imap.capabilities  # imaplib asks again after STARTTLS
    username, secret = settings.username, settings.password.get_secret_value()
    if settings.auth == "xoauth2":
        client.oauth2_login(username, secret)
    elif settings.auth == "plain" or (settings.auth == "auto" and "AUTH=PLAIN" in offered):
        client.plain_login(username, secret)
    elif "LOGINDISABLED" in offered:
        raise AuthenticationError(
            account,
            f"{settings.server} takes no password on this line; none was sent",
            fix="set EMAIL_IMAP_SECURITY to tls or starttls, or EMAIL_IMAP_AUTH to xoauth2",
        )
    else:
        client.login(username, secret)


def trust_of(account: Account, settings: ImapSettings) -> ssl.SSLContext:
    """Say whose certificates are believed: the system's authorities, or the user's own.

    Args:
        account: Whose, for errors.
        settings: `ca_file`.

    Returns:
        A context that checks certificates and names, with TLS 1.2 or newer.

    Raises:
        Unreachable: The file cannot be read.
    """
    try:
        trust = ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise Unreachable(
            account,
            f"{settings.ca_file} cannot be read as certificates: {error.strerror or error}",
            retryable=False,
            fix="check EMAIL_IMAP_CA_FILE: a PEM file with the authority's certificate",
        ) from error
    trust.minimum_version = ssl.TLSVersion.TLSv1_2
    return trust


def secure(
    client: IMAPClient, account: Account, settings: ImapSettings, trust: ssl.SSLContext
) -> None:
    """Make a plain line secure, or give it up; what came before is not believed.

    IMAPClient reads on from the secured socket alone, so what somebody else wrote behind the
    server's OK is lost with the old buffer.

    Args:
        client: Connected, not signed in.
        account: Whose, for errors.
        settings: To name the server.
        trust: Whose certificates are believed.

    Raises:
        Unreachable: The line does not become secure; nothing secret was sent.
    """
    at = f"{settings.server}:{settings.effective_port}"
    why = ""
    if client._imap.state != "NONAUTH":
        why = "takes us for signed in before the line is secure"
    elif not client.has_capability("STARTTLS"):
        why = "offers no STARTTLS"
    else:
        why = _start(client, trust)
    if why:
        raise Unreachable(
            account,
            f"{at} {why}; nothing was sent over the open line",
            retryable=False,
            fix="set EMAIL_IMAP_SECURITY=tls, or ask the provider: somebody may be in between",
        )


def _start(client: IMAPClient, trust: ssl.SSLContext) -> str:
    """Ask for TLS and shake hands; give the server's reason where it does not want to."""
    try:
        client.starttls(trust)
    except IMAP4.error as error:
        return f"refused STARTTLS: {error}"
    return ""
