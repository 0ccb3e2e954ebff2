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
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from callsheet.state.store import Store

_READS = frozenset({"describe", "read", "get_blob", "read_log", "contents", "close"})
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_GIT_WRITES = frozenset({"fast-import", "push", "update-ref"})


class Boundaries:
    """`passed` are the names so far. At `fatal`, a name or the number of all (`#17`), the process is gone."""

    def __init__(self, fatal: str | None, tell: Callable[[str], None]) -> None:
        self.passed: list[str] = []
        self._counts: Counter[str] = Counter()
        self._fatal = fatal
        self._tell = tell
        self._lock = threading.Lock()

    def around(self, label: str, act: Callable[[], Any]) -> Any:
        self._pass(f"before {label}")
        result = act()
        self._pass(f"after {label}")
        return result

    def _pass(self, label: str) -> None:
        with self._lock:
            self._counts[label] += 1
            name = f"{label} #{self._counts[label]}"
            self.passed.append(name)
            if self._fatal in (name, f"#{len(self.passed)}"):
                self._tell(name)
                # Threads that are in the middle of something end there, as does everything else.
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()


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


def watch(boundaries: Boundaries, backend: str) -> None:
    """Put boundaries around requests, and around what the store writes with. For a process that ends soon."""

    def label(_: Any, request: httpx.Request, **__: Any) -> str:
        return f"{request.method} {_ID.sub('{id}', request.url.path)}"

    _wrap(boundaries, httpx.Client, "send", label)
    _BENEATH[backend](boundaries)


def _files(boundaries: Boundaries) -> None:
    for name in ("replace", "fsync", "unlink"):
        _wrap(boundaries, os, name, lambda *_, name=name: name)


def _git(boundaries: Boundaries) -> None:
    def label(command: Sequence[str], *_: Any, **__: Any) -> str | None:
        return next((f"git {word}" for word in command if word in _GIT_WRITES), None)

    _wrap(boundaries, subprocess, "run", label)


def _s3(boundaries: Boundaries) -> None:
    from botocore.httpsession import URLLib3Session

    def label(_: Any, request: Any) -> str | None:
        return None if request.method in ("GET", "HEAD") else f"S3 {request.method}"

    _wrap(boundaries, URLLib3Session, "send", label)


def _postgres(boundaries: Boundaries) -> None:
    import psycopg

    def label(_: Any, statement: Any, *__: Any, **___: Any) -> str | None:
        verb = statement.as_string().split()[0] if not isinstance(statement, str) else statement.split()[0]
        return None if verb.lower() == "select" else f"SQL {verb}"

    _wrap(boundaries, psycopg.Cursor, "execute", label)


_BENEATH = {"file": _files, "git": _git, "s3": _s3, "postgres": _postgres}


def _wrap(boundaries: Boundaries, owner: Any, name: str, label: Callable[..., str | None]) -> None:
    original = getattr(owner, name)

    def call(*arguments: Any, **named: Any) -> Any:
        what = label(*arguments, **named)
        if what is None:
            return original(*arguments, **named)
        return boundaries.around(what, lambda: original(*arguments, **named))

    setattr(owner, name, call)
