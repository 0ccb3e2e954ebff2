"""The command line as its callers meet it: in this process where there are many calls, else as a process."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from callsheet.cli.main import run
from callsheet.cli.screen import Screen
from callsheet.providers.clock import SystemClock

COMMAND = Path(sys.executable).with_name("callsheet")


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let waiting take no time: the clock that retries and rate limits ask jumps instead."""
    ahead = [0.0]

    def sleep(_: SystemClock, seconds: float) -> None:
        ahead[0] += seconds

    monkeypatch.setattr(SystemClock, "sleep", sleep)
    monkeypatch.setattr(SystemClock, "monotonic", lambda _: time.monotonic() + ahead[0])


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line on stdout."""
        return self.out.rstrip("\n").rpartition("\n")[2]


class Typed(io.StringIO):
    """What a person types at a terminal."""

    def isatty(self) -> bool:
        return True


def call(
    *arguments: str, variables: Mapping[str, str] | None = None, stdin: io.StringIO | None = None
) -> Called:
    """Run the entry function with streams of its own; what happens to them is what a shell would see."""
    out, err = io.StringIO(), io.StringIO()
    code = run(list(arguments), Screen(stdin or io.StringIO(), out, err, variables or {}))
    return Called(code, out.getvalue(), err.getvalue())


def process(
    *arguments: str, cwd: Path, variables: Mapping[str, str] | None = None, text: str = "", **more: Any
) -> Called:
    """Run the installed command."""
    done = subprocess.run(
        [COMMAND, *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), "PYTHONUTF8": "1", **(variables or {})},
        input=text.encode(),
        capture_output=True,
        timeout=60,
        check=False,
        **more,
    )
    return Called(done.returncode, done.stdout.decode(), done.stderr.decode())
