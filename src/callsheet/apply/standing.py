"""Standing drift: what a change found moved and was told to leave alone, acknowledged drift above all.

The baseline of such a path stays what it was, so that it is drift again when the acknowledgement ends.
"""

from __future__ import annotations

from callsheet.diff.classes import Verdict
from callsheet.diff.compare import compare
from callsheet.diff.equality import agrees
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, drop, get, pattern, put
from callsheet.model.value import Path, Payload, Value
from callsheet.plan.change import Call, Change
from callsheet.state.record import Record


def baseline_of(kind: Kind, change: Change, applied: Payload, earlier: Record, live: Payload) -> Payload:
    """`live`, a view, as it is to be kept as seen; `applied` is what the change leaves applied."""
    if change.owned is not None:
        return _going_back(change, earlier, live)
    ignore = tuple(pattern(text) for text in earlier.ignore)
    comparison = compare(kind, applied, earlier.applied_symbols, earlier.seen_symbols, live, ignore=ignore)
    for state in comparison.with_verdict(Verdict.RESTORE):
        fits = agrees(state.desired, state.live, kind.id_sets, state.path)
        if fits or state.path in change.keeps or _sent(change, state.path):
            continue
        live = _as_seen(live, state.path, state.seen)
    if not sends(change):
        # Nothing was looked at but what the change is about: what nobody owns stays reported.
        for each in comparison.unowned:
            live = _as_seen(live, each.path, each.seen)
    return live


def _going_back(change: Change, earlier: Record, live: Payload) -> Payload:
    """A newer edit that was left on the way back is drift from what the export holds."""
    if not sends(change):
        return earlier.seen_symbols
    for path in {path for step in change.steps for path in step.omit if step.call is Call.UPDATE}:
        live = _as_seen(live, path, get(change.desired or {}, path))
    return live


def _as_seen(live: Payload, path: Path, seen: Value) -> Payload:
    payload: Payload = drop(live, path) if seen is ABSENT else put(live, path, seen)
    return payload


def sends(change: Change) -> bool:
    """Whether the change sends values at all."""
    return any(step.call in (Call.CREATE, Call.UPDATE) for step in change.steps)


def _sent(change: Change, path: Path) -> bool:
    return any(
        path[0] in step.keys and not any(path[: len(each)] == each for each in step.omit)
        for step in change.steps
    )
