"""The pace of requests: a token bucket that all threads share, shrinks when told off, and recovers.

Vapi publishes no rate limit (docs/providers/vapi.md), so the bucket starts wide open and learns: a 429
halves the rate that was actually reached, and every answer that is not one wins a little back.
"""

from __future__ import annotations

import threading
from collections import deque

from callsheet.providers.clock import Clock

_WINDOW = 1.0  # seconds over which the reached rate is counted
_SLACK = 0.1  # seconds' worth of turns that an idle bucket saves up


class Pace:
    """`take()` before every request; `refused()` after a 429, `welcomed()` after anything else."""

    def __init__(
        self, clock: Clock, *, ceiling: float = 1000.0, floor: float = 0.5, recovery: float = 1.02
    ) -> None:
        """`ceiling` and `floor`: requests per second; `recovery` multiplies the rate per good answer."""
        self._clock = clock
        self._ceiling, self._floor, self._recovery = ceiling, floor, recovery
        self._rate = ceiling
        self._next = float("-inf")  # when the next request may go out
        self._shrunk = float("-inf")
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()

    @property
    def rate(self) -> float:
        """Requests per second that are let through now."""
        return self._rate

    def take(self) -> float:
        """Wait for a turn; the moment of the turn, to hand back to `refused`."""
        with self._lock:
            now = self._clock.monotonic()
            due = max(self._next, now - _SLACK)
            turn = max(due, now)
            self._next = due + 1 / self._rate
            self._recent.append(turn)
            while self._recent and self._recent[0] < turn - _WINDOW:
                self._recent.popleft()
        if turn > now:
            self._clock.sleep(turn - now)
        return turn

    def refused(self, turn: float, wait: float = 0.0) -> None:
        """A 429 to the request of that turn: everybody waits `wait` seconds and goes on more slowly.

        Answers to requests that went out before the last shrinking say nothing new, and shrink nothing.
        """
        with self._lock:
            now = self._clock.monotonic()
            self._next = max(self._next, now + wait)
            if turn > self._shrunk:
                self._rate = max(self._floor, min(self._rate, len(self._recent) / _WINDOW) / 2)
                self._shrunk = max(self._recent, default=turn)

    def welcomed(self) -> None:
        with self._lock:
            self._rate = min(self._ceiling, self._rate * self._recovery)
