"""A real store in which something else happens at one boundary of its calls."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

_CALLS = ("read", "write", "put_blobs", "get_blob", "remove_blobs", "contents")


class Killed(BaseException):
    """What a killed process would not live to see."""


def killed(_: Any) -> None:
    raise Killed


class Watched:
    """Passes everything on to `store`. Each call has two boundaries, before and after it; `then` happens
    at the one with the number `at`."""

    def __init__(self, store: Any, then: Callable[[], object], at: int) -> None:
        self._store = store
        self._then = then
        self._at = at
        self._numbers = itertools.count(1)
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        passed = getattr(self._store, name)
        if name not in _CALLS:
            return passed

        def call(*given: Any, **named: Any) -> Any:
            self._boundary()
            answer = passed(*given, **named)
            self._boundary()
            return answer

        return call

    def _boundary(self) -> None:
        # Calls come from several threads.
        number = next(self._numbers)
        self.count = max(self.count, number)
        if number == self._at:
            self._then()
