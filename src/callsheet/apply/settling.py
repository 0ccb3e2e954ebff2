"""Settling: before a run begins, what an earlier one had begun is found out."""

from __future__ import annotations

from callsheet.apply.context import Context, veil_of
from callsheet.apply.recovery import Found, check_same_organisation, recover
from callsheet.exports.export import load as load_export
from callsheet.model.events import Event
from callsheet.state.lock import Lease
from callsheet.state.snapshot import Entry, State


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
        before = load_export(context.store, state.environment, str(name)) if name else None
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
