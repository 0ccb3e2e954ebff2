"""Settling: before a run begins, what an earlier one had begun is found out, and told in the audit."""

from __future__ import annotations

from callsheet.apply.accounting import Books, account_of_killed, untold, write_record
from callsheet.apply.context import Context, veil_of
from callsheet.apply.recovery import Found, check_same_organisation, recover
from callsheet.audit.log import Log
from callsheet.exports.export import load as load_export
from callsheet.model.events import Event
from callsheet.state.lock import Lease
from callsheet.state.snapshot import Entry, State


def settle(context: Context, lease: Lease, books: Books) -> tuple[State, list[Found]]:
    """State as the holder of the lock has it: former holders fenced off, their begun steps resolved, and a
    run that ended without a word on record."""
    found: list[Found] = []
    ledger = context.ledger
    state = ledger.load()
    if state.lineage is None:
        return state, found
    state = ledger.append([Entry(fence=lease.token)])
    books.open(state)
    entries: list[Entry] = []
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
        books.found = found
    lease.check()
    if untold(state):
        account = account_of_killed(state, found, context.target, context.claim.run)
        log = Log(context.store, state.environment)
        books.doubts = write_record(log, account, ledger, lease, entries)
    elif entries:
        ledger.append(entries)
    if found:
        context.listener(Event("journal.resolved", {"found": [each.to_json() for each in found]}))
    return ledger.state, found
