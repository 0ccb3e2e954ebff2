"""Drift as it is shown: what moved, who owns it, what was acknowledged. From the JSON form of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.model.paths import ABSENT, show
from callsheet.reports.counting import counted
from callsheet.reports.values import Shown, redacted


@dataclass(frozen=True, slots=True)
class MovementView:
    path: str
    op: str
    seen: Shown
    live: Shown
    managed: bool
    acknowledged: str | None


@dataclass(frozen=True, slots=True)
class DriftedView:
    """`classification` is drifted, missing or unmanaged (only fields that nobody declared moved)."""

    address: str
    kind: str
    remote_id: str
    name: str | None
    classification: str
    movements: tuple[MovementView, ...]
    acknowledged: str | None


@dataclass(frozen=True, slots=True)
class NoticeView:
    kind: str
    path: str
    seen: Shown
    live: Shown
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnmanagedView:
    kind: str
    remote_id: str
    name: str | None


@dataclass(frozen=True, slots=True)
class DriftView:
    headline: str
    last_line: str
    drift: tuple[DriftedView, ...]
    notices: tuple[NoticeView, ...]
    unmanaged: tuple[UnmanagedView, ...]
    expired: tuple[str, ...]


def drift_view(report: Mapping[str, Any]) -> DriftView:
    """What a report shows of a drift check; `report` is its JSON form (`callsheet.drift/1`)."""
    return DriftView(
        headline=f"Drift of {report['environment']}, checked {report['checkedAt']}",
        last_line=_last_line(report["summary"]),
        drift=tuple(drifted(each) for each in report["drift"]),
        notices=tuple(notice(each) for each in report["notices"]),
        unmanaged=tuple(unmanaged(each) for each in report["unmanaged"]),
        expired=tuple(
            f"{each['address']}{' ' + each['path'] if each.get('path') else ''}: "
            f"the acknowledgement by {each['owner']} ended {each['until']}"
            for each in report["expiredAcknowledgements"]
        ),
    )


def drifted(each: Mapping[str, Any]) -> DriftedView:
    return DriftedView(
        address=each["address"],
        kind=each["kind"],
        remote_id=each["remoteId"],
        name=each.get("name"),
        classification=each["class"],
        movements=tuple(
            MovementView(
                path=show(tuple(one["path"])),
                op=one["op"],
                seen=redacted(one.get("seen", ABSENT), one["sensitive"]),
                live=redacted(one.get("live", ABSENT), one["sensitive"]),
                managed=one["managed"],
                acknowledged=_acknowledged(one),
            )
            for one in each["attributes"]
        ),
        acknowledged=_acknowledged(each),
    )


def notice(each: Mapping[str, Any]) -> NoticeView:
    return NoticeView(
        kind=each["kind"],
        path=each["path"],
        seen=redacted(each.get("seen", ABSENT)),
        live=redacted(each.get("live", ABSENT)),
        addresses=tuple(each["addresses"]),
    )


def unmanaged(each: Mapping[str, Any]) -> UnmanagedView:
    return UnmanagedView(each["kind"], each["remoteId"], each.get("name"))


def _acknowledged(each: Mapping[str, Any]) -> str | None:
    told = each.get("acknowledged")
    if not told:
        return None
    reason = f": {told['reason']}" if told.get("reason") else ""
    return f"acknowledged by {told['owner']} until {told['until']}{reason}"


def _last_line(summary: Mapping[str, int]) -> str:
    checked, managed = summary["checked"], summary["managed"]
    if not any(summary[key] for key in ("managed", "unmanagedFields", "unmanagedObjects", "acknowledged")):
        text = f"Drift: none in {counted(checked, 'resource')}."
    else:
        text = f"Drift: {managed} of {counted(checked, 'resource')} drifted."
        more = {
            "unmanagedFields": "with changed unmanaged fields",
            "unmanagedObjects": "unmanaged in the organisation",
            "acknowledged": "acknowledged",
        }
        words = [f"{summary[key]} {what}" for key, what in more.items() if summary[key]]
        text += f" {', '.join(words)}." if words else ""
    if summary["notices"]:
        text += f" {counted(summary['notices'], 'change')} by the provider itself."
    return text
