"""Events: how the engine tells what it does. It never prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is a stable slug such as `refresh.kind` or `change.done`; `fields` are JSON and secret-free."""

    name: str
    fields: dict[str, Any] = field(default_factory=dict)


class Listener(Protocol):
    def __call__(self, event: Event) -> None: ...


def silent(event: Event) -> None:
    """The listener of those who do not want to know."""
