"""The name of a platform: an open string, not a closed list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler

_FORM = re.compile(r"[a-z][a-z0-9_-]{0,63}")


class SourceType(str):
    """A platform's name, such as ``SourceType.GMAIL`` or ``SourceType("matrix")``.

    It is a `str`: it compares, hashes and survives JSON as one. The constants are only
    the names that everyone should spell alike; a stranger's platform is just as good.

    Raises:
        ValueError: The name is not of the form ``[a-z][a-z0-9_-]*``, at most 64 characters.
    """

    __slots__ = ()

    WHATSAPP: ClassVar[SourceType]
    TEAMS: ClassVar[SourceType]
    SLACK: ClassVar[SourceType]
    GMAIL: ClassVar[SourceType]
    OUTLOOK: ClassVar[SourceType]
    IMAP: ClassVar[SourceType]
    ONENOTE: ClassVar[SourceType]
    TELEGRAM: ClassVar[SourceType]
    SMS: ClassVar[SourceType]
    APPLE_MAIL: ClassVar[SourceType]

    def __new__(cls, name: str) -> SourceType:  # noqa: D102
        if not _FORM.fullmatch(name):
            raise ValueError(
                f"{name!r} is no source name: it takes lower-case letters, digits, '-' and '_', "
                "and starts with a letter"
            )
        return super().__new__(cls, name)

    def __repr__(self) -> str:
        return f"SourceType({str(self)!r})"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(), serialization=core_schema.to_string_ser_schema()
        )


for _constant, _name in {
    "WHATSAPP": "whatsapp",
    "TEAMS": "teams",
    "SLACK": "slack",
    "GMAIL": "gmail",
    "OUTLOOK": "outlook",
    "IMAP": "imap",
    "ONENOTE": "onenote",
    "TELEGRAM": "telegram",
    "SMS": "sms",
    "APPLE_MAIL": "apple-mail",
}.items():
    setattr(SourceType, _constant, SourceType(_name))
