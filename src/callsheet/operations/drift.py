"""`drift`: what changed behind your back, from state and live alone. Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callsheet.diff.veil import Veil
from callsheet.model.errors import CHANGES, DONE, CallsheetError
from callsheet.model.resource import RemoteObject
from callsheet.operations.isolation import Isolation
from callsheet.operations.refresh import check_organisation, refresh
from callsheet.operations.secrecy import known_secrets
from callsheet.operations.session import Session
from callsheet.plan.drift import DriftReport, find_drift
from callsheet.plan.under_way import as_left
from callsheet.providers.sweep import sweep
from callsheet.state.snapshot import State

FORMAT = "callsheet.drift/1"
FAIL_ON = ("managed", "unmanaged", "any")
_ATTEMPTS = 3
_NAMING = ("path", "seen", "live")


@dataclass(frozen=True, slots=True)
class Drift:
    environment: str
    report: DriftReport
    checked_at: str
    state: State
    veil: Veil = field(default=Veil(), repr=False)
    # Kinds that were asked for and that the provider would not list; only where every kind was.
    not_listed: tuple[str, ...] = ()

    def exit_code(self, fail_on: str) -> int:
        """2 for drift of the asked sort, else 0."""
        managed, unmanaged = self.report.managed_drift, self.report.unmanaged_drift
        found = {"managed": managed, "unmanaged": unmanaged, "any": managed or unmanaged}[fail_on]
        return CHANGES if found else DONE

    def to_json(self) -> dict[str, Any]:
        report = self.report
        return {
            "format": FORMAT,
            "environment": self.environment,
            "checkedAt": self.checked_at,
            "state": {"lineage": self.state.lineage, "serial": self.state.serial},
            "drift": [without_secret_names(each.to_json(), self.veil) for each in report.drifted],
            "notices": [without_secret_names(notice.to_json(), self.veil) for notice in report.notices],
            "unmanaged": list(report.unmanaged),
            "notListed": list(self.not_listed),
            "expiredAcknowledgements": [
                {"address": each.address, "path": each.path, "owner": each.owner, "until": each.until}
                for each in report.expired
            ],
            "summary": {
                "checked": report.checked,
                "managed": sum(each.counts for each in report.drifted),
                "unmanagedFields": sum(each.counts_unmanaged for each in report.drifted),
                "unmanagedObjects": len(report.unmanaged),
                "acknowledged": sum(
                    bool(each.acknowledged) or any(bool(one.acknowledged) for one in each.movements)
                    for each in report.drifted
                ),
                "notices": len(report.notices),
            },
        }


def drift(session: Session, *, every_kind: bool = False) -> Drift:
    """Compare what was seen with what is live; pending files are not drift.

    Objects that nobody manages are told of the kinds in the files and in state, with `every_kind` of all.
    When state moves while live is read (an apply is under way), both are read again.
    """
    for _ in range(_ATTEMPTS):
        state = session.ledger.load()
        live = refresh(session.provider, _kinds(session), state, session.listener)
        others = session.kinds.keys() - live.objects.keys() if every_kind else ()
        more, not_listed = sweep(session.provider, others, optional=others)
        for kind, found in more.items():
            live.objects[kind] = {remote.id: remote for remote in found}
        Isolation(session).check_organisation(state, live.every, leaving=True)
        check_organisation(state, live, may_be_empty=session.sandbox_name is not None)
        if session.ledger.load().serial == state.serial:
            break
    else:
        raise CallsheetError(
            f"state of {session.environment.name} kept moving while live was read",
            detail="An apply seems to be under way.",
            hint="run drift again when it has ended",
            code="drift.unsettled",
        )
    veil = Veil.of(known_secrets(session, state), state.key)
    report = find_drift(
        as_left(state, live.objects, session.kinds, veil),
        live.objects,
        session.kinds,
        acknowledged=session.acknowledged,
        today=session.today,
        unmanaged=_unmanaged(state, live.objects, veil),
        veil=veil,
    )
    checked_at = session.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return Drift(session.environment.name, report, checked_at, state, veil, tuple(not_listed))


def without_secret_names(entry: Mapping[str, Any], veil: Veil) -> dict[str, Any]:
    """An entry of a report of drift, as JSON, with what holds a known secret hidden in paths and in the keys
    of values: no digest stands for those, as it does for values."""
    out = {key: veil.names(each) if key in _NAMING else each for key, each in entry.items()}
    if "attributes" in entry:
        out["attributes"] = [without_secret_names(each, veil) for each in entry["attributes"]]
    if "places" in entry:
        out["places"] = {address: veil.names(paths) for address, paths in entry["places"].items()}
    return out


def _kinds(session: Session) -> set[str]:
    """The kinds to look at beside those in state: unmanaged objects of declared kinds are told too."""
    return {address.kind for address in session.project.documents} & set(session.kinds)


def _unmanaged(state: State, live: dict[str, dict[str, RemoteObject]], veil: Veil) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "remoteId": identity, "name": veil.name(remote.name)}
        for kind in sorted(live)
        for identity, remote in sorted(live[kind].items())
        if not state.owns(kind, identity)
    ]
