"""Keeping: everything that is live goes into an export before the first write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from callsheet.apply.context import Context
from callsheet.diff.veil import Veil
from callsheet.exports.export import Export, Origin
from callsheet.exports.keeping import take
from callsheet.model.events import Event
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Content, symbols
from callsheet.plan.archive import Archive
from callsheet.plan.change import Change
from callsheet.providers.sweep import sweep
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
        Origin(claim.run, claim.verb, claim.owner, context.now(), context.target),
        veil=veil,
        refused=refused,
        uploads=[archive.content(sha256) for sha256 in sorted(_uploads(changes, done))],
    )
    context.listener(
        Event("export.done", {"export": made.sha256, "objects": made.count, "refused": sorted(refused)})
    )
    return made


def _uploads(changes: Iterable[Change], done: Mapping[str, int]) -> set[str]:
    """The SHA-256 of the files that the remaining steps send."""
    return {
        symbol.sha256
        for change in changes
        for step in change.steps
        if step.number > done.get(change.address, 0)
        for key in step.keys
        for _, symbol in symbols((change.desired or {}).get(key))
        if isinstance(symbol, Content)
    }
