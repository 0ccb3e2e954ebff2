"""Apply: carries out a plan, and nothing that is not in it. The one road to a provider's write calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from callsheet.apply.body import Symbols
from callsheet.apply.executor import Executor, requests_of
from callsheet.apply.outcome import Outcome
from callsheet.apply.readback import read_back, rebaselined
from callsheet.apply.recheck import Rechecked, check_fits, recheck
from callsheet.apply.worker import StepDone, Worker
from callsheet.model.diagnostics import Diagnostic, Severity
from callsheet.model.errors import CallsheetError, Refused, SecretError, Stale
from callsheet.model.events import Event, Listener, silent
from callsheet.model.kinds import Kind
from callsheet.model.value import Secret, Text, symbols
from callsheet.plan.archive import Archive
from callsheet.plan.plan import Plan
from callsheet.providers.base import Provider
from callsheet.state.ledger import Ledger
from callsheet.state.snapshot import Entry, State


class Secrets(Protocol):
    """What apply needs of the keeper of secrets."""

    def value(self, symbol: str | Secret | Text) -> str: ...

    def digest(self, symbol: Secret | Text, key: bytes) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a plan is carried out with."""

    provider: Provider
    kinds: Mapping[str, Kind]
    ledger: Ledger
    secrets: Secrets
    target: Mapping[str, object]
    renderer: str
    listener: Listener = silent
    # Called once, after every check and before the first write (exports have their place here).
    before_writes: Callable[[Plan], None] = field(default=lambda _: None)


def apply_plan(archive: Archive, context: Context) -> Outcome:
    """Carry the plan out. Refused, Stale and SecretError come before the first write, and then nothing is
    written; failures after it are in the outcome."""
    plan = archive.plan
    state = context.ledger.load()
    _refuse(plan)
    check_fits(plan, state, context.target)
    if plan.empty and not plan.notices:
        return Outcome(serial=state.serial)
    rechecked = recheck(plan, state, context.provider, context.kinds)
    _check_secrets(plan, context.secrets)
    for sha256 in plan.contents:
        archive.content(sha256)
    context.before_writes(plan)
    state = context.ledger.begin()
    try:
        return _carry_out(archive, context, state, rechecked)
    finally:
        context.ledger.close()


def _carry_out(archive: Archive, context: Context, state: State, rechecked: Rechecked) -> Outcome:
    plan = archive.plan
    worker = Worker(
        reader=context.provider,
        writer=context.provider.writer(),
        kinds=context.kinds,
        content=archive.content,
        secret=context.secrets.value,
        label=_mark(plan, state),
        renderer=context.renderer,
        keyed=plan.lineage is not None,
    )

    def make_symbols(ids: Callable[[str, str], str | None]) -> Symbols:
        return Symbols(ids, context.secrets.value, lambda symbol: context.secrets.digest(symbol, state.key))

    def commit(done: list[StepDone]) -> State:
        return context.ledger.append([each.entry for each in done])

    context.listener(Event("apply.start", {"changes": len(plan.changes), "requests": requests_of(plan)}))
    executor = Executor(
        plan,
        worker,
        state,
        rechecked,
        commit,
        make_symbols,
        context.listener,
        context.provider.capabilities.parallel_writes,
    )
    results = executor.run()
    diagnostics: list[Diagnostic] = []
    now = executor.state
    entries: list[Entry] = []
    touched = sorted({result.change.kind for result in results if result.wrote})
    try:
        entries, diagnostics = read_back(touched, results, now, context.provider, context.kinds)
    except CallsheetError as cause:
        # The changes are made and state is right; only the last look at them is missing.
        diagnostics = [replace(each, severity=Severity.WARNING) for each in cause.diagnostics]
    entries += rebaselined(plan, now)
    if entries:
        now = context.ledger.append(entries)
    outcome = Outcome(results, tuple(diagnostics), executor.interrupted, now.serial)
    context.listener(Event("apply.done", {**outcome.to_json(), "results": []}))
    return outcome


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


def _check_secrets(plan: Plan, secrets: Secrets) -> None:
    """Every secret that will be sent must resolve before anything is sent."""
    problems: dict[str, Diagnostic] = {}
    for change in plan.changes:
        if not change.writes or not change.desired:
            continue
        sent = {key for step in change.steps for key in step.keys}
        for path, symbol in symbols(change.desired):
            if isinstance(symbol, Secret | Text) and path[0] in sent:
                try:
                    secrets.value(symbol)
                except SecretError as cause:
                    for each in cause.diagnostics:
                        problems.setdefault(each.summary, replace(each, address=change.address))
    if problems:
        raise SecretError(diagnostics=problems.values())
