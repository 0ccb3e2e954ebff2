"""What journal, state, export and audit cost beside the calls: `python -m benchmarks.stores`, in tests.

One apply of so many creates on each store, against a server in another process. The calls themselves are
the same apply with a store in memory. Nothing here judges: figures depend on the machine.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.estates import server, write_estate
from benchmarks.measure import machine
from callsheet.operations.apply import apply
from callsheet.operations.plan import plan
from callsheet.operations.session import Session
from callsheet.plan.inputs import Options
from callsheet.state.store import Moved, Store, Stored, Versioned, Writers
from support.stores import VARIABLES, file_backend, git_backend, moto, postgres, postgres_backend, s3_backend

CREATES, RUNS = 1_000, 3
# What a name in the store begins with, and what it is there for.
PARTS = {"state": "journal and state", "locks": "lock", "exports": "export", "audit": "audit"}
WRITES = ("write", "remove", "put_blobs", "remove_blobs", "append", "remove_log")


class Memory:
    """A store that keeps everything in this process: what it costs is what no store can save."""

    def __init__(self) -> None:
        self._documents: dict[str, Versioned] = {}
        self._logs: dict[str, list[bytes]] = {}
        self._blobs: dict[tuple[str, str], bytes] = {}
        self._guard = threading.Lock()

    def describe(self) -> str:
        return "memory"

    def read(self, name: str) -> Versioned | None:
        return self._documents.get(name)

    def write(self, name: str, data: bytes, *, expected: str | None) -> str:
        with self._guard:
            found = self._documents.get(name)
            if (found.version if found else None) != expected:
                raise Moved(name)
            version = str(int(found.version) + 1 if found else 1)
            self._documents[name] = Versioned(data, version)
            return version

    def remove(self, name: str, *, expected: str) -> None:
        with self._guard:
            if self._documents[name].version != expected:
                raise Moved(name)
            del self._documents[name]

    def put_blobs(self, blobs: Sequence[bytes], *, space: str) -> list[str]:
        names = [hashlib.sha256(blob).hexdigest() for blob in blobs]
        self._blobs.update(((space, name), blob) for name, blob in zip(names, blobs, strict=True))
        return names

    def get_blob(self, sha256: str, *, space: str) -> bytes:
        return self._blobs[space, sha256]

    def remove_blobs(self, names: Collection[str], *, space: str) -> None:
        for name in names:
            self._blobs.pop((space, name), None)

    def append(self, log: str, entries: Sequence[bytes], *, expected: int) -> int:
        with self._guard:
            lines = self._logs.setdefault(log, [])
            if sum(len(line) + 1 for line in lines) != expected:
                raise Moved(log)
            lines += entries
            return expected + sum(len(entry) + 1 for entry in entries)

    def read_log(self, log: str) -> tuple[list[bytes], int]:
        lines = list(self._logs.get(log, ()))
        return lines, sum(len(line) + 1 for line in lines)

    def remove_log(self, log: str) -> None:
        self._logs.pop(log, None)

    def contents(self, prefix: str = "") -> Iterator[Stored]:
        yield from (Stored("blob", space, name) for space, name in self._blobs if space.startswith(prefix))

    def writers(self) -> Writers:
        return Writers("this process")


@dataclass
class Timed:
    """A store that counts what its writes cost, by what they are for."""

    store: Store
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    writes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    bytes: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.store, name)
        if name not in (*WRITES, "read", "read_log", "get_blob"):
            return method

        def call(first: Any, *more: Any, **named: Any) -> Any:
            part = str(named.get("space", first)).partition("/")[0]
            begun = time.perf_counter()
            try:
                return method(first, *more, **named)
            finally:
                self.seconds[part] += time.perf_counter() - begun
                if name in WRITES:
                    self.writes[part] += 1
                    sent = first if name == "put_blobs" else more[0] if more else b""
                    self.bytes[part] += len(sent) if isinstance(sent, bytes) else sum(map(len, sent))

        return call


@dataclass(frozen=True)
class Measured:
    seconds: float
    store: Timed


def measured(root: Path, store: Store) -> Measured:
    """One apply of everything that the files say, on a store and an organisation without anything."""
    with Session.open(root, "dev", variables=dict(os.environ)) as session:
        timed = Timed(store)
        session.__dict__["store"] = timed
        archive = plan(session, Options()).archive
        # The plan's own reads are not the apply's.
        timed.seconds.clear()
        begun = time.perf_counter()
        outcome = apply(session, archive)
        seconds = time.perf_counter() - begun
        assert outcome.exit_code == 0, outcome.to_json()["diagnostics"]
    return Measured(seconds, timed)


def of(folder: Path, creates: int, opened: Callable[[Path], Store]) -> Measured:
    """The median run of several, each on a server and a store of its own."""
    results = []
    for number in range(RUNS):
        place = folder / str(number)
        place.mkdir(parents=True)
        with server(place) as url:
            write_estate(place / "specs", creates, url)
            results.append(measured(place / "specs", opened(place)))
    return sorted(results, key=lambda each: each.seconds)[len(results) // 2]


def main(creates: int) -> None:
    print(f"Machine: {machine()}. {creates} creates of 4 KB, the median of {RUNS} applies.\n")
    parts = " | ".join(PARTS.values())
    print(f"| store | apply | beside the calls | {parts} |", flush=True)
    print("|---|---|---|" + "---|" * len(PARTS))
    os.environ.update(VARIABLES)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        served = stack.enter_context(moto(folder))
        dsn = stack.enter_context(postgres())
        stores: dict[str, Callable[[Path], Store]] = {
            "memory": lambda _: Memory(),
            "file": lambda place: file_backend(place).open(),
            "git (a bare repository on this disk)": lambda place: git_backend(place).open(),
            "s3 (a moto server)": lambda _: s3_backend(served).open(),
            "postgres (on this machine)": lambda _: postgres_backend(dsn).open(),
        }
        bare = 0.0
        for what, opened in stores.items():
            found = of(folder / what.partition(" ")[0], creates, opened)
            bare = bare or found.seconds
            cells = [
                f"{found.store.seconds[part]:.2f} s, {found.store.writes[part]} writes, "
                f"{found.store.bytes[part] / 1024:.0f} KB"
                for part in PARTS
            ]
            beside = f"{found.seconds - bare:+.2f} s" if what != "memory" else "-"
            print(f"| {what} | {found.seconds:.2f} s | {beside} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CREATES)
