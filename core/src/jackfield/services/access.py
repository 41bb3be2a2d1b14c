"""What an account may be used for: checked before any plugin or connector is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from jackfield.errors import ConfigError

if TYPE_CHECKING:
    from jackfield.config import Configuration
    from jackfield.models import Account

Access = Literal["read", "send", "full"]
"""``read``: nothing leaves and nothing changes. ``send``: it may also send. ``full``: it may also
mark, move and delete."""

_LEVELS: tuple[Access, ...] = ("read", "send", "full")
_FALSE = frozenset({"", "0", "false", "no", "off"})


def require_access(configuration: Configuration, account: Account, wanted: Access) -> None:
    """Refuse what an account must not be used for.

    Args:
        configuration: The file and the environment; ``JACKFIELD_READ_ONLY`` holds for all.
        account: Which.
        wanted: What it is to be used for.

    Raises:
        ConfigError: It is not allowed, or ``access`` is none of ours.
    """
    given = configuration.accounts.get(account, {}).get("access", "full")
    if given not in _LEVELS:
        raise ConfigError(f"{account}: access is {given!r}; it takes read, send or full")
    where = f'access of {account} is "{given}" in {configuration.path}'
    if configuration.environment.get("JACKFIELD_READ_ONLY", "").strip().lower() not in _FALSE:
        given, where = "read", "JACKFIELD_READ_ONLY is set"
    if _LEVELS.index(given) < _LEVELS.index(wanted):
        verb = "sent by" if wanted == "send" else "changed in"
        raise ConfigError(f"nothing is {verb} {account}: {where}")
