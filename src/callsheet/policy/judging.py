"""Judging: the recorded protection and the proposed one, both of them, over one plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from callsheet.model.diagnostics import Diagnostic, nearest, warning
from callsheet.model.errors import CallsheetError, Refused
from callsheet.plan.plan import Gate
from callsheet.policy.case import Case
from callsheet.policy.coverage import coverage
from callsheet.policy.loosening import digest_of, loosened
from callsheet.policy.protection import Protection
from callsheet.policy.protections import Protections
from callsheet.policy.rules import (
    ABOUT_SOURCE,
    ABOUT_WHAT,
    ABOUT_WHO,
    FROM_FILES,
    NAMES,
    PASSED,
    PENDING,
    REFUSED,
    gate_of,
)
from callsheet.policy.sign_offs import SignOff, digests_of

LOOSENING, ROUTE, OVERRIDDEN = "loosening", "route", "overridden"
_RECORDED = " (as recorded)"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found. `record` is the protection that state takes over when all went well, empty where there
    is none any more, None where nothing changes; `route` likewise."""

    gates: tuple[Gate, ...] = ()
    sign_offs: tuple[SignOff, ...] = ()
    overrides: tuple[Mapping[str, Any], ...] = ()
    ticket: str | None = None
    record: Mapping[str, Any] | None = None
    route: Mapping[str, Any] | None = None
    warnings: tuple[Diagnostic, ...] = field(default=())

    @property
    def unmet(self) -> tuple[Gate, ...]:
        """What stops an apply. A loosening that nobody signed does not: it only stays without effect."""
        return tuple(
            gate for gate in self.gates if gate.status in (PENDING, REFUSED) and gate.rule != LOOSENING
        )


def judge(protections: Protections, case: Case) -> Judgement:
    """Every rule of both protections over the case. Refused for an override that nobody may give."""
    _check_overrides(protections, case)
    loosening = _Loosening.of(protections, case)
    plan = case.plan
    moves = bool((plan.source.get("release") or {}).get("new"))
    writes = bool(plan.changes or plan.notices or moves) or plan.mode == "rollback" or protections.differ
    about = ABOUT_WHAT if plan.changes else ABOUT_SOURCE if moves else ()
    rules = (*(ABOUT_WHO if writes else ()), *about)
    gates: list[Gate] = []
    for rule in rules:
        found = [(each, gate) for each in protections.both for gate in rule(each, case)]
        gates += _stricter(found, protections.recorded)
    gates = [_overridden(gate, case) for gate in gates]
    by_now = [gate for gate in gates if gate.status == OVERRIDDEN]
    return Judgement(
        gates=(*gates, *loosening.gates, *_route(protections, case, loosening)),
        sign_offs=_used(protections, case, loosening),
        overrides=tuple(
            {"rule": rule, "reason": case.given.reason}
            for rule in dict.fromkeys(gate.rule for gate in by_now)
        ),
        ticket=next((gate.given["ticket"] for gate in gates if gate.rule == "ticket" and gate.given), None),
        record=dict(protections.proposed.body)
        if protections.bodies_differ and not loosening.unsigned
        else None,
        route=protections.route.to_json()
        if protections.route and protections.route != protections.recorded_route and not loosening.unsigned
        else None,
        warnings=(*loosening.warnings(), *_moved(protections)),
    )


def _route(protections: Protections, case: Case, loosening: _Loosening) -> Iterator[Gate]:
    """Other bytes than the recorded route leads to do not run before that is signed off."""
    plan, recorded = case.plan, protections.recorded_route
    release = plan.source.get("release") or {}
    from_tree = plan.source.get("kind") == "tree"
    if protections.recorded is None or recorded is None or plan.mode not in FROM_FILES:
        return
    if not from_tree and (not release.get("new") or release.get("backTo") is not None):
        return  # What it runs already, or ran before.
    name = plan.environment
    if protections.moved:
        told = f"the files change what may run in {name} ({'; '.join(protections.moved)})"
        if not loosening.unsigned:
            names = ", ".join(each.by.shown for each in loosening.signed)
            yield Gate(ROUTE, PASSED, f"{told}, signed off by {names}")
        else:
            yield Gate(
                ROUTE,
                REFUSED,
                f"{told}, and that is not signed off",
                f"put the line back in environments.yaml, or have the loosening signed off: {loosening.how}",
            )
    elif from_tree and recorded.pinned:
        yield Gate(
            ROUTE,
            REFUSED,
            f"{name} runs releases, and the plan was made from a working tree",
            f"callsheet promote --from {recorded.promotes_from or 'ENV'} --to {name}",
        )


def _moved(protections: Protections) -> Iterator[Diagnostic]:
    """Where nothing protects the environment, nobody need sign that other bytes may run; it is told."""
    if protections.moved and protections.recorded is None:
        yield warning(
            "route.changed",
            f"what may run here changes: {'; '.join(protections.moved)}",
            detail="Nothing protects this environment, so this holds from now on.",
            hint="if that is not meant, put the line back in environments.yaml",
        )


def _stricter(found: Iterable[tuple[Protection, Gate]], recorded: Protection | None) -> Iterator[Gate]:
    """One gate per rule where both protections say the same, and of two that differ what is not met yet."""
    by_rule: dict[str, list[tuple[Protection, Gate]]] = {}
    for each, gate in found:
        by_rule.setdefault(gate.rule, []).append((each, gate))
    for several in by_rule.values():
        unmet = [(each, gate) for each, gate in several if gate.status != PASSED]
        told: list[str] = []
        for each, gate in unmet or several[:1]:
            if gate.message + gate.satisfied_by in told:
                continue
            told.append(gate.message + gate.satisfied_by)
            if each is recorded and not gate.message.endswith(_RECORDED):
                gate = replace(gate, message=gate.message + _RECORDED)
            yield gate


@dataclass(frozen=True, slots=True)
class _Loosening:
    """What the proposed protection loosens, and who has signed just that."""

    what: tuple[str, ...] = ()
    digest: str = ""
    to: Mapping[str, Any] = field(default_factory=dict)
    required: int = 1
    signed: tuple[SignOff, ...] = ()
    why_not: tuple[str, ...] = ()
    whom: str = ""
    first: str = ""
    routes: Sequence[Mapping[str, Any]] = ()

    @property
    def how(self) -> str:
        return (
            f"{self.first}callsheet approve FILE, of this plan in a file{self.whom}, "
            "not by whoever made or applies it"
        )

    @classmethod
    def of(cls, protections: Protections, case: Case) -> _Loosening:
        """Judged under the recorded protection alone, and always by others than who plans and applies."""
        recorded = protections.recorded
        if recorded is None:
            return cls()
        what = (*loosened(recorded, protections.proposed), *protections.moved)
        if not what:
            return cls()
        digest = digest_of(recorded, protections.proposed, protections.routes)
        found = coverage(recorded, case, {digest}, four_eyes=True)
        whom = recorded.sign_offs.whom
        required = max(1, recorded.sign_offs.required)
        told = f" by one of: {whom}" if whom else ""
        to = dict(protections.proposed.body)
        return cls(
            what,
            digest,
            to,
            required,
            found.counted,
            found.why_not,
            told,
            found.first,
            [each.to_json() for each in protections.routes or ()],
        )

    @property
    def unsigned(self) -> bool:
        return bool(self.what) and len(self.signed) < self.required

    @property
    def gates(self) -> Iterator[Gate]:
        if not self.what:
            return
        told = f"the files loosen the protection ({'; '.join(self.what)})"
        given: dict[str, Any] = {"digest": self.digest, "to": self.to}
        if self.routes:
            given["route"] = list(self.routes)
        if not self.unsigned:
            names = ", ".join(each.by.shown for each in self.signed)
            yield Gate(LOOSENING, PASSED, f"{told}, signed off by {names}", given=given)
            return
        have = f"{len(self.signed)} of {self.required} sign-offs given for it"
        why = f"; {'; '.join(self.why_not)}" if self.why_not else ""
        yield Gate(
            LOOSENING,
            PENDING,
            f"{told}: the recorded one holds as well, and stays; {have}{why}",
            self.how,
            given,
        )

    def warnings(self) -> Iterator[Diagnostic]:
        if self.unsigned:
            yield warning(
                "protection.kept",
                f"the recorded protection stays: {'; '.join(self.what)}",
                detail="What loosens a protection needs a sign-off under the recorded one.",
                hint="plan again with --out FILE, and have that signed off with callsheet approve FILE",
            )


def _used(protections: Protections, case: Case, loosening: _Loosening) -> tuple[SignOff, ...]:
    changes = digests_of(case.plan)
    found = list(loosening.signed)
    for each in protections.both:
        if each.sign_offs.required and changes:
            found += coverage(each, case, changes).counted
    return tuple({each.id: each for each in found}.values())


def _overridden(gate: Gate, case: Case) -> Gate:
    if gate.status == PASSED or gate.rule not in case.given.overrides:
        return gate
    return replace(
        gate, status=OVERRIDDEN, message=f"{gate.message}; {case.principal.shown}: {case.given.reason}"
    )


def _check_overrides(protections: Protections, case: Case) -> None:
    if not (overrides := case.given.overrides):
        return
    known = [*NAMES, *dict.fromkeys(gate_of(test.name) for each in protections.both for test in each.tests)]
    for rule in overrides:
        if rule in (LOOSENING, ROUTE) or rule in {gate.rule for gate in case.plan.gates} - set(known):
            raise Refused(
                f"{rule} cannot be overridden",
                detail="Nothing was written.",
                hint="see what the plan says would satisfy it",
                code="refused.override",
            )
        if rule not in known:
            raise CallsheetError(
                f"there is no rule {rule!r} to override",
                hint=nearest(rule, known) or f"There are: {', '.join(known)}.",
                code="usage",
            )
    for each in protections.both:
        right, which = each.override, "recorded" if each is protections.recorded else "proposed"
        if not right.allowed:
            raise Refused(
                f"{case.plan.environment} does not let its rules be overridden (the {which} protection)",
                detail="Nothing was written.",
                hint="protection.override in environments.yaml says whether they can be, and by whom",
                code="refused.override",
            )
        whom = right.whom or each.principals
        if not each.admits(case.principal, whom):
            verified = ", verified" if each.verified else ""
            raise Refused(
                f"{case.principal.shown} may not override the rules of {case.plan.environment} "
                f"(the {which} protection)",
                detail="Nothing was written.",
                hint=f"this is for: {whom}{verified}",
                code="refused.override",
            )
