"""Restoring: how the planner looks at a resource on the way back to an export.

Everything that the export holds is wanted, whoever owns it; what was last seen stands for what was
applied. So what a run changed is set back, and what moved since is somebody's newer edit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from callsheet.diff.classes import Comparison, PathState, Verdict
from callsheet.diff.compare import owned_paths
from callsheet.diff.equality import agrees
from callsheet.model.canonical import plain
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, get, put
from callsheet.model.value import Path, Payload, Secret, Text, Value
from callsheet.plan.change import Attribute, Cause, Change
from callsheet.plan.inputs import Inputs
from callsheet.state.record import Record
from callsheet.state.snapshot import State


def as_owned(wanted: Payload, record: Record) -> Payload:
    """`wanted`'s paths and the record's own, with the values that were last seen there.

    Where nothing was seen the record's own value stands: the provider never returns it. A list is one
    value, so what is never returned stands in it as well.
    """
    applied, seen = record.applied_symbols, record.seen_symbols
    out: Payload = {}
    for path in owned_paths(wanted, applied):
        value = get(seen, path)
        if value is ABSENT:
            value = get(applied, path)
        if value is not ABSENT:
            out = put(out, path, _with_unseen(value, get(applied, path)))
    return out


def _with_unseen(seen: Value, applied: Value) -> Value:
    if isinstance(seen, list) and isinstance(applied, list) and len(seen) == len(applied):
        return [_with_unseen(one, other) for one, other in zip(seen, applied, strict=True)]
    if isinstance(seen, dict) and isinstance(applied, dict):
        unseen = {
            key: item for key, item in applied.items() if key not in seen and isinstance(item, Secret | Text)
        }
        return {key: _with_unseen(item, applied.get(key)) for key, item in seen.items()} | unseen
    return seen


def owning_all(inputs: Inputs) -> State:
    """State as if it owned everything that the export holds."""
    records = dict(inputs.state.records)
    for address, resource in inputs.resources.items():
        former = resource.lifecycle.moved_from or str(address)
        known = str(address) if str(address) in records else former
        if record := records.get(known):
            records[known] = replace(record, applied=plain(as_owned(resource.payload, record)))
    return replace(inputs.state, records=records)


def judged(
    kind: Kind, comparison: Comparison, decision: str | None, edited: Collection[Path] = ()
) -> tuple[Comparison, tuple[Path, ...]]:
    """The comparison on the way back, and the paths that keep what somebody else has set since.

    `decision` is what was said about newer edits: None (they are conflicts), "overwrite" or "keep". `edited`
    are those that a run has met already, and that so do not show as moved.
    """
    left: list[Path] = []
    paths = []
    for state in comparison.paths:
        newer = state.verdict in _NEWER or (
            state.verdict in _OLDER and any(_touch(state.path, path) for path in edited)
        )
        verdict = _judge(kind, state, decision, newer)
        if verdict is Verdict.NORMALISED and newer:
            left.append(state.path)
        paths.append(state if verdict is state.verdict else replace(state, verdict=verdict))
    return Comparison(tuple(paths), comparison.unowned), tuple(left)


_NEWER = (Verdict.RESTORE, Verdict.CONFLICT, Verdict.RELEASE)
_OLDER = (Verdict.SET, Verdict.CLEAR)
_CLEARS = (Verdict.RELEASE, Verdict.CLEAR)


def _touch(one: Path, other: Path) -> bool:
    """Whether one holds the other."""
    length = min(len(one), len(other))
    return length > 0 and one[:length] == other[:length]


def _judge(kind: Kind, state: PathState, decision: str | None, newer: bool) -> Verdict:
    if state.verdict is Verdict.CONVERGED:
        return Verdict.NORMALISED
    if not newer:
        return state.verdict
    if state.verdict not in _CLEARS and agrees(state.desired, state.live, kind.id_sets, state.path):
        return Verdict.NORMALISED
    if decision == "keep":
        return Verdict.NORMALISED
    if decision == "overwrite":
        return Verdict.CLEAR if state.verdict in _CLEARS else Verdict.RESTORE
    return Verdict.CONFLICT


def ownership(applied: Mapping[str, object]) -> frozenset[Path]:
    """The paths that a record owns."""
    return frozenset(owned_paths(dict(applied), {}))


def undecided(inputs: Inputs, edited: bool) -> bool:
    """Whether going back would undo somebody's edit, and nobody has said what is to become of it."""
    return edited and inputs.restoration is not None and inputs.options.on_conflict is None


def kept_as_it_is(address: str, why: str) -> Diagnostic:
    """What the way back leaves alone because somebody has edited it since."""
    return warning(
        "rollback.kept",
        f"{address} {why} was edited since: it stays (--on-conflict keep)",
        address=address,
    )


def restored(inputs: Inputs, change: Change) -> Change:
    """On the way back, what state is to remember: what it did then, and not all that is sent."""
    if inputs.restoration is None:
        return change
    record = inputs.restoration.records[change.address]
    lifecycle = dict(change.lifecycle or {})
    if record.ignore:
        # What is made again gets what was ignored as well, and ignores it from then on.
        lifecycle["ignoreChanges"] = list(record.ignore)
    return replace(
        change,
        owned=record.applied_symbols,
        lifecycle=lifecycle,
        keeps=record.kept,
        depends_on=record.depends_on,
    )


def told(inputs: Inputs, lines: tuple[Attribute, ...]) -> tuple[Attribute, ...]:
    """On the way back every line has that one cause."""
    if inputs.restoration is None:
        return lines
    return tuple(replace(line, cause=Cause.ROLLBACK, at=None) for line in lines)
