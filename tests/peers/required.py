"""The one rule for what a test does when something that it needs is missing."""

from __future__ import annotations

import os

import pytest


def required_names() -> frozenset[str]:
    """Returns what ``JACKFIELD_REQUIRE`` (comma-separated) does not allow to be missing."""
    listed = os.environ.get("JACKFIELD_REQUIRE", "").split(",")
    return frozenset(name.strip() for name in listed if name.strip())


def require(name: str, present: bool, how: str) -> None:
    """Goes on when ``present``; else fails if ``name`` is required, and skips if not.

    Args:
        name: The word that stands for it in ``JACKFIELD_REQUIRE``.
        present: Whether it is there.
        how: How to get it, for the person who reads the report.
    """
    if present:
        return
    if name in required_names():
        pytest.fail(f"{name} is missing and JACKFIELD_REQUIRE names it: {how}", pytrace=False)
    pytest.skip(f"{name} is missing: {how}")
