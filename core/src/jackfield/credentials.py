"""Secrets of an account while it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import SecretStr

from jackfield.errors import ConfigError

if TYPE_CHECKING:
    from jackfield.models import Account
    from jackfield.settings import Settings


class SettingsSecrets:
    """Gives the secrets that came with an account's settings.

    Args:
        account: Whose.
        settings: Filled in.
    """

    def __init__(self, account: Account, settings: Settings) -> None:
        self._account = account
        self._settings = settings

    async def get(self, name: str) -> SecretStr | None:
        """Read a secret.

        Args:
            name: The setting's name.

        Returns:
            The secret, or None.
        """
        value = getattr(self._settings, name, None)
        return value if isinstance(value, SecretStr) else None

    async def put(self, name: str, value: SecretStr) -> None:  # noqa: ARG002
        """Refuse to keep a secret: settings come from outside.

        Args:
            name: The setting's name.
            value: The new secret.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(f"{self._account}: {name} comes from outside and cannot be changed here")
