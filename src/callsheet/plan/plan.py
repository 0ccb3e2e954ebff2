"""The plan: everything that apply will do and that a reviewer must know, as one sealed value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from callsheet.model.canonical import fingerprint, plain
from callsheet.model.diagnostics import Diagnostic, Place, Severity
from callsheet.plan.change import Action, Change

FORMAT = "callsheet.plan/1"
SUMMARY = (*(str(action) for action in Action), "unchanged", "drifted", "conflicts", "unmanaged")


@dataclass(frozen=True, slots=True)
class Gate:
    """A rule that was evaluated while planning. `refused` stops apply before the first write, and so does
    `pending`, which is what may still be given; `overridden` is set aside by somebody who may.

    `given` is what came with the plan to satisfy the rule: a ticket, what was counted in a file of results.
    """

    rule: str
    status: str  # passed | pending | refused | overridden
    message: str
    satisfied_by: str = ""
    given: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"rule": self.rule, "status": self.status, "message": self.message}
        if self.satisfied_by:
            out["satisfiedBy"] = self.satisfied_by
        return out | ({"given": dict(self.given)} if self.given else {})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Gate:
        given = dict(data["given"]) if "given" in data else None
        return cls(data["rule"], data["status"], data["message"], data.get("satisfiedBy", ""), given)


@dataclass(frozen=True, slots=True)
class Plan:
    """A complete, serialisable description of changes. Sections that reports alone need are plain JSON."""

    environment: str
    instance: str | None
    created_at: str
    callsheet: str
    source: Mapping[str, Any]
    target: Mapping[str, Any]
    lineage: str | None
    serial: int
    changes: tuple[Change, ...] = ()
    drift: tuple[Mapping[str, Any], ...] = ()
    unmanaged: tuple[Mapping[str, Any], ...] = ()
    notices: tuple[Mapping[str, Any], ...] = ()
    normalised: tuple[Mapping[str, Any], ...] = ()
    # Who refers to what changes: each changed address, and each one so reached, with its direct holders.
    reaches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    gates: tuple[Gate, ...] = ()
    contents: tuple[str, ...] = ()
    unchanged: int = 0
    mode: str = "apply"  # apply | destroy
    digest: str = ""
    identity: Mapping[str, Any] = field(default_factory=dict)
    author: Mapping[str, Any] | None = None  # who made it, as the JSON of a principal

    @property
    def summary(self) -> dict[str, int]:
        counts = dict.fromkeys(SUMMARY, 0)
        for change in self.changes:
            counts[str(change.action)] += 1
            counts["conflicts"] += change.conflict
        counts["unchanged"] = self.unchanged
        counts["drifted"] = sum(each["class"] != "unmanaged" for each in self.drift)
        counts["unmanaged"] = len(self.unmanaged)
        return counts

    @property
    def empty(self) -> bool:
        return not self.changes

    @property
    def refusals(self) -> tuple[Gate, ...]:
        return tuple(gate for gate in self.gates if gate.status == "refused")

    @property
    def pending(self) -> tuple[Gate, ...]:
        return tuple(gate for gate in self.gates if gate.status == "pending")

    @property
    def conflicts(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.conflict)

    def sealed(self) -> Plan:
        """This plan with the digest over everything else but the time it was made."""
        return replace(self, digest=self.compute_digest())

    def compute_digest(self) -> str:
        body = self.to_json()
        body.pop("digest")
        body.pop("createdAt")
        return fingerprint(body)

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "format": FORMAT,
            "environment": self.environment,
            "instance": self.instance,
            "createdAt": self.created_at,
            "callsheet": self.callsheet,
            "mode": self.mode,
            "source": dict(self.source),
            "target": dict(self.target),
            "identity": dict(self.identity),
            "state": {"lineage": self.lineage, "serial": self.serial},
            "changes": [change.to_json() for change in self.changes],
            "drift": list(self.drift),
            "unmanaged": list(self.unmanaged),
            "notices": list(self.notices),
            "normalised": list(self.normalised),
            "reaches": {address: list(holders) for address, holders in self.reaches.items()},
            "diagnostics": [item.to_json() for item in self.diagnostics],
            "gates": [gate.to_json() for gate in self.gates],
            "contents": list(self.contents),
            "summary": self.summary,
            "digest": self.digest,
        }
        if self.author:
            out["author"] = dict(self.author)
        return dict(plain(out))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """KeyError, TypeError or ValueError where the data is no plan of this format."""
        return cls(
            environment=data["environment"],
            instance=data["instance"],
            created_at=data["createdAt"],
            callsheet=data["callsheet"],
            source=data["source"],
            target=data["target"],
            identity=data["identity"],
            lineage=data["state"]["lineage"],
            serial=data["state"]["serial"],
            changes=tuple(Change.from_json(item) for item in data["changes"]),
            drift=tuple(data["drift"]),
            unmanaged=tuple(data["unmanaged"]),
            notices=tuple(data["notices"]),
            normalised=tuple(data["normalised"]),
            reaches={address: tuple(holders) for address, holders in data["reaches"].items()},
            diagnostics=tuple(_diagnostic(item) for item in data["diagnostics"]),
            gates=tuple(Gate.from_json(item) for item in data["gates"]),
            contents=tuple(data["contents"]),
            unchanged=data["summary"]["unchanged"],
            mode=data["mode"],
            digest=data["digest"],
            author=dict(data["author"]) if "author" in data else None,
        )


def _diagnostic(data: Mapping[str, Any]) -> Diagnostic:
    return Diagnostic(
        Severity(data["severity"]),
        data["code"],
        data["summary"],
        data.get("detail", ""),
        data.get("hint", ""),
        Place(data["at"]) if data.get("at") else None,
        data.get("address"),
    )
