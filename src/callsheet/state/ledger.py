"""The ledger: one environment's state in a store, as a snapshot, its log and a head.

- `state/ENV/snapshot`: JSON lines: a header, one line per record, a trailer that counts and seals them.
- `state/ENV/log-N` (a log): what came after the snapshot of serial N, one sealed line per serial.
- `state/ENV/lineages` (a log): the lineages begun here, so that documents that were lost are missed.
- `state/ENV/head`: lineage and serial at the end of a run (and every 64 entries), so that a log
  whose tail was cut is noticed.

A write costs what changed; the snapshot is rewritten only when its log has outgrown it.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from callsheet.model.canonical import canonical
from callsheet.model.errors import StateError
from callsheet.state.begun import Begun
from callsheet.state.record import Record
from callsheet.state.snapshot import Entry, Growing, State
from callsheet.state.store import Moved, Store

FORMAT = "callsheet.state/1"
_LOG_MIN = 256 * 1024
_HEAD_EVERY = 64


@dataclass(frozen=True, slots=True)
class Identity:
    """Where the random parts of a new estate come from; injected so that tests can fix them."""

    lineage: Callable[[], str] = lambda: str(uuid.uuid4())
    key: Callable[[], bytes] = lambda: secrets.token_bytes(32)


class Ledger:
    """Reads and extends one environment's state. Thread-safe; `load` before anything else."""

    def __init__(self, store: Store, environment: str, identity: Identity | None = None) -> None:
        self._store = store
        self._environment = environment
        self._identity = identity or Identity()
        self._lock = threading.Lock()
        self._state = State(environment)
        self._growing = Growing.of(self._state)
        self._snapshot: tuple[int, str, int] | None = None  # serial, version, size
        self._log_length = 0
        self._head: str | None = None
        self._head_serial = 0

    @property
    def where(self) -> str:
        return self._store.describe()

    def load(self) -> State:
        """Read everything and verify it. StateError for anything that is not whole; State() where none is."""
        with self._lock:
            self._load()
            return self._state

    def begin(self, plan: str | None = None) -> State:
        """Make sure that the estate has a lineage; the state to write on. `plan` is the digest of the
        plan on whose behalf it is begun, so that the same plan fits again after a crash."""
        with self._lock:
            if self._state.lineage is None:
                self._state = replace(
                    self._state,
                    lineage=self._identity.lineage(),
                    key=self._identity.key(),
                    instance=self._identity.lineage(),
                    born=plan,
                )
                self._growing = Growing.of(self._state)
                _, length = self._store.read_log(self._name("lineages"))
                self._write_snapshot(expected=None)
                self._store.append(
                    self._name("lineages"), [str(self._state.lineage).encode()], expected=length
                )
            return self._state

    def append(self, entries: Sequence[Entry]) -> State:
        """Write entries durably, as one group, in order. Moved when somebody else wrote meanwhile."""
        with self._lock:
            assert self._snapshot is not None, "begin() comes before append()"
            serial = self._state.serial
            lines = []
            for entry in entries:
                serial += 1
                lines.append(_sealed({"serial": serial, **entry.to_json()}))
            self._log_length = self._store.append(self._log_name(), lines, expected=self._log_length)
            for entry in entries:
                self._growing.add(entry)
            self._state = self._growing.state(self._state, serial)
            if serial - self._head_serial >= _HEAD_EVERY:
                self._write_head()
            return self._state

    def close(self) -> None:
        """Seal what was written; fold the log into the snapshot where it has outgrown it."""
        with self._lock:
            if self._snapshot and self._head_serial != self._state.serial:
                self._write_head()
            if self._snapshot and self._log_length > max(_LOG_MIN, self._snapshot[2]):
                old = self._log_name()
                self._write_snapshot(expected=self._snapshot[1])
                self._store.remove_log(old)

    # reading

    def _load(self) -> None:
        found = self._store.read(self._name("snapshot"))
        head = self._store.read(self._name("head"))
        if found is None:
            if head is not None or self._store.read_log(self._name("lineages"))[0]:
                raise self._damaged("the snapshot is missing, and an estate was begun here")
            self._state = State(self._environment)
            self._growing = Growing.of(self._state)
            self._snapshot = None
            return
        state = self._parse_snapshot(found.data)
        self._snapshot = (state.serial, found.version, len(found.data))
        growing = Growing.of(state)
        lines, self._log_length = self._store.read_log(self._log_name())
        serial = state.serial
        for number, line in enumerate(lines, 1):
            data = self._open(line, f"line {number} of the log")
            serial += 1
            if data.get("serial") != serial:
                raise self._damaged(f"line {number} of the log has serial {data.get('serial')}, not {serial}")
            growing.add(self._entry(data, number))
        if head is None and (serial or self._store.read_log(self._name("lineages"))[0]):
            raise self._damaged("the head is missing")
        if head is not None:
            self._head = head.version
            known = self._json(head.data, "head")
            if known.get("lineage") != state.lineage:
                raise self._damaged("head and snapshot are of two different lineages")
            self._head_serial = known.get("serial", 0)
            if self._head_serial > serial:
                raise self._damaged(
                    f"the log ends at serial {serial}, and {known['serial']} was written: its tail is gone"
                )
        self._growing = growing
        self._state = growing.state(state, serial)

    def _parse_snapshot(self, data: bytes) -> State:
        lines = data.splitlines()
        if len(lines) < 2:
            raise self._damaged("the snapshot is empty or cut off")
        header = self._json(lines[0], "the snapshot's header")
        trailer = self._json(lines[-1], "the snapshot's trailer")
        if header.get("format") != FORMAT:
            raise self._damaged(
                f"the snapshot's format is {header.get('format')!r}, and this version reads {FORMAT}",
                hint="use the version of Callsheet that wrote it, or a newer one",
            )
        body = b"\n".join(lines[:-1])
        if (
            trailer.get("sha256") != hashlib.sha256(body).hexdigest()
            or trailer.get("count") != len(lines) - 2
        ):
            raise self._damaged("the snapshot's seal does not fit: it is cut off or was edited")
        try:
            records = [Record.from_json(orjson.loads(line)) for line in lines[1:-1]]
            return State(
                environment=header["environment"],
                lineage=header["lineage"],
                serial=header["serial"],
                key=bytes.fromhex(header["key"]),
                instance=header.get("instance"),
                organisation=header.get("organisation"),
                fence=header.get("fence", 0),
                born=header.get("born"),
                run=header.get("run"),
                hold=header.get("hold"),
                audit=header.get("audit"),
                begun={begun.name: begun for begun in map(Begun.from_json, header.get("begun", ()))},
                records={record.address: record for record in records},
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._damaged("the snapshot holds something that is no record") from None

    def _entry(self, data: dict[str, Any], number: int) -> Entry:
        try:
            return Entry.from_json(data)
        except (KeyError, TypeError, AttributeError):
            raise self._damaged(f"line {number} of the log is no entry") from None

    def _open(self, line: bytes, what: str) -> dict[str, Any]:
        seal, _, body = line.partition(b" ")
        if hashlib.sha256(body).hexdigest()[:16].encode() != seal:
            raise self._damaged(f"{what} is damaged")
        return self._json(body, what)

    def _json(self, data: bytes, what: str) -> dict[str, Any]:
        try:
            value = orjson.loads(data)
        except orjson.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            raise self._damaged(f"{what} is not readable")
        return value

    def _damaged(self, what: str, hint: str = "") -> StateError:
        return StateError(
            f"state of {self._environment} in {self._store.describe()}: {what}",
            detail="Damaged state is never taken for an empty estate: that would create everything again.",
            hint=hint or "restore it from a backup; without one, move it away, and `plan` proposes imports",
            code="state.damaged",
        )

    # writing

    def _write_snapshot(self, expected: str | None) -> None:
        state = self._state
        header = {
            "format": FORMAT,
            "environment": state.environment,
            "lineage": state.lineage,
            "serial": state.serial,
            "key": state.key.hex(),
            "instance": state.instance,
            "organisation": state.organisation,
            "fence": state.fence,
            "born": state.born,
            "run": dict(state.run) if state.run else None,
            "hold": dict(state.hold) if state.hold else None,
            "audit": dict(state.audit) if state.audit else None,
            "begun": [begun.to_json() for _, begun in sorted(state.begun.items())],
        }
        lines = [canonical(header)]
        lines += [canonical(record.to_json()) for _, record in sorted(state.records.items())]
        body = b"\n".join(lines)
        trailer = {"count": len(lines) - 1, "sha256": hashlib.sha256(body).hexdigest()}
        data = body + b"\n" + canonical(trailer) + b"\n"
        version = self._store.write(self._name("snapshot"), data, expected=expected)
        self._snapshot = (state.serial, version, len(data))
        self._log_length = 0
        self._write_head()

    def _write_head(self) -> None:
        data = canonical({"lineage": self._state.lineage, "serial": self._state.serial})
        self._head = self._store.write(self._name("head"), data, expected=self._head)
        self._head_serial = self._state.serial

    def _name(self, what: str) -> str:
        return f"state/{self._environment}/{what}"

    def _log_name(self) -> str:
        assert self._snapshot is not None
        return f"state/{self._environment}/log-{self._snapshot[0]}"


def _sealed(data: dict[str, Any]) -> bytes:
    body = canonical(data)
    return hashlib.sha256(body).hexdigest()[:16].encode() + b" " + body


__all__ = ["FORMAT", "Identity", "Ledger", "Moved"]
