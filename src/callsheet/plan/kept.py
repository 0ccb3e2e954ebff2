"""What `--on-conflict keep` decided, and how long it holds: until the file's value moves again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from callsheet.diff.classes import Comparison, PathState, Verdict
from callsheet.diff.equality import agrees
from callsheet.model.kinds import Kind
from callsheet.model.paths import matches
from callsheet.model.value import Path

_MOVING = (Verdict.SET, Verdict.RESTORE, Verdict.CLEAR)


def standing(kind: Kind, comparison: Comparison, kept: Collection[Path]) -> Comparison:
    """The comparison under earlier decisions: a kept value that live moved again is a conflict again.

    So is everything beneath a value of another type that was kept: sent alone it would mix two types.
    """
    if not kept:
        return comparison
    paths = [_again(kind, state) if state.path in kept else state for state in comparison.paths]
    for holder in _unions(kind, paths, Verdict.NORMALISED):
        if holder.path not in kept:
            continue
        beneath = [state for state in paths if _beneath(state.path, holder.path[:-1])]
        if any(state.verdict in (*_MOVING, Verdict.CONFLICT) for state in beneath):
            reopened = {
                state.path
                for state in beneath
                if state.verdict in _MOVING or (state.path in kept and state.verdict is Verdict.NORMALISED)
            }
            paths = _conflicts(paths, reopened)
    return Comparison(tuple(paths), comparison.unowned)


def still_kept(comparison: Comparison, kept: Collection[Path]) -> tuple[Path, ...]:
    """The kept paths at which the files and live are as they were when that was decided."""
    return tuple(state.path for state in comparison.with_verdict(Verdict.NORMALISED) if state.path in kept)


def whole_unions(kind: Kind, comparison: Comparison) -> Comparison:
    """Where live keeps its type (`voice.provider`), it keeps everything beneath: the rest belongs to it."""
    paths = list(comparison.paths)
    for holder in _unions(kind, paths, Verdict.CONFLICT):
        place = holder.path[:-1]
        inside = {state.path for state in paths if state.verdict in _MOVING and _beneath(state.path, place)}
        paths = _conflicts(paths, inside)
    return Comparison(tuple(paths), comparison.unowned)


def _again(kind: Kind, state: PathState) -> PathState:
    if state.verdict is not Verdict.RESTORE:
        return state
    fits = agrees(state.desired, state.live, kind.id_sets, state.path)
    return replace(state, verdict=Verdict.CONVERGED if fits else Verdict.CONFLICT)


def _unions(kind: Kind, paths: Sequence[PathState], verdict: Verdict) -> Iterator[PathState]:
    """The paths that say which type an object is of, where they are in the given case."""
    for state in list(paths):
        if state.verdict is verdict and any(
            state.path[-1] == key and matches(state.path[:-1], shape) for shape, key in kind.unions
        ):
            yield state


def _beneath(path: Path, place: Path) -> bool:
    return path[: len(place)] == place


def _conflicts(paths: Sequence[PathState], which: Collection[Path]) -> list[PathState]:
    return [replace(each, verdict=Verdict.CONFLICT) if each.path in which else each for each in paths]
