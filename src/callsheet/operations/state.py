"""`state list|show|pull|unlock`: what state holds, and whose lock is on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callsheet.model.address import Address
from callsheet.model.canonical import plain
from callsheet.model.diagnostics import nearest
from callsheet.model.errors import CallsheetError, StateError
from callsheet.operations.session import Session
from callsheet.operations.surgery import surgery
from callsheet.state.document import write_state
from callsheet.state.lock import UNREADABLE, Holder
from callsheet.state.private import write_private

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


def pulled(session: Session) -> bytes:
    """The whole state as one sealed document. CallsheetError where there is none."""
    state = session.ledger.load()
    if state.lineage is None:
        raise CallsheetError(
            f"there is no state of {session.environment.name} yet in {session.ledger.where}",
            code="state.none",
        )
    return write_state(state)


def write_out(path: Path, data: bytes) -> None:
    """Write a file for its owner alone, whole or not at all. CallsheetError where that is not possible."""
    try:
        if path.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        write_private(path.absolute(), data)
    except OSError as cause:
        raise CallsheetError(
            f"{path} cannot be written ({cause.strerror})", hint="give --out another place", code="state.out"
        ) from None


@dataclass(frozen=True, slots=True)
class Locked:
    """Whose the lock is; of one that is not readable nobody knows."""

    holder: Holder | None

    def __str__(self) -> str:
        return f"locked by {self.holder}" if self.holder else "locked, and by whom is not readable"


def locked(session: Session) -> Locked | None:
    """Who holds the lock, None where nobody does."""
    try:
        holder = session.lock.holder()
    except StateError as cause:
        if cause.diagnostics[0].code != UNREADABLE:
            raise
        return Locked(None)
    return Locked(holder) if holder else None


def unlock(session: Session) -> None:
    """Take the lock away from whoever holds it, and put that on record, where there is a state to do so."""
    try:
        fence = session.ledger.load().fence
    except StateError:
        fence = 0
    holder = session.lock.force_release(fence)
    try:
        with surgery(session, "state unlock", damaged=True) as operation:
            if operation.state.lineage is not None:
                known = (holder.owner, holder.run) if holder else (None, None)
                operation.write(dict(zip(("holder", "run"), known, strict=True)))
    except CallsheetError as cause:
        failure = cause.diagnostics[0].summary
    else:
        return
    raise StateError(
        f"the lock is taken away, and that is not on record: {failure}",
        hint="see who holds the lock now: `callsheet state list`",
        code="audit.unwritten",
    )
