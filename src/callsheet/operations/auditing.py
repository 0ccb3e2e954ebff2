"""Auditing: the record of work on the store that carries out no plan, such as removing old exports."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from callsheet import __version__
from callsheet.apply.accounting import estate_of, outcome_of, write_record
from callsheet.apply.outcome import Outcome
from callsheet.audit.log import Log
from callsheet.audit.record import NOTHING_ASKED, Account, What, Who
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import CallsheetError, StateError
from callsheet.operations.session import Session
from callsheet.state.ledger import Ledger
from callsheet.state.lock import Lease
from callsheet.state.snapshot import Entry
from callsheet.state.store import Store


def record_work(
    session: Session,
    lease: Lease,
    how: str,
    subject: Mapping[str, Any],
    *,
    before: int,
    elsewhere: tuple[Store, Ledger] | None = None,
) -> tuple[Diagnostic, ...]:
    """Write the record of what was done under `lease`, and seal state; nothing where no estate was begun.

    `subject` is what the work was about: addresses, ids, digests, and no words of anybody. `how` says where
    the holder's name is from, `before` is the serial that state had. The ledger, the session's unless state
    is `elsewhere` now, knows state as it is. StateError where there can be no record: the work itself stands.
    """
    store, ledger = elsewhere or (session.store, session.ledger)
    holder = lease.holder
    state = ledger.state
    if state.lineage is None:
        return ()
    account = Account(
        run=holder.run,
        verb=holder.verb,
        estate=estate_of(state, None),
        who=Who(holder.owner, how, holder.host, holder.verified),
        what=What(subject=subject),
        started_at=holder.since.strftime("%Y-%m-%dT%H:%M:%SZ"),
        ended_at=session.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        outcome=outcome_of(Outcome()),
        serial=(before, state.serial),
        callsheet=__version__,
        requests=NOTHING_ASKED,
    )
    try:
        doubts = write_record(
            Log(store, state.environment), account, ledger, lease, [Entry(fence=lease.token)]
        )
    except CallsheetError as cause:
        failure = cause.diagnostics[0].summary
    else:
        with suppress(CallsheetError):
            # Its seal is late then, and the next run makes it.
            ledger.close()
        return (*session.identification.doubts(), *doubts)
    raise StateError(
        f"{holder.verb} is done, and its audit record could not be written: {failure}",
        detail="What was done stands. The audit does not tell of it.",
        hint="see what the store says, then `callsheet runs verify`",
        code="audit.unwritten",
    )
