"""`rollback`: the way back to what an export holds, as a plan like any other. Reads only."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from callsheet import __version__
from callsheet.diff.veil import Veil
from callsheet.exports.contents import content
from callsheet.exports.export import Export, Exported, load, objects, records
from callsheet.exports.index import find
from callsheet.exports.telling import missing_contents
from callsheet.exports.way_back import Now, Then, way_back
from callsheet.model.errors import CallsheetError, Stale
from callsheet.model.events import Event
from callsheet.model.value import Content, Secret, Text, symbols
from callsheet.operations.holds import held_after, held_since, runs_of
from callsheet.operations.isolation import Isolation
from callsheet.operations.plan import Planned, plan
from callsheet.operations.protecting import judged
from callsheet.operations.refresh import check_organisation, refresh
from callsheet.operations.secrecy import known_secrets
from callsheet.operations.session import Session
from callsheet.operations.since import read_since, untold
from callsheet.operations.sources import Move, held, moving, version_of
from callsheet.plan.archive import Archive
from callsheet.plan.change import Call
from callsheet.plan.inputs import Inputs, Options
from callsheet.plan.plan import Plan
from callsheet.plan.planner import make_plan
from callsheet.plan.under_way import as_left
from callsheet.releases.pin import Pin, next_version, pinned
from callsheet.state.snapshot import State

_VERSION = re.compile(r"v([1-9][0-9]{0,8})")


def rollback(session: Session, to: str, options: Options) -> Planned:
    """The plan that leads back to right before a run, to an export, by its name or the start of it, or of a
    pinned environment to one of its versions (`v3`).

    CallsheetError where there is no such export or version, or an upload that it needs was not kept.
    """
    if found := _VERSION.fullmatch(to):
        return _to_version(session, int(found[1]), options)
    state = session.ledger.load()
    if state.lineage is None:
        raise CallsheetError(
            f"{session.environment.name} was never applied, so there is nothing to go back to",
            code="rollback.nothing",
        )
    environment = session.environment.name
    named = find(session.store, environment, to)
    export = load(session.store, environment, named.sha256)
    if export.lineage != state.lineage:
        raise Stale(
            f"export {export.sha256[:12]} belongs to another state of {session.environment.name} "
            f"(lineage {export.lineage or 'none'}, now {state.lineage})",
            detail="Its addresses and digests mean nothing here.",
            code="rollback.lineage",
        )
    runs = runs_of(session, state)
    since = read_since(session, export, runs)
    then = Then(
        export.sha256,
        export.origin.run,
        _objects(session, export),
        records(session.store, export),
        since.found,
    )
    kinds = {kind for kind, ids in export.ids.items() if ids} & session.kinds.keys()
    session.listener(Event("plan.start", {"environment": session.environment.name}))
    live = refresh(session.provider, kinds, state, session.listener)
    Isolation(session).check_organisation(state, live.every)
    check_organisation(state, live, may_be_empty=True)
    known = known_secrets(session, state, records=then.records.values())
    state = as_left(state, live.objects, session.kinds, Veil.of(known, state.key))
    digest_of = partial(_digest_of, session, state)
    now = Now(state, live.objects, session.kinds, digest_of, partial(_known_keys, session))
    back = way_back(then, now)
    made = make_plan(
        Inputs(
            environment=session.environment.name,
            resources=back.resources,
            state=state,
            live=live.objects,
            kinds=session.kinds,
            digest_of=digest_of,
            native_schema=session.catalogue.native_schema,
            known_secrets=known,
            identity=session.identity,
            today=session.today,
            created_at=session.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            callsheet=__version__,
            source=_source(export, held_after(runs, export), _release_then(session, export, state)),
            target={**session.target, "organisation": live.organisation or state.organisation},
            diagnostics=(*untold(runs, since), *back.diagnostics),
            options=options,
            restoration=back.restoration,
        )
    )
    made = judged(session, made, state)
    session.listener(Event("plan.done", {"summary": made.summary}))
    return Planned(Archive(made, _contents(session, made)))


def _to_version(session: Session, version: int, options: Options) -> Planned:
    """The plan that makes the next version of what an earlier one holds, byte for byte."""
    environment = session.environment
    if not environment.pinned:
        raise CallsheetError(
            f"{environment.name} follows the working tree and has no versions",
            hint="roll back to a run or an export; `callsheet runs list` and `export list` name them",
            code="release.none",
        )
    state = session.ledger.load()
    then = version_of(session, state, version)
    if state.pin and state.pin["version"] == version:
        raise CallsheetError(
            f"{environment.name} runs v{version} already",
            hint="to undo what was edited behind it, run `callsheet plan` and `apply`",
            code="release.current",
        )
    source = moving(held(session, then), state, then.origin, back=then)
    return plan(session, options, replace(source, holds=tuple(held_since(session, state, version))))


def _release_then(session: Session, export: Export, state: State) -> dict[str, Any] | None:
    """The release that was pinned when an export was taken, as the next version, where another is by now.

    The export says which, for an environment that was destroyed since has forgotten its versions.
    """
    if not session.environment.pinned or export.release is None:
        return None
    then, now = Pin.from_json(export.release), pinned(state)
    if now is not None and now.digest == then.digest:
        return None
    return Move(next_version(state), then.origin, back=then).to_json() | {"prompts": dict(then.prompts)}


def _objects(session: Session, export: Export) -> dict[tuple[str, str], Exported]:
    return {
        (kind, found.id): found
        for kind in sorted(export.ids.keys() & session.kinds.keys())
        for found in objects(session.store, export, kind)
    }


def _digest_of(session: Session, state: State, symbol: Secret | Text) -> str | None:
    return session.keeper.digest(symbol, state.key)


def _known_keys(session: Session, kind: str) -> frozenset[str]:
    return frozenset(session.catalogue.native_schema(kind).get("properties", ()))


def _source(export: Export, holds: list[str], release: dict[str, Any] | None) -> dict[str, Any]:
    """What the plan is made from, and the digests of the files that are not to be applied again."""
    return {
        "kind": "export",
        "digest": export.sha256,
        "run": export.origin.run,
        "takenAt": export.origin.taken_at,
        "holds": holds,
        "git": None,
        "release": release,
    }


def _contents(session: Session, plan: Plan) -> dict[str, Callable[[], bytes]]:
    """The uploads that the plan needs, from where apply has kept them."""
    found: dict[str, Callable[[], bytes]] = {}
    missing: dict[str, str] = {}
    for change in plan.changes:
        for path, symbol in symbols(change.desired or {}):
            sent = any(step.call is not Call.RECORD and path[0] in step.keys for step in change.steps)
            if not sent or not isinstance(symbol, Content) or symbol.sha256 in found:
                continue
            data = content(session.store, plan.environment, symbol.sha256)
            if data is None:
                missing[symbol.sha256] = change.address
            else:
                found[symbol.sha256] = partial(_given, data)
    if missing:
        raise CallsheetError(diagnostics=missing_contents(missing))
    return found


def _given(data: bytes) -> bytes:
    return data
