"""`approve`: sign-offs of plans: given, listed, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from callsheet.apply.checks import refuse
from callsheet.diff.veil import Veil
from callsheet.model.errors import CallsheetError, Refused, Stale
from callsheet.model.principal import Principal
from callsheet.model.value import Secret, Text
from callsheet.operations.apply import check_ours
from callsheet.operations.protecting import protections_of
from callsheet.operations.secrecy import known_secrets
from callsheet.operations.session import Session
from callsheet.plan.plan import Gate, Plan
from callsheet.policy.case import Case
from callsheet.policy.coverage import author_of, plan_first, vouched, why_not_counted
from callsheet.policy.judging import LOOSENING, ROUTE, Judgement
from callsheet.policy.loosening import digest_of, loosened
from callsheet.policy.persons import same_person, unclear
from callsheet.policy.protection import Protection
from callsheet.policy.protections import Protections
from callsheet.policy.route import Route, rerouted
from callsheet.policy.sign_offs import Approvals, Bound, SignOff, digests_of
from callsheet.state.snapshot import State
from callsheet.state.stores import check_ephemeral

FORMAT = "callsheet.approvals/1"
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Ready:
    """A sign-off that may be given, for so many changes. `loosens`: what of the protection, in words.
    `asked`: whether any protection asks for it."""

    sign_off: SignOff
    changes: int
    loosens: tuple[str, ...] = ()
    asked: bool = True


def prepared(session: Session, plan: Plan, comment: str = "") -> Ready:
    """The sign-off of a plan by who runs this. Stale, Refused where it would not count; writes nothing."""
    check_ours(session, plan)
    state = session.ledger.load()
    _check_fits(plan, state)
    protections = protections_of(session, state)
    loosening = next((gate for gate in plan.gates if gate.rule == LOOSENING), None)
    loosens = _loosened(plan, protections, loosening)
    # Another route is refused until it is signed off, and this is where it is.
    rest = tuple(gate for gate in plan.gates if not (loosens and gate.rule == ROUTE))
    refuse(replace(plan, gates=rest), Judgement())
    extra = {str((loosening.given or {}).get("digest"))} if loosening and loosens else set()
    if not plan.changes and not extra:
        raise CallsheetError("there is nothing to sign off: the plan changes nothing", code="approve.nothing")
    _check_comment(session, state, comment)
    kept = {"aud", *(claim for each in protections.both for claim in each.claims)}
    who = session.principal
    _check_clear(who)
    by = replace(who, claims={key: value for key, value in who.claims.items() if key in kept})
    sign_off = SignOff(
        Bound.of(plan, state),
        digests_of(plan) | extra,
        by,
        session.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        plan.digest,
        author_of(plan),
        comment,
    )
    case = Case(plan, state, by, session.clock.now())
    asked = _check_counts(sign_off, protections, case, frozenset(extra))
    return Ready(sign_off, len(plan.changes), loosens, asked)


def sign(session: Session, ready: Ready) -> None:
    """Keep the sign-off. Refused where the store would not outlive this machine."""
    environment = session.environment
    check_ephemeral(environment.state, base_url=environment.provider.base_url, variables=session.variables)
    Approvals(session.store, environment.name).sign(ready.sign_off)


def listed(session: Session) -> dict[str, Any]:
    """The sign-offs that stand, the newest first; JSON. `current`: bound to the environment as it is now."""
    state = session.ledger.load()
    standing = Approvals(session.store, session.environment.name).standing()
    return {
        "format": FORMAT,
        "environment": session.environment.name,
        "signOffs": [to_json(each, state) for each in reversed(standing)],
    }


def revoke(session: Session, name: str) -> SignOff:
    """Take back the sign-off whose id begins with `name`. Refused for anybody but who has given it."""
    approvals = Approvals(session.store, session.environment.name)
    found = [each for each in approvals.standing() if name and each.id.startswith(name)]
    if len(found) != 1:
        raise CallsheetError(
            f"{name!r} is the beginning of {'several sign-offs' if found else 'no sign-off'}",
            hint=f"see callsheet approve --list --env {session.environment.name}",
            code="approve.unknown",
        )
    [sign_off] = found
    who = session.principal
    same = same_person(who, sign_off.by) and who.issuer == sign_off.by.issuer
    if not same or who.verified < sign_off.by.verified:
        raise Refused(
            f"{sign_off.id} is the sign-off of {sign_off.by.shown}, and this is {who.shown}",
            detail="Nothing was written.",
            hint="whoever has signed can take it back",
            code="refused.revoke",
        )
    approvals.revoke(sign_off, session.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
    return sign_off


def to_json(sign_off: SignOff, state: State) -> Mapping[str, Any]:
    """One sign-off for programs, without the claims that it was given with."""
    return {
        "id": sign_off.id,
        "by": sign_off.by.to_json(),
        "at": sign_off.at,
        "plan": sign_off.plan,
        "digests": sorted(sign_off.digests),
        "instance": sign_off.bound.instance,
        "target": dict(sign_off.bound.target),
        "current": sign_off.bound.instance == state.instance,
        "comment": sign_off.comment,
    }


def _check_fits(plan: Plan, state: State) -> None:
    begun = plan.lineage is None and state.born == plan.digest
    if not begun and (plan.lineage, plan.instance) != (state.lineage, state.instance):
        raise Stale(
            f"the plan belongs to another state of {plan.environment} "
            f"(lineage {plan.lineage or 'none'}, now {state.lineage or 'none'})",
            detail="A sign-off of it would cover nothing that can be applied.",
            hint="plan again",
            code="stale.lineage",
        )
    if any(change.change_digest != change.compute_digest() for change in plan.changes):
        raise Stale(
            "the plan shows other changes than its digests are of",
            detail="Somebody made it so. Nothing was signed.",
            hint="plan again, from the files",
            code="plan.edited",
        )


def _check_clear(who: Principal) -> None:
    if problem := unclear(who):
        raise Refused(
            f"{who.name!a} (unverified) {problem}" if not who.verified else f"{who.name} {problem}",
            detail="It looks like another one's name and is not the same: nobody could tell who has signed. "
            "Nothing was signed.",
            hint="sign with a name of letters of one script"
            + (f" (this one is from {who.how})" if who.how else ""),
            code="refused.name",
        )


def _check_comment(session: Session, state: State, comment: str) -> None:
    if len(comment) > _LONGEST:
        raise CallsheetError(f"a comment has at most {_LONGEST} characters", code="usage")
    if comment and isinstance(key := session.environment.provider.api_key, Secret | Text):
        session.keeper.digest(key, state.key)  # known from here on, as far as it resolves here
    if comment and Veil.of(known_secrets(session, state), state.key).name(comment) != comment:
        raise CallsheetError(
            "the comment holds the value of a secret", detail="Nothing was signed.", code="usage"
        )


def _loosened(plan: Plan, protections: Protections, gate: Gate | None) -> tuple[str, ...]:
    """What the plan loosens, worked out anew: what a plan says of itself is not what is signed."""
    if gate is None or gate.given is None:
        return ()
    recorded = protections.recorded or Protection()
    proposed = Protection.of(gate.given.get("to") or {})
    routes = tuple(Route.from_json(each) for each in gate.given.get("route") or ())
    both = (
        (protections.recorded_route, routes[1]) if len(routes) == 2 and protections.recorded_route else None
    )
    if gate.given.get("digest") != digest_of(recorded, proposed, both):
        raise Stale(
            f"the recorded protection of {plan.environment} is another one than when the plan was made",
            detail="Nothing was signed.",
            hint="plan again",
            code="stale.protection",
        )
    return (*loosened(recorded, proposed), *(rerouted(*both) if both else ()))


def _first(asking: list[tuple[Protection, frozenset[str], bool]], case: Case) -> str:
    author = author_of(case.plan)
    return next((plan_first(each) for each, _, _ in asking if not vouched(each, author)), "")


def _check_counts(sign_off: SignOff, protections: Protections, case: Case, loosening: frozenset[str]) -> bool:
    """Whether anything asks for a sign-off. Refused where this one would count for nothing."""
    asking = [
        (each, digests_of(case.plan), each.sign_offs.four_eyes)
        for each in protections.both
        if each.sign_offs.required and case.plan.changes
    ]
    if loosening and protections.recorded:
        asking.append((protections.recorded, loosening, True))
    reasons = [
        why_not_counted(sign_off, sign_off.bound, each, case, digests, four_eyes)
        for each, digests, four_eyes in asking
    ]
    if not asking or None in reasons:
        return bool(asking)
    whom = next((each.sign_offs.whom for each, _, _ in asking if each.sign_offs.whom), None)
    verified = any(each.verified for each, _, _ in asking)
    raise Refused(
        f"a sign-off by {sign_off.by.shown} would not count: {sign_off.by.name} {reasons[0]}",
        detail="Nothing was written.",
        hint=_first(asking, case)
        + f"have it signed by {f'one of: {whom}' if whom else 'somebody else'}"
        + (", verified by a token" if verified else ""),
        code="refused.signOffs",
    )
