"""Keeping: everything that is live goes into an export before the first write, and old ones go at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from callsheet.apply.context import Context
from callsheet.apply.interrupts import Interrupts
from callsheet.diff.veil import Veil
from callsheet.exports.export import Export, Origin
from callsheet.exports.keeping import take
from callsheet.exports.pruning import due, prune
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.errors import CallsheetError
from callsheet.model.events import Event
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Content, symbols
from callsheet.plan.archive import Archive
from callsheet.plan.change import Call, Change
from callsheet.providers.sweep import sweep
from callsheet.state.lock import Lease
from callsheet.state.snapshot import State


def export_now(
    context: Context,
    state: State,
    archive: Archive,
    done: Mapping[str, int],
    look: Callable[[Iterable[RemoteObject]], None],
    veil: Veil,
) -> Export:
    """Keep everything that is live, managed or not; kinds that nothing here needs may refuse to be listed.

    `look` sees all of it first, and may refuse. `done` says how many steps of a change need not be made:
    of the others, the files that will be uploaded are kept too.
    """
    changes = archive.plan.changes
    needed = {
        *(change.kind for change in changes),
        *(record.kind for record in state.records.values()),
    }
    live, refused = sweep(
        context.provider,
        context.kinds.keys(),
        optional=context.kinds.keys() - needed,
        told=lambda kind, count: context.listener(Event("export.kind", {"kind": kind, "objects": count})),
    )
    look([remote for found in live.values() for remote in found])
    claim = context.claim
    made = take(
        context.store,
        live,
        context.kinds,
        state,
        Origin(claim.run, claim.verb, claim.shown, context.now(), context.target),
        veil=veil,
        refused=refused,
        uploads=[archive.content(sha256) for sha256 in sorted(_uploads(changes, done))],
    )
    context.listener(
        Event("export.done", {"export": made.sha256, "objects": made.count, "refused": sorted(refused)})
    )
    return made


def tidy(context: Context, lease: Lease, interrupts: Interrupts) -> list[Diagnostic]:
    """After a run: remove exports that have had their time. What goes wrong is a warning, and no more, and so
    is an interrupt: the run is done."""

    def check() -> None:
        lease.check()
        if interrupts.asked:
            raise CallsheetError("the run was interrupted", code="interrupted")

    environment, now = context.ledger.environment, datetime.fromisoformat(context.now())
    try:
        if not due(context.store, environment, context.retention, now):
            return []
        removed = prune(context.store, context.ledger.state, context.retention, now, check)
    except CallsheetError as cause:
        return [
            warning(
                "export.not-pruned",
                f"old exports of {environment} were not removed: {cause.diagnostics[0].summary}",
                detail="The run itself is done, and every export that the index lists is whole.",
                hint="`callsheet export prune` tries again",
            )
        ]
    context.listener(
        Event("export.pruned", {"exports": [each.sha256 for each in removed.exports], "blobs": removed.blobs})
    )
    return []


def _uploads(changes: Iterable[Change], done: Mapping[str, int]) -> set[str]:
    """The SHA-256 of the files that the remaining steps send."""
    return {
        symbol.sha256
        for change in changes
        for step in change.steps
        if step.call is not Call.RECORD and step.number > done.get(change.address, 0)
        for key in step.keys
        for _, symbol in symbols((change.desired or {}).get(key))
        if isinstance(symbol, Content)
    }
