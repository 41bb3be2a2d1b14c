"""What a sync does once every account is done."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from jackfield.config import load_configuration
from jackfield.models import SourceType
from jackfield.orchestrator import AssistantOrchestrator
from jackfield.registry import Registry
from tests.contract.imap_fake import ImapFake, ImapServer

if TYPE_CHECKING:
    from pathlib import Path


def segments(folder: Path) -> int:
    db = sqlite3.connect(folder / "store.db")
    try:
        (number,) = db.execute(
            "SELECT count(DISTINCT id >> 37) FROM fts_data WHERE id > 10"
        ).fetchone()
        return int(number)
    finally:
        db.close()


async def test_the_first_sync_leaves_an_index_of_one_piece(tmp_path: Path) -> None:
    server, registry = ImapServer(), Registry()
    for number in range(30):
        server.append("INBOX", f"mail{number}")
    registry.register_mail_connector(SourceType("fake"), ImapFake(server))
    one = AssistantOrchestrator(
        registry=registry,
        configuration=load_configuration({"JACKFIELD_CONFIG": str(tmp_path / "config.toml")}),
        store=tmp_path / "store.db",
    )
    async with one:
        await one.sync()
        first = segments(tmp_path)
        for number in range(10):
            server.append("INBOX", f"later{number}")
        await one.sync()
    assert first == 1
    assert segments(tmp_path) > 1
