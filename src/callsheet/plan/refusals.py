"""Refusals that are found while planning: what apply will not do, and what would allow it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from callsheet.model.address import Address
from callsheet.model.kinds import Kind, Replacement
from callsheet.plan.change import Action, Change
from callsheet.plan.inputs import Inputs
from callsheet.plan.plan import Gate
from callsheet.state.snapshot import State

MASS_MINIMUM = 10
MASS_PERCENT = 30


def refusals(inputs: Inputs, changes: Sequence[Change]) -> list[Gate]:
    """The gates that hold for these changes. Protections of state outlive the documents that set them."""
    return [
        *_hold(inputs),
        *_emptied(inputs),
        *_protected(inputs, changes),
        *_mass(inputs, changes),
    ]


def _hold(inputs: Inputs) -> Iterable[Gate]:
    hold = holding(inputs.state, inputs.source)
    if hold is None or inputs.restoration or inputs.options.destroy:
        return
    said = f"these files were rolled back by run {hold['run']} ({hold['by']}, {hold['at']})"
    if inputs.options.resume:
        yield Gate("hold", "passed", f"{said}, and --resume brings them back", "")
    else:
        yield Gate(
            "hold",
            "refused",
            f"{said}, and this would bring them back",
            "change the files (any change ends the hold), or give --resume",
        )


def holding(state: State, source: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The hold that a rollback has left, where it is on these files."""
    hold = state.hold
    return hold if hold and source.get("estate") in hold["digests"] else None


def _emptied(inputs: Inputs) -> Iterable[Gate]:
    deliberate = inputs.options.destroy or inputs.restoration
    if not inputs.resources and inputs.state.records and not deliberate:
        yield Gate(
            "emptyDesired",
            "refused",
            f"the files declare nothing, and state holds {len(inputs.state.records)} resources: "
            "all of them would be deleted",
            "check that the right folder was read; to remove everything on purpose, use `callsheet destroy`",
        )


def _protected(inputs: Inputs, changes: Sequence[Change]) -> Iterable[Gate]:
    desired = {str(address): resource for address, resource in inputs.resources.items()}
    ending = {change.address for change in changes if change.destructive}
    for change in changes:
        if not change.destructive:
            continue
        kind = inputs.kinds[change.kind]
        what = "replaced" if change.action is Action.REPLACE else "deleted"
        if change.action is Action.REPLACE and kind.irreversible:
            yield Gate(
                "irreversible",
                "refused",
                f"{change.address} would be replaced, and what a {change.kind} loses cannot be brought back",
                "undo the change of its fixed attributes, or declare it anew under another name",
            )
            continue
        if _is_part(change, kind, desired, ending):
            continue
        if resource := desired.get(change.address):
            said = resource.lifecycle.prevent_destroy
            protected = kind.irreversible if said is None else said
        else:
            protected = inputs.state.records[change.address].prevent_destroy
        if protected:
            yield Gate(
                "preventDestroy",
                "refused",
                f"{change.address} would be {what}, and it is protected by lifecycle.preventDestroy",
                f"leave it out with --exclude {change.address}"
                if inputs.restoration
                else "apply it once with `preventDestroy: false`, then remove it; "
                "or set `onRemove: forget` to leave the remote object alone",
            )


def _is_part(change: Change, kind: Kind, desired: Collection[str], ending: Collection[str]) -> bool:
    """Whether it is a part of something that stays and is protected itself: its parts may come and go."""
    where = Address.parse(change.address)
    main = str(where.document)
    removal = change.action is Action.DELETE or kind.replacement is Replacement.CREATE_FIRST
    return bool(where.part) and not kind.irreversible and removal and main in desired and main not in ending


def _mass(inputs: Inputs, changes: Sequence[Change]) -> Iterable[Gate]:
    if inputs.options.destroy:
        return
    held = Counter(record.kind for record in inputs.state.records.values())
    gone = Counter(change.kind for change in changes if change.destructive)
    for kind, count in sorted(gone.items()):
        if held[kind] >= MASS_MINIMUM and count * 100 > MASS_PERCENT * held[kind]:
            allowed = inputs.options.allow_mass_delete
            yield Gate(
                "massDelete",
                "passed" if allowed else "refused",
                f"{count} of {held[kind]} {kind} resources would be deleted or replaced "
                f"(more than {MASS_PERCENT} %)" + (", allowed by --allow-mass-delete" if allowed else ""),
                "" if allowed else "if that is what you want, plan with --allow-mass-delete",
            )
