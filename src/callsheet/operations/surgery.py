"""Surgery: whatever changes state by hand does so here, under the lock and fenced as an apply is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import StateError
from callsheet.operations.auditing import record_work
from callsheet.operations.session import Session
from callsheet.state.ledger import DAMAGED, Ledger
from callsheet.state.lock import Lease, holding
from callsheet.state.snapshot import Entry, State


class Surgery:
    """State under the lock, as it is before the first write. `damage` is why it cannot be read.

    Looking, refusing and asking leave no trace: nothing is written before `write` or `replace`.
    """

    def __init__(self, ledger: Ledger, lease: Lease) -> None:
        self._ledger = ledger
        self._lease = lease
        self.damage: StateError | None = None
        self.state = State(ledger.environment)
        self.wrote: State | None = None  # what state is after that
        self.about: Mapping[str, Any] = {}
        self.doubts: tuple[Diagnostic, ...] = ()  # of the audit; known when the block has ended
        try:
            self.state = ledger.load()
        except StateError as cause:
            if cause.diagnostics[0].code != DAMAGED:
                raise
            self.damage = cause

    def write(self, about: Mapping[str, Any], *entries: Entry) -> State:
        """Add entries to state, all or none; former holders are fenced off with the same write.

        `about` is for the audit: addresses, ids, digests, and no words of anybody.
        """
        self._lease.check()
        self.about = about
        self.wrote = self._ledger.append([Entry(fence=self._lease.token), *entries])
        return self.wrote

    def replace(self, about: Mapping[str, Any], state: State) -> State:
        """Put a whole state in the place of what is there, damaged or not; `about` as for `write`."""
        self._lease.check()
        self.about = about
        self.wrote = self._ledger.replace(replace(state, fence=self._lease.token))
        return self.wrote


@contextmanager
def surgery(session: Session, verb: str, *, damaged: bool = False) -> Iterator[Surgery]:
    """Hold the environment's lock for a verb such as `state mv`. StateError for damaged state, unless
    `damaged` says that the verb can do with it. What was written has an audit record when the block ends."""
    claim = session.claim(verb)
    with holding(session.lock, claim, session.lock_timeout) as lease:
        operation = Surgery(session.ledger, lease)
        if operation.damage and not damaged:
            raise operation.damage
        try:
            yield operation
        finally:
            if operation.wrote is not None:
                before = operation.state.serial
                operation.doubts = record_work(session, lease, claim.how, operation.about, before=before)
