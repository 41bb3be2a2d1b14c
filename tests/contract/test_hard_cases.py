"""Every hard case that was written by hand ends as it says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.story import Story, canonical, shelf

if TYPE_CHECKING:
    import sqlite3

_FILE = Path(__file__).with_name("hard_cases.toml")
CASES: list[dict[str, Any]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))["case"]


def _expected(line: str, provider: str) -> tuple[str, tuple[str, ...], frozenset[str]]:
    """Read ``budget: INBOX/1 +seen, Archive/2``; a queue's places have no folder."""
    word, _, rest = line.partition(": ")
    places: list[str] = []
    flags: set[str] = set()
    for part in () if rest == "-" else rest.split(", "):
        place, *marks = part.split()
        place = f"updates/{place}" if provider == "queue" else place
        places.append(place)
        flags.update(f"{place} {mark}" for mark in marks)
    return word, tuple(sorted(places)), frozenset(flags)


def _withheld(db: sqlite3.Connection) -> list[str]:
    return [row[0] for row in db.execute("SELECT key FROM collection WHERE withheld > 0")]


def test_there_are_at_least_ten_hard_cases_of_all_three_providers() -> None:
    assert len(CASES) >= 10
    assert {case["provider"] for case in CASES} == {"imap", "graph", "queue"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
async def test_a_hard_case_ends_as_written(case: dict[str, Any], tmp_path: Path) -> None:
    story = Story(case["provider"], tmp_path / "store.db")

    await story.play(case["script"])

    found = await story.read(shelf)
    if "end" in case:
        wanted = [_expected(line, case["provider"]) for line in case["end"]]
        if case["provider"] == "queue":
            found = [(word, places, frozenset()) for word, places, _ in found]
        assert canonical(found) == canonical(wanted)
    assert len(found) == case.get("count", len(found))
    assert await story.read(_withheld) == case.get("held", [])
    assert {word: len(story.ids[word]) for word in case.get("same", [])} == dict.fromkeys(
        case.get("same", []), 1
    )
    if "confirmed" in case:
        assert story.server.confirmed == case["confirmed"]
