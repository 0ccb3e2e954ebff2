"""Once: what was asked is not asked again in this run, whether it was answered or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from callsheet.model.errors import SecretError

K = TypeVar("K")
V = TypeVar("V")


class Once(Generic[K, V]):
    """Values and SecretErrors by key. A SecretError comes again as it was; other exceptions are not kept."""

    def __init__(self) -> None:
        self.values: dict[K, V] = {}
        self._errors: dict[K, SecretError] = {}

    def get(self, key: K, ask: Callable[[], V]) -> V:
        if (known := self._errors.get(key)) is not None:
            # A copy, because an exception that is raised twice keeps the traces of both.
            raise SecretError(diagnostics=known.diagnostics)
        if key not in self.values:
            try:
                self.values[key] = ask()
            except SecretError as cause:
                self._errors[key] = cause
                raise
        return self.values[key]

    def __repr__(self) -> str:
        return f"Once({len(self.values)} values)"
