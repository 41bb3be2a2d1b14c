"""Every error that Jackfield raises: it names the account, the cause and the fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jackfield.models.account import Account


class JackfieldError(Exception):
    """The base of all errors that are meant to be caught.

    Args:
        message: What went wrong, for the person who reads it at night.
        fix: What to do about it: a command where there is one.
    """

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


class ConfigError(JackfieldError):
    """The configuration cannot mean what it says."""


class NotInstalled(JackfieldError):
    """A distribution is missing; `fix` is the line that installs it."""


class StoreError(JackfieldError):
    """The local store cannot be read or written."""


class QueryError(JackfieldError):
    """A search cannot be understood.

    Args:
        message: Why not.
        position: Characters from the beginning of the query.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class AlreadyRunning(JackfieldError):
    """Somebody else syncs the account just now.

    Args:
        account: Which account.
        who: Who does.
    """

    def __init__(self, account: Account | str, who: str) -> None:
        super().__init__(f"{account} is synced already: {who}")
        self.account = account
        self.who = who


class PluginError(JackfieldError):
    """A plugin broke its contract.

    Args:
        distribution: Whose plugin, e.g. ``jackfield-matrix 0.0.3``.
        message: What it did.
        fix: What to do.
    """

    def __init__(self, distribution: str, message: str, *, fix: str = "") -> None:
        super().__init__(f"{distribution}: {message}", fix=fix)
        self.distribution = distribution


class NotSupported(JackfieldError):
    """The platform, or this sign-in, cannot do it.

    Args:
        account: Which account was asked.
        reason: Why it cannot.
    """

    def __init__(self, account: Account | str, reason: str) -> None:
        super().__init__(f"{account}: {reason}")
        self.account = account
        self.reason = reason


class NoSourceAnswered(JackfieldError):
    """Sources were asked, none answered, and nothing was stored of them.

    Args:
        results: The empty results, whose `sources` say why.
        reasons: One line a source.
    """

    def __init__(self, results: object, reasons: Sequence[str]) -> None:
        super().__init__("nobody answered, and nothing is stored: " + "; ".join(reasons))
        self.results = results


class ConnectorError(JackfieldError):
    """A provider could not do what it was asked.

    Args:
        account: Which account.
        message: The cause, without any secret.
        retryable: The same call may succeed later.
        retry_after: Seconds to wait before that, where the provider said so.
        fix: What to do: a command where there is one.
    """

    retryable_by_default = False

    def __init__(
        self,
        account: Account | str,
        message: str,
        *,
        retryable: bool | None = None,
        retry_after: float | None = None,
        fix: str = "",
    ) -> None:
        super().__init__(f"{account}: {message}", fix=fix)
        self.account = account
        self.cause = message
        self.retryable = self.retryable_by_default if retryable is None else retryable
        self.retry_after = retry_after


class AuthenticationError(ConnectorError):
    """The provider refused the sign-in. Never tried again by itself: accounts get locked."""


class PermissionDenied(ConnectorError):
    """The sign-in is good and not allowed to do this.

    Args:
        account: Which account.
        message: The cause.
        missing_scopes: What would have to be granted.
        fix: What to do.
    """

    def __init__(
        self,
        account: Account | str,
        message: str,
        *,
        missing_scopes: Sequence[str] = (),
        fix: str = "",
    ) -> None:
        super().__init__(account, message, fix=fix)
        self.missing_scopes = tuple(missing_scopes)


class Unreachable(ConnectorError, TimeoutError):
    """No answer: the network, the name, the certificate, or time ran out."""

    retryable_by_default = True


class RateLimited(ConnectorError):
    """The provider asks to wait."""

    retryable_by_default = True


class CursorExpired(ConnectorError):
    """The provider no longer knows where we were; the core starts a snapshot.

    Args:
        account: Which account.
        collection: The collection's id.
        message: What the provider said.
    """

    retryable_by_default = True

    def __init__(self, account: Account | str, collection: str, message: str = "") -> None:
        super().__init__(account, message or f"the cursor of {collection!r} has expired")
        self.collection = collection


class CollectionGone(ConnectorError):
    """A folder, chat or notebook is no longer there."""


class NotFound(ConnectorError):
    """The item is no longer there."""


class InvalidRequest(ConnectorError):
    """The provider will never accept this request."""


class WindowClosed(InvalidRequest):
    """The platform allows a free answer only for some time after the other's message."""


class SendDenied(InvalidRequest):
    """A rule of the user, or a plugin, does not let this be sent or changed."""


class ProviderError(ConnectorError):
    """The provider is broken: its own error, or an answer that nobody can read."""

    retryable_by_default = True
