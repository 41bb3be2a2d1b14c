"""What people are told of the store."""

from __future__ import annotations

from pathlib import Path


def test_the_readme_says_that_the_store_is_not_encrypted() -> None:
    text = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    assert "The store and the outbox are plain SQLite" in text
    assert "not encrypted" in text
