"""An account: one sign-in at one platform."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jackfield.models.source import SourceType

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """Names one account, written ``gmail:work``.

    Args:
        source: The platform.
        name: The user's own name for it; ``default`` where there is only one.

    Raises:
        ValueError: A part has the wrong form.
    """

    source: SourceType
    name: str = "default"

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", SourceType(self.source))
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no account name: use letters, digits, . _ @ + -")

    def __str__(self) -> str:
        return f"{self.source}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> Account:
        """Read ``gmail:work``, or ``gmail`` for ``gmail:default``.

        Args:
            text: The account as a person writes it.

        Returns:
            The account.

        Raises:
            ValueError: The text is neither form.
        """
        source, _, name = text.partition(":")
        return cls(SourceType(source), name or "default")
