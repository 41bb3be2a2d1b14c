"""What went wrong while sending, as the user should read it."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Protocol

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from jackfield.errors import AuthenticationError

if TYPE_CHECKING:
    from jackfield.models import Account
    from jackfield_imap.settings import ImapSettings

_LONGEST = 200


class Answer(Protocol):
    """What a server answered."""

    @property
    def code(self) -> int:
        """Three digits."""

    @property
    def message(self) -> str:
        """Any text."""


class Refusal(Exception):
    """The mail was surely not taken.

    Args:
        reason: Why.
        fix: What to do.
        retryable: The same mail may be taken later.
    """

    def __init__(self, reason: str, fix: str = "", *, retryable: bool = False) -> None:
        super().__init__(f"{reason}: {fix}" if fix else reason)
        self.retryable = retryable


def said(answer: Answer) -> str:
    """Quote a server on one short line.

    Args:
        answer: Its answer.

    Returns:
        Code and text, without control characters.
    """
    text = " ".join(answer.message.split())[:_LONGEST]
    return f"{answer.code} {''.join(each if each.isprintable() else '?' for each in text)}"


def reason_of(account: Account, settings: ImapSettings, error: Exception) -> tuple[str, bool]:
    """Tell why a mail could not be sent.

    Args:
        account: Whose.
        settings: To name the server; never the password.
        error: What was raised.

    Returns:
        The reason, and whether another try later makes sense.

    Raises:
        AuthenticationError: The server refused the password.
    """
    at = f"{settings.effective_smtp_server}:{settings.effective_smtp_port}"
    if isinstance(error, SMTPAuthenticationError) and error.code >= 500:
        raise AuthenticationError(
            account,
            f"{at} refused the password: {_without_secrets(said(error), settings)}",
            fix="check EMAIL_SMTP_USERNAME and EMAIL_SMTP_PASSWORD "
            "(providers with two-step sign-in want an app password)",
        ) from error
    if isinstance(error, Refusal):
        return f"{at}: {_without_secrets(str(error), settings)}", error.retryable
    if isinstance(error, SMTPResponseException):
        return f"{at} said {_without_secrets(said(error), settings)}", 400 <= error.code < 500
    return _of_the_line(at, error)


def _of_the_line(at: str, error: Exception) -> tuple[str, bool]:
    """Look at what a library wrapped: why there is no line, or none any more."""
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        fix = "check EMAIL_SMTP_SERVER, or name your own authority in EMAIL_IMAP_CA_FILE"
        why = f"a certificate that cannot be trusted: {cause.verify_message}"
        return f"{at} shows {why}: {fix}", False
    if isinstance(cause, ssl.SSLError):
        fix = "check EMAIL_SMTP_PORT and EMAIL_SMTP_SECURITY (tls, starttls)"
        return f"{at} does not speak TLS as expected: {fix}", False
    if isinstance(cause, socket.gaierror):
        return f"no server is known as {at}: check EMAIL_SMTP_SERVER", True
    if isinstance(cause, ConnectionRefusedError):
        return f"nothing listens at {at}: check EMAIL_SMTP_SERVER and EMAIL_SMTP_PORT", True
    if isinstance(error, TimeoutError):
        return f"{at} did not answer in time", True
    if isinstance(error, SMTPServerDisconnected | ConnectionError):
        return f"{at} broke the connection off", True
    return f"{at}: {str(error)[:_LONGEST]}", False


def _without_secrets(text: str, settings: ImapSettings) -> str:
    for secret in (settings.password, settings.smtp_password):
        if secret is not None and secret.get_secret_value():
            text = text.replace(secret.get_secret_value(), "***")
    return text
