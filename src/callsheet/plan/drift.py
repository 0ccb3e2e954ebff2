"""Drift: what moved at the provider since Callsheet last wrote, from state and live alone (design §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from callsheet.diff.classes import Class, Comparison, Verdict
from callsheet.diff.compare import compare
from callsheet.diff.explain import Op, explain
from callsheet.diff.veil import Veil
from callsheet.diff.vendor import Notice, findings, inner, notices
from callsheet.diff.view import view
from callsheet.model.canonical import fingerprint
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, covers, pattern, show
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Digest, Path, Value, symbols, transform
from callsheet.plan.inputs import Acknowledgement
from callsheet.state.record import Record
from callsheet.state.snapshot import State


@dataclass(frozen=True, slots=True)
class Movement:
    """One attribute that moved: from `seen` to `live`. `managed`: the files or state own it."""

    path: Path
    op: str
    seen: Value
    live: Value
    managed: bool
    sensitive: bool = False
    acknowledged: Acknowledgement | None = None

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"path": list(self.path), "op": self.op, "managed": self.managed}
        for name in ("seen", "live"):
            if (value := getattr(self, name)) is not ABSENT:
                out[name] = value
        out["sensitive"] = self.sensitive
        if self.acknowledged:
            out["acknowledged"] = acknowledgement_json(self.acknowledged)
        return out


@dataclass(frozen=True, slots=True)
class Drifted:
    """One resource that is not as it was left: drifted, missing, or (undeclared fields only) unmanaged."""

    address: str
    kind: str
    remote_id: str
    name: str | None
    classification: Class
    movements: tuple[Movement, ...] = ()
    acknowledged: Acknowledgement | None = None

    @property
    def counts(self) -> bool:
        """Whether it is managed drift that nobody has acknowledged."""
        if self.acknowledged:
            return False
        if self.classification is Class.MISSING:
            return True
        return any(each.managed and not each.acknowledged for each in self.movements)

    @property
    def counts_unmanaged(self) -> bool:
        return any(not each.managed and not each.acknowledged for each in self.movements)

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "address": self.address,
            "kind": self.kind,
            "remoteId": self.remote_id,
            "class": str(self.classification),
            "attributes": [movement.to_json() for movement in self.movements],
        }
        if self.name:
            out["name"] = self.name
        if self.acknowledged:
            out["acknowledged"] = acknowledgement_json(self.acknowledged)
        return out


@dataclass(frozen=True, slots=True)
class DriftReport:
    drifted: tuple[Drifted, ...] = ()
    notices: tuple[Notice, ...] = ()
    unmanaged: tuple[Mapping[str, Any], ...] = ()
    checked: int = 0
    # Acknowledgements that ended before today: they no longer silence anything.
    expired: tuple[Acknowledgement, ...] = field(default_factory=tuple)

    @property
    def managed_drift(self) -> bool:
        return any(each.counts for each in self.drifted)

    @property
    def unmanaged_drift(self) -> bool:
        return bool(self.unmanaged) or any(each.counts_unmanaged for each in self.drifted)

    def noticed(self) -> dict[str, set[Path]]:
        """Per address the places that were explained as the provider's doing."""
        out: dict[str, set[Path]] = {}
        for notice in self.notices:
            for address, places in notice.places.items():
                out.setdefault(address, set()).update(places)
        return out


def find_drift(
    state: State,
    live: Mapping[str, Mapping[str, RemoteObject]],
    kinds: Mapping[str, Kind],
    *,
    acknowledged: Sequence[Acknowledgement] = (),
    today: str = "",
    unmanaged: Sequence[Mapping[str, Any]] = (),
    veil: Veil | None = None,
) -> DriftReport:
    """Compare what was seen with what is live; `unmanaged` are the objects that state does not know."""
    veil = veil or Veil()
    valid = [each for each in acknowledged if not today or each.until >= today]
    compared: dict[str, tuple[Record, Kind, Comparison]] = {}
    found = []
    gone = []
    for address, record in state.records.items():
        kind = kinds[record.kind]
        remote = live.get(record.kind, {}).get(record.remote_id)
        if remote is None:
            gone.append(
                Drifted(
                    address,
                    record.kind,
                    record.remote_id,
                    veil.name(record.name),
                    Class.MISSING,
                    acknowledged=_acknowledged(valid, address, ()),
                )
            )
            continue
        now = view(kind, remote, state.key, record.masked)
        if fingerprint(now) == record.seen_fingerprint:
            continue
        applied = veil.over(record.applied_symbols)
        comparison = compare(
            kind,
            applied,
            applied,
            veil.over(record.seen_symbols),
            veil.over(now),
            ignore=tuple(pattern(text) for text in record.ignore),
        )
        compared[address] = (record, kind, comparison)
        found += findings(address, kind, comparison, record.attributes, remote)
    told = notices(found)
    report = DriftReport(notices=tuple(told))
    noticed = report.noticed()
    drifted = []
    for address, (record, kind, comparison) in compared.items():
        rest = without(comparison, noticed.get(address, set()))
        movements = tuple(_movements(kind, record, rest, valid))
        if movements:
            managed = any(movement.managed for movement in movements)
            drifted.append(
                Drifted(
                    address,
                    record.kind,
                    record.remote_id,
                    veil.name(record.name),
                    Class.DRIFTED if managed else Class.UNMANAGED,
                    movements,
                )
            )
    return replace(
        report,
        drifted=tuple(sorted([*gone, *drifted], key=lambda each: each.address)),
        unmanaged=tuple(unmanaged),
        checked=len(state.records),
        expired=tuple(each for each in acknowledged if today and each.until < today),
    )


def without(comparison: Comparison, places: set[Path]) -> Comparison:
    """The comparison without what was explained as the provider's doing, each at its very place."""
    if not places:
        return comparison
    unowned = tuple(each for each in comparison.unowned if each.path not in places)
    paths = []
    for state in comparison.paths:
        if (
            state.inner_only
            and state.verdict is Verdict.RESTORE
            and all(each.path in places for each in inner(state.seen, state.live, state.path))
        ):
            state = replace(state, verdict=Verdict.NORMALISED)
        paths.append(state)
    return Comparison(tuple(paths), unowned)


def _movements(
    kind: Kind, record: Record, comparison: Comparison, valid: Sequence[Acknowledgement]
) -> list[Movement]:
    hidden = [each.at for each in kind.secrets] + [pattern(text) for text in record.masked]
    moved = [(state.path, state.seen, state.live, True) for state in comparison.with_verdict(Verdict.RESTORE)]
    moved += [(each.path, each.seen, each.live, False) for each in comparison.unowned]
    out = []
    for path, seen, now, managed in moved:
        for difference in explain(kind, path, seen, now):
            out.append(
                Movement(
                    difference.path,
                    str(difference.op) if difference.op is not Op.REORDER else "reorder",
                    _hide(difference.old),
                    _hide(difference.new),
                    managed,
                    covers(difference.path, hidden) or _holds_digest(difference.old, difference.new),
                    _acknowledged(valid, record.address, difference.path),
                )
            )
    return out


def _acknowledged(valid: Sequence[Acknowledgement], address: str, path: Path) -> Acknowledgement | None:
    for each in valid:
        if each.address == address and (
            each.path is None
            or show(path) == each.path
            or show(path).startswith((each.path + ".", each.path + "["))
        ):
            return each
    return None


def acknowledgement_json(each: Acknowledgement) -> dict[str, str]:
    out = {"owner": each.owner, "until": each.until}
    if each.reason:
        out["reason"] = each.reason
    return out


def _hide(value: Value) -> Value:
    if value is ABSENT:
        return ABSENT
    return transform(value, lambda item: Digest("") if isinstance(item, Digest) else item)


def _holds_digest(*values: Value) -> bool:
    return any(isinstance(symbol, Digest) for value in values for _, symbol in symbols(value))
