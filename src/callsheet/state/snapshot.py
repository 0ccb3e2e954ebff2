"""State as a value: which remote object each address owns, under one lineage and serial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from callsheet.state.begun import Begun
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
    # Steps that were begun and whose end is not known, by name; empty after every run that ended well.
    begun: Mapping[str, Begun] = field(default_factory=dict)
    fence: int = 0  # the token of the last holder of the lock that wrote
    born: str | None = None  # the digest of the plan whose apply began the lineage
    run: Mapping[str, Any] | None = None  # the last run that wrote: id, export, time
    # A rollback's: the files whose digests it names are not applied again before they change.
    hold: Mapping[str, Any] | None = None
    audit: Mapping[str, Any] | None = None  # how many records the audit log holds, and the last one's hash
    # Every release that the environment ran, oldest first: the last one is what it is pinned to.
    releases: tuple[Mapping[str, Any], ...] = ()
    # The protection that the last run was judged by, as environments.yaml had it.
    protection: Mapping[str, Any] | None = None
    # Whether it was pinned then, and where its releases came from.
    route: Mapping[str, Any] | None = None

    @property
    def pin(self) -> Mapping[str, Any] | None:
        """The release that the environment runs; None where it never ran one."""
        return self.releases[-1] if self.releases else None

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
    begin: tuple[Begun, ...] = ()
    end: tuple[str, ...] = ()  # names of begun steps whose outcome this entry holds
    fence: int | None = None
    run: Mapping[str, Any] | None = None
    hold: Mapping[str, Any] | None = None  # empty: the hold ends
    audit: Mapping[str, Any] | None = None
    release: Mapping[str, Any] | None = None  # the release that is pinned from here on
    protection: Mapping[str, Any] | None = None  # empty: nothing is protected
    # The environment begins anew as this instance: no releases, no protection, no sign-offs of the old one.
    instance: str | None = None
    route: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if self.begin:
            out["begin"] = [begun.to_json() for begun in self.begin]
        if self.end:
            out["end"] = list(self.end)
        if self.fence is not None:
            out["fence"] = self.fence
        if self.run is not None:
            out["run"] = dict(self.run)
        if self.hold is not None:
            out["hold"] = dict(self.hold)
        if self.audit is not None:
            out["audit"] = dict(self.audit)
        for name in ("release", "protection", "route"):
            if (value := getattr(self, name)) is not None:
                out[name] = dict(value)
        if self.instance is not None:
            out["instance"] = self.instance
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
            tuple(Begun.from_json(begun) for begun in data.get("begin", ())),
            tuple(data.get("end", ())),
            data.get("fence"),
            data.get("run"),
            data.get("hold"),
            data.get("audit"),
            data.get("release"),
            data.get("protection"),
            data.get("instance"),
            data.get("route"),
        )


@dataclass(slots=True)
class Growing:
    """The parts of state that entries move, while they are read or written."""

    records: dict[str, Record]
    begun: dict[str, Begun]
    organisation: str | None
    fence: int
    run: Mapping[str, Any] | None
    hold: Mapping[str, Any] | None
    audit: Mapping[str, Any] | None
    releases: list[Mapping[str, Any]]
    protection: Mapping[str, Any] | None
    instance: str | None
    route: Mapping[str, Any] | None

    @classmethod
    def of(cls, state: State) -> Growing:
        return cls(
            dict(state.records),
            dict(state.begun),
            state.organisation,
            state.fence,
            state.run,
            state.hold,
            state.audit,
            list(state.releases),
            state.protection,
            state.instance,
            state.route,
        )

    def add(self, entry: Entry) -> None:
        for name in entry.end:
            self.begun.pop(name, None)
        for begun in entry.begin:
            self.begun[begun.name] = begun
        for address in entry.remove:
            self.records.pop(address, None)
        for record in entry.put:
            self.records[record.address] = record
        self.organisation = self.organisation or entry.organisation
        self.fence = self.fence if entry.fence is None else entry.fence
        self.run = self.run if entry.run is None else entry.run
        self.hold = self.hold if entry.hold is None else (entry.hold or None)
        self.audit = self.audit if entry.audit is None else entry.audit
        if entry.instance is not None:
            self.instance, self.releases, self.protection, self.route = entry.instance, [], None, None
        if entry.release is not None:
            self.releases.append(entry.release)
        if entry.protection is not None:
            self.protection = entry.protection or None
        if entry.route is not None:
            self.route = entry.route or None

    def state(self, base: State, serial: int) -> State:
        """`base` with these parts, as they are now."""
        return replace(
            base,
            records=dict(self.records),
            begun=dict(self.begun),
            organisation=self.organisation,
            fence=self.fence,
            run=self.run,
            hold=self.hold,
            audit=self.audit,
            releases=tuple(self.releases),
            protection=self.protection,
            instance=self.instance,
            route=self.route,
            serial=serial,
        )
