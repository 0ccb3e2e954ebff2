"""Protecting: the protections of an environment over a plan, when it is made and when it is applied."""

from __future__ import annotations

from dataclasses import replace

from callsheet.diff.veil import Veil
from callsheet.model.diagnostics import nearest
from callsheet.model.errors import CallsheetError, SpecError
from callsheet.model.principal import Principal
from callsheet.operations.drift import without_secret_names
from callsheet.operations.identification import local
from callsheet.operations.secrecy import known_secrets
from callsheet.operations.session import Session
from callsheet.plan.plan import Plan
from callsheet.policy.case import Case, Given
from callsheet.policy.judging import Judgement, judge
from callsheet.policy.protection import Protection
from callsheet.policy.protections import Protections
from callsheet.policy.route import Route
from callsheet.policy.sign_offs import Approvals
from callsheet.state.snapshot import State


def judged(session: Session, made: Plan, state: State) -> Plan:
    """The plan with who made it, and with what the protections say of it."""
    who = _planner(session, protections_of(session, state))
    veil = Veil.of(session.keeper.known_values(), state.key)
    hidden = replace(who, name=veil.name(who.name) or "", person=veil.name(who.person) or "")
    made = replace(
        made,
        author=hidden.to_json(),
        drift=tuple(without_secret_names(each, veil) for each in made.drift),
        notices=tuple(without_secret_names(each, veil) for each in made.notices),
    )
    judgement = judgement_of(session, made, state, applying=session.given.applying)
    gates, diagnostics = (*made.gates, *judgement.gates), (*made.diagnostics, *judgement.warnings)
    return replace(made, gates=gates, diagnostics=diagnostics).sealed()


def _planner(session: Session, protections: Protections) -> Principal:
    """Who plans. A job's token is asked for where it matters who that is, and for no other plan."""
    rules = any(each.principals or each.verified or each.sign_offs.required for each in protections.both)
    loosens = protections.recorded is not None and protections.differ
    matters = rules or loosens or session.given.overrides or session.given.applying
    return session.principal if matters else local(session.variables)


def protections_of(session: Session, state: State, *, moves: bool = False) -> Protections:
    """The two that hold; `moves`: a release is about to be run.

    SpecError where the files' one is wrong: it is never taken for none.
    """
    proposed = session.environment.protection
    if proposed is None:
        raise SpecError(
            f"{session.environments.source.file} has errors, so the protection of {session.environment.name} "
            "cannot be told",
            detail="Nothing was written. A protection that cannot be read is not taken for none.",
            hint="callsheet validate tells what is wrong",
            place=session.environment.origin(("protection",)).place(),
            code="spec.protection",
        )
    recorded = Route.from_json(state.route) if state.route else None
    keeps = proposed or state.protection or state.releases or recorded or moves
    return Protections(
        Protection.of(proposed),
        Protection.of(state.protection) if state.protection else None,
        _route(session) if keeps else None,
        recorded,
    )


def _route(session: Session) -> Route:
    here = session.environment
    start = session.environments.environments.get(here.promotes_from or "")
    return Route(here.pinned, here.default, here.promotes_from, start is not None and start.default)


def judgement_of(session: Session, plan: Plan, state: State, *, applying: bool) -> Judgement:
    """What the protections say of the plan right now. Refused for an override that nobody may give."""
    moves = bool((plan.source.get("release") or {}).get("new"))
    protections = protections_of(session, state, moves=moves)
    given = session.given
    _check_evidence(protections, given)
    kept = protections.proposed.body or protections.recorded or protections.route
    if not (kept or given.overrides):
        return Judgement()
    if given.reason or given.ticket:
        given = _veiled(session, state, given)
    asked = any(each.sign_offs.required for each in protections.both)
    loosens = protections.recorded is not None and protections.differ
    standing = Approvals(session.store, session.environment.name).standing() if asked or loosens else []
    return judge(
        protections,
        Case(
            plan,
            state,
            session.principal if applying else _planner(session, protections),
            session.clock.now(),
            session.environment.variables,
            tuple(standing),
            given,
            applying,
        ),
    )


def _veiled(session: Session, state: State, given: Given) -> Given:
    veil = Veil.of(known_secrets(session, state), state.key)
    return replace(given, reason=veil.name(given.reason) or "", ticket=veil.name(given.ticket))


def _check_evidence(protections: Protections, given: Given) -> None:
    known = {test.name for each in protections.both for test in each.tests}
    for name in given.evidence:
        if name not in known:
            raise CallsheetError(
                f"no gate is named {name!r}, for which there is evidence",
                hint=nearest(name, known) or "protection.gates in environments.yaml says which there are",
                code="usage",
            )
