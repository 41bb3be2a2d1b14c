"""What went wrong, as the user should read it."""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import contextmanager
from imaplib import IMAP4
from typing import TYPE_CHECKING

from imapclient.exceptions import LoginError

from jackfield.errors import AuthenticationError, ConnectorError, ProviderError, Unreachable
from jackfield_imap.bounded import TooMuch
from jackfield_imap.responses import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jackfield.models import Account
    from jackfield_imap.settings import ImapSettings

_WAIT = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|THROTTLED|OVERQUOTA)\]", re.IGNORECASE)
_FULL = re.compile(r"too many|maximum number|simultaneous", re.IGNORECASE)
_SAID = 200

WAIT_SECONDS = 60.0
"""When to try again where the server does not say."""

_LATER = "try again later; if it stays so, ask the provider"
_CHECK = "try again; if it stays so, check EMAIL_IMAP_SERVER and EMAIL_IMAP_PORT"


class Refused(IMAP4.error):
    """The server said no to a command; the connection is as good as before."""


@contextmanager
def refusals() -> Iterator[None]:
    """Tell a server's no, or BAD, from a connection that is out of step.

    Yields:
        Nothing.

    Raises:
        Refused: The server said no.
        IMAP4.error: The line broke, or was too long to be read.
    """
    try:
        yield
    except IMAP4.error as error:
        if isinstance(error, IMAP4.abort | Refused) or "got more than" in str(error):
            raise
        raise Refused(str(error)) from error


def explain(account: Account, settings: ImapSettings, error: Exception) -> ConnectorError:
    """Turn what a library raised into an error with its cause and fix.

    Args:
        account: Whose.
        settings: To name the server; never the password.
        error: What was raised.

    Returns:
        The error to raise instead.
    """
    at = f"{settings.server}:{settings.effective_port}"
    if isinstance(error, ConnectorError):
        return error
    if isinstance(error, LoginError):
        return _login(account, at, _said(error, settings), with_token=settings.auth == "xoauth2")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unreachable(
            account,
            f"{at} shows a certificate that cannot be trusted: {error.verify_message}",
            retryable=False,
            fix="check EMAIL_IMAP_SERVER, or name your own authority in EMAIL_IMAP_CA_FILE",
        )
    if isinstance(error, ssl.SSLError):
        hint = "check EMAIL_IMAP_PORT and EMAIL_IMAP_SECURITY (tls, starttls)"
        return Unreachable(account, f"{at} does not speak TLS as expected", fix=hint)
    if isinstance(error, OSError):
        return _network(account, at, error)
    if isinstance(error, TooMuch):
        return ProviderError(
            account,
            f"{at} sent {error}; the connection was given up",
            fix=_LATER,
        )
    if isinstance(error, IMAP4.abort):
        said = _said(error, settings)
        return Unreachable(account, f"{at} broke the connection off: {said}", fix=_CHECK)
    if isinstance(error, IMAP4.error):
        return ProviderError(account, f"{at} said: {_said(error, settings)}", fix=_LATER)
    what = str(error) if isinstance(error, Malformed) else type(error).__name__
    return ProviderError(
        account,
        f"{at} sent what cannot be read: {what}",
        fix=_LATER,
    )


def _login(account: Account, at: str, said: str, *, with_token: bool) -> ConnectorError:
    if _WAIT.search(said) or _FULL.search(said):
        told = f"{at} lets nobody in just now: {said}"
        return Unreachable(account, told, retry_after=WAIT_SECONDS, fix=_LATER)
    if with_token:
        return AuthenticationError(
            account,
            f"{at} refused the token, which may have expired: {said}",
            fix="put a new access token where EMAIL_IMAP_PASSWORD comes from",
        )
    return AuthenticationError(
        account,
        f"{at} refused the password: {said}",
        fix="check EMAIL_IMAP_USERNAME and EMAIL_IMAP_PASSWORD "
        "(providers with two-step sign-in want an app password)",
    )


def _network(account: Account, at: str, error: OSError) -> ConnectorError:
    if isinstance(error, socket.gaierror):
        return Unreachable(account, f"no server is known as {at}", fix="check EMAIL_IMAP_SERVER")
    if isinstance(error, TimeoutError):
        return Unreachable(account, f"{at} did not answer in time", fix=_CHECK)
    if isinstance(error, ConnectionRefusedError):
        fix = "check EMAIL_IMAP_SERVER and EMAIL_IMAP_PORT"
        return Unreachable(account, f"nothing listens at {at}", fix=fix)
    return Unreachable(account, f"{at}: {error.strerror or type(error).__name__}", fix=_CHECK)


def _said(error: Exception, settings: ImapSettings) -> str:
    """Quote the server's words, short and without the password, should it repeat it."""
    text = str(error)
    if text.startswith("b'") and text.endswith("'"):
        text = text[2:-1]
    secret = settings.password.get_secret_value()
    return (text.replace(secret, "***") if secret else text)[:_SAID]
