"""What a connector can do: declared by its class, narrowed by the sign-in."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Reading = Literal["remote", "store", "none"]
"""``remote``: the provider answers. ``store``: only what was received is there. ``none``."""

Syncing = Literal["delta", "append", "index", "queue", "none"]
"""How a collection is kept: ``delta`` reports all changes since a cursor; ``append`` what is
new, and `index` tells the rest; ``index`` alone; ``queue`` hands each thing over once and
forgets it after the acknowledgement, so absence means nothing; ``none``."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What can be done with one kind of item.

    Attributes:
        fetch: Listing the newest.
        search: Searching.
        sync: Keeping a copy.
        send: Sending something new.
        reply: Answering within the conversation.
        forward: Passing on with attachments.
        attachments_in: Attachments can be downloaded.
        attachments_out: Attachments can be sent.
        mark_read: Marking read and unread.
        flag: Starring.
        label: Adding and removing labels.
        move: Moving between collections.
        archive: Archiving.
        delete: Deleting.
        drafts: Keeping drafts at the provider.
        react: Reacting with an emoji.
        edit: Editing what was sent.
        rsvp: Answering an invitation.
        create_note: Making a page.
        append: Adding to a page.
        watch: Pushing changes over a connection that we hold.
        receive: Pushing changes to a webhook.
        history_days: How far back reading goes, in days; None means all.
        page_size: Items in one answer at the most.
        requests_per_minute: What the provider allows; None where it does not say.
        idempotent_send: The provider drops a repeated send by its key.
        deletions_visible: Deletions at the provider can be seen.
    """

    fetch: Reading = "none"
    search: Reading = "none"
    sync: Syncing = "none"
    send: bool = False
    reply: bool = False
    forward: bool = False
    attachments_in: bool = False
    attachments_out: bool = False
    mark_read: bool = False
    flag: bool = False
    label: bool = False
    move: bool = False
    archive: bool = False
    delete: bool = False
    drafts: bool = False
    react: bool = False
    edit: bool = False
    rsvp: bool = False
    create_note: bool = False
    append: bool = False
    watch: bool = False
    receive: bool = False
    history_days: int | None = None
    page_size: int = 50
    requests_per_minute: int | None = None
    idempotent_send: bool = False
    deletions_visible: bool = False

    def exceeds(self, declared: Capabilities) -> list[str]:
        """Name what is claimed here and not in the declaration.

        Args:
            declared: The most that the class says it can do.

        Returns:
            Names of yes-or-no capabilities and of readings that go beyond it.
        """
        more = []
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(declared, each.name)
            gained = mine is True and theirs is False
            if gained or (isinstance(mine, str) and mine not in {theirs, "none"}):
                more.append(each.name)
        return more


@dataclass(frozen=True, slots=True)
class Effective:
    """What this sign-in can really do.

    Attributes:
        capabilities: A subset of what the class declares.
        losses: Capability name to the reason why it is missing, e.g. a scope.
    """

    capabilities: Capabilities
    losses: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
