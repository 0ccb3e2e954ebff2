"""A process that has everything imported and forks one that applies: `python -m faults.applying`.

Each line on stdin is an `Order` as JSON, each line on stdout what became of it, a `Told`. The fork is the
applying process: it has the default number of threads, sockets and files of its own, and really dies.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import httpx

from callsheet.model.errors import CallsheetError
from callsheet.operations.session import Session
from callsheet.operations.show import read_archive
from faults.boundaries import Boundaries, killed, watched
from support import stores
from support.clock import FakeClock
from support.world import go_on

_TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Order:
    """What to apply, and the boundary to die at; None: none. `seconds` is the time on the clock."""

    root: str
    backend: str
    variables: Mapping[str, str]
    archive: str | None = None
    fatal: str | None = None
    seconds: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """`status` as of a process: the exit code of the apply, or minus the signal. `said` are codes of
    diagnostics, `passed` the boundaries; of the dead, `last` is the one they died at."""

    status: int
    passed: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    last: str = ""


@dataclass
class Applying:
    """The other end of the pipe."""

    _process: subprocess.Popen[str] = field(repr=False)

    def run(self, order: Order) -> Told:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        return Told(told["status"], tuple(told["passed"]), tuple(told["said"]), told["last"])


@contextmanager
def applying() -> Iterator[Applying]:
    process = subprocess.Popen(
        [sys.executable, "-m", "faults.applying"],
        cwd=_TESTS,
        env={**os.environ, **stores.VARIABLES},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Applying(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _die_or_tell(order: Order, out: int) -> None:
    def end(name: str) -> NoReturn:
        _send(out, last=name)
        killed(name)

    boundaries = Boundaries(order.fatal, end)
    clock = FakeClock()
    clock.sleep(order.seconds)
    said: list[str] = []
    try:
        with (
            Session.open(Path(order.root), variables=order.variables, clock=clock) as session,
            watched(session, boundaries, order.backend),
        ):
            archive = read_archive(Path(order.archive)) if order.archive else None
            outcome = go_on(session, archive, **order.options)
            said = [each.code for result in outcome.results for each in result.diagnostics]
            status = outcome.exit_code
    except CallsheetError as cause:
        status, said = cause.exit_code, [f"{each.code}: {each.summary}" for each in cause.diagnostics]
    _send(out, status=status, passed=boundaries.passed, said=said)


def _send(out: int, **told: Any) -> None:
    data = json.dumps({"status": 0, "passed": [], "said": [], "last": "", **told}).encode()
    while data:
        data = data[os.write(out, data) :]


def _carried_out(order: Order) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            _die_or_tell(order, writing)
            os._exit(0)
        finally:
            os._exit(70)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    _, ended = os.waitpid(child, 0)
    _orphans()
    code = os.waitstatus_to_exitcode(ended)
    told: dict[str, Any] = json.loads(data) if data else {"passed": [], "said": [], "last": ""}
    return told if code == 0 else {**told, "status": code}


def _orphans() -> None:
    """Wait for what the dead had started, a `git push` perhaps: nobody applies again in the same second."""
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        return


def _adopt_orphans() -> None:
    """Become the parent of the orphans below, where the system has that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def hurry_clients() -> None:
    """Read the certificates once and not for each client; here they are never needed."""
    ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]


def _warm() -> None:
    """Everything that an apply imports, so that a fork has it."""
    import boto3  # noqa: F401
    import psycopg  # noqa: F401

    import callsheet.state.postgres
    import callsheet.state.s3  # noqa: F401

    hurry_clients()
    httpx.Client().close()
    gc.freeze()


def main() -> None:
    _warm()
    _adopt_orphans()
    for line in sys.stdin:
        print(json.dumps(_carried_out(Order(**json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
