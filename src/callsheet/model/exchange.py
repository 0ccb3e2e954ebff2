"""Exchanges: each attempt of each request, for those who keep account of what was asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt. `status` is None where no answer came, and `why` says what is wrong with the answer.

    `key` is the change's idempotency key, sent or not. The bodies are here to be digested, never kept.
    """

    at: datetime
    method: str
    path: str
    key: str | None
    status: int | None
    why: str
    seconds: float
    sent: bytes = field(repr=False)
    received: bytes = field(repr=False)


class Tap(Protocol):
    """Called from the threads that make requests."""

    def __call__(self, exchange: Exchange) -> None: ...


def untapped(exchange: Exchange) -> None:
    """The tap of those who do not want to know."""
