"""A process that has everything imported and forks one that applies: `python -m faults.applying`.

Each line on stdin is an `Order` as JSON, or `null` to wake the one that
is stopped; each line on stdout what became of it, a `Told`. The fork is the
applying process: it has the default number of threads, sockets and files of its own, and really dies.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

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
    """What to apply, and the boundary to die at; None: none. `seconds` is the time on the clock.

    `asleep`: it does not die there but is stopped, until `wake` is called that many seconds later.
    """

    root: str
    backend: str
    variables: Mapping[str, str]
    archive: str | None = None
    fatal: str | None = None
    seconds: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)
    asleep: float = 0.0


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
        return self._ask(asdict(order))

    def wake(self) -> Told:
        """Let the process go on that is stopped."""
        return self._ask(None)

    def _ask(self, what: Mapping[str, Any] | None) -> Told:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(what) + "\n")
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


def _applied(order: Order, out: BinaryIO) -> None:
    clock = FakeClock()
    clock.sleep(order.seconds)

    def end(name: str) -> None:
        if not order.asleep:
            _write(out, last=name)
            killed(name)
        os.kill(os.getpid(), signal.SIGSTOP)
        clock.sleep(order.asleep)

    # A store that a stopped process has locked is out of reach for all: that is no case of this.
    boundaries = Boundaries(order.fatal, end, alone=bool(order.asleep))
    said: list[str] = []
    try:
        with (
            Session.open(Path(order.root), variables=order.variables, clock=clock) as session,
            watched(session, boundaries, order.backend),
        ):
            if order.asleep:
                # Nothing hinders a thread that is stopped between its look at the lock and its call.
                object.__setattr__(session.provider.capabilities, "parallel_writes", 1)
            archive = read_archive(Path(order.archive)) if order.archive else None
            outcome = go_on(session, archive, **order.options)
            said = [each.code for each in outcome.diagnostics]
            status = outcome.exit_code
    except CallsheetError as cause:
        status, said = cause.exit_code, [f"{each.code}: {each.summary}" for each in cause.diagnostics]
    _write(out, status=status, passed=boundaries.passed, said=said)


def _write(out: BinaryIO, **told: Any) -> None:
    out.write(json.dumps({"status": 0, "passed": [], "said": [], "last": "", **told}).encode())
    out.flush()


@dataclass
class _Child:
    """The applying process, and the file that it tells its end in."""

    pid: int
    told: BinaryIO

    @classmethod
    def start(cls, order: Order) -> _Child:
        told = tempfile.TemporaryFile()  # noqa: SIM115 (closed when the child has ended)
        pid = os.fork()
        if pid == 0:
            try:
                _applied(order, told)
                os._exit(0)
            finally:
                os._exit(70)
        return cls(pid, told)

    def wait(self) -> dict[str, Any]:
        """What became of it: its end, or that it is stopped."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        nothing = {"passed": [], "said": [], "last": ""}
        if os.WIFSTOPPED(status):
            return {**nothing, "status": -os.WSTOPSIG(status)}
        _orphans()
        self.told.seek(0)
        data = self.told.read()
        self.told.close()
        code = os.waitstatus_to_exitcode(status)
        told: dict[str, Any] = json.loads(data) if data else nothing
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
    child: _Child | None = None
    for line in sys.stdin:
        asked = json.loads(line)
        if asked is not None:
            child = _Child.start(Order(**asked))
        else:
            assert child is not None
            os.kill(child.pid, signal.SIGCONT)
        print(json.dumps(child.wait()), flush=True)


if __name__ == "__main__":
    main()
