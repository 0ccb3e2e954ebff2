"""Keeping: everything that is live goes into an export before the first write."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from callsheet.apply.context import Context
from callsheet.diff.veil import Veil
from callsheet.exports.export import Export
from callsheet.exports.export import take as take_export
from callsheet.model.events import Event
from callsheet.model.resource import RemoteObject
from callsheet.providers.sweep import sweep
from callsheet.state.snapshot import State


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
