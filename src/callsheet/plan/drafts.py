"""Drafts: the decision what happens to one address, from its assessment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from callsheet.diff.classes import Class, Verdict
from callsheet.diff.view import recognised, secret_patterns, view
from callsheet.model.diagnostics import Diagnostic, error, warning
from callsheet.model.paths import show
from callsheet.model.value import Path, Payload
from callsheet.plan.assess import Assessment
from callsheet.plan.attributes import attributes, created, deleted
from callsheet.plan.baseline import baseline
from callsheet.plan.change import Action, Attribute, Cause, Change
from callsheet.plan.inputs import Inputs
from callsheet.plan.kept import still_kept, whole_unions
from callsheet.plan.matching import Matches, remote_name
from callsheet.plan.restoring import kept_as_it_is, restored, told, undecided
from callsheet.plan.steps import Draft, open_references
from callsheet.state.record import Record

WRITES = (Verdict.SET, Verdict.RESTORE, Verdict.CLEAR)
STATE_ONLY = (Verdict.CONVERGED, Verdict.RELEASE)


def draft_for(inputs: Inputs, matches: Matches, each: Assessment) -> tuple[Draft | None, list[Diagnostic]]:
    """The change of one declared resource, or None where it is as it should be."""
    problems: list[Diagnostic] = []
    if each.stays:
        return None, [kept_as_it_is(each.address, "would have to be replaced and")]
    if _untouched(inputs, matches, each):
        return None, problems
    if inputs.options.on_conflict == "keep":
        each = replace(each, comparison=whole_unions(each.kind, each.comparison))
    change = restored(inputs, _base(inputs, matches, each))
    draft = Draft(
        change,
        each.kind,
        each.payload,
        each.comparison,
        each.live,
        refs=open_references(each.payload),
        leftovers=_leftovers(inputs, each.record) if each.record else (),
    )
    if each.live is None:
        cause = Cause.DRIFT if each.record else Cause.SPEC
        draft.change = replace(
            change,
            action=Action.CREATE,
            classification=Class.MISSING if each.record else Class.PENDING,
            reason=_missing(inputs, each),
            remote_id=None,
            moved_from=matches.moved.get(each.address),
            lost_id=each.record.remote_id if each.record else None,
            attributes=told(inputs, created(each.kind, each.resource, _shown(inputs, each), cause)),
            conflict=bool(inputs.restoration and each.record) and inputs.options.on_conflict is None,
        )
        return draft, problems
    if each.record is None:
        if each.fixed:
            problems.append(_cannot_adopt(each))
        waits = undecided(inputs, bool(each.comparison.with_verdict(Verdict.CONFLICT)))
        lines = attributes(each.kind, each.comparison, each.resource, None, each.live, not waits)
        reason = "exists at the provider and is taken over" + (", with changes" if lines else " as it is")
        draft.keep = each.left
        draft.change = replace(
            change,
            action=Action.IMPORT,
            reason=reason,
            attributes=told(inputs, lines),
            conflict=waits,
        )
        return draft, problems
    decided = inputs.restoration or inputs.options.on_conflict == "overwrite"
    if each.fixed and (decided or each.fixed.verdict is not Verdict.CONFLICT):
        conflicts = each.comparison.with_verdict(Verdict.CONFLICT)
        waits = undecided(inputs, each.loses or bool(conflicts))
        lines = attributes(each.kind, each.comparison, each.resource, each.record, each.live, not waits)
        draft.change = replace(
            change,
            action=Action.REPLACE,
            reason=f"{show(each.fixed.path)} cannot be changed on an existing {each.kind.name}",
            attributes=told(inputs, lines),
            moved_from=matches.moved.get(each.address),
            conflict=waits,
        )
        return draft, problems
    return _update(inputs, matches, each, draft, problems)


def _shown(inputs: Inputs, each: Assessment) -> Payload:
    """What is made again, with what state has as a digest as one."""
    known = each.record.applied_symbols if each.record else {}
    return recognised(each.payload, known, inputs.state.key)


def _missing(inputs: Inputs, each: Assessment) -> str:
    if inputs.restoration:
        return f"is made again under a new id; it was {inputs.restoration.records[each.address].remote_id}"
    return "it is gone at the provider and will be made again" if each.record else "not there yet"


def _untouched(inputs: Inputs, matches: Matches, each: Assessment) -> bool:
    """Whether nothing is to be done or learnt; most resources of most plans, so it is asked first."""
    return (
        each.live is not None
        and each.record is not None
        and each.comparison.classification is Class.IN_SYNC
        and each.address not in matches.moved
        and not _state_moved(inputs, each)
        and not _leftovers(inputs, each.record)
    )


def _update(
    inputs: Inputs,
    matches: Matches,
    each: Assessment,
    draft: Draft,
    problems: list[Diagnostic],
) -> tuple[Draft | None, list[Diagnostic]]:
    assert each.record is not None
    conflicts = each.comparison.with_verdict(Verdict.CONFLICT)
    overwrite = inputs.options.on_conflict == "overwrite"
    keep = inputs.options.on_conflict == "keep"
    lines = attributes(each.kind, each.comparison, each.resource, each.record, each.live, overwrite)
    if conflicts and keep:
        problems += [_kept(each, state.path) for state in conflicts]
    for state in each.comparison.with_verdict(Verdict.RELEASE):
        problems.append(_released(each, state.path))
    sent = [*each.comparison.with_verdict(*WRITES), *(conflicts if overwrite else ())]
    writes = bool(sent)
    stands = still_kept(each.comparison, each.record.kept)
    given_up = () if overwrite else tuple(state.path for state in conflicts)
    keys = {state.path[0] for state in sent}
    draft.keep = (*each.left, *given_up, *(path for path in stands if path[0] in keys))
    address = each.address
    lines = told(inputs, lines)
    if address in matches.moved:
        action, reason = Action.MOVE, f"was {matches.moved[address]}"
    elif writes or (conflicts and not keep):
        action, reason = Action.UPDATE, _reason(lines)
    elif conflicts or each.comparison.with_verdict(*STATE_ONLY) or _state_moved(inputs, each):
        action, reason = Action.REFRESH, "state takes over what is already so"
    elif _leftovers(inputs, each.record):
        action, reason = Action.REFRESH, "an earlier replacement left its predecessor behind"
    else:
        return None, problems
    draft.change = replace(
        draft.change,
        action=action,
        reason=reason,
        attributes=lines,
        conflict=bool(conflicts) and inputs.options.on_conflict is None,
        keeps=draft.change.keeps or ((*stands, *given_up) if keep else stands),
        moved_from=matches.moved.get(address),
    )
    return draft, problems


def draft_removal(inputs: Inputs, record: Record) -> Draft:
    """The change of an address that state owns and the files no longer declare."""
    kind = inputs.kinds[record.kind]
    remote = inputs.live.get(record.kind, {}).get(record.remote_id)
    change = Change(
        address=record.address,
        kind=record.kind,
        action=Action.DELETE,
        classification=Class.PENDING,
        reason="no longer declared",
        remote_id=record.remote_id,
        name=record.name,
        depends_on=record.depends_on,
    )
    if remote is None:
        change = replace(
            change,
            action=Action.FORGET,
            classification=Class.MISSING,
            reason="no longer declared, and already gone at the provider",
        )
    elif record.on_remove == "forget":
        change = replace(
            change, action=Action.FORGET, reason="no longer declared; onRemove: forget leaves it"
        )
    else:
        live = view(kind, remote, inputs.state.key, record.masked)
        change = replace(
            change,
            attributes=deleted(kind, record),
            base_fingerprint=baseline(
                {}, record.applied_symbols, live, keyed=inputs.state.lineage is not None
            ),
        )
    return Draft(change, kind, leftovers=_leftovers(inputs, record))


def moves_of(matches: Matches, address: str) -> str:
    """The address under which something that state knows as `address` goes on."""
    return next((new for new, old in matches.moved.items() if old == address), address)


def lifecycle_of(each: Assessment) -> dict[str, Any]:
    """What state remembers of a lifecycle; a kind's own protection counts where the file says nothing."""
    said = each.resource.lifecycle
    prevent = each.kind.irreversible if said.prevent_destroy is None else said.prevent_destroy
    prevent = prevent and not each.part
    out: dict[str, Any] = {"preventDestroy": prevent, "onRemove": said.on_remove}
    if said.ignore_changes:
        out["ignoreChanges"] = list(said.ignore_changes)
    return out


def _base(inputs: Inputs, matches: Matches, each: Assessment) -> Change:
    remote = matches.live.get(each.address)
    document = each.resource.document
    place = each.resource.place()
    applied = each.record.applied_symbols if each.record else {}
    known = each.record.masked if each.record else ()
    masked = tuple(sorted({*secret_patterns(each.payload), *known, *each.openly}))
    base = ""
    if remote is not None:
        # Masked as apply will mask it, which knows patterns and not what a plan hid beside them.
        live = view(each.kind, remote, inputs.state.key, masked)
        base = baseline(each.payload, applied, live, keyed=inputs.state.lineage is not None)
    return Change(
        address=each.address,
        kind=each.kind.name,
        action=Action.UPDATE,
        classification=each.comparison.classification,
        reason="",
        remote_id=remote.id if remote else None,
        name=remote_name(inputs, each.resource),
        depends_on=tuple(sorted({ref.address for _, ref in open_references(each.payload)} - {each.address})),
        desired=each.payload,
        lifecycle=lifecycle_of(each),
        labels=dict(document.labels) or None,
        digests={"files": document.files_digest, "settings": document.settings_digest},
        masked=masked,
        at=str(place) if place else None,
        base_fingerprint=base,
    )


def _reason(lines: tuple[Attribute, ...]) -> str:
    causes = {line.cause for line in lines}
    if causes == {Cause.DRIFT}:
        return "changed behind Callsheet's back, and is set back"
    words = {
        Cause.SPEC: "the files changed",
        Cause.SETTINGS: "the environment's settings changed",
        Cause.DRIFT: "live was changed",
        Cause.REFERENCE: "what it refers to is another object now",
        Cause.SECRET: "a secret was rotated",
        Cause.ROLLBACK: "goes back to what it was",
        Cause.RENDERER: "this version of Callsheet renders it differently",
    }
    return "; ".join(text for cause, text in words.items() if cause in causes) or "the files changed"


def _state_moved(inputs: Inputs, each: Assessment) -> bool:
    """Whether state must learn something that no request carries."""
    record = each.record
    assert record is not None
    now = lifecycle_of(each)
    restored = inputs.restoration
    return (
        bool(restored and each.address in restored.reowned)
        or (record.prevent_destroy, record.on_remove) != (now["preventDestroy"], now["onRemove"])
        or record.ignore != tuple(now.get("ignoreChanges", ()))
        or dict(record.labels) != dict(each.resource.document.labels)
        or (restored is None and _renamed(each))
    )


def _renamed(each: Assessment) -> bool:
    """Whether a reference target changed its address while its id stayed (a rename elsewhere)."""
    assert each.record is not None
    targets = {ref.address for _, ref in open_references(each.payload)} - {each.address}
    return set(each.record.depends_on) != targets


def _leftovers(inputs: Inputs, record: Record) -> tuple[str, ...]:
    """What earlier replacements left behind."""
    live = inputs.live.get(record.kind, {})
    return tuple(old for old in record.replaced if old in live)


def _cannot_adopt(each: Assessment) -> Diagnostic:
    assert each.fixed is not None
    return error(
        "plan.cannot-import",
        f"an object named like {each.address} exists, but its {show(each.fixed.path)} is another, "
        "and that cannot be changed",
        hint="give one of the two another name",
        place=each.resource.place(each.fixed.path),
        address=each.address,
    )


def _kept(each: Assessment, path: Path) -> Diagnostic:
    return warning(
        "plan.conflict-kept",
        f"{show(path)}: the file's value is not sent, live keeps its own (--on-conflict keep)",
        place=each.resource.place(path),
        address=each.address,
    )


def _released(each: Assessment, path: Path) -> Diagnostic:
    return warning(
        "plan.released",
        f"{show(path)} left the files after somebody changed it at the provider: it stays as it is there",
        detail="From now on it is not managed.",
        place=each.resource.place(),
        address=each.address,
    )
