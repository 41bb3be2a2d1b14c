"""What a user gets where things go wrong: a round that may fail, and a listing of all mails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jackfield.clock import SystemClock
from jackfield.config import load_configuration
from jackfield.hooks import AccountHooks
from jackfield.mirror import Mirror
from jackfield.orchestrator import AssistantOrchestrator
from plugins.imap.tests.mirrored import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jackfield.mirror import CollectionSync
    from plugins.imap.tests.mirrored import Mirrored


async def attempt(copy: Mirrored, **options: Any) -> dict[str, CollectionSync]:
    """Sync once, and say how each folder went."""
    hooks = AccountHooks(ACCOUNT, copy.connector)
    outcomes = await Mirror(hooks, copy.store, SystemClock(), "email", **options).round()
    return {each.name: each for each in outcomes}


async def subjects(copy: Mirrored, folder: str = "INBOX") -> list[str]:
    """The subjects that are stored of a folder, each as often as it is there."""
    places = [place.partition("/") for place in await copy.places()]
    return sorted(subject for name, _, subject in places if name == folder)


def assistant(environment: Mapping[str, str]) -> AssistantOrchestrator:
    """All that a user has, over a store in memory."""
    return AssistantOrchestrator(configuration=load_configuration(dict(environment)), store=None)
