"""Ctrl-C, or what cancels a job, while a run is under way: the first ends it in order, the second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# GitHub sends both to a cancelled job, one after the other; Kubernetes sends the second.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at the first interrupt of the block; the next one raises KeyboardInterrupt.

    An exception could surface between a call and its record; a flag is looked at between them. Outside
    of the main thread, where signals cannot be had, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.getsignal(each) for each in _SIGNALS}

    def handle(_: int, __: FrameType | None) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.default_int_handler)
        stop()

    for each in _SIGNALS:
        signal.signal(each, handle)
    try:
        yield
    finally:
        for each in _SIGNALS:
            signal.signal(each, before[each])
