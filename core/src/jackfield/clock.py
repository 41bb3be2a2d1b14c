"""The machine's clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """Tells the machine's time; tests pass another."""

    def now(self) -> datetime:
        """Tell the time.

        Returns:
            Now, in UTC.
        """
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Tell a time that never goes back.

        Returns:
            Seconds since some moment.
        """
        return time.monotonic()
