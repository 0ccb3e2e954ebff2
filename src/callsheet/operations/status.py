"""`status`: all environments side by side. Reads only; what cannot be read of one hides no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callsheet.audit.log import Log
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import DONE, ERROR, CallsheetError
from callsheet.operations.drift import drift
from callsheet.operations.session import Session
from callsheet.operations.sources import tree
from callsheet.releases.comparing import differ
from callsheet.releases.keeping import Kept
from callsheet.releases.manifest import Manifest
from callsheet.releases.pin import Pin, pinned
from callsheet.releases.wanted import wanted
from callsheet.spec.environments import Environment
from callsheet.spec.prompt_choice import used_prompts
from callsheet.state.snapshot import State

FORMAT = "callsheet.status/1"


@dataclass(slots=True)
class Standing:
    """One environment. What is None is not so, or could not be told: then `problems` says why."""

    environment: Environment
    state: State | None = None
    pin: Pin | None = None
    manifest: Manifest | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    behind: Mapping[str, Any] | None = None
    drift: Mapping[str, Any] | None = None
    last: Mapping[str, Any] | None = None
    problems: list[Diagnostic] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        environment, state = self.environment, self.state
        asked = None
        if environment.pinned and isinstance(environment.release, str):
            asked = str(wanted(environment))
        return {
            "name": environment.name,
            "follows": "release" if environment.pinned else "tree",
            "promotesFrom": environment.promotes_from,
            "version": self.pin.version if self.pin else None,
            "digest": self.manifest.digest if self.manifest else None,
            "origin": self.pin.origin.to_json() if self.pin else None,
            "wanted": asked,
            "behind": dict(self.behind) if self.behind else None,
            "resources": len(state.records) if state else None,
            "organisation": state.organisation if state else None,
            "hold": dict(state.hold) if state and state.hold else None,
            "drift": dict(self.drift) if self.drift is not None else None,
            "lastRun": dict(self.last) if self.last else None,
            "prompts": dict(self.prompts),
            "problems": [each.to_json() for each in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Status:
    environments: tuple[Standing, ...]

    @property
    def exit_code(self) -> int:
        return ERROR if any(each.problems for each in self.environments) else DONE

    def to_json(self) -> dict[str, Any]:
        names = sorted({name for each in self.environments for name in each.prompts})
        return {
            "format": FORMAT,
            "environments": [each.to_json() for each in self.environments],
            "prompts": [self._prompt(name) for name in names],
        }

    def _prompt(self, name: str) -> dict[str, Any]:
        """One prompt over all environments: aligned where those that have it have the same version."""
        versions = {each.environment.name: each.prompts.get(name) for each in self.environments}
        there = {version for version in versions.values() if version is not None}
        return {"name": name, "versions": versions, "aligned": len(there) <= 1}


def status(session: Session, *, live: bool = True) -> Status:
    """Every environment of the project; with `live`, the providers are asked for drift."""
    found = {name: _standing(session.beside(name), live) for name in session.environments.environments}
    for standing in found.values():
        start = found.get(standing.environment.promotes_from or "")
        if start is not None and standing.environment.pinned:
            standing.behind = _behind(standing, start)
    return Status(tuple(found.values()))


def _standing(session: Session, live: bool) -> Standing:
    out = Standing(session.environment)
    try:
        out.state = session.ledger.load()
        out.pin = pinned(out.state) if session.environment.pinned else None
        out.last = _last(session)
        if not session.environment.pinned:
            source = tree(session)
            out.manifest, out.prompts = source.manifest, used_prompts(source.project, session.environment)
        elif out.pin is not None:
            name = session.environment.name
            out.manifest = Kept.load(session.store, name, out.pin.blob, out.pin.digest).manifest
            out.prompts = used_prompts(session.project, session.environment)
    except CallsheetError as cause:
        out.problems += cause.diagnostics
        return out
    if live and out.state.records:
        try:
            report = drift(session).report
            out.drift = {
                "managed": sum(each.counts for each in report.drifted),
                "unmanagedFields": sum(each.counts_unmanaged for each in report.drifted),
            }
        except CallsheetError as cause:
            out.problems += cause.diagnostics
    return out


def _last(session: Session) -> Mapping[str, Any] | None:
    lines = [each.record for each in Log(session.store, session.environment.name).lines() if each.record]
    if not lines:
        return None
    last = lines[-1]
    return {
        "run": last["run"],
        "verb": last["verb"],
        "endedAt": last["endedAt"],
        "by": last["who"]["name"],
        "verified": last["who"]["verified"],
        "exitCode": last["outcome"]["exitCode"],
    }


def _behind(standing: Standing, start: Standing) -> dict[str, Any] | None:
    """How far an environment is behind the one that it is promoted from, in files and in versions."""
    if start.manifest is None:
        return None
    ours = standing.manifest or Manifest({})
    there = start.pin.version if start.pin else None
    origin = standing.pin.origin if standing.pin else None
    had = origin.version if origin and origin.environment == start.environment.name else None
    return {
        "of": start.environment.name,
        "files": differ(ours, start.manifest).count,
        "versions": there - had if there is not None and had is not None else None,
    }
