"""Routes: whether an environment runs releases, and where they come from. This decides which bytes run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Route:
    """What environments.yaml says of it. `from_tree`: what it promotes from follows the working tree."""

    pinned: bool = True
    default: bool = False
    promotes_from: str | None = None
    from_tree: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "pinned": self.pinned,
            "default": self.default,
            "promotesFrom": self.promotes_from,
            "fromTree": self.from_tree,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Route:
        """What is not said is taken for what would be loosened by saying otherwise."""
        return cls(
            bool(data.get("pinned", True)),
            bool(data.get("default")),
            data.get("promotesFrom"),
            bool(data.get("fromTree")),
        )


def rerouted(old: Route, new: Route) -> tuple[str, ...]:
    """What lets other bytes run than before, one phrase per field."""
    return tuple(_found(old, new))


def _found(old: Route, new: Route) -> Iterator[str]:
    if new.default and not old.default:
        yield "default: it would be the default environment, and follow the working tree"
    elif old.pinned and not new.pinned:
        yield "pinned: true → false, so it would follow the working tree"
    if old.promotes_from is None:
        return
    if new.promotes_from != old.promotes_from:
        yield f"promotesFrom: {old.promotes_from} → {new.promotes_from or 'any'}"
    elif new.from_tree and not old.from_tree:
        yield f"promotesFrom: {old.promotes_from} would follow the working tree"
