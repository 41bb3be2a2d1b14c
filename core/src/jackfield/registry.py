"""Which connectors there are: names from entry points, code on use, instances by hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar, cast

from importlib_metadata import EntryPoint, entry_points

from jackfield.base import (
    Connector,
    MailSourceConnector,
    MeetingSourceConnector,
    MessageSourceConnector,
    NoteSourceConnector,
)
from jackfield.errors import ConfigError, NotInstalled, PluginError
from jackfield.models import Account, SourceType
from jackfield.version import API_LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jackfield.models import Kind

CONNECTORS = "jackfield.connectors"
PLUGINS = "jackfield.plugins"
ENVIRONMENT = "jackfield.environment"
DEMOS = "jackfield.demos"

C = TypeVar("C", bound=Connector)


@dataclass(frozen=True, slots=True)
class Installed:
    """A name that a distribution claims; its code is not imported yet.

    Attributes:
        name: The entry point's name.
        distribution: Name and version of the distribution.
        entry_point: Loads the code.
    """

    name: str
    distribution: str
    entry_point: EntryPoint

    def load(self) -> object:
        """Import the code.

        Returns:
            What the entry point names.

        Raises:
            PluginError: It cannot be imported, whatever it does instead.
        """
        try:
            return self.entry_point.load()
        except (Exception, SystemExit) as error:
            raise PluginError(
                self.distribution,
                f"cannot be imported: {type(error).__name__}: {error}",
                fix=f"pip install --upgrade {self.distribution.partition(' ')[0]}",
            ) from error


@cache
def installed(group: str) -> tuple[Installed, ...]:
    """Read the names in an entry-point group. Nothing of them is imported.

    Args:
        group: Such as ``jackfield.connectors``.

    Returns:
        All of them by name, also those that two distributions claim.
    """
    found = []
    for point in entry_points(group=group):
        dist = point.dist
        label = f"{dist.name} {dist.version}" if dist is not None else "unknown"
        found.append(Installed(point.name, label, point))
    return tuple(sorted(found, key=lambda each: (each.name, each.distribution)))


class Registry:
    """Knows connectors by name, and the instances that were registered by hand.

    It holds specifications and no open connection: sessions open and close connectors. The
    mapping of accounts is never changed, only replaced, so that nobody sees half of it.
    """

    def __init__(self) -> None:
        self._by_hand: Mapping[Account, Connector] = MappingProxyType({})

    @property
    def registered(self) -> Mapping[Account, Connector]:
        """The accounts that were registered by hand, with their connectors."""
        return self._by_hand

    def connector_class(self, source: SourceType) -> type[Connector]:
        """Import the class of a platform's connector.

        Args:
            source: The platform.

        Returns:
            The class.

        Raises:
            NotInstalled: No distribution has it.
            PluginError: It is broken, too new or too old, or two distributions claim it.
        """
        claims = [each for each in installed(CONNECTORS) if each.name == source]
        if not claims:
            line = f"pip install jackfield-{source}"
            raise NotInstalled(f"no connector named {source!r} is installed", fix=line)
        if len(claims) > 1:
            names = " and ".join(each.distribution for each in claims)
            raise PluginError(
                names, f"both claim {source!r}, so neither is used", fix="uninstall one of them"
            )
        found = claims[0].load()
        if not (isinstance(found, type) and issubclass(found, Connector)):
            raise PluginError(claims[0].distribution, f"{found!r} is no connector class")
        if found.api_level not in {API_LEVEL, API_LEVEL - 1}:
            raise PluginError(
                claims[0].distribution,
                f"was written for API level {found.api_level}; this core has {API_LEVEL}",
                fix="upgrade jackfield or the plugin",
            )
        return found

    def register_message_connector(
        self, source: SourceType, connector: MessageSourceConnector, account: str = "default"
    ) -> None:
        """Register a messaging connector by hand; it replaces a discovered account of that name.

        Args:
            source: The platform.
            connector: Its connector.
            account: The account's name.
        """
        self._register(source, connector, account, "message")

    def register_mail_connector(
        self, source: SourceType, connector: MailSourceConnector, account: str = "default"
    ) -> None:
        """Register a mail connector by hand; see `register_message_connector`."""
        self._register(source, connector, account, "email")

    def register_note_connector(
        self, source: SourceType, connector: NoteSourceConnector, account: str = "default"
    ) -> None:
        """Register a notes connector by hand; see `register_message_connector`."""
        self._register(source, connector, account, "note")

    def register_meeting_connector(
        self, source: SourceType, connector: MeetingSourceConnector, account: str = "default"
    ) -> None:
        """Register a calendar connector by hand; see `register_message_connector`."""
        self._register(source, connector, account, "meeting")

    def unregister(self, account: Account) -> None:
        """Forget an account that was registered by hand.

        Args:
            account: Which.
        """
        left = {key: value for key, value in self._by_hand.items() if key != account}
        self._by_hand = MappingProxyType(left)

    def get_message_connector(
        self, source: SourceType, account: str | None = None
    ) -> MessageSourceConnector:
        """Give the messaging connector that was registered by hand.

        Args:
            source: The platform.
            account: The account's name; by default ``default``, else the only one.

        Returns:
            The connector.

        Raises:
            ConfigError: There is none, or several and none is named.
        """
        return cast("MessageSourceConnector", self._get(source, account, "message"))

    def get_mail_connector(
        self, source: SourceType, account: str | None = None
    ) -> MailSourceConnector:
        """Give the mail connector; see `get_message_connector`."""
        return cast("MailSourceConnector", self._get(source, account, "email"))

    def get_note_connector(
        self, source: SourceType, account: str | None = None
    ) -> NoteSourceConnector:
        """Give the notes connector; see `get_message_connector`."""
        return cast("NoteSourceConnector", self._get(source, account, "note"))

    def get_meeting_connector(
        self, source: SourceType, account: str | None = None
    ) -> MeetingSourceConnector:
        """Give the calendar connector; see `get_message_connector`."""
        return cast("MeetingSourceConnector", self._get(source, account, "meeting"))

    def _register(self, source: SourceType, connector: Connector, account: str, kind: Kind) -> None:
        if not isinstance(connector, Connector) or kind not in connector.kinds:
            raise ConfigError(f"{connector!r} is no connector for {kind}s")
        key = Account(SourceType(source), account)
        self._by_hand = MappingProxyType({**self._by_hand, key: connector})

    def _get(self, source: SourceType, account: str | None, kind: Kind) -> Connector:
        mine = {
            key.name: connector
            for key, connector in self._by_hand.items()
            if key.source == source and kind in connector.kinds
        }
        chosen = account if account is not None else "default"
        if chosen in mine:
            return mine[chosen]
        if account is None and len(mine) == 1:
            return next(iter(mine.values()))
        known = ", ".join(f"{source}:{name}" for name in sorted(mine)) or "none"
        raise ConfigError(f"no {kind} connector {source}:{chosen} is registered; known: {known}")


@cache
def get_registry() -> Registry:
    """Give the process's registry.

    Returns:
        Always the same one; `Registry()` makes a private one.
    """
    return Registry()
