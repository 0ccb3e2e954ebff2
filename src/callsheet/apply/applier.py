"""Apply: carries out a plan, and nothing that is not in it. The one road to a provider's write calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from callsheet.apply.accounting import accounted, what_of
from callsheet.apply.aside import keep_aside
from callsheet.apply.binding import Binding
from callsheet.apply.body import Symbols
from callsheet.apply.checks import check_hold, check_secrets, hold_after, refuse
from callsheet.apply.context import Context, held, veil_of
from callsheet.apply.executor import Executor, requests_of
from callsheet.apply.interrupts import Interrupts, interrupts
from callsheet.apply.journal import Journal
from callsheet.apply.keeping import export_now, tidy
from callsheet.apply.memory import Memory
from callsheet.apply.outcome import Outcome, Result
from callsheet.apply.pinning import kept_release, moves_pin, unended
from callsheet.apply.protecting import record_protection
from callsheet.apply.readback import read_back, rebaselined
from callsheet.apply.recheck import Rechecked, check_fits, done_before, recheck
from callsheet.apply.recovery import told
from callsheet.apply.settling import settle
from callsheet.apply.traces import Traces
from callsheet.apply.trail import trail_of
from callsheet.apply.worker import Worker
from callsheet.diff.veil import Veil
from callsheet.exports.export import Export
from callsheet.model.diagnostics import Diagnostic, Severity
from callsheet.model.errors import CallsheetError
from callsheet.model.events import Event
from callsheet.plan.archive import Archive
from callsheet.plan.plan import Plan
from callsheet.policy.judging import Judgement
from callsheet.state.lock import Lease
from callsheet.state.snapshot import Entry, State


def apply_plan(archive: Archive, context: Context) -> Outcome:
    """Carry the plan out. Refused, Stale, Held and SecretError come before the first write, and then nothing
    is written; failures after it are in the outcome."""
    plan = archive.plan
    state = context.ledger.load()
    check_fits(plan, state, context.target)
    moves = moves_pin(plan, state)
    judgement = context.judge(plan, state)
    refuse(plan, judgement)
    check_hold(plan, state)
    idle = plan.empty and not plan.notices and not state.begun and not moves
    idle = idle and judgement.record is None and judgement.route is None
    idle = idle and not unended(plan, state)
    if idle and hold_after(plan, state, {}) is None:
        return Outcome(serial=state.serial, diagnostics=judgement.warnings)
    # Told before anything is locked, as far as it can be told without asking anybody.
    check_secrets(plan, context.secrets, done_before(plan, state))
    with (
        # Around the others, so that what they do at their end is not cut short either.
        interrupts() as interrupted,
        held(context) as lease,
        accounted(context, lease, plan.mode, what_of(plan)) as books,
    ):
        state, found = settle(context, lease, books)
        check_fits(plan, state, context.target)
        check_hold(plan, state)
        moves = moves_pin(plan, state)
        # A sign-off may have been taken back, or another protection recorded, while the lock was waited for.
        judgement = books.judgement = context.judge(plan, state)
        refuse(plan, judgement)
        rechecked = recheck(plan, state, context.provider, context.kinds)
        binding = Binding(plan, state, context.whose)
        binding.look(rechecked.live.values())
        check_secrets(plan, context.secrets, rechecked.done)
        for sha256 in plan.contents:
            archive.content(sha256)
        lease.check()
        state = context.ledger.begin(plan.digest)
        books.open(state)
        export = _kept_before(archive, context, state, rechecked, binding)
        interrupted.hold_back()
        outcome = _carry_out(
            archive,
            context,
            state,
            rechecked,
            binding,
            lease,
            export,
            moves,
            judgement,
            interrupted,
        )
        recorded = record_protection(judgement, outcome, context, lease)
        noticed = books.close(outcome)
        ended = outcome.export and outcome.broken is None and not interrupted.asked
        tidied = tidy(context, lease, interrupted) if ended else []
        return replace(
            outcome,
            diagnostics=(*map(told, found), *outcome.diagnostics, *recorded, *noticed, *tidied),
            serial=context.ledger.state.serial,
        )


def _kept_before(
    archive: Archive, context: Context, state: State, rechecked: Rechecked, binding: Binding
) -> Export | None:
    """The export that goes before the first write, where there is anything to write."""
    plan = archive.plan
    if not plan.changes and plan.mode != "rollback":
        return None
    return export_now(
        context,
        state,
        archive,
        rechecked.done,
        binding.look,
        veil_of(context, state),
    )


def _carry_out(
    archive: Archive,
    context: Context,
    state: State,
    rechecked: Rechecked,
    binding: Binding,
    lease: Lease,
    export: Export | None,
    moves: bool,
    judgement: Judgement,
    interrupts: Interrupts,
) -> Outcome:
    plan, run = archive.plan, context.claim.run
    veil = veil_of(context, state)

    pinning = kept_release(archive, context.store) if moves else None

    def append(entries: list[Entry]) -> State:
        lease.check()
        return context.ledger.append(entries)

    started = _started(plan, context, state) | trail_of(judgement, veil.name)
    state = append(
        [
            Entry(
                fence=lease.token,
                run=started | ({"export": export.sha256} if export else {}),
                hold=hold_after(plan, state, started),
            )
        ]
    )
    worker = Worker(
        reader=context.provider,
        writer=context.provider.writer(lease.vouch),
        kinds=context.kinds,
        content=archive.content,
        memory=Memory(context.kinds, veil, context.renderer),
        label=_mark(plan, state),
        keyed=plan.lineage is not None,
        traces=Traces(
            context.provider,
            context.kinds,
            export.knows if export else (lambda _, __: False),
            state.owns,
            state.key,
        ),
        hide=context.secrets.hide,
        binding=binding,
    )

    def make_symbols(ids: Callable[[str, str], str | None]) -> Symbols:
        return Symbols(ids, context.secrets.value, lambda symbol: context.secrets.digest(symbol, state.key))

    context.listener(
        Event("apply.start", {"run": run, "changes": len(plan.changes), "requests": requests_of(plan)})
    )
    journal = Journal(append, state)
    executor = Executor(
        plan,
        worker,
        state,
        rechecked,
        journal,
        run,
        make_symbols,
        context.listener,
        context.provider.capabilities.parallel_writes,
    )
    results = executor.run(interrupts)
    diagnostics: list[Diagnostic] = []
    if not journal.broken:
        entries, diagnostics = _look_again(plan, results, journal.state, context, veil)
        if not executor.interrupted and all(each.status == "applied" for each in results):
            if pinning is not None:
                entries.append(pinning.entry(journal.state, started))
            if plan.mode == "destroy" and not journal.state.records:
                # What is made under this name from here on is another instance: no sign-off of this one fits.
                entries.append(Entry(instance=context.ledger.new_instance()))
        if entries:
            journal.finish(entries)
    if journal.broken:
        diagnostics += journal.broken.diagnostics
    if pinning is not None and not pinning.done(journal.state):
        diagnostics.append(pinning.not_yet(journal.state))
    unwritten, kept, told_of = keep_aside(journal, lease, context.aside)
    outcome = Outcome(
        results,
        (*diagnostics, *told_of),
        executor.interrupted,
        journal.state.serial,
        run,
        export.sha256 if export else None,
        journal.broken.exit_code if journal.broken else None,
        unwritten,
        kept,
        pinning.named if pinning is not None and pinning.done(journal.state) else None,
    )
    context.listener(Event("apply.done", {**outcome.to_json(), "results": []}))
    return outcome


def _look_again(
    plan: Plan,
    results: Sequence[Result],
    state: State,
    context: Context,
    veil: Veil,
) -> tuple[list[Entry], list[Diagnostic]]:
    """Read back what was written, and take over what the provider changed by itself."""
    entries: list[Entry] = []
    touched = sorted({result.change.kind for result in results if result.wrote})
    try:
        entries, diagnostics = read_back(touched, results, state, context.provider, context.kinds, veil)
    except CallsheetError as cause:
        # The changes are made and state is right; only the last look at them is missing.
        diagnostics = [replace(each, severity=Severity.WARNING) for each in cause.diagnostics]
    entries += rebaselined(plan, state)
    return entries, diagnostics


def _started(plan: Plan, context: Context, state: State) -> dict[str, Any]:
    """What state knows of a run from before its first step on: enough to tell of it if it is killed."""
    claim = context.claim
    return {
        "id": claim.run,
        "at": context.now(),
        "by": claim.owner,
        "how": claim.how,
        "host": claim.host,
        "verified": claim.verified,
        "mode": plan.mode,
        "plan": plan.digest,
        "source": dict(plan.source),
        "serial": state.serial,
        "instance": state.instance,
    }


def _mark(plan: Plan, state: State) -> dict[str, str]:
    """What the mark on every object says beside its address."""
    mark = {str(key): str(value) for key, value in plan.identity.items()}
    mark["lineage"] = state.lineage or ""
    if commit := (plan.source.get("git") or {}).get("sha"):
        mark["sha"] = str(commit)
    return mark
