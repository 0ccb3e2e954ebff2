"""The drift classes, and what the four values of one path mean together (design §4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from callsheet.model.value import Path, Value


class Class(StrEnum):
    """What is the case with a resource."""

    IN_SYNC = "in_sync"
    PENDING = "pending"
    DRIFTED = "drifted"
    CONFLICT = "conflict"
    CONVERGED = "converged"
    MISSING = "missing"
    UNMANAGED = "unmanaged"


class Verdict(StrEnum):
    """What is the case with one owned path."""

    IN_SYNC = "in_sync"
    NORMALISED = "normalised"  # in sync, though the provider stores something else than was sent
    RESIDUAL = "residual"  # was cleared, came back, and was reported then
    SET = "set"  # the files moved
    CLEAR = "clear"  # the files dropped it
    RELEASE = "release"  # the files dropped it and live moved: left as it is, no longer owned
    RESTORE = "restore"  # live moved
    CONVERGED = "converged"  # both moved to the same value
    CONFLICT = "conflict"  # both moved, differently


@dataclass(frozen=True, slots=True)
class PathState:
    """One owned path with its four values; ABSENT where a side has none."""

    path: Path
    verdict: Verdict
    desired: Value
    applied: Value
    seen: Value
    live: Value
    # The difference lies only in keys of list elements that the files do not mention.
    inner_only: bool = False


@dataclass(frozen=True, slots=True)
class Unowned:
    """A path that nobody declared and that moved since it was last seen."""

    path: Path
    seen: Value
    live: Value


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that is the case with one resource."""

    paths: tuple[PathState, ...] = ()
    unowned: tuple[Unowned, ...] = ()

    def with_verdict(self, *verdicts: Verdict) -> tuple[PathState, ...]:
        return tuple(path for path in self.paths if path.verdict in verdicts)

    @property
    def classification(self) -> Class:
        verdicts = {path.verdict for path in self.paths}
        if Verdict.CONFLICT in verdicts:
            return Class.CONFLICT
        if Verdict.RESTORE in verdicts:
            return Class.DRIFTED
        if verdicts & {Verdict.SET, Verdict.CLEAR, Verdict.RELEASE}:
            return Class.PENDING
        if Verdict.CONVERGED in verdicts:
            return Class.CONVERGED
        return Class.IN_SYNC


IN_SYNC = Comparison()
