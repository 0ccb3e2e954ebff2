"""`state list|show|unlock`: what state holds, and whose lock is on it."""

from __future__ import annotations

from typing import Any

from callsheet.model.address import Address
from callsheet.model.canonical import plain
from callsheet.model.diagnostics import nearest
from callsheet.model.errors import CallsheetError
from callsheet.operations.session import Session
from callsheet.state.lock import Holder

FORMAT = "callsheet.state-list/1"


def listed(session: Session) -> dict[str, Any]:
    """Every address with its remote object, and where and how far state is. JSON."""
    state = session.ledger.load()
    holder = session.lock.holder()
    return {
        "format": FORMAT,
        "environment": session.environment.name,
        "store": session.ledger.where,
        "lineage": state.lineage,
        "serial": state.serial,
        "organisation": state.organisation,
        "lock": holder.to_json() if holder else None,
        "begun": [state.begun[name].name for name in sorted(state.begun)],
        "resources": [
            {"address": address, "kind": record.kind, "remoteId": record.remote_id, "name": record.name}
            for address, record in sorted(state.records.items())
        ],
    }


def record_of(session: Session, address: str) -> dict[str, Any]:
    """One record as it is kept; secrets are digests there. CallsheetError for an unknown address."""
    records = session.ledger.load().records
    try:
        known = records.get(str(Address.parse(address)))
    except ValueError as cause:
        raise CallsheetError(str(cause), code="state.address") from None
    if known is None:
        raise CallsheetError(
            f"state of {session.environment.name} has no {address}",
            hint=nearest(address, records),
            code="state.address",
        )
    return dict(plain(known.to_json()))


def unlock(session: Session) -> Holder | None:
    """Take the lock away from whoever holds it; None where nobody does."""
    return session.lock.force_release()
