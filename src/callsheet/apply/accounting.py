"""Accounting: every run that took the lock leaves one audit record, whatever became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from callsheet import __version__
from callsheet.apply.context import Context, veil_of
from callsheet.apply.outcome import Outcome, Result
from callsheet.apply.recovery import Found
from callsheet.apply.trail import Hide, trail_of, with_trail
from callsheet.audit.log import Head, Log
from callsheet.audit.record import NOTHING_ASKED, Account, Estate, What, Who
from callsheet.audit.tape import hidden, packed
from callsheet.model.diagnostics import Diagnostic, Severity, warning
from callsheet.model.errors import ERROR, Abandoned, CallsheetError
from callsheet.plan.plan import Plan
from callsheet.policy.judging import Judgement
from callsheet.state.begun import Begun
from callsheet.state.ledger import Ledger
from callsheet.state.lock import Lease
from callsheet.state.snapshot import Entry, State


class Books:
    """The account of a run that holds the lock: open once state may be written, closed at its end."""

    def __init__(self, context: Context, lease: Lease, verb: str, what: What) -> None:
        self._context = context
        self._lease = lease
        self._verb = verb
        self._what = what
        self._started = context.now()
        self._before: int | None = None
        self.judgement = Judgement()
        self.found: Sequence[Found] = ()
        self.doubts: tuple[Diagnostic, ...] = ()

    def open(self, state: State) -> None:
        """Tape requests from here on: before an estate is begun there is no key for their digests."""
        if self._before is None and state.lineage is not None:
            self._before = state.serial
            self._context.tape.start(state.key)

    def close(self, outcome: Outcome) -> tuple[Diagnostic, ...]:
        """Write the record; what stood in the way, or was noticed on the way."""
        context = self._context
        taped = context.tape.stop()
        if self._before is None:
            return ()
        # Whatever comes of it, it is tried once.
        before, self._before = self._before, None
        state = context.ledger.state
        hide = veil_of(context, state).name
        log = Log(context.store, state.environment)
        claim = context.claim
        try:
            self._lease.vouch()
            account = Account(
                run=claim.run,
                verb=self._verb,
                estate=estate_of(state, context.target),
                who=Who(hide(claim.owner) or "", claim.how, claim.host, claim.verified),
                what=with_trail(self._what, trail_of(self.judgement, hide)),
                started_at=self._started,
                ended_at=context.now(),
                outcome=outcome_of(outcome, self.found, hide),
                serial=(before, state.serial),
                callsheet=__version__,
                export=outcome.export,
                requests=_kept(log, hidden(taped, hide)),
            )
            return (*self.doubts, *write_record(log, account, context.ledger, self._lease))
        except CallsheetError as cause:
            return (*self.doubts, _unwritten(cause))


@contextmanager
def accounted(context: Context, lease: Lease, verb: str, what: What) -> Iterator[Books]:
    """The books of a run, closed with the error where it ends in one; and then state's log."""
    books = Books(context, lease, verb, what)
    try:
        yield books
    except CallsheetError as cause:
        books.close(Outcome(diagnostics=cause.diagnostics, broken=cause.exit_code))
        raise
    except Abandoned:
        raise
    except KeyboardInterrupt:
        # Before the first step, which is where interrupts begin to be held back.
        books.close(Outcome(interrupted=True, broken=ERROR))
        raise
    finally:
        context.tape.stop()
        # State is right without it: its seal is late then, and the next run makes it.
        with suppress(CallsheetError):
            context.ledger.close()


def write_record(
    log: Log, account: Account, ledger: Ledger, lease: Lease, along: Sequence[Entry] = ()
) -> tuple[Diagnostic, ...]:
    """Write a record, then tell state of it, together with the entries `along`. A warning where the log is
    not the one that state knows."""

    def ours() -> None:
        lease.check()
        ledger.append([Entry()])

    lease.check()
    state = ledger.state
    written = log.append(account, Head.from_json(state.audit), last=(state.run or {}).get("id"), ours=ours)
    lease.check()
    ledger.append([*along, Entry(audit=written.head.to_json())])
    return () if written.fits else (_doubtful(state.environment),)


def untold(state: State) -> bool:
    """Whether the last run of state has no record: it is under way, or was killed."""
    return state.run is not None and state.run["id"] != Head.from_json(state.audit).told


def account_of_killed(state: State, found: Sequence[Found], target: Mapping[str, Any], by: str) -> Account:
    """What is known of the last run, which ended without a word; `by` is the run that says so."""
    run = state.run or {}
    begun = [each for _, each in sorted(state.begun.items()) if each.run == run["id"]]
    return Account(
        run=run["id"],
        verb=run.get("mode", "apply"),
        estate=estate_of(state, target),
        who=Who(run.get("by", ""), run.get("how", ""), run.get("host", ""), run.get("verified", False)),
        what=with_trail(What(run.get("plan"), run.get("source")), run),
        started_at=run.get("at"),
        ended_at=None,
        outcome={
            "ended": "without_a_word",
            "exitCode": None,
            "begun": [_begun(each) for each in begun],
            "found": [each.to_json() for each in found],
        },
        serial=(run.get("serial"), state.serial),
        callsheet=__version__,
        export=run.get("export"),
        written_by=by,
    )


def estate_of(state: State, target: Mapping[str, Any] | None) -> Estate:
    return Estate(state.environment, state.instance, str(state.lineage), state.organisation, target)


def what_of(plan: Plan) -> What:
    return What(plan.digest, plan.source, plan.summary)


def _kept(log: Log, taped: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    if not taped:
        return NOTHING_ASKED
    writes = sum(each["method"] != "GET" for each in taped)
    return {"count": len(taped), "writes": writes, "sha256": log.keep(packed(taped))}


def outcome_of(
    outcome: Outcome, found: Sequence[Found] = (), hide: Hide = lambda text: text
) -> dict[str, Any]:
    """An outcome without a word of anybody's: numbers, ids and codes."""
    return {
        "ended": "interrupted" if outcome.interrupted else "in_order",
        "exitCode": outcome.exit_code,
        "applied": outcome.count("applied"),
        "failed": outcome.count("failed"),
        "notAttempted": outcome.count("not_attempted"),
        "results": [_result(each, hide) for each in outcome.results],
        "codes": _codes(outcome.diagnostics),
        "found": [{**each.to_json(), "remoteId": hide(each.remote_id)} for each in found],
    }


def _result(result: Result, hide: Hide) -> dict[str, Any]:
    change = result.change
    return {
        "address": change.address,
        "action": str(change.action),
        "changeDigest": change.change_digest,
        "status": result.status,
        "remoteId": hide(result.remote_id or change.remote_id),
        "codes": _codes(result.diagnostics),
    }


def _codes(diagnostics: Sequence[Diagnostic]) -> list[str]:
    return sorted({each.code for each in diagnostics if each.severity is not Severity.NOTE})


def _begun(begun: Begun) -> dict[str, Any]:
    return {
        "address": begun.address,
        "step": begun.step,
        "call": begun.call,
        "remoteId": begun.remote_id,
        "key": begun.key,
    }


def _unwritten(cause: CallsheetError) -> Diagnostic:
    return warning(
        "audit.unwritten",
        f"the audit record of this run is not written: {cause.diagnostics[0].summary}",
        detail="What the run did stands. The next run writes what state knows of it, without its requests.",
    )


def _doubtful(environment: str) -> Diagnostic:
    return warning(
        "audit.doubtful",
        f"the audit log of {environment} is not the one that state knows: somebody changed it",
        detail="The chain goes on from what state knows, so that it stays to be seen.",
        hint=f"callsheet runs verify --env {environment}",
    )
