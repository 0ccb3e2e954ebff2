"""Once: what was asked is not asked again in this run, whether it was answered or refused."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from callsheet.model.errors import SecretError

K = TypeVar("K")
V = TypeVar("V")


class Once(Generic[K, V]):
    """Values and SecretErrors by key. A SecretError comes again as it was; other exceptions are not kept.

    One with a code of `for_all` (nobody answers, nobody is let in) is what every other key meets as well.
    """

    def __init__(self, for_all: Collection[str] = ()) -> None:
        self.values: dict[K, V] = {}
        self._errors: dict[K, SecretError] = {}
        self._for_all = for_all
        self._down: SecretError | None = None

    def get(self, key: K, ask: Callable[[], V]) -> V:
        if key in self.values:
            return self.values[key]
        if (known := self._down or self._errors.get(key)) is not None:
            # A copy, because an exception that is raised twice keeps the traces of both.
            raise SecretError(diagnostics=known.diagnostics)
        try:
            self.values[key] = ask()
        except SecretError as cause:
            self._errors[key] = cause
            if cause.diagnostics[0].code in self._for_all:
                self._down = cause
            raise
        return self.values[key]

    def __repr__(self) -> str:
        return f"Once({len(self.values)} values)"
