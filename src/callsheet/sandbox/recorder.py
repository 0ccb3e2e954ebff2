"""What was asked of the sandbox: counts by method and path, and every write. No bodies, no keys."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Write:
    """`status` is what was answered, or None where the connection was closed instead."""

    method: str
    path: str
    status: int | None

    def to_json(self) -> dict[str, Any]:
        return {"method": self.method, "path": self.path, "status": self.status}


class Recorder:
    """Counts of one application. `counts` has `GET /assistant/{id}` for reads of single objects."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._writes: deque[Write] = deque(maxlen=_KEPT)

    def record(self, method: str, route: str, path: str, status: int | None) -> None:
        with self._lock:
            self._counts[f"{method} {route}"] += 1
            if method not in ("GET", "HEAD", "OPTIONS"):
                self._writes.append(Write(method, path, status))

    @property
    def counts(self) -> dict[str, int]:
        with self._lock:
            return dict(sorted(self._counts.items()))

    @property
    def writes(self) -> tuple[Write, ...]:
        """The last 10,000 requests that were no reads, oldest first."""
        with self._lock:
            return tuple(self._writes)

    def reset(self) -> None:
        with self._lock:
            self._counts.clear()
            self._writes.clear()

    def to_json(self) -> dict[str, Any]:
        counts = self.counts
        return {
            "total": sum(counts.values()),
            "counts": counts,
            "writes": [write.to_json() for write in self.writes],
        }
