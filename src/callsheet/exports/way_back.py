"""The way back: what an export and state's records of its time ask for, as resources for the planner.

Everything that can be written is wanted as it was: what the files owned then and what they did not.
References lead to addresses again, so that what comes back under a new id is found by those that held
the old one. An export holds no secret, so each is kept where live still has it, else resolved, else told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from callsheet.diff.equality import same
from callsheet.diff.view import view
from callsheet.exports.edits import Moment, by_place, edits
from callsheet.exports.export import Exported
from callsheet.exports.telling import another_object, new_ids
from callsheet.exports.withheld import Withheld
from callsheet.model.address import Address
from callsheet.model.canonical import plain
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.document import Document, Lifecycle
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, covers, drop, get, leaves, put
from callsheet.model.resource import RemoteObject, Resource
from callsheet.model.value import Path, Payload, Ref, Secret, Text, Value, transform
from callsheet.plan.inputs import Restoration
from callsheet.state.record import Record
from callsheet.state.snapshot import State


@dataclass(frozen=True, slots=True)
class Then:
    """What was: the objects of an export by kind and id, and state's records of that moment.

    `later` is what the exports of the runs since hold, oldest first.
    """

    export: str
    run: str | None
    objects: Mapping[tuple[str, str], Exported]
    records: Mapping[str, Record]
    later: tuple[Moment, ...] = ()

    @property
    def moment(self) -> Moment:
        return Moment(
            {place: found.payload for place, found in self.objects.items()}, by_place(self.records.values())
        )


@dataclass(frozen=True, slots=True)
class Now:
    """What is: state, live (kind → id → object), and what can be found out here.

    `digest_of` gives the keyed digest of a secret, or None where it does not resolve; `known_keys` the
    top-level keys that a kind is known to take, empty where that is not known.
    """

    state: State
    live: Mapping[str, Mapping[str, RemoteObject]]
    kinds: Mapping[str, Kind]
    digest_of: Callable[[Secret | Text], str | None]
    known_keys: Callable[[str], frozenset[str]]

    @property
    def moment(self) -> Moment:
        live = (remote for objects in self.live.values() for remote in objects.values())
        return Moment(
            {(remote.kind, remote.id): remote.payload for remote in live},
            by_place(self.state.records.values()),
        )


@dataclass(slots=True)
class WayBack:
    """What the planner is given, and what cannot come back as it was."""

    resources: dict[Address, Resource] = field(default_factory=dict)
    restoration: Restoration | None = None
    diagnostics: list[Diagnostic] = field(default_factory=list)


def way_back(then: Then, now: Now) -> WayBack:
    """The resources to go back to. Pure; the diagnostics tell what will not be exactly as it was."""
    return _Builder(then, now).build()


class _Builder:
    def __init__(self, then: Then, now: Now) -> None:
        self._then = then
        self._now = now
        self._out = WayBack()
        self._remade: list[str] = []
        # What state is to remember: its records of then, and one that owns nothing for each taken over since.
        self._records = {
            address: record
            for address, record in then.records.items()
            if (record.kind, record.remote_id) in then.objects
        }
        bound = {(record.kind, record.remote_id) for record in self._records.values()}
        for address, record in now.state.records.items():
            place = (record.kind, record.remote_id)
            if address not in self._records and place in then.objects and place not in bound:
                self._records[address] = Record(
                    address, record.kind, record.remote_id, record.name, on_remove="forget"
                )
        self._ids = dict(self._identities())

    def build(self) -> WayBack:
        reowned = set()
        for address, record in sorted(self._records.items()):
            former = self._former(address, record)
            current = self._now.state.records.get(former or address)
            live = self._now.live.get(record.kind, {}).get(current.remote_id if current else record.remote_id)
            self._out.resources[Address.parse(address)] = self._resource(record, former, current, live)
            self._tell(record, live)
            if current is not None:
                state, objects = self._now.state, self._now.live
                self._out.diagnostics += another_object(state, objects, record, current, self._records)
            owned = self._records[address].applied_symbols
            if current is not None and not _alike(current.applied_symbols, owned):
                reowned.add(address)
        self._out.diagnostics += [*self._gone(), *new_ids(self._remade)]
        then, now = self._then, self._now
        edited = edits(then.moment, then.later, now.moment, now.kinds, now.state.key)
        self._out.restoration = Restoration(then.export, then.run, self._records, frozenset(reowned), edited)
        return self._out

    def _identities(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """What other objects may hold of a managed one, with the address and the attribute that it was."""
        for address, record in self._records.items():
            for name, value in record.attributes.items():
                if name.endswith("Id") and isinstance(value, str):
                    yield value, (address, name)
        for address, record in self._records.items():
            yield record.remote_id, (address, "id")

    def _former(self, address: str, record: Record) -> str | None:
        """What state calls the object of an address that was renamed since."""
        if address in self._now.state.records:
            return None
        for other, current in self._now.state.records.items():
            same_object = (current.kind, current.remote_id) == (record.kind, record.remote_id)
            if same_object and other not in self._records:
                return other
        return None

    def _resource(
        self, record: Record, former: str | None, current: Record | None, live: RemoteObject | None
    ) -> Resource:
        kind = self._now.kinds[record.kind]
        payload = self._writable(kind, record, current)
        withheld = Withheld(kind, record, current, live, self._now.state.key, self._now.digest_of)
        payload = withheld.given_back(payload)
        self._out.diagnostics += withheld.diagnostics
        if withheld.left:
            self._records[record.address] = _with_left(record, current, withheld.left)

        def leaf(value: Value) -> Value:
            known = self._ids.get(value) if isinstance(value, str) else None
            return Ref(*known) if known else value

        payload = transform(payload, leaf)
        address = Address.parse(record.address)
        remade = live is None or self._fixed_moved(kind, payload, live)
        document = Document(
            address.document,
            {},
            labels=record.labels,
            lifecycle=Lifecycle(
                prevent_destroy=record.prevent_destroy,
                on_remove=record.on_remove,
                # What is left to others is left; an object that is made again gets it all.
                ignore_changes=() if remade else record.ignore,
                moved_from=former,
            ),
            files_digest=record.files_digest,
            settings_digest=record.settings_digest,
        )
        return Resource(address, record.kind, payload, document)

    def _writable(self, kind: Kind, record: Record, current: Record | None) -> Payload:
        """What of the exported object can be sent, and what was sent then that no answer ever shows."""
        found = self._then.objects[(record.kind, record.remote_id)]
        payload = view(kind, RemoteObject(kind.name, found.id, found.payload), self._now.state.key)
        known = self._now.known_keys(kind.name)
        owned = {*record.applied, *(current.applied if current else ())}
        if known:
            payload = {key: value for key, value in payload.items() if key in known or key in owned}
        if current is not None:
            payload = _cleared(payload, current.seen_symbols, known | owned)
        for key, other, value in kind.assigned:
            if payload.get(other) == value:
                payload = drop(payload, (key,))
        for path, value in leaves(record.applied_symbols):
            if path and covers(path, kind.write_only) and get(payload, path) is ABSENT:
                payload = put(payload, path, value)
        return payload

    def _fixed_moved(self, kind: Kind, payload: Payload, live: RemoteObject) -> bool:
        shown = view(kind, live, self._now.state.key)
        return any(
            not same(value, get(shown, path))
            for path, value in leaves(payload)
            if covers(path, kind.immutable) and not covers(path, kind.write_only)
        )

    def _tell(self, record: Record, live: RemoteObject | None) -> None:
        if live is not None:
            return
        kind = self._now.kinds[record.kind]
        if kind.irreversible:
            self._out.diagnostics.append(
                warning(
                    "rollback.not-the-same",
                    f"{record.address} is gone, and what a {kind.name} loses with it does not come back",
                    detail="It is made again with the same settings.",
                    address=record.address,
                )
            )
        self._remade.append(record.address)

    def _gone(self) -> Iterator[Diagnostic]:
        """Objects of then that nobody managed, and that no managed one brings with it, and that are gone."""
        bound = {(record.kind, record.remote_id) for record in self._records.values()}
        for (kind, remote_id), found in sorted(self._then.objects.items()):
            if remote_id in self._ids:
                continue
            if (kind, remote_id) not in bound and remote_id not in self._now.live.get(kind, {}):
                yield warning(
                    "rollback.unmanaged-gone",
                    f"{kind} {found.name or remote_id} was there then, unmanaged, and is gone: it stays gone",
                    hint=f"`callsheet export show {self._then.export[:12]} --kind {kind}` has it as it was",
                )


def _cleared(payload: Payload, seen: Payload, keys: Collection[str]) -> Payload:
    """The payload with a null for everything that was not there then and is now, of the known keys."""
    for path, value in leaves(seen):
        if not path or path[0] not in keys or value is None:
            continue
        for length in range(1, len(path) + 1):
            found = get(payload, path[:length])
            if found is ABSENT:
                payload = put(payload, path[:length], None)
            if not isinstance(found, dict):
                break
    return payload


def _with_left(record: Record, current: Record | None, left: Collection[Path]) -> Record:
    """The record of then, owning of the paths that do not go back what state owns now."""
    applied = record.applied_symbols
    for path in left:
        owned = get(current.applied_symbols, path) if current else ABSENT
        applied = drop(applied, path) if owned is ABSENT else put(applied, path, owned)
    return replace(record, applied=plain(applied))


def _alike(one: Payload, other: Payload) -> bool:
    """Whether two payloads are the same but for the ids that references stand for."""

    def leaf(value: Value) -> Value:
        return Ref(value.address, value.attribute) if isinstance(value, Ref) else value

    return same(transform(one, leaf), transform(other, leaf))
