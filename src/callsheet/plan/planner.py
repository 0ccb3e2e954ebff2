"""The planner: desired, state and live in, one complete plan out. Pure, and the only one there is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from callsheet.diff.classes import Class, Verdict
from callsheet.diff.veil import Veil
from callsheet.graph.order import ordered
from callsheet.model.canonical import fingerprint
from callsheet.model.diagnostics import Diagnostic, error, has_errors, warning
from callsheet.model.errors import CallsheetError
from callsheet.model.paths import show
from callsheet.model.value import Content, Payload, Secret, Text, Value, symbols, transform
from callsheet.plan.assess import Assessment, assess_all, would_erase
from callsheet.plan.change import Action, Change
from callsheet.plan.drafts import draft_for, draft_removal, moves_of
from callsheet.plan.drift import DriftReport, find_drift
from callsheet.plan.ignoring import ignores_nothing
from callsheet.plan.inputs import Inputs
from callsheet.plan.matching import Matches, match
from callsheet.plan.openly import veiled, warnings_of
from callsheet.plan.plan import Plan
from callsheet.plan.reaching import reached
from callsheet.plan.refusals import refusals
from callsheet.plan.resolution import Resolution, missing_externals
from callsheet.plan.restoring import kept_as_it_is, owning_all
from callsheet.plan.steps import Draft, open_references, touched_keys, with_steps
from callsheet.plan.targeting import Selection, selected


def make_plan(inputs: Inputs) -> Plan:
    """The plan for these inputs; equal inputs give equal plans. CallsheetError with every diagnostic."""
    if inputs.options.destroy:
        inputs = replace(inputs, resources={})
    if inputs.restoration:
        inputs = replace(inputs, state=owning_all(inputs))
    matches = match(inputs)
    veil = Veil.of(inputs.known_secrets, inputs.state.key)
    drift = find_drift(
        inputs.state,
        inputs.live,
        inputs.kinds,
        acknowledged=inputs.acknowledged,
        today=inputs.today,
        veil=veil,
    )
    held = _held(inputs, matches, drift)
    resolution = Resolution(inputs, matches, held)
    problems = [*matches.diagnostics, *missing_externals(inputs)]
    if has_errors(problems):
        raise CallsheetError(diagnostics=problems)
    assessments = assess_all(inputs, matches, resolution, drift, veil)
    drafts, more = _drafts(inputs, matches, assessments, drift, held, veil)
    problems += [*more, *resolution.diagnostics]
    if has_errors(problems):
        raise CallsheetError(diagnostics=problems)
    selection = _selection(inputs, matches, assessments, drafts)
    chosen = selected(selection, inputs.options)
    if chosen is not None:
        drafts = [draft for draft in drafts if draft.change.address in chosen]
    changes = _in_order([_sealed(change, inputs) for change in with_steps(drafts)])
    problems += [*_warnings(drift), *ignores_nothing(inputs, matches)]
    return Plan(
        environment=inputs.environment,
        instance=inputs.state.instance,
        created_at=inputs.created_at,
        callsheet=inputs.callsheet,
        source=inputs.source,
        target=inputs.target,
        identity=dict(inputs.identity),
        lineage=inputs.state.lineage,
        serial=inputs.state.serial,
        changes=tuple(changes),
        drift=tuple(each.to_json() for each in drift.drifted),
        unmanaged=tuple(
            {"kind": remote.kind, "remoteId": remote.id, "name": veil.name(remote.name)}
            for remote in (() if inputs.restoration else matches.unmanaged)
        ),
        notices=tuple(notice.to_json() for notice in drift.notices),
        normalised=tuple(_normalised(assessments.values())) if inputs.options.detail else (),
        reaches=reached(selection.edges, matches.removed, [change.address for change in changes]),
        diagnostics=tuple(each.without(inputs.known_secrets) for each in (*inputs.diagnostics, *problems)),
        gates=tuple(refusals(inputs, changes)),
        contents=tuple(sorted({*_contents(changes), *inputs.carried})),
        unchanged=len(assessments) - sum(change.address in assessments for change in changes),
        mode=_mode(inputs),
    ).sealed()


def _mode(inputs: Inputs) -> str:
    release = inputs.source.get("release") or {}
    if inputs.restoration or release.get("backTo") is not None:
        return "rollback"
    if release.get("new"):
        return "promote"
    return "destroy" if inputs.options.destroy else "apply"


def _drafts(
    inputs: Inputs,
    matches: Matches,
    assessments: Mapping[str, Assessment],
    drift: DriftReport,
    held: Collection[str],
    veil: Veil,
) -> tuple[list[Draft], list[Diagnostic]]:
    holders: dict[str, list[str]] = {}
    for address, record in inputs.state.records.items():
        for target in record.depends_on:
            holders.setdefault(target, []).append(moves_of(matches, address))
    drafts: list[Draft] = []
    problems: list[Diagnostic] = []
    for address, assessment in assessments.items():
        if address in held:
            continue
        problems += assessment.diagnostics
        if address in matches.live:
            problems += would_erase(assessment, matches.live[address])
        draft, found = draft_for(inputs, matches, assessment)
        if draft and not inputs.restoration:
            problems += warnings_of(assessment.resource, assessment.payload, veil)
        problems += [*found, *_leaning(draft, assessment, held)]
        if draft:
            former = matches.moved.get(address, address)
            draft.holders = tuple(dict.fromkeys([*holders.get(address, ()), *holders.get(former, ())]))
            drafts.append(draft)
    drifted = {each.address for each in drift.drifted if each.movements}
    edited = inputs.restoration.edited if inputs.restoration else {}
    for address, record in matches.removed.items():
        draft = draft_removal(inputs, record)
        theirs = address in drifted or (record.kind, record.remote_id) in edited
        if inputs.restoration and theirs and draft.change.action is Action.DELETE:
            # What came after the export and was edited since: to delete it undoes that edit as well.
            if inputs.options.on_conflict == "keep":
                problems.append(kept_as_it_is(record.address, "came after the export and"))
                continue
            draft.change = replace(draft.change, conflict=inputs.options.on_conflict is None)
        draft.holders = tuple(holders.get(address, ()))
        drafts.append(draft)
    for draft in drafts:
        draft.change = veiled(draft.change, veil)
    return drafts, problems


def _held(inputs: Inputs, matches: Matches, drift: DriftReport) -> set[str]:
    """Declared addresses whose object is gone, which somebody has acknowledged: not made again for now."""
    kept = inputs.restoration is not None and inputs.options.on_conflict == "keep"
    return {
        moves_of(matches, each.address)
        for each in drift.drifted
        if (each.acknowledged or kept) and each.classification is Class.MISSING
    } & matches.records.keys()


def _leaning(draft: Draft | None, assessment: Assessment, held: Collection[str]) -> list[Diagnostic]:
    """What would be sent with the id of an object that is gone, and is left so."""
    if draft is None or not held:
        return []
    created = draft.change.action in (Action.CREATE, Action.REPLACE)
    sent = set(assessment.payload) if created else touched_keys(assessment.comparison)
    return [
        error(
            "plan.needs-missing",
            f"{show(path)} refers to {ref.address}, which is gone and is left so by acknowledgedDrift",
            hint=f"end the acknowledgement of {ref.address}, or take the reference out",
            place=assessment.resource.place(path),
            address=assessment.address,
        )
        for path, ref in draft.refs
        if ref.address in held and path[0] in sent
    ]


def _sealed(change: Change, inputs: Inputs) -> Change:
    if not inputs.state.key:
        change = replace(change, desired=_without_digests(change.desired))
    digest = change.compute_digest()
    key = fingerprint([digest, inputs.state.lineage, inputs.state.serial])
    return replace(change, change_digest=digest, idempotency_key=key.removeprefix("sha256:")[:40])


def _without_digests(desired: Payload | None) -> Payload | None:
    """Before the first apply there is no key, and a digest without one could be guessed."""

    def leaf(value: Value) -> Value:
        return replace(value, digest=None) if isinstance(value, Secret | Text) else value

    return transform(desired, leaf) if desired is not None else None


def _in_order(changes: Sequence[Change]) -> list[Change]:
    """The changes in the order in which apply can finish them; deletions last."""
    first = {change.address: change for change in sorted(changes, key=lambda each: each.address)}
    edges = {
        (address, step.number): [after for after in step.after if after[0] in first]
        for address, change in first.items()
        for step in change.steps
    }
    try:
        sequence = ordered(edges)
    except ValueError as cause:
        raise CallsheetError(
            f"the changes wait for each other: {cause}",
            hint="plan them apart with --target",
            code="plan.cycle",
        ) from None
    last = {address: position for position, (address, _) in enumerate(sequence)}
    return sorted(
        first.values(), key=lambda change: (change.action is Action.DELETE, last.get(change.address, 0))
    )


def _selection(
    inputs: Inputs, matches: Matches, assessments: Mapping[str, Assessment], drafts: Sequence[Draft]
) -> Selection:
    edges: dict[str, set[str]] = {
        address: {ref.address for _, ref in open_references(each.payload)}
        for address, each in assessments.items()
    }
    for address in matches.removed:
        # To delete something, what holds it must let go first.
        edges[address] = {
            holder
            for holder, other in inputs.state.records.items()
            if address in other.depends_on and holder in (assessments.keys() | matches.removed.keys())
        }
    remade: dict[str, set[str]] = {}
    replaced: dict[str, set[str]] = {}
    for draft in drafts:
        holders = {holder for holder in draft.holders if holder in edges}
        if draft.change.action is Action.REPLACE:
            replaced[draft.change.address] = holders
        if draft.change.action in (Action.REPLACE, Action.CREATE):
            remade[draft.change.address] = holders
    return Selection(edges, remade, replaced)


def _contents(changes: Sequence[Change]) -> list[str]:
    """The uploads that steps of this plan will send."""
    return sorted(
        {
            symbol.sha256
            for change in changes
            if change.writes
            for path, symbol in symbols(change.desired or {})
            if isinstance(symbol, Content) and any(path[0] in step.keys for step in change.steps)
        }
    )


def _normalised(assessments: Iterable[Assessment]) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    for each in assessments:
        for state in each.comparison.with_verdict(Verdict.NORMALISED, Verdict.RESIDUAL):
            out.append({"address": each.address, "path": list(state.path), "verdict": str(state.verdict)})
    return out


def _warnings(drift: DriftReport) -> list[Diagnostic]:
    return [
        warning(
            "drift.acknowledgement-expired",
            f"{each.address}{' ' + each.path if each.path else ''}: "
            f"the acknowledgement by {each.owner} ended {each.until}",
            hint="heal the drift, take it into the files, or acknowledge it again",
            address=each.address,
        )
        for each in drift.expired
    ]
