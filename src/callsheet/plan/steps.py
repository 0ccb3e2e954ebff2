"""Steps: which requests a change takes, and in what order across all changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from callsheet.diff.classes import Comparison, Verdict
from callsheet.graph.order import cycles
from callsheet.model.errors import SpecError
from callsheet.model.kinds import Kind, Replacement
from callsheet.model.paths import ABSENT, get, leaves, matches_any
from callsheet.model.value import Path, Payload, Ref, symbols
from callsheet.plan.change import Action, Call, Change, Step


@dataclass(slots=True)
class Draft:
    """A change on its way: what is known before order and steps are."""

    change: Change
    kind: Kind
    payload: Payload | None = None
    comparison: Comparison | None = None
    live: Payload | None = None  # the view of the remote object
    keep: tuple[Path, ...] = ()
    holders: tuple[str, ...] = ()  # who referred to it, as state has it
    refs: tuple[tuple[Path, Ref], ...] = field(default_factory=tuple)
    leftovers: tuple[str, ...] = ()  # remote ids that earlier replacements left behind


def with_steps(drafts: Sequence[Draft]) -> list[Change]:
    """The changes with their steps; SpecError for a cycle that no deferrable reference opens."""
    by_address = {draft.change.address: draft for draft in drafts}
    deferred = _deferred(by_address)
    made: dict[str, int] = {}  # address → the step after which its new id is known
    for draft in drafts:
        if draft.change.action in (Action.CREATE, Action.REPLACE):
            made[draft.change.address] = _creating_step(draft)
    changes = {}
    for draft in drafts:
        steps = _with_leftovers(draft, _steps(draft, deferred.get(draft.change.address, {}), made))
        changes[draft.change.address] = replace(draft.change, steps=tuple(steps))
    for draft in drafts:
        changes[draft.change.address] = _after_updates(draft, changes)
    circles = _circles(drafts)
    return [_after_holders(by_address[address], changes, circles) for address in changes]


def _creating_step(draft: Draft) -> int:
    delete_first = draft.kind.replacement is Replacement.DELETE_FIRST
    return 2 if draft.change.action is Action.REPLACE and delete_first else 1


def _deferred(drafts: Mapping[str, Draft]) -> dict[str, dict[Path, str]]:
    """Per address the reference paths that its creation leaves out, to open cycles among creations."""
    creating = {
        address for address, draft in drafts.items() if draft.change.action in (Action.CREATE, Action.REPLACE)
    }
    out: dict[str, dict[Path, str]] = {}
    edges: dict[str, dict[str, list[Path]]] = {}
    for address in creating:
        held: dict[str, list[Path]] = {}
        for path, ref in drafts[address].refs:
            if ref.address in creating:
                held.setdefault(ref.address, []).append(path)
        edges[address] = held
    edges = {address: edges[address] for address in drafts if address in edges}
    # Fields that only an existing object takes are later steps anyway and hold nothing back.
    for address, held in edges.items():
        for target in list(held):
            if all(_late(drafts[address].kind, path) for path in held[target]):
                out.setdefault(address, {}).update(dict.fromkeys(held[target], target))
                del held[target]
    while groups := cycles(edges):
        for group in groups:
            address, target = _opening(group, edges, drafts)
            out.setdefault(address, {}).update(dict.fromkeys(edges[address][target], target))
            del edges[address][target]
    return out


def _late(kind: Kind, path: Path) -> bool:
    return any(matches_any(path[:length], kind.after_create) for length in range(1, len(path) + 1))


def _opening(
    group: Sequence[str], edges: Mapping[str, Mapping[str, list[Path]]], drafts: Mapping[str, Draft]
) -> tuple[str, str]:
    """An edge inside of the group that can be added later."""
    for address in group:
        deferrable = [each.at for each in drafts[address].kind.references if each.deferrable]
        for target, paths in edges[address].items():
            if target in group and all(matches_any(path, deferrable) for path in paths):
                return address, target
    walk = " → ".join([*group, group[0]])
    raise SpecError(
        f"these refer to each other and none can be created first: {walk}",
        detail="The provider needs every one of these references when the object is created.",
        hint="break the circle: let one of them be reached in another way",
        code="plan.cycle",
        address=group[0],
    )


def _steps(draft: Draft, deferred: Mapping[Path, str], made: Mapping[str, int]) -> list[Step]:
    change = draft.change
    match change.action:
        case Action.CREATE | Action.REPLACE:
            return _creating_steps(draft, deferred, made)
        case Action.DELETE:
            return [Step(1, Call.DELETE, remote_id=change.remote_id)]
        case _:
            return _updating_steps(draft, made)


def _creating_steps(draft: Draft, deferred: Mapping[Path, str], made: Mapping[str, int]) -> list[Step]:
    assert draft.payload is not None
    kind, payload = draft.kind, draft.payload
    late = tuple(key for key in payload if _late(kind, (key,)))
    omit = tuple(sorted({_element(path) for path in deferred if path[0] not in late}, key=str))
    now = {ref.address for path, ref in draft.refs if path not in deferred and path[0] not in late}
    first = Step(
        1,
        Call.CREATE,
        keys=tuple(key for key in payload if key not in late),
        omit=omit,
        after=_after(now, made),
    )
    steps = [first]
    again = tuple(dict.fromkeys([*late, *(str(path[0]) for path in omit)]))
    if again:
        later = {ref.address for path, ref in draft.refs if path[0] in again}
        steps.append(Step(2, Call.UPDATE, keys=again, after=_after(later, made)))
    if draft.change.action is Action.REPLACE:
        gone = Step(len(steps) + 1, Call.DELETE, remote_id=draft.change.remote_id)
        if kind.replacement is Replacement.DELETE_FIRST:
            steps = [gone, *steps]
        else:
            steps.append(gone)
    address = draft.change.address
    return [
        replace(step, number=number, after=(((address, number - 1),) if number > 1 else ()) + step.after)
        for number, step in enumerate(steps, 1)
    ]


def _element(path: Path) -> Path:
    """The list element that holds the path: without its reference, the rest of it would be no element."""
    last = max((index for index, step in enumerate(path) if isinstance(step, int)), default=None)
    return path if last is None else path[: last + 1]


def _updating_steps(draft: Draft, made: Mapping[str, int]) -> list[Step]:
    keys: dict[str, None] = {}
    clear: list[Path] = []
    if draft.comparison and draft.payload is not None:
        for state in draft.comparison.paths:
            if state.path in draft.keep:
                continue
            if state.verdict is Verdict.CLEAR:
                clear.append(_whole(draft, state.path))
            elif state.verdict in (Verdict.SET, Verdict.RESTORE, Verdict.CONFLICT):
                if state.desired is None and len(state.path) == 1:
                    clear.append(state.path)
                else:
                    keys[str(state.path[0])] = None
    if not keys and not clear:
        return [Step(1, Call.RECORD)]
    assert draft.payload is not None
    touched = {*keys, *(str(path[0]) for path in clear)}
    needed = {ref.address for path, ref in draft.refs if path[0] in touched}
    return [
        Step(
            1,
            Call.UPDATE,
            keys=tuple(keys),
            omit=draft.keep,
            clear=tuple(dict.fromkeys(clear)),
            after=_after(needed, made),
            remote_id=draft.change.remote_id,
        )
    ]


def _whole(draft: Draft, path: Path) -> Path:
    """What is cleared for a path that left the files: the largest object around it that left with it.

    An object leaves whole when the files mention nothing of it any more and nothing in it is anybody
    else's, or when it loses the key that the rest of it depends on (a voice without its provider).
    """
    assert draft.payload is not None
    assert draft.comparison is not None
    cleared = {state.path for state in draft.comparison.with_verdict(Verdict.CLEAR)}
    whole = path
    for length in range(len(path) - 1, 0, -1):
        around = path[:length]
        if get(draft.payload, around) is not ABSENT or any(isinstance(step, int) for step in around):
            break
        rest = [each for each, _ in leaves(get(draft.live, around), around) if each not in cleared]
        lost_union = any(
            matches_any(around, [shape]) and (*around, key) in cleared for shape, key in draft.kind.unions
        )
        if rest and not lost_union:
            break
        whole = around
    return whole


def _with_leftovers(draft: Draft, steps: list[Step]) -> list[Step]:
    """The steps, and the deletions that earlier replacements still owe.

    They come last; where the address itself ends they come first, for its record is what knows of them.
    """
    owed = [Step(0, Call.DELETE, remote_id=old) for old in draft.leftovers]
    if not owed:
        return steps
    ends = draft.change.action in (Action.DELETE, Action.FORGET)
    address, shift = draft.change.address, len(owed) if ends else 0
    out = []
    for number, step in enumerate([*owed, *steps] if ends else [*steps, *owed], 1):
        after = tuple((at, each + shift if at == address else each) for at, each in step.after)
        if number > 1:
            after = tuple(dict.fromkeys([(address, number - 1), *after]))
        out.append(replace(step, number=number, after=after))
    return out


def _after_updates(draft: Draft, changes: Mapping[str, Change]) -> Change:
    """Attributes that an update of their object changes (a name, a version) are known after it."""
    change = changes[draft.change.address]
    steps = []
    for step in change.steps:
        after = [
            (ref.address, update.number)
            for path, ref in draft.refs
            if ref.id is None and path[0] in step.keys and ref.address != change.address
            if (target := changes.get(ref.address)) is not None
            for update in target.steps
            if update.call is Call.UPDATE and _known_after(target, ref)
        ]
        steps.append(replace(step, after=tuple(dict.fromkeys((*step.after, *after)))))
    return replace(change, steps=tuple(steps))


def _known_after(target: Change, ref: Ref) -> bool:
    """Whether an attribute is known after an update only; what a creation makes is waited for by itself."""
    return ref.attribute != "id" and target.action not in (Action.CREATE, Action.REPLACE)


def _after(addresses: set[str], made: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((address, made[address]) for address in sorted(addresses) if address in made)


def _after_holders(draft: Draft, changes: Mapping[str, Change], circles: Mapping[str, int]) -> Change:
    """Deletes come after everything that still pointed at the object was changed or deleted."""
    change = changes[draft.change.address]
    if change.action is Action.REPLACE and draft.kind.replacement is Replacement.DELETE_FIRST:
        return change
    before = tuple(
        (holder, _released(changes[holder]))
        for holder in draft.holders
        if holder in changes and changes[holder].writes and not _yields(change, changes[holder], circles)
    )
    steps = tuple(
        replace(step, after=tuple(dict.fromkeys((*step.after, *before))))
        if step.call is Call.DELETE
        else step
        for step in change.steps
    )
    return replace(change, steps=steps)


def _released(holder: Change) -> int:
    """The step of a holder after which it no longer points at what it held."""
    if holder.action is Action.DELETE:
        return holder.steps[-1].number
    return max(step.number for step in holder.steps if step.call is not Call.DELETE)


def _yields(change: Change, holder: Change, circles: Mapping[str, int]) -> bool:
    """Among deletions that hold each other in a circle, the order of addresses decides."""
    return (
        change.address == holder.address
        or (holder.address in circles and circles[holder.address] == circles.get(change.address))
    ) and change.address <= holder.address


def _circles(drafts: Sequence[Draft]) -> dict[str, int]:
    """Deleted addresses that hold each other in a circle, with the circle's number."""
    gone = {draft.change.address: draft for draft in drafts if draft.change.action is Action.DELETE}
    held = {
        address: [holder for holder in draft.holders if holder in gone] for address, draft in gone.items()
    }
    return {address: number for number, group in enumerate(cycles(held)) for address in group}


def open_references(payload: Payload) -> tuple[tuple[Path, Ref], ...]:
    """The references of a payload with their paths."""
    return tuple((path, symbol) for path, symbol in symbols(payload) if isinstance(symbol, Ref))


def touched_keys(comparison: Comparison) -> set[str]:
    """Top-level keys that an update built from this comparison would send or clear."""
    verdicts = (Verdict.SET, Verdict.RESTORE, Verdict.CLEAR, Verdict.CONFLICT)
    return {str(state.path[0]) for state in comparison.with_verdict(*verdicts)}
