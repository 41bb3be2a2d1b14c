"""What all tests share: real servers, and recorded data that others made."""

from __future__ import annotations

pytest_plugins = ["tests.peers.fixtures"]
