"""`state push`: a whole state, or what a run could not write, from a file into the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.errors import CallsheetError, Stale, StateError
from callsheet.operations.surgery import Surgery
from callsheet.releases.keeping import is_kept
from callsheet.releases.pin import pinned
from callsheet.state.document import read_state, write_state
from callsheet.state.sealing import Broken, parsed
from callsheet.state.selecting import check_settled
from callsheet.state.snapshot import State
from callsheet.state.store import Store
from callsheet.state.unwritten import FORMAT as RECOVERY
from callsheet.state.unwritten import Missing, Unwritten, missing


def read(path: Path) -> State | Unwritten:
    """What a file holds: state as `pull` wrote it, or a run's unwritten entries; else a StateError."""
    try:
        data = path.read_bytes()
    except OSError as cause:
        raise CallsheetError(f"{path} cannot be read ({cause.strerror})", code="state.file") from None
    try:
        header = parsed(data.partition(b"\n")[0], "its first line")
        if header.get("format") == RECOVERY:
            return Unwritten.read(data)
        state = read_state(data)
        if state.lineage is None:
            raise Broken("it is the state of nothing")
        return state
    except Broken as cause:
        raise StateError(
            f"{path} is not what Callsheet wrote: {cause}",
            detail="Nothing was written. A state that was edited or cut off is never taken for a whole one.",
            hint="take a file of `callsheet state pull`, or a run's recovery file, as it is",
            code="state.file-damaged",
        ) from None


@dataclass(frozen=True, slots=True)
class Replacement:
    """The state to put there, None where it is there already; and what is lost by that."""

    state: State | None
    warnings: tuple[Diagnostic, ...] = ()


def replacement(operation: Surgery, pushed: State, store: Store, *, force: bool) -> Replacement:
    """What pushing a whole state means. Stale where it does not fit what is there; `force` makes warnings
    of what can be answered for."""
    if operation.damage:
        if not force:
            raise operation.damage
        lost = "what is there cannot be read, and is given up"
        return Replacement(pushed, (_lost(lost, operation.damage.diagnostics[0].summary),))
    there = operation.state
    check_settled(there.begun.values())
    if there.lineage is None:
        return Replacement(pushed, _without_releases(store, pushed))
    objections = []
    if there.lineage != pushed.lineage:
        objections.append(
            Stale(
                f"it is of another lineage ({pushed.lineage}) than the store's ({there.lineage})",
                detail="These are two estates; the objects that only the store's knows would be nobody's.",
                hint="push it with --force, if the store's is to be given up",
                code="stale.lineage",
            )
        )
    elif write_state(there) == write_state(pushed):
        return Replacement(None)
    elif pushed.serial <= there.serial:
        objections.append(
            Stale(
                f"it is of serial {pushed.serial}, and the store's is of serial {there.serial}",
                detail="What was written since then would be forgotten; its objects stay at the provider.",
                hint="push it with --force, if that is to be given up",
                code="stale.serial",
            )
        )
    found = [each for objection in objections for each in objection.diagnostics]
    if found and not force:
        raise Stale(diagnostics=found)
    # A hold is lifted by what lifts it: that is the store's to say.
    kept = replace(pushed, hold=there.hold or pushed.hold)
    if there.lineage == pushed.lineage:
        # So is which runs there were: their records lie beside state. Steps begun need the run they are of.
        # And so is what it runs, by which rules: no file from before a promotion undoes one.
        kept = replace(
            pushed,
            hold=there.hold,
            audit=there.audit,
            run=pushed.run if pushed.begun else there.run,
            releases=there.releases,
            protection=there.protection,
            instance=there.instance,
        )
    return Replacement(kept, tuple(_lost(each.summary, each.detail) for each in found))


def _without_releases(store: Store, pushed: State) -> tuple[Diagnostic, ...]:
    """A warning where the store lacks the release that the state is pinned to: no file of state holds it."""
    pin = pinned(pushed)
    if pin is None or is_kept(store, pushed.environment, pin.blob):
        return ()
    return (
        warning(
            "state.no-release",
            f"{pushed.environment} runs v{pin.version}, and {store.describe()} does not have that release",
            detail="State says which release runs. Its files are kept beside state, and not in it.",
            hint=f"promote to {pushed.environment} again: that keeps them anew",
        ),
    )


def recovery(operation: Surgery, unwritten: Unwritten) -> Missing:
    """What state lacks of a run's unwritten entries. Stale where they are of another state."""
    lineage = operation.state.lineage
    if lineage != unwritten.lineage:
        raise Stale(
            f"run {unwritten.run} wrote to the lineage {unwritten.lineage}, and the store's is "
            f"{lineage or 'not begun'}",
            detail="Nothing was written.",
            hint="run apply: what that run made is proposed as imports",
            code="stale.lineage",
        )
    return missing(operation.state, unwritten)


def unknown(run: str, found: Missing) -> list[Diagnostic]:
    """What to say of objects that a run made and that state has never heard of."""
    return [
        warning(
            "state.unknown-object",
            f"run {run} made {each.remote_id} for {each.address}, and state does not know it (any more)",
            detail="Another run ended this step without finding it, or removed it since.",
            hint="see whether it is still there, and import or delete it",
            address=each.address,
        )
        for each in found.strange
    ]


def _lost(summary: str, detail: str) -> Diagnostic:
    return warning("state.forced", summary, detail=detail)
