"""What is refused before anything is locked: refusals, conflicts, secrets that do not resolve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from callsheet.apply.context import Secrets
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import Refused, SecretError, Stale
from callsheet.model.principal import marked
from callsheet.model.value import Secret, Text, symbols
from callsheet.plan.change import Change
from callsheet.plan.plan import Plan
from callsheet.plan.refusals import holding
from callsheet.policy.judging import Judgement
from callsheet.state.snapshot import State

# The modes that bring files to an environment, and that a hold stops.
FROM_FILES = ("apply", "promote")


def check_hold(plan: Plan, state: State) -> None:
    """Refused where a rollback holds the plan's files, also one that came after the plan was made."""
    hold = holding(state, plan.source)
    lifted = any(gate.rule == "hold" and gate.status == "passed" for gate in plan.gates)
    if hold and plan.mode in FROM_FILES and not lifted:
        raise Refused(
            f"these files were rolled back by run {hold['run']} ({hold['by']}, {hold['at']}), "
            "and this would bring them back",
            detail="Nothing was written.",
            hint="change the files and plan again (any change ends the hold), or plan with --resume",
            code="refused.hold",
        )


def hold_after(plan: Plan, state: State, run: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The hold that a run begins with: a rollback's own, an empty one where it ends, None where it stays.

    `run` is what state says of the run: its id, its time and by whom.
    """
    if plan.mode == "rollback":
        who = {key: run[key] for key in ("at", "by") if key in run}
        if "by" in who:
            who["by"] = marked(who["by"], bool(run.get("verified")))
        return {
            "run": run.get("id"),
            **who,
            "digests": list(plan.source["holds"]),
            "export": plan.source["digest"] if plan.source["kind"] == "export" else None,
        }
    lifted = (
        plan.mode in FROM_FILES and state.hold and not (plan.empty and holding(state, plan.source) is None)
    )
    return {} if lifted else None


def refuse(plan: Plan, judgement: Judgement) -> None:
    """Refused with everything that is not met. Where a rule was judged again, that counts, not the plan."""
    judged = {gate.rule for gate in judgement.gates}
    unmet = [*(gate for gate in plan.refusals if gate.rule not in judged), *judgement.unmet]
    if unmet:
        raise Refused(
            diagnostics=[
                each
                for gate in unmet
                for each in Refused(
                    gate.message,
                    detail="Nothing was written.",
                    hint=gate.satisfied_by,
                    code=f"refused.{gate.rule}",
                ).diagnostics
            ]
        )
    if plan.conflicts:
        found = [_conflict(plan, change) for change in plan.conflicts]
        raise Stale(diagnostics=[each for conflict in found for each in conflict.diagnostics])


def _conflict(plan: Plan, change: Change) -> Stale:
    said, wins = "the files and the provider changed the same attribute, differently", "the files win"
    if plan.mode == "rollback":
        said, wins = "it was changed at the provider since, and going back would undo that", "the export wins"
    return Stale(
        f"{change.address}: {said}",
        detail="Nothing was written.",
        hint=f"decide with --on-conflict overwrite ({wins}) or keep (live wins)",
        address=change.address,
        code="stale.conflict",
    )


def check_secrets(plan: Plan, secrets: Secrets, steps: Mapping[str, int]) -> None:
    """Every secret that will be sent must resolve before anything is sent."""
    problems: dict[str, Diagnostic] = {}
    for change in plan.changes:
        if not change.writes or not change.desired:
            continue
        done = steps.get(change.address, 0)
        sent = {key for step in change.steps if step.number > done for key in step.keys}
        for path, symbol in symbols(change.desired):
            if isinstance(symbol, Secret | Text) and path[0] in sent:
                try:
                    secrets.value(symbol)
                except SecretError as cause:
                    for each in cause.diagnostics:
                        problems.setdefault(each.summary, replace(each, address=change.address))
    if problems:
        raise SecretError(diagnostics=problems.values())
