"""The boundaries of an apply, by name, and a real SIGKILL at one of them.

A boundary lies before and after everything that reaches beyond the process: each request to the provider
(after: the server is done and its answer on the way, and nobody has seen it), each call of the store that
writes, and beneath it whatever it writes with: files, git, S3 requests, SQL. Reads of the store move
nothing, so that a kill around one is the same as the kill before it.

Names are such as `after POST /tool #3`: what runs beside it differs from run to run, the third tool does not.
"""

from __future__ import annotations

import functools
import os
import re
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

import httpx

from callsheet.operations.session import Session
from callsheet.state.store import Store

_READS = frozenset({"describe", "read", "get_blob", "read_log", "contents", "close"})
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_GIT_WRITES = frozenset({"fast-import", "push", "update-ref"})


class Gone(BaseException):
    """The end of a process that is only played; nothing in the program may catch it."""


class Boundaries:
    """`passed` are the names so far. At `fatal`, a name or the number of all (`#17`), `end` is called
    with the name, there and at every boundary that is still reached.

    `alone`: it is called there only, and when no other thread is within a call.
    """

    def __init__(self, fatal: str | None, end: Callable[[str], None], *, alone: bool = False) -> None:
        self.passed: list[str] = []
        self._counts: Counter[str] = Counter()
        self._fatal = fatal
        self._end = end
        self._alone = alone
        self._over = False
        self._inside: Counter[int] = Counter()  # how deep each thread is
        self._turn = threading.Condition()

    def around(self, label: str, act: Callable[[], Any]) -> Any:
        self._pass(f"before {label}", self._deeper(+1))
        try:
            result = act()
        finally:
            me = self._deeper(-1)
        self._pass(f"after {label}", me)
        return result

    def _deeper(self, by: int) -> int:
        me = threading.get_ident()
        with self._turn:
            self._inside[me] += by
            self._turn.notify_all()
        return me

    def _pass(self, label: str, me: int) -> None:
        with self._turn:
            self._counts[label] += 1
            name = f"{label} #{self._counts[label]}"
            self.passed.append(name)
            here = self._fatal in (name, f"#{len(self.passed)}")
            self._over = self._over or here
            if self._alone and here:
                self._turn.wait_for(lambda: not any(n for who, n in self._inside.items() if who != me))
            if here if self._alone else self._over:
                self._end(name)


def killed(_: str) -> NoReturn:
    """End this process, for good and at once: threads end in the middle of what they do."""
    os.kill(os.getpid(), signal.SIGKILL)
    while True:
        signal.pause()


def gone(name: str) -> NoReturn:
    raise Gone(name)


class Watched:
    """A store with a boundary around every call that writes."""

    def __init__(self, store: Store, boundaries: Boundaries) -> None:
        self._store = store
        self._boundaries = boundaries

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name in _READS:
            return method

        @functools.wraps(method)
        def call(*arguments: Any, **named: Any) -> Any:
            what = arguments[0] if isinstance(arguments[0], str) else named.get("space", "")
            return self._boundaries.around(f"{name} {what}", lambda: method(*arguments, **named))

        return call


@contextmanager
def watched(session: Session, boundaries: Boundaries, backend: str = "") -> Iterator[None]:
    """Put boundaries around the requests of this process, around what the session's store writes, and
    around what a store of the backend writes with."""

    def label(_: Any, request: httpx.Request, **__: Any) -> str:
        return f"{request.method} {_ID.sub('{id}', request.url.path)}"

    with ExitStack() as undone:
        session.__dict__["store"] = Watched(session.store, boundaries)
        undone.enter_context(_wrapped(boundaries, httpx.Client, "send", label))
        for owner, name, what in _BENEATH[backend]() if backend else ():
            undone.enter_context(_wrapped(boundaries, owner, name, what))
        yield


Wrapped = tuple[Any, str, Callable[..., str | None]]


def _files() -> list[Wrapped]:
    return [(os, name, lambda *_, name=name: name) for name in ("replace", "fsync", "unlink")]


def _git() -> list[Wrapped]:
    def label(command: Sequence[str], *_: Any, **__: Any) -> str | None:
        return next((f"git {word}" for word in command if word in _GIT_WRITES), None)

    return [(subprocess, "run", label)]


def _s3() -> list[Wrapped]:
    from botocore.httpsession import URLLib3Session

    def label(_: Any, request: Any) -> str | None:
        return None if request.method in ("GET", "HEAD") else f"S3 {request.method}"

    return [(URLLib3Session, "send", label)]


def _postgres() -> list[Wrapped]:
    import psycopg

    def label(_: Any, statement: Any, *__: Any, **___: Any) -> str | None:
        text = statement if isinstance(statement, str) else statement.as_string()
        verb = text.split()[0].lower()
        return None if verb == "select" else f"SQL {verb}"

    return [(psycopg.Cursor, "execute", label)]


_BENEATH = {"file": _files, "git": _git, "s3": _s3, "postgres": _postgres}


@contextmanager
def _wrapped(
    boundaries: Boundaries, owner: Any, name: str, label: Callable[..., str | None]
) -> Iterator[None]:
    original = getattr(owner, name)

    def call(*arguments: Any, **named: Any) -> Any:
        what = label(*arguments, **named)
        if what is None:
            return original(*arguments, **named)
        return boundaries.around(what, lambda: original(*arguments, **named))

    setattr(owner, name, call)
    try:
        yield
    finally:
        setattr(owner, name, original)
