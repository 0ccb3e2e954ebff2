"""The veil: what hides known secret values wherever they turn up, before anything is compared or shown.

A provider may echo them, and people paste them into prompts. Strings that hold one become keyed digests,
the same on every side, so equal ones stay equal and nothing drifts because of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from callsheet.diff.view import leaked, mask, shape_of
from callsheet.model.forms import quoted
from callsheet.model.value import Path, Payload, Text, Value, transform

# A shorter value would hide half of every text, and is no secret to speak of.
SHORTEST = 4
HIDDEN = "(hidden: it holds a secret)"


@dataclass(frozen=True, slots=True)
class Veil:
    values: tuple[str, ...] = field(default=(), repr=False)
    key: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, values: Iterable[str], key: bytes) -> Veil:
        """The values are hidden as they are and where they are quoted (see `model.forms`)."""
        known = {value for value in values if len(value) >= SHORTEST}
        return cls(tuple(sorted({form for value in known for form in quoted(value)})), key)

    def over(self, payload: Payload) -> Payload:
        """The payload with every string that holds a known value as its digest."""
        if not self.values:
            return payload
        covered: Payload = transform(payload, self._leaf)
        return covered

    def shapes(self, payload: Payload) -> tuple[str, ...]:
        """Where the payload holds known values, as patterns that state can remember."""
        return tuple(sorted({shape_of(path) for path in self.places(payload)}))

    def places(self, payload: Payload) -> list[Path]:
        """Where the payload holds known values."""
        return leaked(payload, self.values) if self.values else []

    def name(self, name: str | None) -> str | None:
        return HIDDEN if name and self._holds(name) else name

    def names(self, value: Value) -> Value:
        """The value for show: text that holds a known value is hidden, also where it is the key of a mapping.

        Keys of one mapping that are hidden stay apart, and in their order.
        """
        if isinstance(value, dict):
            out: dict[str, Value] = {}
            for key, item in value.items():
                name = HIDDEN if self._holds(key) else key
                number = sum(each.startswith(HIDDEN) for each in out) + 1
                out[f"{name} {number}" if name in out else name] = self.names(item)
            return out
        if isinstance(value, list | tuple):
            return [self.names(item) for item in value]
        return self.name(value) if isinstance(value, str) else value

    def holds(self, data: bytes) -> bool:
        """Whether a file holds a known value."""
        return any(value.encode() in data for value in self.values)

    def _leaf(self, value: Value) -> Value:
        if isinstance(value, Text):
            # Its digest, where it has one, tells it from others.
            parts = (HIDDEN if isinstance(part, str) and self._holds(part) else part for part in value.parts)
            return replace(value, parts=tuple(parts))
        return mask(value, self.key) if isinstance(value, str) and self._holds(value) else value

    def _holds(self, text: str) -> bool:
        return any(value in text for value in self.values)
