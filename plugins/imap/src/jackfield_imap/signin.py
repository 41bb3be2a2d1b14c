"""Signing in, by the way that was chosen and only where the server lets it be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.errors import AuthenticationError

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
