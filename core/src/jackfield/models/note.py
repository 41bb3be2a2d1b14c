"""A note."""

from __future__ import annotations

from typing import Literal

from jackfield.models.base import UtcTime
from jackfield.models.item import Item


class UnifiedNote(Item):
    """A page of any notebook.

    Attributes:
        kind: Always ``note``.
        title: The page's title.
        notebook: The notebook it is in.
        section: The section within that notebook.
        created_at: When it was made.
        updated_at: When it was last changed.
    """

    kind: Literal["note"] = "note"
    title: str = ""
    notebook: str = ""
    section: str = ""
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
