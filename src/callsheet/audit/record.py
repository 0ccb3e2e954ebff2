"""Records: what is kept of one run, for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = "callsheet.audit/1"
NOTHING_ASKED: Mapping[str, Any] = {"count": 0, "writes": 0, "sha256": None}
# What a line must have to be read as a record.
SHAPE: Mapping[str, type] = {
    "number": int,
    "run": str,
    "lineage": str,
    "who": dict,
    "what": dict,
    "outcome": dict,
    "serial": dict,
}


@dataclass(frozen=True, slots=True)
class Who:
    """Who ran it. `how` is the variable that gave the name, or the issuer of the token that made it
    `verified`; without that it is a name by its own word."""

    name: str
    how: str
    host: str
    verified: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "how": self.how, "host": self.host, "verified": self.verified}


@dataclass(frozen=True, slots=True)
class What:
    """What a run carried out: a plan, made from a source; `subject` for runs without one."""

    plan: str | None = None
    source: Mapping[str, Any] | None = None
    summary: Mapping[str, int] | None = None
    sign_offs: tuple[Mapping[str, Any], ...] = ()
    subject: Mapping[str, Any] | None = None
    overrides: tuple[Mapping[str, Any], ...] = ()  # rules of a protection that were set aside, and why
    ticket: str | None = None

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "plan": self.plan,
            "source": dict(self.source) if self.source else None,
            "release": (self.source or {}).get("release"),
            "summary": dict(self.summary) if self.summary else None,
            "signOffs": [dict(each) for each in self.sign_offs],
        }
        if self.overrides:
            out["overrides"] = [dict(each) for each in self.overrides]
        if self.ticket:
            out["ticket"] = self.ticket
        return out | ({"subject": dict(self.subject)} if self.subject else {})


@dataclass(frozen=True, slots=True)
class Estate:
    """The estate that a run was about. `lineage` parts one estate's chain from another's in the same log."""

    environment: str
    instance: str | None
    lineage: str
    organisation: str | None
    target: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "environment": self.environment,
            "instance": self.instance,
            "lineage": self.lineage,
            "organisation": self.organisation,
            "target": dict(self.target) if self.target else None,
        }


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that a record says, but for its place in the chain.

    `ended_at` and `requests` are None where the run was killed: then `written_by` is the run that found that.
    """

    run: str
    verb: str
    estate: Estate
    who: Who
    what: What
    started_at: str | None
    ended_at: str | None
    outcome: Mapping[str, Any]
    serial: tuple[int | None, int]
    callsheet: str
    export: str | None = None
    requests: Mapping[str, Any] | None = None
    written_by: str | None = None

    def to_json(self, number: int, previous: str | None) -> dict[str, Any]:
        before, after = self.serial
        out = {
            "format": FORMAT,
            "number": number,
            "previous": previous,
            "run": self.run,
            "verb": self.verb,
            **self.estate.to_json(),
            "who": self.who.to_json(),
            "startedAt": self.started_at,
            "endedAt": self.ended_at,
            "what": self.what.to_json(),
            "export": self.export,
            "requests": dict(self.requests) if self.requests is not None else None,
            "outcome": dict(self.outcome),
            "serial": {"before": before, "after": after},
            "callsheet": self.callsheet,
        }
        return out | ({"writtenBy": self.written_by} if self.written_by else {})
