"""Sequences that steer a terminal: taken out whole, so that no half of one is left as text."""

from __future__ import annotations

import re

# ECMA-48: control sequences, strings up to their terminator, two-character escapes.
ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
