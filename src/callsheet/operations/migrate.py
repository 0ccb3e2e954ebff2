"""`state migrate`: an environment's state, and all that lies beside it, goes to another store."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.model.diagnostics import Diagnostic, error, warning
from callsheet.model.errors import CallsheetError, SpecError, StateError
from callsheet.model.value import Value
from callsheet.operations.auditing import record_work
from callsheet.operations.session import Session
from callsheet.spec.placeholders import Expander, Scope
from callsheet.spec.reader import parse
from callsheet.state.head import Head
from callsheet.state.ledger import Ledger
from callsheet.state.lock import Lease, Lock, holding
from callsheet.state.migration import Holdings, Migration
from callsheet.state.snapshot import State
from callsheet.state.store import Store
from callsheet.state.stores import check_ephemeral, open_store

FORMAT = "callsheet.state-migrate/1"
_VERB = "state migrate"
_EXAMPLE = "write it like --to '{backend: git, branch: callsheet-state}'; docs/state.md has all settings"
# Text that is the same text in YAML without quotes.
_PLAIN = re.compile(
    r"(?!(?:true|false|null|yes|no|on|off|\.inf|\.nan)$)\.?/?[a-z][\w./:@-]*(?<!:)", re.IGNORECASE | re.ASCII
)


@dataclass(frozen=True, slots=True)
class Destination:
    """The store that `--to` describes; `section` is what to write after `state:`."""

    store: Store
    section: str


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was moved; `before` when an earlier migration had done all of it."""

    environment: str
    source: str
    destination: Destination
    state: State
    holdings: Holdings
    before: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "environment": self.environment,
            "from": self.source,
            "to": self.destination.store.describe(),
            "section": self.destination.section,
            "movedBefore": self.before,
            "lineage": self.state.lineage,
            "serial": self.state.serial,
            "resources": len(self.state.records),
            "documents": len(self.holdings.documents),
            "logs": len(self.holdings.logs),
            "blobs": sum(map(len, self.holdings.blobs.values())),
        }


def destination(session: Session, text: str) -> Destination:
    """The store of a YAML mapping as it stands after `state:`. SpecError, StateError, Refused."""
    settings = _settings(text)
    expander = Expander(Scope("--to", {"env": {"name": session.environment.name}}))
    expanded = expander.expand(dict(settings))
    if faults := expander.faults:
        raise SpecError(
            diagnostics=[error(each.code, f"--to: {each.summary}", hint=each.hint) for each in faults]
        )
    assert isinstance(expanded, dict)
    store = open_store(expanded, root=session.root, variables=session.variables, secret=session.keeper.value)
    check_ephemeral(expanded, base_url=session.environment.provider.base_url, variables=session.variables)
    section = ", ".join(f"{key}: {_shown(value)}" for key, value in settings.items())
    return Destination(store, f"{{{section}}}")


def migrate(session: Session, destination: Destination) -> Migrated:
    """Copy, verify, and leave. Cut short anywhere, state is where it was, or whole where it goes."""
    name, source = session.environment.name, session.store
    claim = session.claim(_VERB)
    # Not `session.lock`: what lies on a runner's disk may not be written on, but it may be saved from there.
    with holding(Lock(source, name, session.clock), claim, session.lock_timeout) as here:
        if (before := _gone_before(name, source, destination.store)) is not None:
            state = Ledger(destination.store, name).load()
            holdings = Holdings.read(destination.store, name)
            return Migrated(name, source.describe(), destination, state, holdings, before)
        state = session.ledger.load()
        if state.lineage is None:
            raise StateError(
                f"{source.describe()} holds no state of {name}, so that there is nothing to move",
                hint=f"write `state: {destination.section}` for {name} in environments.yaml",
                code="state.nothing",
            )
        lock = Lock(destination.store, name, session.clock, after=here.token)
        if (holder := lock.holder()) and holder.run == claim.run:
            raise StateError(
                f"{destination.store.describe()} is where the state of {name} is already",
                hint="name another store with --to",
                code="state.same-store",
            )
        with holding(lock, claim, session.lock_timeout) as there:
            holdings = _carry(session, state, destination, here, there)
    return Migrated(name, source.describe(), destination, state, holdings)


def put_on_record(session: Session, moved: Migrated) -> tuple[Diagnostic, ...]:
    """The audit record of a migration, where state is now. A warning where that is not possible."""
    name, store = moved.environment, moved.destination.store
    claim, ledger = session.claim(_VERB), Ledger(store, name)
    went = {"from": moved.source, "to": store.describe()}
    try:
        with holding(Lock(store, name, session.clock), claim, session.lock_timeout) as lease:
            before = ledger.load().serial
            return record_work(session, lease, claim.how, went, before=before, elsewhere=(store, ledger))
    except CallsheetError as cause:
        failure = cause.diagnostics[0].summary
    return (warning("audit.unwritten", f"state was moved, and that is not on record: {failure}"),)


def _carry(session: Session, state: State, destination: Destination, here: Lease, there: Lease) -> Holdings:
    def check() -> None:
        here.check()
        there.check()

    at = session.clock.now().isoformat(timespec="seconds")
    session.ledger.freeze(here.holder.run)
    migration = Migration(session.store, destination.store, session.environment.name, check, at)
    holdings = migration.copy(state)
    migration.check_unchanged(holdings)
    check()
    session.ledger.leave(destination.store.describe(), at)
    return holdings


def _gone_before(environment: str, source: Store, destination: Store) -> str | None:
    """When state went from the source, if it is at this destination now."""
    name = f"state/{environment}/head"
    head = Head.read(source, name)
    if head.gone is None:
        return None
    theirs = Head.read(destination, name)
    return head.gone.at if theirs.here and theirs.lineage == head.lineage else None


def _settings(text: str) -> Mapping[str, Value]:
    parsed = parse(text)
    if parsed.findings:
        found = parsed.findings[0]
        raise SpecError(f"--to: {found.summary}", hint=found.hint or _EXAMPLE, code=found.code)
    if len(parsed.values) != 1 or not isinstance(parsed.values[0], dict):
        raise SpecError(
            "--to is no description of a store",
            detail="It is what stands after `state:` in environments.yaml.",
            hint=_EXAMPLE,
            code="state.backend",
        )
    return parsed.values[0]


def _shown(value: Value) -> str:
    """A setting as YAML."""
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else json.dumps(value)
