"""What the core lends to a connector. The implementations stay above the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from pydantic import SecretStr

    from jackfield.models.item import Item


class Clock(Protocol):
    """The time, so that tests can set it."""

    def now(self) -> datetime:
        """Tell the time.

        Returns:
            Now, in UTC.
        """

    def monotonic(self) -> float:
        """Tell a time that never goes back.

        Returns:
            Seconds since some moment.
        """


class Secrets(Protocol):
    """Secrets of one account, from wherever the user keeps them."""

    async def get(self, name: str) -> SecretStr | None:
        """Read a secret.

        Args:
            name: Such as ``refresh_token``.

        Returns:
            The secret, or None.
        """

    async def put(self, name: str, value: SecretStr) -> None:
        """Keep a secret that the provider rotated, before the old one is forgotten.

        Args:
            name: Such as ``refresh_token``.
            value: The new one.
        """


class Response(Protocol):
    """An answer whose body was not read yet."""

    status: int
    headers: Mapping[str, str]

    async def read(self, limit: int) -> bytes:
        """Read the body.

        Args:
            limit: Bytes; a longer body is an error and not a shorter answer.

        Returns:
            The body.
        """

    def stream(self) -> AsyncIterator[bytes]:
        """Read the body piece by piece."""


class Http(Protocol):
    """HTTP to the account's provider, with deadlines, retries and limits set by the core."""

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        bearer: SecretStr | None = None,
        idempotent: bool | None = None,
    ) -> AbstractAsyncContextManager[Response]:
        """Ask the provider.

        Args:
            method: ``GET``, ``POST`` ...
            url: Absolute. Redirects are not followed.
            params: The query string.
            headers: More headers.
            content: The body.
            bearer: Sent only if the URL's host is the configured one.
            idempotent: May be asked twice; by default what the method says.

        Returns:
            The answer, within a context that closes it.
        """


class StoreView(Protocol):
    """What a connector may read of its own account's stored items."""

    async def newest_from(self, address: str) -> datetime | None:
        """Tell when somebody last wrote (a platform may allow answers for a day only).

        Args:
            address: `Address.value` of the other.

        Returns:
            The time of the newest stored item from there, or None.
        """

    async def get(self, id: str) -> Item | None:
        """Read a stored item.

        Args:
            id: An item's id.

        Returns:
            The item, or None.
        """
