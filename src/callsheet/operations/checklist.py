"""The promotion checklist: what one would ask before an environment moves, answered from the plan."""

from __future__ import annotations

from dataclasses import dataclass

from callsheet.model.diagnostics import Severity
from callsheet.operations.plan import Planned
from callsheet.operations.secrets import check_payloads
from callsheet.operations.session import Session
from callsheet.plan.plan import Gate, Plan

OK, OPEN, BAD = "ok", "open", "bad"


@dataclass(frozen=True, slots=True)
class Item:
    """One line: `status` is ok, open (somebody still has to) or bad; `todo` says what to do about it."""

    name: str
    status: str
    found: str
    todo: str = ""

    def to_json(self) -> dict[str, str]:
        out = {"name": self.name, "status": self.status, "found": self.found}
        return {**out, "todo": self.todo} if self.todo else out


def checklist(session: Session, planned: Planned) -> tuple[Item, ...]:
    """Config, secrets, changes, tests, sign-offs, backup, monitoring: in this order, each always there."""
    plan = planned.plan
    return (
        _config(plan),
        _secrets(session, planned),
        _changes(plan),
        _gates("tests", plan, ("gates", "gate"), "no gate asks for tests"),
        _gates("sign-offs", plan, ("signOffs",), "no sign-off is asked for"),
        _backup(session),
        _monitoring(session, plan),
    )


def _config(plan: Plan) -> Item:
    warnings = sum(each.severity is Severity.WARNING for each in plan.diagnostics)
    said = "every document is valid in the target" + (f", {warnings} warnings" if warnings else "")
    return Item("config", OK, said)


def _secrets(session: Session, planned: Planned) -> Item:
    found = check_payloads(session, [change.desired or {} for change in planned.plan.changes])
    bad = [each for each in found if each.problem]
    if bad:
        names = ", ".join(each.uri for each in bad[:3]) + (", …" if len(bad) > 3 else "")
        return Item("secrets", BAD, f"{len(bad)} of {len(found)} do not resolve here: {names}", _how(session))
    return Item("secrets", OK, f"all {len(found)} that will be sent resolve" if found else "none are sent")


def _how(session: Session) -> str:
    return f"set them, then: callsheet secrets check --env {session.environment.name}"


def _changes(plan: Plan) -> Item:
    gone = sum(change.destructive for change in plan.changes)
    if plan.conflicts:
        return Item("changes", BAD, f"{len(plan.conflicts)} conflicts", "decide them with --on-conflict")
    some = f"{len(plan.changes)} change{'' if len(plan.changes) == 1 else 's'}"
    said = f"{some}, {gone} of them delete or replace" if plan.changes else "none"
    return Item("changes", OPEN if gone else OK, said, "read what is deleted or replaced" if gone else "")


def _gates(name: str, plan: Plan, rules: tuple[str, ...], none: str) -> Item:
    asked = [gate for gate in plan.gates if gate.rule.partition(".")[0].partition(":")[0] in rules]
    unmet = [gate for gate in asked if gate.status not in ("passed", "overridden")]
    if unmet:
        status = BAD if any(gate.status == "refused" for gate in unmet) else OPEN
        return Item(
            name, status, _said(unmet), "; ".join(filter(None, (each.satisfied_by for each in unmet)))
        )
    return Item(name, OK, _said(asked) if asked else none)


def _said(gates: list[Gate]) -> str:
    return "; ".join(gate.message for gate in gates)


def _backup(session: Session) -> Item:
    return Item(
        "backup", OK, f"the whole organisation is exported before the first write, to {session.ledger.where}"
    )


def _monitoring(session: Session, plan: Plan) -> Item:
    name = session.environment.name
    drifted = sum(each["class"] != "unmanaged" for each in plan.drift)
    if drifted:
        return Item(
            "monitoring", OPEN, f"{drifted} resources drifted", f"look at: callsheet drift --env {name}"
        )
    return Item(
        "monitoring", OK, f"no drift now; after it, `callsheet drift --env {name}` on a schedule tells"
    )
