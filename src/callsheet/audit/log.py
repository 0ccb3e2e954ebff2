"""The log of records: `audit/ENV/log` in the store, one sealed line per run, each naming the one before.

State keeps the number and hash of the last record, and is written after the log. So the log may be one
record ahead of state, where a run was killed in between; the next run takes that record up. Anything else
is somebody's doing: `check` finds it, and the chain goes on from what state says, which leaves the trace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson

from callsheet.audit.record import FORMAT, SHAPE, Account
from callsheet.model.canonical import canonical
from callsheet.model.errors import Stale


class Store(Protocol):
    """What the audit needs of a store; see `state.store`."""

    def put_blobs(self, blobs: Sequence[bytes], *, space: str) -> list[str]: ...

    def get_blob(self, sha256: str, *, space: str) -> bytes: ...

    def append(self, log: str, entries: Sequence[bytes], *, expected: int) -> int: ...

    def read_log(self, log: str) -> tuple[list[bytes], int]: ...


@dataclass(frozen=True, slots=True)
class Head:
    """What state knows of the log: how many records and bytes it has, the last record's digest and run.

    `told` is the last of the runs in state that has a record: other work has records, and is none of them.
    """

    count: int = 0
    digest: str | None = None
    length: int | None = None
    run: str | None = None
    told: str | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Head:
        data = data or {}
        return cls(
            data.get("count", 0), data.get("head"), data.get("length"), data.get("run"), data.get("told")
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "head": self.digest,
            "length": self.length,
            "run": self.run,
            "told": self.told,
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log as it is there. `data` is None where it is no JSON object."""

    seal: str
    digest: str
    data: Mapping[str, Any] | None

    @property
    def record(self) -> Mapping[str, Any] | None:
        """The record, if it is one, and the one that was sealed."""
        data = self.data
        if data is None or self.seal != self.digest or data.get("format") != FORMAT:
            return None
        return data if all(isinstance(data.get(key), kind) for key, kind in SHAPE.items()) else None


@dataclass(frozen=True, slots=True)
class Written:
    """What state is to know now. `fits` is False where the log was not the one that state knew."""

    head: Head
    fits: bool = True


class Log:
    """One environment's audit log."""

    def __init__(self, store: Store, environment: str) -> None:
        self._store = store
        self._space = f"audit/{environment}"
        self._name = f"{self._space}/log"

    def lines(self) -> list[Line]:
        return [_line(each) for each in self._store.read_log(self._name)[0]]

    def keep(self, requests: bytes) -> str:
        """Keep a run's requests; the name to get them by."""
        return self._store.put_blobs([requests], space=self._space)[0]

    def kept(self, sha256: str) -> bytes:
        """StateError when they are missing or damaged."""
        return self._store.get_blob(sha256, space=self._space)

    def append(
        self, account: Account, known: Head, *, last: str | None, ours: Callable[[], object]
    ) -> Written:
        """Write one record. `last` is the last run that state knows.

        The log is read only where it is not as long as state says; `ours` raises then, unless this process
        still may write.
        """
        if known.length is not None:
            try:
                return Written(self._write(account, known, last))
            except Stale:
                ours()
        at = self._caught_up(known, account, last)
        return Written(self._write(account, at, last), at.count > known.count or known.length is None)

    def _write(self, account: Account, at: Head, last: str | None) -> Head:
        if at.run == account.run:
            return at  # a process wrote it, and was killed before it told state
        body = canonical(account.to_json(at.count + 1, at.digest))
        digest = hashlib.sha256(body).hexdigest()
        line = digest.encode() + b" " + body
        length = self._store.append(self._name, [line], expected=at.length or 0)
        return Head(
            at.count + 1, digest, length, account.run, account.run if account.run == last else at.told
        )

    def _caught_up(self, known: Head, account: Account, last: str | None) -> Head:
        """`known`, or one record further where the log is just that, with the length that the log has."""
        lines, length = self._store.read_log(self._name)
        end = _line(lines[-1]) if lines else None
        record = end.record if end else None
        if end is None or record is None or not follows(record, known, account.estate.lineage):
            return replace(known, length=length)
        run = record["run"]
        return Head(known.count + 1, end.digest, length, run, run if run == last else known.told)


def follows(record: Mapping[str, Any], head: Head, lineage: str) -> bool:
    """Whether this is the record after the one that state knows as the last."""
    wanted = (head.count + 1, head.digest, lineage)
    return (record["number"], record.get("previous"), record["lineage"]) == wanted


def _line(data: bytes) -> Line:
    seal, _, body = data.partition(b" ")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    return Line(
        seal.decode(errors="replace"),
        hashlib.sha256(body).hexdigest(),
        value if isinstance(value, dict) else None,
    )
