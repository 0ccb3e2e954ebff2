"""Pruning: removes exports that have had their time, and everything that none of the others needs.

First the index lets go of them, then their blobs are removed: a process killed in between leaves blobs
that no export needs, for the next pruning, and never an export that lacks one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from callsheet.exports import index
from callsheet.exports.export import contents_of, outline
from callsheet.exports.index import Index, Listed
from callsheet.exports.packs import space
from callsheet.exports.retention import expired
from callsheet.model.errors import StateError
from callsheet.spec.environments import Retention
from callsheet.state.snapshot import State
from callsheet.state.store import Moved, Store

_ATTEMPTS = 20
_BATCH = 500
_READERS = 8
# A tenth of what is kept is let pile up, so that not every run looks through them all.
_SHARE = 10


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed, or would be: exports, and how many blobs."""

    exports: tuple[Listed, ...] = ()
    blobs: int = 0


def due(store: Store, environment: str, retention: Retention, now: datetime) -> bool:
    """Whether the end of a run should prune: enough has piled up, or a pruning was cut short."""
    known = index.read(store, environment)
    gone = expired(known.exports, retention, now)
    return known.sweeping or len(gone) >= max(1, retention.keep // _SHARE)


def would_prune(store: Store, state: State, retention: Retention, now: datetime) -> Pruned:
    """What `prune` would remove now."""
    known = index.read(store, state.environment)
    gone = expired(known.exports, retention, now, _protected(state))
    return Pruned(gone, len(_orphans(store, state, _without(known, gone))))


def prune(
    store: Store, state: State, retention: Retention, now: datetime, alive: Callable[[], None]
) -> Pruned:
    """Remove what has had its time. The caller holds the environment's lock, and `alive` raises once it
    is lost. StateError where an export that stays cannot be read: then nothing is removed."""
    for _ in range(_ATTEMPTS):
        known = index.read(store, state.environment)
        gone = expired(known.exports, retention, now, _protected(state))
        left = _without(known, gone)
        orphans = _orphans(store, state, left)
        if not gone and not orphans and not known.sweeping:
            return Pruned()
        alive()
        try:
            left = index.write(store, replace(left, sweeping=True, sweeps=known.sweeps + 1))
        except Moved:
            # An export on demand came in between, and may share what was an orphan a moment ago.
            continue
        names = sorted(orphans)
        for start in range(0, len(names), _BATCH):
            alive()
            store.remove_blobs(names[start : start + _BATCH], space=space(state.environment))
        alive()
        index.write(store, replace(left, sweeping=False))
        return Pruned(gone, len(orphans))
    raise StateError(
        f"old exports could not be removed: {_ATTEMPTS} times others wrote the index first",
        hint="`callsheet export prune` tries again",
        code="export.busy",
    )


def _orphans(store: Store, state: State, kept: Index) -> set[str]:
    """The blobs that no kept export needs, nor the present state."""
    held = [*state.records.values(), *(each.draft for each in state.begun.values() if each.draft)]
    needed = contents_of(held) | _needed(store, kept.environment, kept.exports)
    mine = space(kept.environment)
    stored = {
        each.sha256
        for each in store.contents(mine)
        if each.kind == "blob" and each.name == mine and each.sha256
    }
    return stored - needed


def _needed(store: Store, environment: str, exports: Iterable[Listed]) -> set[str]:
    with ThreadPoolExecutor(_READERS) as pool:
        found = pool.map(lambda each: outline(store, environment, each.sha256), exports)
        return {name for export in found for name in export.blobs | export.contents}


def _without(known: Index, gone: Iterable[Listed]) -> Index:
    names = {each.sha256 for each in gone}
    return replace(known, exports=tuple(each for each in known.exports if each.sha256 not in names))


def _protected(state: State) -> set[str]:
    """The exports of the last run, which tells a killed one's creations from others, and of the hold."""
    named = ((state.run or {}).get("export"), (state.hold or {}).get("export"))
    return {str(each) for each in named if each}
