"""A store in memory with one mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.tests.store.mails import ME
from jackfield.store import rounds
from jackfield.store.files import open_file

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = open_file(None)
    rounds.register(connection, ME, "me@acme.example")
    yield connection
    connection.close()
