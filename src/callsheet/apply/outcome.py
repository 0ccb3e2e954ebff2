"""What an apply came to: applied, failed, not attempted; state is right in every case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callsheet.apply.aside import Kept
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import DONE, ERROR, PARTIAL, REFUSED, STALE
from callsheet.plan.change import Change


@dataclass(frozen=True, slots=True)
class Result:
    """One change's end. `status` is applied, failed or not_attempted; `exit_code` says how it failed."""

    change: Change
    status: str
    diagnostics: tuple[Diagnostic, ...] = ()
    exit_code: int = DONE
    remote_id: str | None = None
    requests: int = 0
    wrote: bool = False

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "address": self.change.address,
            "action": str(self.change.action),
            "status": self.status,
        }
        if self.remote_id:
            out["remoteId"] = self.remote_id
        if self.diagnostics:
            out["diagnostics"] = [each.to_json() for each in self.diagnostics]
        return out


@dataclass(frozen=True, slots=True)
class Outcome:
    """All changes' ends, in the plan's order, and what reading back found."""

    results: tuple[Result, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    interrupted: bool = False
    serial: int = 0
    run: str | None = None
    export: str | None = None
    broken: int | None = None  # the exit code of what stopped the whole run (a lost lock, a store)
    unwritten: int = 0  # changes that were made and that state does not know of
    recovery: Kept | None = None  # where they are kept
    release: str | None = None  # what the environment runs by this run, such as "uat@3"

    def count(self, status: str) -> int:
        return sum(result.status == status for result in self.results)

    @property
    def exit_code(self) -> int:
        if self.broken is not None:
            touched = any(result.status == "applied" or result.wrote for result in self.results)
            return PARTIAL if touched else self.broken
        stopped = [result for result in self.results if result.status != "applied"]
        if not stopped:
            return PARTIAL if self.interrupted else DONE
        if any(result.status == "applied" or result.wrote for result in self.results):
            return PARTIAL
        failed = [result.exit_code for result in stopped if result.status == "failed"]
        return failed[0] if failed and failed[0] in (STALE, REFUSED) and len(set(failed)) == 1 else ERROR

    def to_json(self) -> dict[str, Any]:
        return {
            "applied": self.count("applied"),
            "failed": self.count("failed"),
            "notAttempted": self.count("not_attempted"),
            "interrupted": self.interrupted,
            "serial": self.serial,
            **({"run": self.run} if self.run else {}),
            **({"export": self.export} if self.export else {}),
            **({"release": self.release} if self.release else {}),
            **({"unwritten": self.unwritten} if self.unwritten else {}),
            **({"recovery": self.recovery.to_json()} if self.recovery else {}),
            "results": [result.to_json() for result in self.results],
            "diagnostics": [each.to_json() for each in self.diagnostics],
        }
