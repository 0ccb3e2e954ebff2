"""`apply` and `destroy`: carry out a plan, a saved one or one made now."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from callsheet.apply.accounting import accounted, untold
from callsheet.apply.applier import apply_plan
from callsheet.apply.context import Context, held
from callsheet.apply.outcome import Outcome
from callsheet.apply.recovery import told
from callsheet.apply.settling import settle
from callsheet.audit.record import What
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import CallsheetError, Stale
from callsheet.operations.aside import keep
from callsheet.operations.identification import add_doubts, insist
from callsheet.operations.isolation import Isolation
from callsheet.operations.protecting import judgement_of
from callsheet.operations.secrecy import known_secrets
from callsheet.operations.session import WORK, Session
from callsheet.plan.archive import Archive
from callsheet.plan.plan import Plan


def apply(session: Session, archive: Archive) -> Outcome:
    """Carry the plan out in the session's environment, which must be the plan's."""
    check_ours(session, archive.plan)
    if archive.plan.mode != "destroy":
        Isolation(session).check_target()
    insist(session.environment.name, session.environment.protection, session.identification)
    try:
        outcome = apply_plan(archive, context_of(session, archive.plan.mode))
    except CallsheetError as cause:
        add_doubts(session.identification, cause)
        raise
    doubts = session.identification.doubts()
    return replace(outcome, diagnostics=(*doubts, *outcome.diagnostics)) if doubts else outcome


def check_ours(session: Session, plan: Plan) -> None:
    """Stale where the plan is for another environment, or another project's."""
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


def settle_journal(session: Session) -> list[Diagnostic]:
    """Find out what a run that ended without a word had begun; nothing happens where there is none.

    `apply` without a plan file does this before it plans, so that what was made is not planned again.
    """
    state = session.ledger.load()
    if not state.begun and not untold(state):
        return []
    insist(session.environment.name, session.environment.protection, session.identification)
    context = context_of(session, "recover")
    with (
        held(context) as lease,
        accounted(context, lease, context.claim.verb, What()) as books,
    ):
        _, found = settle(context, lease, books)
        noticed = books.close(Outcome()) if found else books.doubts
        return [*session.identification.doubts(), *map(told, found), *noticed]


def context_of(session: Session, verb: str) -> Context:
    """What apply needs of the session; each context is a run of its own."""
    return Context(
        provider=session.provider,
        kinds=session.kinds,
        ledger=session.ledger,
        store=session.store,
        lock=session.lock,
        claim=session.claim(verb),
        secrets=session.keeper,
        target=session.target,
        renderer=session.renderer,
        known_secrets=lambda state: known_secrets(session, state),
        aside=partial(keep, session.root, WORK),
        now=lambda: session.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        tape=session.tape,
        whose=partial(Isolation(session).check_organisation, leaving=True),
        listener=session.listener,
        lock_timeout=session.lock_timeout,
        retention=session.environment.exports,
        judge=partial(judgement_of, session, applying=True),
    )
