"""The ledger: one environment's state in a store, as a snapshot, its log and a head.

- `state/ENV/snapshot`: the whole state of some serial, as one sealed document.
- `state/ENV/log-N` (a log): what came after the snapshot of serial N, one sealed line per serial. Before a
  snapshot is rewritten, a last line closes its log: from then on nobody who has not seen that line can
  append, so nothing is written between the reading and the rewriting.
- `state/ENV/lineages` (a log): the lineages begun here, so that documents that were lost are missed.
- `state/ENV/head`: lineage and serial at the end of a run (and every 64 entries), so that a log
  whose tail was cut is noticed. While a state of another lineage takes the place of what is there, it
  announces that one too.

A write costs what changed; the snapshot is rewritten only when its log has outgrown it.
"""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from callsheet.model.errors import StateError
from callsheet.state.document import read_state, write_state
from callsheet.state.head import Gone, Head
from callsheet.state.sealing import Broken, OtherFormat, seal_line, unseal_line
from callsheet.state.snapshot import Entry, Growing, State
from callsheet.state.store import Moved, Store

DAMAGED = "state.damaged"
_CLOSED = {"closed": True}
_LOG_MIN = 256 * 1024
_HEAD_EVERY = 64


@dataclass(frozen=True, slots=True)
class Identity:
    """Where the random parts of a new estate come from; injected so that tests can fix them."""

    lineage: Callable[[], str] = lambda: str(uuid.uuid4())
    key: Callable[[], bytes] = lambda: secrets.token_bytes(32)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The snapshot as it lies in the store; `serial` names its log."""

    serial: int
    version: str
    size: int


class Ledger:
    """Reads and extends one environment's state. Thread-safe; `load` before anything else."""

    def __init__(self, store: Store, environment: str, identity: Identity | None = None) -> None:
        self._store = store
        self._environment = environment
        self._identity = identity or Identity()
        self._lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self._state = State(self._environment)
        self._growing = Growing.of(self._state)
        self._snapshot: _Snapshot | None = None
        self._head = Head()
        self._log_length = 0
        self._closed = False
        self._begun = False  # here, and to the end

    @property
    def environment(self) -> str:
        return self._environment

    @property
    def where(self) -> str:
        return self._store.describe()

    @property
    def state(self) -> State:
        """State as it was last read or written here; nothing is asked."""
        return self._state

    def load(self) -> State:
        """Read everything and verify it. StateError for anything that is not whole; State() where none is."""
        with self._lock:
            self._forget()
            try:
                self._load()
            except Broken as cause:
                hint = "use the version of Callsheet that wrote it" if isinstance(cause, OtherFormat) else ""
                raise self._damaged(str(cause), hint) from None
            return self._state

    def check_here(self) -> None:
        """StateError where a migration took state away from here, or is bringing it. Reads no state."""
        head = Head.read(self._store, self._name("head"))
        if problem := head.why_not_here(self._environment, self._store.describe()):
            raise problem

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
                self._write_snapshot()
                self._remember_lineage()
                self._begun = True
            return self._state

    def new_instance(self) -> str:
        """An id for an environment that begins anew in the same estate."""
        return self._identity.lineage()

    def append(self, entries: Sequence[Entry]) -> State:
        """Write entries durably, as one group, in order. Moved when somebody else wrote meanwhile."""
        with self._lock:
            assert self._snapshot is not None, "begin() comes before append()"
            if self._closed:
                self._fold()
            serial = self._state.serial
            if serial == 0 and not self._begun:
                self._begin_to_the_end()
            lines = []
            for entry in entries:
                serial += 1
                lines.append(seal_line({"serial": serial, **entry.to_json()}))
            self._log_length = self._store.append(self._log_name(), lines, expected=self._log_length)
            for entry in entries:
                self._growing.add(entry)
            self._state = self._growing.state(self._state, serial)
            if serial - self._head.serial >= _HEAD_EVERY:
                self._write_head()
            return self._state

    def replace(self, state: State) -> State:
        """Put a whole state in the place of what is there, at a serial beyond both; what is damaged too.

        Whoever reads meanwhile, or after this was cut short anywhere, finds the old state or the new one.
        """
        with self._lock:
            if self._snapshot is not None and self._state.lineage is not None:
                self._close_log()
            old = self._log_name() if self._snapshot else None
            serial = max(self._state.serial, self._head.serial, state.serial) + 1
            while self._store.read_log(f"state/{self._environment}/log-{serial}")[1]:
                serial += 1
            if state.lineage != self._head.lineage:
                announced = replace(self._head, coming=(str(state.lineage), serial))
                self._head = announced.written(self._store, self._name("head"))
            self._state = replace(state, environment=self._environment, serial=serial)
            self._growing = Growing.of(self._state)
            self._write_snapshot()
            self._remember_lineage()
            if old is not None:
                self._store.remove_log(old)
            return self._state

    def close(self) -> None:
        """Seal what was written; fold the log into the snapshot where it has outgrown it."""
        with self._lock:
            if self._snapshot and self._head.serial != self._state.serial:
                self._write_head()
            if self._snapshot and self._log_length > max(_LOG_MIN, self._snapshot.size):
                self._fold()

    def freeze(self, run: str) -> None:
        """Close the log: from here on nothing is written that this run's `leave` would not notice."""
        with self._lock:
            assert self._snapshot is not None, "there is nothing to freeze"
            self._close_log()
            self._head = replace(self._head, leaving=run).put(self._store, self._name("head"))

    def leave(self, to: str, at: str) -> None:
        """Say that state is elsewhere from now on. Moved where somebody went on here after `freeze`."""
        with self._lock:
            assert self._head.leaving, "freeze() comes before leave()"
            gone = replace(self._head, leaving=None, gone=Gone(to, at))
            self._head = gone.put(self._store, self._name("head"))

    # reading

    def _load(self) -> None:
        found = self._store.read(self._name("snapshot"))
        if found is not None:
            # Known before it is understood, so that what is damaged can be replaced.
            self._snapshot = _Snapshot(0, found.version, len(found.data))
        self._head = Head.read(self._store, self._name("head"))
        if not self._head.readable:
            raise Broken("the head is not readable")
        if problem := self._head.why_not_here(self._environment, self._store.describe()):
            raise problem
        if found is None:
            if self._head.lineage or self._lineages()[0]:
                raise Broken("the snapshot is missing, and an estate was begun here")
            return
        try:
            state = read_state(found.data)
        except Broken as cause:
            raise type(cause)(f"the snapshot: {cause}") from None
        self._snapshot = _Snapshot(state.serial, found.version, len(found.data))
        growing, serial = self._read_log(state)
        self._check_head(state, serial)
        self._growing = growing
        self._state = growing.state(state, serial)

    def _read_log(self, state: State) -> tuple[Growing, int]:
        growing, serial = Growing.of(state), state.serial
        lines, self._log_length = self._store.read_log(self._log_name())
        for number, line in enumerate(lines, 1):
            what = f"line {number} of the log"
            data = unseal_line(line, what)
            self._closed = data == _CLOSED
            if self._closed:
                continue
            serial += 1
            if data.get("serial") != serial:
                raise Broken(f"{what} has serial {data.get('serial')}, not {serial}")
            try:
                growing.add(Entry.from_json(data))
            except (KeyError, TypeError, AttributeError):
                raise Broken(f"{what} is no entry") from None
        return growing, serial

    def _check_head(self, snapshot: State, serial: int) -> None:
        self._head = head = self._head.arrived(snapshot)
        if head.lineage is None:
            if serial or self._lineages()[0]:
                raise Broken("the head is missing")
        elif head.lineage != snapshot.lineage:
            raise Broken("head and snapshot are of two different lineages")
        elif head.serial > serial:
            raise Broken(f"the log ends at serial {serial}, and {head.serial} was written: its tail is gone")

    def _damaged(self, what: str, hint: str) -> StateError:
        return StateError(
            f"state of {self._environment} in {self._store.describe()}: {what}",
            detail="Damaged state is never taken for an empty estate: that would create everything again.",
            hint=hint
            or "put a file of `callsheet state pull` in its place with `callsheet state push FILE --force`; "
            "without one, move it away, and `plan` proposes imports",
            code=DAMAGED,
        )

    # writing

    def _fold(self) -> None:
        """Make a new snapshot of state as it is, and begin a new log."""
        if not self._closed:
            self._close_log()
        old = self._log_name()
        self._write_snapshot()
        self._store.remove_log(old)

    def _close_log(self) -> None:
        if not self._closed:
            line = seal_line(_CLOSED)
            self._log_length = self._store.append(self._log_name(), [line], expected=self._log_length)
            self._closed = True

    def _write_snapshot(self) -> None:
        data = write_state(self._state)
        expected = self._snapshot.version if self._snapshot else None
        version = self._store.write(self._name("snapshot"), data, expected=expected)
        self._snapshot = _Snapshot(self._state.serial, version, len(data))
        self._log_length, self._closed = 0, False
        self._write_head()

    def _write_head(self) -> None:
        head = Head(self._head.version, self._state.lineage, self._state.serial)
        self._head = head.written(self._store, self._name("head"))

    def _begin_to_the_end(self) -> None:
        """Write what a first run did not that ended right after its snapshot: a log needs it."""
        if self._head.lineage is None:
            self._write_head()
        self._remember_lineage()
        self._begun = True

    def _remember_lineage(self) -> None:
        known, length = self._lineages()
        lineage = str(self._state.lineage).encode()
        if lineage not in known:
            self._store.append(self._name("lineages"), [lineage], expected=length)

    def _lineages(self) -> tuple[list[bytes], int]:
        return self._store.read_log(self._name("lineages"))

    def _name(self, what: str) -> str:
        return f"state/{self._environment}/{what}"

    def _log_name(self) -> str:
        assert self._snapshot is not None
        return f"state/{self._environment}/log-{self._snapshot.serial}"


__all__ = ["Identity", "Ledger", "Moved"]
