"""Real applies that are held where a test wants them: the server keeps writes waiting until it is told."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from e2e.command import COMMAND
from support.world import World


class Gate:
    """Creates, or the calls that are named, wait at it before they are carried out; `arrived` counts them."""

    def __init__(self, world: World, calls: str = "POST *") -> None:
        self.arrived = 0
        self._count = threading.Lock()
        self._opened = threading.Event()
        world.app._settings = replace(world.app._settings, sleep=self._wait)
        world.bad_day(f"latency {calls} seconds=1")

    def open(self) -> None:
        self._opened.set()

    def _wait(self, _: float) -> None:
        with self._count:
            self.arrived += 1
        assert self._opened.wait(60)


def run(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=world.root,
        env=environment(world),
        capture_output=True,
        text=True,
        timeout=60,
    )


def environment(world: World) -> dict[str, str]:
    # Where another source tree than the installed one is tested, PYTHONPATH says so.
    handed_on = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {**handed_on, "PYTHONUTF8": "1", **world.variables}


@contextmanager
def started(world: World, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [COMMAND, *arguments],
        cwd=world.root,
        env=environment(world),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition():
        assert process.poll() is None, process.communicate()
