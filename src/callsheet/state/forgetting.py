"""Forgetting: addresses leave state, their objects stay at the provider."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from callsheet.model.address import Address
from callsheet.state.record import Record
from callsheet.state.selecting import check_settled, referring, select
from callsheet.state.snapshot import Entry, State


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What is forgotten, who still refers to it and to which of it, and all of it as one entry."""

    records: tuple[Record, ...]
    referring: dict[str, tuple[str, ...]]
    entry: Entry

    @property
    def about(self) -> dict[str, Any]:
        """What is forgotten, for programs and for the audit."""
        records = self.records
        return {
            "forgotten": [
                {"address": each.address, "kind": each.kind, "remoteId": each.remote_id} for each in records
            ]
        }


def forget(state: State, addresses: Collection[Address]) -> Forgetting:
    """What it takes to forget addresses; a document's means its parts too.

    CallsheetError for one that state does not have; Stale where a run began a step of theirs.
    """
    found = {record.address: record for address in addresses for record in select(state, address)}
    check_settled(begun for begun in state.begun.values() if begun.address in found)
    return Forgetting(
        tuple(found.values()), referring(state, frozenset(found)), Entry(remove=tuple(sorted(found)))
    )
