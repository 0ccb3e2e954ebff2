"""Assessment: what is the case with each desired resource, before anything is decided."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from callsheet.diff.classes import IN_SYNC, Comparison, PathState, Verdict
from callsheet.diff.compare import compare, compare_unknown
from callsheet.diff.view import mask, provider_masked, secret_patterns, view
from callsheet.model.canonical import fingerprint
from callsheet.model.diagnostics import Diagnostic, error
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, Pattern, covers, drop_all, find, get, pattern, put, show
from callsheet.model.resource import RemoteObject, Resource
from callsheet.model.value import Path, Payload
from callsheet.plan.drift import DriftReport, without
from callsheet.plan.inputs import Inputs
from callsheet.plan.matching import Matches
from callsheet.plan.resolution import Resolution
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

    @property
    def address(self) -> str:
        return str(self.resource.address)


def assess_all(
    inputs: Inputs, matches: Matches, resolution: Resolution, drift: DriftReport
) -> dict[str, Assessment]:
    """Assess every resource; where one must be replaced, its holders are assessed again with its id open."""
    noticed = drift.noticed()
    remade = {str(address) for address in inputs.resources if str(address) not in matches.live}
    out: dict[str, Assessment] = {}
    todo = list(inputs.resources.values())
    while todo:
        for resource in todo:
            address = str(resource.address)
            out[address] = _assess(inputs, matches, resolution, resource, remade, noticed.get(address, set()))
        replaced = {
            address for address, each in out.items() if each.fixed and each.record and address not in remade
        }
        remade |= replaced
        todo = [
            resource
            for resource in inputs.resources.values()
            if any(target in replaced for target in _targets(out[str(resource.address)].payload))
        ]
    return out


def _targets(payload: Payload) -> set[str]:
    return {ref.address for _, ref in open_references(payload)}


def _assess(
    inputs: Inputs,
    matches: Matches,
    resolution: Resolution,
    resource: Resource,
    remade: Collection[str],
    noticed: set[str],
) -> Assessment:
    address = str(resource.address)
    kind = inputs.kinds[resource.kind]
    ignore = tuple(pattern(text) for text in resource.lifecycle.ignore_changes)
    payload = resolution.resolve(resource, remade)
    if ignore:
        payload = drop_all(payload, ignore)
    record, remote = matches.records.get(address), matches.live.get(address)
    if remote is None:
        return Assessment(resource, kind, payload, None, record, IN_SYNC, ignore)
    masked = secret_patterns(payload)
    if record is None:
        live = view(kind, remote, inputs.state.key, masked)
        comparison = compare_unknown(kind, payload, live, ignore)
        return Assessment(resource, kind, payload, live, None, comparison, ignore, _fixed(kind, comparison))
    live = view(kind, remote, inputs.state.key, {*record.masked, *masked})
    if (
        fingerprint(payload) == record.applied_fingerprint
        and fingerprint(live) == record.seen_fingerprint
        and not record.residual
        and not inputs.options.detail
    ):
        return Assessment(resource, kind, payload, live, record, IN_SYNC, ignore)
    comparison = compare(
        kind,
        payload,
        record.applied_symbols,
        _masked_seen(record, masked, inputs.state.key),
        live,
        ignore=ignore,
        residual=record.residual,
    )
    comparison = without(comparison, noticed)
    return Assessment(resource, kind, payload, live, record, comparison, ignore, _fixed(kind, comparison))


def _masked_seen(record: Record, masked: Collection[str], key: bytes) -> Payload:
    """What was seen, with what has become a secret since then masked as live is."""
    seen = record.seen_symbols
    for text in set(masked) - set(record.masked):
        for path, value in list(find(seen, pattern(text))):
            seen = put(seen, path, mask(value, key))
    return seen


def _fixed(kind: Kind, comparison: Comparison) -> PathState | None:
    moving = (Verdict.SET, Verdict.RESTORE, Verdict.CONFLICT, Verdict.CLEAR)
    return next(
        (state for state in comparison.with_verdict(*moving) if covers(state.path, kind.immutable)), None
    )


def keep_acknowledged(assessment: Assessment, drift: DriftReport) -> tuple[Assessment, tuple[Path, ...]]:
    """Drift that somebody took on is left as it is until the acknowledgement ends.

    Returns the paths that an update of their neighbours must leave alone.
    """
    taken = {
        movement.path
        for each in drift.drifted
        if each.address == assessment.address
        for movement in each.movements
        if movement.acknowledged and movement.managed
    }
    kept = tuple(
        state.path
        for state in assessment.comparison.with_verdict(Verdict.RESTORE)
        if any(path[: len(state.path)] == state.path for path in taken)
    )
    if not kept:
        return assessment, ()
    paths = tuple(
        replace(state, verdict=Verdict.NORMALISED) if state.path in kept else state
        for state in assessment.comparison.paths
    )
    comparison = Comparison(paths, assessment.comparison.unowned)
    return replace(assessment, comparison=comparison, fixed=_fixed(assessment.kind, comparison)), kept


def would_erase(assessment: Assessment, remote: RemoteObject) -> list[Diagnostic]:
    """Values that the provider hides, that nobody declared, and that sending their neighbours would erase."""
    if assessment.live is None or assessment.fixed:
        return []
    found = []
    touched = touched_keys(assessment.comparison)
    for secret in assessment.kind.secrets:
        hidden: list[Path]
        if secret.indicator and get(remote.payload, secret.indicator) is True:
            hidden = [tuple(secret.at)] if secret.at[0] in touched else []
        else:
            hidden = [
                path
                for path, value in find(remote.payload, secret.at)
                if path[0] in touched and provider_masked(value)
            ]
        for path in hidden:
            if get(assessment.payload, path) is ABSENT:
                found.append(
                    error(
                        "plan.would-erase",
                        f"{show(path)} holds a value that the provider hides and the files do not declare",
                        detail=f"Sending {path[0]!r} replaces it whole, so the hidden value would be erased.",
                        hint=f"declare {show(path)} with a secrets:// reference, or leave {path[0]!r} alone "
                        "with lifecycle.ignoreChanges",
                        place=assessment.resource.place((path[0],)),
                        address=assessment.address,
                    )
                )
    return found
