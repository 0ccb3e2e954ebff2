"""Assessment: what is the case with each desired resource, before anything is decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from callsheet.diff.classes import IN_SYNC, Comparison, PathState, Verdict
from callsheet.diff.compare import compare, compare_unknown
from callsheet.diff.veil import Veil
from callsheet.diff.view import masked_at, provider_masked, recognised, secret_patterns, view
from callsheet.model.canonical import fingerprint
from callsheet.model.diagnostics import Diagnostic, error, warning
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, Pattern, covers, drop_all, find, get, pattern, show
from callsheet.model.resource import RemoteObject, Resource
from callsheet.model.value import Path, Payload
from callsheet.plan.drift import Drifted, DriftReport, Movement, without
from callsheet.plan.inputs import Inputs
from callsheet.plan.kept import standing
from callsheet.plan.matching import Matches
from callsheet.plan.openly import open_secrets
from callsheet.plan.resolution import Resolution
from callsheet.plan.restoring import judged
from callsheet.plan.steps import open_references, touched_keys
from callsheet.state.record import Record


@dataclass(frozen=True, slots=True)
class Assessment:
    """One desired resource: its resolved payload, and how it compares where there is something live."""

    resource: Resource
    kind: Kind
    payload: Payload
    live: Payload | None  # the view of the remote object
    record: Record | None
    comparison: Comparison
    ignore: tuple[Pattern, ...] = ()
    fixed: PathState | None = None  # an attribute that only a replacement can change
    left: tuple[Path, ...] = ()  # acknowledged drift: an update of its neighbours leaves it alone
    # Patterns of places where the files or live have a secret openly.
    openly: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    loses: bool = False  # on the way back: a replacement would undo somebody's edit
    stays: bool = False  # on the way back: not replaced, because somebody has edited it since
    part: bool = False  # of a declared resource, which is what `preventDestroy` of the document protects

    @property
    def address(self) -> str:
        return str(self.resource.address)


def assess_all(
    inputs: Inputs, matches: Matches, resolution: Resolution, drift: DriftReport, veil: Veil
) -> dict[str, Assessment]:
    """Assess every resource; where one is replaced, or an attribute of it changes that others hold, these
    are assessed again with the value open."""
    noticed = drift.noticed()
    drifted = {each.address: each for each in drift.drifted}
    moving: set[tuple[str, str]] = set()
    remade = {str(address) for address in inputs.resources if str(address) not in matches.live}
    out: dict[str, Assessment] = {}
    todo = list(inputs.resources.values())
    while todo:
        for resource in todo:
            address = str(resource.address)
            former = matches.moved.get(address, address)
            payload = resolution.resolve(resource, remade, moving)
            each = _assess(inputs, matches, resource, payload, noticed.get(former, set()), veil)
            each = _leave_acknowledged(each, drifted.get(former))
            main = resource.address.document
            part = main != resource.address and main in inputs.resources and not each.kind.irreversible
            out[address] = replace(each, part=True) if part else each
        replaced = {
            address for address, each in out.items() if each.fixed and each.record and address not in remade
        }
        remade |= replaced
        changing = _moving(inputs, out) - moving
        moving |= changing
        todo = [
            resource
            for resource in inputs.resources.values()
            if any(
                ref.address in replaced or (ref.address, ref.attribute) in changing
                for _, ref in open_references(out[str(resource.address)].payload)
            )
        ]
    return out


def _moving(inputs: Inputs, assessments: Mapping[str, Assessment]) -> set[tuple[str, str]]:
    """The attributes, as (address, name), that updates of existing objects will change."""
    verdicts = [Verdict.SET, Verdict.RESTORE, Verdict.CLEAR]
    if inputs.options.on_conflict == "overwrite":
        verdicts.append(Verdict.CONFLICT)
    out = set()
    for address, each in assessments.items():
        names = {str(state.path[0]) for state in each.comparison.with_verdict(*verdicts)}
        if names and each.live is not None:
            out |= {(address, name) for name in (*names, *each.kind.volatile)}
    return out


def _assess(
    inputs: Inputs,
    matches: Matches,
    resource: Resource,
    payload: Payload,
    noticed: set[Path],
    veil: Veil,
) -> Assessment:
    address = str(resource.address)
    kind = inputs.kinds[resource.kind]
    ignore = tuple(pattern(text) for text in resource.lifecycle.ignore_changes)
    if ignore:
        payload = drop_all(payload, ignore)
    record, remote = matches.records.get(address), matches.live.get(address)
    if remote is None:
        openly = open_secrets(kind, payload, {}, veil)
        return Assessment(resource, kind, payload, None, record, IN_SYNC, ignore, openly=openly)
    masked = secret_patterns(payload)
    if record is None:
        bare = view(kind, remote, inputs.state.key, masked)
        live = veil.over(bare)
        comparison = compare_unknown(kind, veil.over(payload), live, ignore)
        found = Assessment(
            resource,
            kind,
            payload,
            live,
            None,
            comparison,
            ignore,
            _fixed(kind, comparison),
            openly=open_secrets(kind, payload, bare, veil),
        )
        return _judged(inputs, found, remote, noticed) if inputs.restoration else found
    bare = view(kind, remote, inputs.state.key, {*record.masked, *masked})
    live = veil.over(bare)
    if (
        fingerprint(payload) == record.applied_fingerprint
        and fingerprint(bare) == record.seen_fingerprint
        and not record.residual
        and not inputs.options.detail
    ):
        return Assessment(resource, kind, payload, live, record, IN_SYNC, ignore)
    comparison = compare(
        kind,
        recognised(veil.over(payload), record.applied_symbols, inputs.state.key),
        veil.over(record.applied_symbols),
        veil.over(_masked_seen(record, masked, inputs.state.key)),
        live,
        ignore=ignore,
        residual=record.residual,
    )
    if not inputs.restoration:
        comparison = standing(kind, without(comparison, noticed), record.kept)
    found = Assessment(
        resource,
        kind,
        payload,
        live,
        record,
        comparison,
        ignore,
        _fixed(kind, comparison),
        openly=open_secrets(kind, payload, bare, veil),
    )
    return _judged(inputs, found, remote, noticed) if inputs.restoration else found


def _judged(inputs: Inputs, each: Assessment, remote: RemoteObject, noticed: set[Path]) -> Assessment:
    """On the way back. To replace an object would undo the edits that it is to keep: it stays then."""
    assert inputs.restoration is not None
    edited = inputs.restoration.edited.get((remote.kind, remote.id), frozenset())
    comparison, left = judged(each.kind, each.comparison, inputs.options.on_conflict, edited)
    fixed = _fixed(each.kind, comparison)
    # A replacement also loses what an update would leave alone.
    loses = bool(fixed and (left or edited or without(each.comparison, noticed).unowned))
    if loses and inputs.options.on_conflict == "keep":
        return replace(each, comparison=IN_SYNC, fixed=None, stays=True)
    return replace(each, comparison=comparison, fixed=fixed, left=left, loses=loses)


def _masked_seen(record: Record, masked: Collection[str], key: bytes) -> Payload:
    """What was seen, with what has become a secret since then masked as live is."""
    return masked_at(record.seen_symbols, map(pattern, set(masked) - set(record.masked)), key)


def _fixed(kind: Kind, comparison: Comparison) -> PathState | None:
    moving = (Verdict.SET, Verdict.RESTORE, Verdict.CONFLICT, Verdict.CLEAR)
    return next(
        (state for state in comparison.with_verdict(*moving) if covers(state.path, kind.immutable)), None
    )


def _leave_acknowledged(assessment: Assessment, drifted: Drifted | None) -> Assessment:
    """Drift that somebody took on is left as it is until the acknowledgement ends.

    A value is set back or left as a whole: where something else beneath it moved too, it is set back.
    """
    if drifted is None:
        return assessment
    left: list[Path] = []
    found: list[Diagnostic] = []
    for state in assessment.comparison.with_verdict(Verdict.RESTORE):
        beneath = [
            each for each in drifted.movements if each.managed and each.path[: len(state.path)] == state.path
        ]
        taken = [each for each in beneath if each.acknowledged]
        if taken and len(taken) == len(beneath):
            left.append(state.path)
        elif taken:
            found.append(_not_honoured(assessment, state.path, taken))
    if not left:
        return replace(assessment, diagnostics=tuple(found))
    paths = tuple(
        replace(state, verdict=Verdict.NORMALISED) if state.path in left else state
        for state in assessment.comparison.paths
    )
    comparison = Comparison(paths, assessment.comparison.unowned)
    return replace(
        assessment,
        comparison=comparison,
        fixed=_fixed(assessment.kind, comparison),
        left=tuple(left),
        diagnostics=tuple(found),
    )


def _not_honoured(assessment: Assessment, path: Path, taken: Sequence[Movement]) -> Diagnostic:
    said = ", ".join(
        f"{show(each.path)} (by {each.acknowledged.owner} until {each.acknowledged.until})"
        for each in taken
        if each.acknowledged
    )
    return warning(
        "drift.acknowledgement-not-honoured",
        f"{show(path)} is set back although drift beneath it is acknowledged: {said}",
        detail="Something else beneath it moved too, and a list is sent as a whole.",
        hint=f"acknowledge {show(path)}, or take the acknowledged value into the files",
        place=assessment.resource.place(path),
        address=assessment.address,
    )


def would_erase(assessment: Assessment, remote: RemoteObject) -> list[Diagnostic]:
    """Values that the provider hides, that nobody declared, and that sending their neighbours would erase."""
    if assessment.live is None or assessment.fixed:
        return []
    touched = touched_keys(assessment.comparison)
    return [
        error(
            "plan.would-erase",
            f"{show(path)} holds a value that the provider hides and the files do not declare",
            detail=f"Sending {path[0]!r} replaces it whole, so the hidden value would be erased.",
            hint=f"declare {show(path)} with a secrets:// reference, or leave {path[0]!r} alone "
            "with lifecycle.ignoreChanges",
            place=assessment.resource.place((path[0],)),
            address=assessment.address,
        )
        for path in hidden_from(assessment.kind, remote)
        if path[0] in touched and get(assessment.payload, path) is ABSENT
    ]


def hidden_from(kind: Kind, remote: RemoteObject) -> list[Path]:
    """Where the object is known to hold values that the provider does not show."""
    found: list[Path] = []
    for secret in kind.secrets:
        if secret.indicator and get(remote.payload, secret.indicator) is True:
            found.append(tuple(secret.at))
        else:
            found += [path for path, value in find(remote.payload, secret.at) if provider_masked(value)]
    return found
