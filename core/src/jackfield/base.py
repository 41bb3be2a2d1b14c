"""What an author of a connector subclasses."""

from __future__ import annotations

import inspect
from abc import ABC
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from jackfield.batches import Collection
from jackfield.capabilities import Capabilities, Effective
from jackfield.errors import NotSupported
from jackfield.hookspecs import CONNECTOR_HOOKS, hookimpl
from jackfield.query.tree import Everything, Query, Translation
from jackfield.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime

    from jackfield.batches import Batch, Change, Entry, Event, IndexEntry, Level, Received, Ref
    from jackfield.models import Account, Attachment, Draft, Item, Kind, SendResult, SourceType
    from jackfield.models.meeting import Response
    from jackfield.protocols import Clock, Http, Secrets, StoreView

_ARGUMENTS = {
    "fetch": {"account", "request"},
    "search": {"account", "request"},
    "send": {"account", "draft"},
}


@dataclass(frozen=True, slots=True)
class Context:
    """What the core lends to a connector for as long as it is open.

    Attributes:
        account: Which account it is bound to.
        settings: An instance of the connector's `settings_type`.
        http: HTTP to the provider.
        secrets: The account's secrets.
        clock: The time.
        store: What is stored of this account.
    """

    account: Account
    settings: Settings
    http: Http
    secrets: Secrets
    clock: Clock
    store: StoreView


@dataclass(frozen=True, slots=True)
class Allow:
    """A send may go."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A send waits for a person, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Deny:
    """A send must not go, for this reason."""

    reason: str


Decision = Allow | Hold | Deny


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that might be done next.

    Attributes:
        kind: ``reply``, ``rsvp``, ``follow-up`` ...
        item_id: The item that it rests on.
        sentence: The sentence in it that it rests on.
        score: 0 to 1; the highest is shown first.
    """

    kind: str
    item_id: str
    sentence: str
    score: float = 0.5


@dataclass(frozen=True, slots=True)
class RecommendContext:
    """What suggestions are made from.

    Attributes:
        items: Items of all accounts, newest first.
        now: The time.
    """

    items: Sequence[Item]
    now: datetime


class Connector(ABC):
    """One account at one platform.

    ``__init__`` does no I/O and makes nothing that belongs to an event loop; `open` and `close`
    do. `fetch`, `search` and `send` are hooks: a class that defines one implements it. What a
    class does not define, the core does without.

    Attributes:
        source: The platform's name.
        kinds: The kinds it serves, set by the abstract classes below.
        api_level: The contract it was written for.
        declared: The most it can do, by kind, readable without a sign-in.
        settings_type: The model of its settings.
    """

    source: ClassVar[SourceType]
    kinds: ClassVar[frozenset[Kind]] = frozenset()
    api_level: ClassVar[int] = 1
    declared: ClassVar[Mapping[Kind, Capabilities]] = MappingProxyType({})
    settings_type: ClassVar[type[Settings]] = Settings

    def __init__(self, settings: Settings | None = None) -> None:
        self.given_settings = settings

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        for base in cls.__bases__:
            cls.kinds = cls.kinds | getattr(base, "kinds", frozenset())
        for name in CONNECTOR_HOOKS:
            if name in cls.__dict__:
                _check_signature(cls, name)
                hookimpl(cls.__dict__[name])

    async def open(self, context: Context) -> None:
        """Connect, or make ready to; called on the event loop that will use the connector.

        Args:
            context: What the core lends.
        """
        self.context = context

    async def close(self) -> None:
        """Let go of everything `open` took. Called once, also after an error."""

    def mailbox_identity(self) -> str:
        """Tell who the account is at the provider, once open: an address, a user id.

        Returns:
            The same for every way into the same mailbox. By default the account's name.
        """
        return str(self.context.account)

    def mailbox_aliases(self) -> Sequence[str]:
        """Tell other names of the same mailbox, once open: more addresses, the user name.

        Returns:
            Names; the core refuses an account that once was a mailbox of none of its names.
        """
        return ()

    def effective(self, kind: Kind) -> Effective:
        """Tell what this sign-in can do, once open.

        Args:
            kind: Of which kind.

        Returns:
            A subset of what is declared, and why the rest is missing.
        """
        return Effective(self.declared.get(kind, Capabilities()))

    async def collections(self) -> Sequence[Collection]:
        """List folders, chats, notebooks.

        Returns:
            All of them; one entry where the platform has none.
        """
        return [Collection(id="", name=str(self.source), kind="all", role="all")]

    def translate(self, query: Query) -> Translation:
        """Put a query into the provider's language. Pure.

        Args:
            query: What was asked.

        Returns:
            The provider's form, which matches at least as much, and what is left to check.
        """
        return Translation(native=None, residue=query, exact=isinstance(query, Everything))

    def index(self, collection: Collection) -> AsyncIterator[Sequence[IndexEntry]]:
        """List all keys of a collection, with a version each, in pages.

        Args:
            collection: Which.

        Returns:
            Pages that together name everything in it.

        Raises:
            NotSupported: The platform has no such listing.
        """
        raise NotSupported(self.context.account, f"{self.source} has no index of {collection.name}")

    async def get(self, refs: Sequence[Ref], level: Level) -> Sequence[Entry]:  # noqa: ARG002
        """Fetch single items, for repair and for showing them whole.

        Args:
            refs: Which, all of one collection.
            level: How much of them.

        Returns:
            Those that are still there, in any order; only some of them where all would be more
            than a batch may hold. The core asks for the others again.

        Raises:
            NotSupported: The platform cannot.
        """
        raise NotSupported(self.context.account, f"{self.source} gives no single items: {level}")

    async def reconcile(self, draft: Draft) -> SendResult:
        """Find out whether an uncertain send left.

        Args:
            draft: What was sent.

        Returns:
            ``accepted``, ``rejected`` when it surely did not leave, else ``unknown``.

        Raises:
            NotSupported: The platform cannot tell.
        """
        raise NotSupported(self.context.account, f"{self.source} cannot look up {draft.key}")

    async def keep_copy(self, draft: Draft) -> None:
        """Put a copy of what was sent where its author finds it. Called until it succeeds.

        Called after an accepted send was recorded, and again after a crash or an error: what is
        there already is not put there twice. By default nothing: the provider keeps it.

        Args:
            draft: What was sent.
        """

    async def update(self, refs: Sequence[Ref], change: Change) -> Batch:  # noqa: ARG002
        """Mark, flag, label, move or delete items.

        Args:
            refs: Which, all of one collection.
            change: What.

        Returns:
            What is now different, as a sync would tell it: a patch for each item that was
            marked, `removed` for each that left, and an entry where its new place is known.
            What it does not name did not change.

        Raises:
            NotSupported: The platform cannot.
        """
        raise NotSupported(self.context.account, f"{self.source} cannot change: {change}")

    def download(self, ref: Ref, attachment: Attachment) -> AsyncIterator[bytes]:  # noqa: ARG002
        """Stream an attachment.

        Args:
            ref: Of which item.
            attachment: Which one.

        Returns:
            Its bytes, piece by piece.

        Raises:
            NotSupported: The platform cannot.
        """
        raise NotSupported(self.context.account, f"{self.source} cannot download {attachment.name}")

    def watch(self) -> AsyncIterator[Event]:
        """Hear of changes as they happen.

        Returns:
            Events, until cancelled.

        Raises:
            NotSupported: The platform does not push over a connection.
        """
        raise NotSupported(self.context.account, f"{self.source} does not push")

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:  # noqa: ARG002
        """Check that a webhook's request comes from the provider, before anything is parsed.

        Args:
            headers: Its headers, names in lower case.
            body: The raw bytes that the signature covers.

        Raises:
            NotSupported: The platform sends no webhooks.
            PermissionDenied: The signature is wrong.
        """
        raise NotSupported(self.context.account, f"{self.source} sends no webhooks")

    def parse(self, body: bytes) -> Sequence[Received]:  # noqa: ARG002
        """Read a verified webhook. Pure: it may be read again after an upgrade.

        Args:
            body: The raw bytes.

        Returns:
            What came, by the mailbox that it came for: one request may hold several.

        Raises:
            NotSupported: The platform sends no webhooks.
        """
        raise NotSupported(self.context.account, f"{self.source} sends no webhooks")

    @classmethod
    async def suggest(cls, address: str) -> Sequence[Mapping[str, str]]:  # noqa: ARG003
        """Guess settings for somebody who adds an account.

        Args:
            address: What the user calls the account by, such as a mail address.

        Returns:
            Values by setting name, the likeliest guess first; none that is secret.
        """
        return []

    async def diagnose(self) -> Sequence[str]:
        """Look for what the user should mend.

        Returns:
            One line each, with its fix; none where all is well.
        """
        return []


class MessageSourceConnector(Connector):
    """Serves chat messages."""

    kinds = frozenset({"message"})


class MailSourceConnector(Connector):
    """Serves mails."""

    kinds = frozenset({"email"})


class NoteSourceConnector(Connector):
    """Serves notes."""

    kinds = frozenset({"note"})

    async def create_note(self, collection: str, title: str, html: str) -> Ref:  # noqa: ARG002
        """Make a page.

        Args:
            collection: `Collection.id` of the section.
            title: Its title.
            html: Its content.

        Returns:
            Where it is.

        Raises:
            NotSupported: The platform cannot.
        """
        raise NotSupported(self.context.account, f"{self.source} makes no notes: {title}")


class MeetingSourceConnector(Connector):
    """Serves calendar events."""

    kinds = frozenset({"meeting"})

    async def respond(self, ref: Ref, response: Response, comment: str = "") -> None:  # noqa: ARG002
        """Answer an invitation.

        Args:
            ref: Which.
            response: ``accepted``, ``declined`` or ``tentative``.
            comment: For the organiser.

        Raises:
            NotSupported: The platform cannot.
        """
        raise NotSupported(self.context.account, f"{self.source} answers no invitations")


def _check_signature(cls: type[Connector], name: str) -> None:
    """Refuse what pluggy would accept and never call as the author means it."""
    method = cls.__dict__[name]
    where = f"{cls.__module__}.{cls.__qualname__}.{name}"
    rightly = inspect.iscoroutinefunction if name == "send" else inspect.isasyncgenfunction
    if not rightly(method):
        form = "a coroutine function" if name == "send" else "an asynchronous generator"
        raise TypeError(f"{where} must be {form}")
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        allowed = parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        if not allowed or parameter.default is not inspect.Parameter.empty:
            raise TypeError(f"{where}: {parameter.name!r} must be plain, without a default")
        if parameter.name not in _ARGUMENTS[name]:
            raise TypeError(f"{where} takes {sorted(_ARGUMENTS[name])}, not {parameter.name!r}")
