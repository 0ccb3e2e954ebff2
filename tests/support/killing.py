"""A store that ends the process at one of its calls, as a kill would."""

from __future__ import annotations

from typing import Any


class Killed(BaseException):
    """Nothing in the program may catch it, as nothing catches SIGKILL."""


class Fatal:
    """`store`, whose n-th boundary (before and after every call) kills; afterwards nothing happens there."""

    def __init__(self, store: Any, at: int) -> None:
        self._store = store
        self._left = [at]

    def also(self, store: Any) -> Fatal:
        """Another store of the same process: its calls count with those of this one."""
        other = Fatal(store, 0)
        other._left = self._left
        return other

    @property
    def through(self) -> bool:
        """Whether everything was done without coming to that boundary."""
        return self._left[0] > 0

    def _tick(self) -> None:
        self._left[0] -= 1
        if self._left[0] <= 0:
            raise Killed

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._store, name)

        def run(*arguments: Any, **named: Any) -> Any:
            self._tick()
            result = call(*arguments, **named)
            self._tick()
            return result

        return run
