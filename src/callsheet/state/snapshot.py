"""State as a value: which remote object each address owns, under one lineage and serial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from callsheet.state.record import Record


@dataclass(frozen=True)
class State:
    """One environment's state.

    `lineage` names the estate from its first apply on and never changes; None before that. `serial`
    counts writes. `key` keys the digests that stand for secrets. `organisation` is the one that the
    credentials opened. `notices` are provider-wide changes that were already reported.
    """

    environment: str
    lineage: str | None = None
    serial: int = 0
    key: bytes = b""
    instance: str | None = None
    organisation: str | None = None
    records: Mapping[str, Record] = field(default_factory=dict)

    def owns(self, kind: str, remote_id: str) -> bool:
        """Whether an object is bound to an address, or came along with one (a knowledge base's tool)."""
        return (kind, remote_id) in self._bound or remote_id in self._brought

    @cached_property
    def _bound(self) -> frozenset[tuple[str, str]]:
        return frozenset(
            (record.kind, identity)
            for record in self.records.values()
            for identity in (record.remote_id, *record.replaced)
        )

    @cached_property
    def _brought(self) -> frozenset[str]:
        return frozenset(
            value
            for record in self.records.values()
            for name, value in record.attributes.items()
            if name.endswith("Id") and isinstance(value, str)
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of state: records to set and addresses to remove, together or not at all."""

    put: tuple[Record, ...] = ()
    remove: tuple[str, ...] = ()
    organisation: str | None = None

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if self.put:
            out["put"] = [record.to_json() for record in self.put]
        if self.remove:
            out["remove"] = list(self.remove)
        if self.organisation:
            out["organisation"] = self.organisation
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Entry:
        return cls(
            tuple(Record.from_json(record) for record in data.get("put", ())),
            tuple(data.get("remove", ())),
            data.get("organisation"),
        )


def apply_entry(records: dict[str, Record], entry: Entry) -> None:
    for address in entry.remove:
        records.pop(address, None)
    for record in entry.put:
        records[record.address] = record
