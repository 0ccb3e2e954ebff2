"""The case that is judged: a plan, who and when, and what was given along with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callsheet.model.principal import Principal
from callsheet.plan.plan import Plan
from callsheet.policy.evidence import Evidence
from callsheet.policy.sign_offs import SignOff
from callsheet.state.snapshot import State


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody gives with a call. `overrides` are the rules to set aside, for `reason`. `applying`: what
    is planned is applied right away, by the same principal."""

    ticket: str | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    reason: str = ""
    applying: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a rule may look at. `applying`: somebody is about to apply, and it is `principal`;
    else `principal` only plans."""

    plan: Plan
    state: State
    principal: Principal
    now: datetime
    variables: Mapping[str, Any] = field(default_factory=dict)
    sign_offs: tuple[SignOff, ...] = ()
    given: Given = Given()
    applying: bool = False

    def planned(self, rule: str) -> Mapping[str, Any]:
        """What was given for a rule when the plan was made."""
        return next((gate.given for gate in self.plan.gates if gate.rule == rule and gate.given), {})
