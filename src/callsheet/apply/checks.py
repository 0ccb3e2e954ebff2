"""What is refused before anything is locked: refusals, conflicts, secrets that do not resolve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from callsheet.apply.context import Secrets
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import Refused, SecretError, Stale
from callsheet.model.value import Secret, Text, symbols
from callsheet.plan.plan import Plan


def refuse(plan: Plan) -> None:
    if plan.refusals:
        raise Refused(
            diagnostics=[
                each
                for gate in plan.refusals
                for each in Refused(
                    gate.message,
                    detail="Nothing was written.",
                    hint=gate.satisfied_by,
                    code=f"refused.{gate.rule}",
                ).diagnostics
            ]
        )
    if plan.conflicts:
        raise Stale(
            diagnostics=[
                each
                for change in plan.conflicts
                for each in Stale(
                    f"{change.address}: the files and the provider changed the same attribute, differently",
                    detail="Nothing was written.",
                    hint="decide with --on-conflict overwrite (the files win) or keep (live wins)",
                    address=change.address,
                    code="stale.conflict",
                ).diagnostics
            ]
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
