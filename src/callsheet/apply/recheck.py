"""Before the first write: is everything that the plan touches still as it was planned?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from callsheet.diff.compare import compare_unknown
from callsheet.diff.equality import lingers
from callsheet.diff.view import masked_at, view
from callsheet.model.errors import Stale
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, get, pattern, show
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Payload, Ref, Value, transform
from callsheet.plan.baseline import baseline
from callsheet.plan.change import Action, Change
from callsheet.plan.plan import Plan
from callsheet.plan.restoring import as_owned
from callsheet.providers.base import Reader
from callsheet.state.snapshot import State

# From this many objects of a kind on, listing them all takes fewer requests than reading each.
LIST_FROM = 8


@dataclass(slots=True)
class Rechecked:
    """The fresh reads, and the changes that were found carried out already."""

    live: dict[str, RemoteObject] = field(default_factory=dict)
    already: set[str] = field(default_factory=set)
    # Steps that this very operation has done before (an earlier run of the same plan), by address.
    done: dict[str, int] = field(default_factory=dict)


def check_fits(plan: Plan, state: State, target: Mapping[str, object]) -> None:
    """Refuse a plan that was made for another environment's state or another target."""
    if plan.target.get("provider") != target.get("provider") or plan.target.get("baseUrl") != target.get(
        "baseUrl"
    ):
        raise Stale(
            f"the plan is for {plan.target.get('provider')} at {plan.target.get('baseUrl')}, "
            f"and {plan.environment} leads to {target.get('provider')} at {target.get('baseUrl')}",
            hint="plan again",
            code="stale.target",
        )
    if plan.lineage != state.lineage and not (plan.lineage is None and state.born == plan.digest):
        raise Stale(
            f"the plan belongs to another state of {plan.environment} "
            f"(lineage {plan.lineage or 'none'}, now {state.lineage or 'none'})",
            detail="State was made anew, or the first apply happened, after this plan was made.",
            hint="plan again",
            code="stale.lineage",
        )


def check_organisation(plan: Plan, state: State, remotes: Iterable[RemoteObject]) -> None:
    """Refuse to write where the key opens another organisation than the plan or state is about."""
    found = next((remote.organisation for remote in remotes if remote.organisation), None)
    for known, what in ((plan.target.get("organisation"), "the plan"), (state.organisation, "state")):
        if known and found and known != found:
            raise Stale(
                f"the key opens the organisation {found}, and {what} is about {known}",
                detail="Nothing was written.",
                hint="use the key of the right organisation; look at provider.apiKey in environments.yaml",
                code="stale.organisation",
            )


def recheck(plan: Plan, state: State, reader: Reader, kinds: Mapping[str, Kind]) -> Rechecked:
    """Read what the plan touches; Stale names everything that moved. What is already so is accepted."""
    out = Rechecked()
    fresh = _read(plan, reader)
    problems = []
    out.done = done_before(plan, state)
    for change in plan.changes:
        if change.address in out.done:
            continue
        record = state.records.get(change.moved_from or change.address)
        known = record.remote_id if record else None
        if known != _planned_id(change):
            if known and change.action in (Action.CREATE, Action.IMPORT):
                problems.append(_moved(change, f"state knows it already, as {known}"))
            elif change.action is not Action.IMPORT:
                problems.append(_moved(change, f"state has {known or 'nothing'} for it"))
            continue
        problems += _protected_since(change, plan, state)
        if not change.remote_id:
            continue
        remote = fresh.get((change.kind, change.remote_id))
        if remote is None:
            if change.action not in (Action.DELETE, Action.FORGET):
                problems.append(_moved(change, "it is gone at the provider"))
            continue
        out.live[change.address] = remote
        if change.action is Action.FORGET:
            continue
        now = live_baseline(change, state, kinds[change.kind], remote, keyed=plan.lineage is not None)
        if now != change.base_fingerprint:
            desired = _with_made(change, state, out.done)
            if already_so(change, desired, state, kinds[change.kind], remote):
                out.already.add(change.address)
            elif not cut_off(change, state, kinds[change.kind]):
                problems.append(_moved(change, f"live changed: {moved_paths(change, state, kinds, remote)}"))
    if problems:
        raise Stale(diagnostics=[item for problem in problems for item in problem.diagnostics])
    return out


def done_before(plan: Plan, state: State) -> dict[str, int]:
    """How many steps of each change an earlier run of the same plan has done."""
    return {change.address: done for change in plan.changes if (done := steps_done(change, state))}


def steps_done(change: Change, state: State) -> int:
    """How many steps of the change an earlier run of the same operation has done."""
    record = state.records.get(change.address)
    if record is not None and record.key == change.idempotency_key:
        return record.step
    if record is None and change.action in (Action.DELETE, Action.FORGET):
        # It was there when the plan was made, and only this change takes it out of state.
        return len(change.steps)
    return 0


def cut_off(change: Change, state: State, kind: Kind) -> bool:
    """Whether an earlier run of the same operation ended between the requests that this change takes."""
    record = state.records.get(change.address)
    return (
        bool(kind.after_create)
        and record is not None
        and record.key == change.idempotency_key
        and record.step < len(change.steps)
    )


def live_baseline(change: Change, state: State, kind: Kind, remote: RemoteObject, *, keyed: bool) -> str:
    """The fingerprint that `change.base_fingerprint` must equal.

    `keyed` is whether there was a lineage when the plan was made; at the first write there always is one.
    """
    record = state.records.get(change.moved_from or change.address)
    live = view(kind, remote, state.key, change.masked or (record.masked if record else ()))
    desired = change.desired or {}
    applied = record.applied_symbols if record else {}
    if change.owned is not None and record is not None:
        applied = as_owned(desired, record)
    return baseline(
        desired,
        applied,
        live,
        keyed=keyed,
    )


def _with_made(change: Change, state: State, done: Mapping[str, int]) -> Payload:
    """Desired, with the ids of what an earlier run of the same plan has made."""

    def leaf(value: Value) -> Value:
        if isinstance(value, Ref) and value.id is None and value.address in done:
            record = state.records.get(value.address)
            made = record.attributes.get(value.attribute) if record else None
            return Ref(value.address, value.attribute, made)
        return value

    payload: Payload = transform(change.desired or {}, leaf)
    return payload


def already_so(change: Change, desired: Payload, state: State, kind: Kind, remote: RemoteObject) -> bool:
    """Whether live holds everything that the change would bring about; `desired` with what ids are known."""
    if not desired or change.action not in (Action.UPDATE, Action.IMPORT, Action.MOVE, Action.REFRESH):
        return False
    if any(step.omit for step in change.steps):
        return False
    live = view(kind, remote, state.key, change.masked)
    cleared = all(get(live, path) in (ABSENT, None) for step in change.steps for path in step.clear)
    record = state.records.get(change.moved_from or change.address)
    applied = record.applied_symbols if record else {}
    # Where the files have openly what state knows as a secret, live is masked, and so are they.
    desired = masked_at(desired, map(pattern, change.masked), state.key)
    return cleared and not any(
        path.verdict == "set" or lingers(path.desired, get(applied, path.path), path.live)
        for path in compare_unknown(kind, desired, live).paths
    )


def moved_paths(change: Change, state: State, kinds: Mapping[str, Kind], remote: RemoteObject) -> str:
    """Which of the change's attributes are not what the plan saw, in words."""
    kind = kinds[change.kind]
    live: Payload = view(kind, remote, state.key, change.masked)
    found = []
    for attribute in change.attributes:
        old = None if attribute.old is ABSENT else attribute.old
        now = get(live, attribute.path)
        if not attribute.sensitive and (None if now is ABSENT else now) != old:
            found.append(show(attribute.path))
    return ", ".join(found[:5]) or "an attribute that the files own"


def _protected_since(change: Change, plan: Plan, state: State) -> list[Stale]:
    """What state says now against a removal that was not against it when the plan was made."""
    if not change.destructive:
        return []
    problems = []
    record = state.records.get(change.address)
    lifted = change.action is Action.REPLACE and not (change.lifecycle or {}).get("preventDestroy")
    if record is not None and record.prevent_destroy and not lifted:
        problems.append(_moved(change, "it is protected by lifecycle.preventDestroy now"))
    planned = {each.moved_from or each.address for each in plan.changes}
    holders = [
        address
        for address, other in state.records.items()
        if change.address in other.depends_on and address not in planned
    ]
    if holders:
        problems.append(_moved(change, f"{', '.join(sorted(holders)[:5])} refers to it now"))
    return problems


def _planned_id(change: Change) -> str | None:
    """The remote id that state must hold for this change to be what was planned."""
    if change.action in (Action.CREATE, Action.IMPORT):
        return change.lost_id
    return change.remote_id


def _read(plan: Plan, reader: Reader) -> dict[tuple[str, str], RemoteObject]:
    wanted: dict[str, list[str]] = {}
    for change in plan.changes:
        if change.remote_id:
            wanted.setdefault(change.kind, []).append(change.remote_id)
    out: dict[tuple[str, str], RemoteObject] = {}
    for kind, ids in wanted.items():
        missing = list(ids)
        if len(ids) >= LIST_FROM:
            listed = {remote.id: remote for remote in reader.list_all(kind)}
            out.update({(kind, each): listed[each] for each in ids if each in listed})
            # Absent from a list is no proof: ask for the object itself.
            missing = [each for each in ids if each not in listed]
        for each in missing:
            if remote := reader.read(kind, each):
                out[(kind, each)] = remote
    return out


def _moved(change: Change, what: str) -> Stale:
    return Stale(
        f"{change.address} moved since the plan was made: {what}",
        detail="Nothing was written. What would happen now is not what was reviewed.",
        hint="plan again",
        address=change.address,
        code="stale.moved",
    )
