"""`apply` and `destroy`: carry out a plan, a saved one or one made now."""

from __future__ import annotations

from callsheet.apply.applier import Context, apply_plan
from callsheet.apply.outcome import Outcome
from callsheet.model.errors import Stale
from callsheet.operations.session import Session
from callsheet.plan.archive import Archive


def apply(session: Session, archive: Archive) -> Outcome:
    """Carry the plan out in the session's environment, which must be the plan's."""
    plan = archive.plan
    if plan.environment != session.environment.name:
        raise Stale(
            f"the plan is for {plan.environment}, not for {session.environment.name}",
            code="stale.environment",
        )
    if dict(plan.identity) != session.identity:
        raise Stale(
            f"the plan was made for {dict(plan.identity)}, and this project is {session.identity}",
            hint="plan again",
            code="stale.identity",
        )
    return apply_plan(
        archive,
        Context(
            provider=session.provider,
            kinds=session.kinds,
            ledger=session.ledger,
            secrets=session.keeper,
            target=session.target,
            renderer=session.renderer,
            listener=session.listener,
        ),
    )
