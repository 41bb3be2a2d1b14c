"""The form of a connector's settings; `jackfield.config` fills them in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, SecretStr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Env:
    """Names the environment variable of a setting: ``Annotated[str, Env("EMAIL_ADDRESS")]``.

    Attributes:
        name: For the account ``default``; others append ``__NAME``. Each also has a ``_FILE``
            form, which names a file that holds the value.
    """

    name: str


class Settings(BaseModel):
    """The base of all connectors' settings: frozen, and an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def variables(cls) -> Iterator[tuple[str, str]]:
        """Pair fields with environment variables.

        Yields:
            Field name, variable name.
        """
        for field_name, info in cls.model_fields.items():
            for mark in info.metadata:
                if isinstance(mark, Env):
                    yield field_name, mark.name

    @classmethod
    def secret_fields(cls) -> frozenset[str]:
        """Name the fields whose value must never stand in plain text.

        Returns:
            Field names.
        """
        return frozenset(name for name, info in cls.model_fields.items() if _is_secret(info))


def _is_secret(info: FieldInfo) -> bool:
    return info.annotation is SecretStr or SecretStr in getattr(info.annotation, "__args__", ())
