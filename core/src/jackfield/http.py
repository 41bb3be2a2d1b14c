"""HTTP for connectors. The one module that imports httpx, and only when it is used."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jackfield.errors import ProviderError, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    import httpx
    from pydantic import SecretStr

    from jackfield.models import Account

TIMEOUT = 30.0
"""Seconds for connecting, and for each pause within an answer."""


class HttpResponse:
    """An answer whose body is read within bounds.

    Args:
        account: Whose.
        answer: httpx's.
    """

    def __init__(self, account: Account, answer: httpx.Response) -> None:
        self._account = account
        self._answer = answer
        self.status = answer.status_code
        self.headers: Mapping[str, str] = answer.headers

    async def read(self, limit: int) -> bytes:
        """Read the body.

        Args:
            limit: Bytes.

        Returns:
            The body.

        Raises:
            ProviderError: The body is longer.
        """
        body = bytearray()
        async for piece in self.stream():
            body += piece
            if len(body) > limit:
                raise ProviderError(self._account, f"an answer of more than {limit} bytes")
        return bytes(body)

    def stream(self) -> AsyncIterator[bytes]:
        """Read the body piece by piece.

        Returns:
            Its pieces, decoded.
        """
        return self._answer.aiter_bytes()


class HttpClient:
    """Talks to one account's provider.

    Args:
        account: Whose.
        host: The only host that a bearer token is sent to.
    """

    def __init__(self, account: Account, host: str = "") -> None:
        self._account = account
        self._host = host
        self._client: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        bearer: SecretStr | None = None,
        idempotent: bool | None = None,  # noqa: ARG002
    ) -> AsyncGenerator[HttpResponse, None]:
        """Ask the provider; see `jackfield.protocols.Http`.

        Yields:
            The answer.

        Raises:
            ProviderError: A bearer token would go to another host.
            Unreachable: No answer.
        """
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)
        sent = dict(headers or {})
        if bearer is not None:
            if urlsplit(url).hostname != self._host:
                raise ProviderError(self._account, f"no token for {urlsplit(url).hostname}")
            sent["Authorization"] = f"Bearer {bearer.get_secret_value()}"
        try:
            async with self._client.stream(
                method, url, params=params, headers=sent, content=content
            ) as answer:
                yield HttpResponse(self._account, answer)
        except httpx.TransportError as error:
            host = urlsplit(url).hostname
            raise Unreachable(self._account, f"{host}: {type(error).__name__}") from error

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None
