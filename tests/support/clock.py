"""Time that passes when somebody sleeps."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class FakeClock:
    def __init__(self) -> None:
        self.slept: list[float] = []
        self._at = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self._at

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC) + timedelta(seconds=self._at)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self._at += seconds
