"""Ctrl-C, or what cancels a job, while a run is under way: the first ends it in order, the second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from callsheet.model.errors import Abandoned

# GitHub sends both to a cancelled job, one after the other; Kubernetes sends the second.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Whether somebody `asked` for an end, and what is called then."""

    def __init__(self) -> None:
        self.asked = False
        self._stop: Callable[[], None] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def hold_back(self) -> None:
        """From here to the end of the block the first interrupt only asks, and the next one raises Abandoned.

        An exception could surface between a call and its record; a flag is looked at between them. Outside
        of the main thread, where signals cannot be had, nothing changes.
        """
        if threading.current_thread() is threading.main_thread():
            self._before = {each: signal.getsignal(each) for each in _SIGNALS}
            for each in _SIGNALS:
                signal.signal(each, self._handle)

    def let_through(self) -> None:
        """As it was before `hold_back`."""
        for each, before in self._before.items():
            signal.signal(each, before)

    def then(self, stop: Callable[[], None]) -> None:
        """Call `stop` at the first interrupt; now, if it has been."""
        self._stop = stop
        if self.asked:
            stop()

    def ask(self) -> None:
        self.asked = True
        if self._stop is not None:
            self._stop()

    def _handle(self, _: int, __: FrameType | None) -> None:
        if self.asked:
            raise Abandoned
        self.ask()


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Interrupts are what they were, until the block asks to hold them back."""
    out = Interrupts()
    try:
        yield out
    finally:
        out.let_through()
