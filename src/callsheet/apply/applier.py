"""Apply: carries out a plan, and nothing that is not in it. The one road to a provider's write calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from callsheet.apply.body import Symbols
from callsheet.apply.executor import Executor, requests_of
from callsheet.apply.memory import Memory
from callsheet.apply.outcome import Outcome, Result
from callsheet.apply.readback import read_back, rebaselined
from callsheet.apply.recheck import Rechecked, check_fits, check_organisation, done_before, recheck
from callsheet.apply.recovery import Found, check_same_organisation, recover, told
from callsheet.apply.traces import Traces
from callsheet.apply.worker import Worker
from callsheet.diff.veil import Veil
from callsheet.exports.export import Export
from callsheet.exports.export import load as load_export
from callsheet.exports.export import take as take_export
from callsheet.model.diagnostics import Diagnostic, Severity
from callsheet.model.errors import CallsheetError, Refused, SecretError, Stale
from callsheet.model.events import Event, Listener, silent
from callsheet.model.kinds import Kind
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Secret, Text, symbols
from callsheet.plan.archive import Archive
from callsheet.plan.plan import Plan
from callsheet.providers.base import Provider
from callsheet.providers.sweep import sweep
from callsheet.state.ledger import Ledger
from callsheet.state.lock import Claim, Lease, Lock
from callsheet.state.snapshot import Entry, State
from callsheet.state.store import Store


class Secrets(Protocol):
    """What apply needs of the keeper of secrets."""

    def value(self, symbol: str | Secret | Text) -> str: ...

    def digest(self, symbol: Secret | Text, key: bytes) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a plan is carried out with. `claim` says who holds the lock, and which run this is."""

    provider: Provider
    kinds: Mapping[str, Kind]
    ledger: Ledger
    store: Store
    lock: Lock
    claim: Claim
    secrets: Secrets
    target: Mapping[str, object]
    renderer: str
    now: Callable[[], str]
    # Every secret value that is known here, the provider's key among them; for hiding them.
    known_secrets: Callable[[State], Collection[str]]
    listener: Listener = silent
    lock_timeout: float = 0.0


def apply_plan(archive: Archive, context: Context) -> Outcome:
    """Carry the plan out. Refused, Stale, Held and SecretError come before the first write, and then nothing
    is written; failures after it are in the outcome."""
    plan = archive.plan
    _refuse(plan)
    state = context.ledger.load()
    if plan.empty and not plan.notices and not state.begun:
        check_fits(plan, state, context.target)
        return Outcome(serial=state.serial)
    # Told before anything is locked, as far as it can be told without asking anybody.
    _check_secrets(plan, context.secrets, done_before(plan, state))
    with held(context) as lease:
        state, found = settle(context, lease)
        check_fits(plan, state, context.target)
        rechecked = recheck(plan, state, context.provider, context.kinds)
        check_organisation(plan, state, rechecked.live.values())
        _check_secrets(plan, context.secrets, rechecked.done)
        for sha256 in plan.contents:
            archive.content(sha256)
        lease.check()
        state = context.ledger.begin(plan.digest)
        try:
            outcome = _carry_out(archive, context, state, rechecked, lease)
            return replace(outcome, diagnostics=(*map(told, found), *outcome.diagnostics))
        finally:
            context.ledger.close()


@contextmanager
def held(context: Context) -> Iterator[Lease]:
    """The environment's lock, kept alive while the block runs. Held says who has it."""
    lease = context.lock.acquire(context.claim, timeout=context.lock_timeout)
    lease.keep_alive()
    try:
        yield lease
    finally:
        lease.release()


def settle(context: Context, lease: Lease) -> tuple[State, list[Found]]:
    """State as the holder of the lock has it: former holders fenced off, their begun steps resolved."""
    found: list[Found] = []
    state = context.ledger.load()
    if state.lineage is None:
        return state, found
    state = context.ledger.append([Entry(fence=lease.token)])
    if state.begun:
        check_same_organisation(state, context.provider)
        name = (state.run or {}).get("export")
        before = load_export(context.store, str(name)) if name else None
        entries, found = recover(
            state,
            context.provider,
            context.kinds,
            before.knows if before else (lambda _, __: False),
            veil_of(context, state),
        )
        lease.check()
        state = context.ledger.append(entries)
        context.listener(Event("journal.resolved", {"found": [each.to_json() for each in found]}))
    return state, found


def veil_of(context: Context, state: State) -> Veil:
    """What hides the known secrets in everything that is kept of this run."""
    return Veil.of(context.known_secrets(state), state.key)


def export_now(
    context: Context,
    state: State,
    kinds: Collection[str],
    run: str | None,
    look: Callable[[Iterable[RemoteObject]], None],
    veil: Veil,
) -> Export:
    """Keep everything that is live, managed or not; kinds that nothing here needs may refuse to be listed.

    `look` sees all of it first, and may refuse.
    """
    needed = {*kinds, *(record.kind for record in state.records.values())}
    live, refused = sweep(
        context.provider,
        context.kinds.keys(),
        optional=context.kinds.keys() - needed,
        told=lambda kind, count: context.listener(Event("export.kind", {"kind": kind, "objects": count})),
    )
    look([remote for found in live.values() for remote in found])
    made = take_export(
        context.store,
        live,
        context.kinds,
        environment=state.environment,
        run=run,
        taken_at=context.now(),
        target=context.target,
        key=state.key,
        masked={(record.kind, record.remote_id): record.masked for record in state.records.values()},
        veil=veil,
    )
    context.listener(
        Event("export.done", {"export": made.sha256, "objects": made.count, "refused": sorted(refused)})
    )
    return made


def _carry_out(
    archive: Archive, context: Context, state: State, rechecked: Rechecked, lease: Lease
) -> Outcome:
    plan, run = archive.plan, context.claim.run
    veil = veil_of(context, state)
    export = None
    if requests_of(plan):
        kinds = {change.kind for change in plan.changes}
        export = export_now(
            context, state, kinds, run, lambda live: check_organisation(plan, state, live), veil
        )

    def append(entries: list[Entry]) -> State:
        lease.check()
        return context.ledger.append(entries)

    started = {"id": run, "at": context.now(), "by": context.claim.owner}
    state = append([Entry(run=started | ({"export": export.sha256} if export else {}))])
    worker = Worker(
        reader=context.provider,
        writer=context.provider.writer(),
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
        ),
        alive=lease.check,
    )

    def make_symbols(ids: Callable[[str, str], str | None]) -> Symbols:
        return Symbols(ids, context.secrets.value, lambda symbol: context.secrets.digest(symbol, state.key))

    context.listener(
        Event("apply.start", {"run": run, "changes": len(plan.changes), "requests": requests_of(plan)})
    )
    executor = Executor(
        plan,
        worker,
        state,
        rechecked,
        append,
        run,
        make_symbols,
        context.listener,
        context.provider.capabilities.parallel_writes,
    )
    results = executor.run()
    diagnostics = list(executor.broken.diagnostics) if executor.broken else []
    now = executor.state
    if not executor.broken:
        now, more = _look_again(plan, results, now, context, append, veil)
        diagnostics += more
    outcome = Outcome(
        results,
        tuple(diagnostics),
        executor.interrupted,
        now.serial,
        run,
        export.sha256 if export else None,
        executor.broken.exit_code if executor.broken else None,
    )
    context.listener(Event("apply.done", {**outcome.to_json(), "results": []}))
    return outcome


def _look_again(
    plan: Plan,
    results: Sequence[Result],
    state: State,
    context: Context,
    append: Callable[[list[Entry]], State],
    veil: Veil,
) -> tuple[State, list[Diagnostic]]:
    """Read back what was written, and take over what the provider changed by itself."""
    entries: list[Entry] = []
    touched = sorted({result.change.kind for result in results if result.wrote})
    try:
        entries, diagnostics = read_back(touched, results, state, context.provider, context.kinds, veil)
    except CallsheetError as cause:
        # The changes are made and state is right; only the last look at them is missing.
        diagnostics = [replace(each, severity=Severity.WARNING) for each in cause.diagnostics]
    entries += rebaselined(plan, state)
    return (append(entries) if entries else state), diagnostics


def _mark(plan: Plan, state: State) -> dict[str, str]:
    """What the mark on every object says beside its address."""
    mark = {str(key): str(value) for key, value in plan.identity.items()}
    mark["lineage"] = state.lineage or ""
    if commit := (plan.source.get("git") or {}).get("sha"):
        mark["sha"] = str(commit)
    return mark


def _refuse(plan: Plan) -> None:
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


def _check_secrets(plan: Plan, secrets: Secrets, steps: Mapping[str, int]) -> None:
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
