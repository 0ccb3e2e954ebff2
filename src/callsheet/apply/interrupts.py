"""Ctrl-C, or what cancels a job, while a run is under way: the first ends it in order, the second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from callsheet.model.errors import Abandoned

# GitHub sends both to a cancelled job, one after the other; Kubernetes sends the second.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Whether somebody `asked` for an end, and what is called then."""

    def __init__(self) -> None:
        self.asked = False
        self._stop: Callable[[], None] | None = None

    def then(self, stop: Callable[[], None]) -> None:
        """Call `stop` at the first interrupt; now, if it has been."""
        self._stop = stop
        if self.asked:
            stop()

    def ask(self) -> None:
        self.asked = True
        if self._stop is not None:
            self._stop()


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """The first interrupt of the block only asks; the next one raises Abandoned.

    An exception could surface between a call and its record; a flag is looked at between them. Outside
    of the main thread, where signals cannot be had, nothing changes.
    """
    out = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield out
        return
    before = {each: signal.getsignal(each) for each in _SIGNALS}

    def handle(_: int, __: FrameType | None) -> None:
        if out.asked:
            raise Abandoned
        out.ask()

    for each in _SIGNALS:
        signal.signal(each, handle)
    try:
        yield out
    finally:
        for each in _SIGNALS:
            signal.signal(each, before[each])
