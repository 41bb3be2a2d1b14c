"""Jackfield: what people write to you, behind one typed asynchronous API.

Nothing is imported here until it is asked for, so that the command line starts quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.version import API_LEVEL, __version__

if TYPE_CHECKING:
    from jackfield.orchestrator import Assistant, AssistantOrchestrator

__all__ = ["API_LEVEL", "Assistant", "AssistantOrchestrator", "__version__"]


def __getattr__(name: str) -> object:
    """Import the orchestrator when it is first asked for (PEP 562).

    Args:
        name: The attribute that is looked up.

    Returns:
        The class of that name.

    Raises:
        AttributeError: There is no such name.
    """
    if name in {"Assistant", "AssistantOrchestrator"}:
        from jackfield import orchestrator

        return getattr(orchestrator, name)
    raise AttributeError(f"module 'jackfield' has no attribute {name!r}")
