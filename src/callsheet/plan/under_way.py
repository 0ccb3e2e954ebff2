"""Under way: what live shows of updates whose end nobody wrote down. It is ours, and nobody else's edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from callsheet.diff.equality import agrees, lingers, same
from callsheet.diff.veil import Veil
from callsheet.diff.view import masked_at, secret_patterns, view
from callsheet.model.canonical import plain
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, drop, drop_all, get, leaves, matches_any, pattern, put
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Path, Payload, Secret, Text, Value, from_json, transform
from callsheet.plan.change import Call
from callsheet.state.begun import Begun
from callsheet.state.record import Record
from callsheet.state.snapshot import State

# No digest is that: a secret that carries it is sent again, whatever it is.
_UNSURE = "unsure"


def as_left(
    state: State, live: Mapping[str, Mapping[str, RemoteObject]], kinds: Mapping[str, Kind], veil: Veil
) -> State:
    """State as the next apply will have it, for who only reads: with what updates did that never ended."""
    for _, begun in sorted(state.begun.items()):
        remote = live.get(begun.kind, {}).get(begun.remote_id or "")
        if remote is not None and (record := taken_over(begun, state, kinds[begun.kind], remote, veil)):
            state = replace(state, records={**state.records, record.address: record})
    return state


def record_of(begun: Begun, state: State) -> Record | None:
    """The record of the object that a begun step is about; before a renaming, under its old address."""
    found = (record for record in state.records.values() if record.kind == begun.kind)
    return next((record for record in found if record.remote_id == begun.remote_id), None)


def taken_over(begun: Begun, state: State, kind: Kind, remote: RemoteObject, veil: Veil) -> Record | None:
    """The record with `applied` and `seen` of what was sent and has arrived; None where nothing has.

    Where live has neither the old value nor the one that was sent, somebody else was there: that is left to
    the next comparison, and so is what takes several requests.
    """
    record = record_of(begun, state)
    if begun.call != Call.UPDATE or begun.draft is None or record is None:
        return None
    owned = begun.draft.applied_symbols
    sent = owned if begun.sent is None else from_json(begun.sent)
    late = {shape[0] for shape in kind.after_create}
    masked = {*record.masked, *secret_patterns(sent), *veil.shapes(remote.payload)}
    found = _Found(
        kind,
        {key: value for key, value in sent.items() if key not in late},
        view(kind, remote, state.key, masked),
        veil,
        record.applied_symbols,
        _seen(record, masked, state.key),
    )
    found.compare(owned, [path for path in begun.clear if path[0] not in late])
    if plain(found.applied) == plain(record.applied_symbols) and plain(found.seen) == plain(record.seen):
        return None
    if found.complete and not late:
        record = _settled(record, begun.draft)
    return replace(
        record,
        name=veil.name(remote.name or record.name),
        applied=plain(found.applied),
        seen=plain(found.seen),
        masked=tuple(sorted(masked)),
    )


def _settled(record: Record, draft: Record) -> Record:
    """The record with all else that state was to remember when the update was done."""
    return replace(
        draft,
        address=record.address,
        remote_id=record.remote_id,
        name=record.name,
        attributes=record.attributes,
        residual=record.residual,
        replaced=record.replaced,
    )


@dataclass(slots=True)
class _Found:
    """What was sent, held against live; `applied` and `seen` become what they are with what has arrived."""

    kind: Kind
    sent: Payload
    live: Payload
    veil: Veil
    applied: Payload
    seen: Payload
    complete: bool = False  # all that was sent and can be seen is there

    def compare(self, owned: Payload, cleared: list[Path]) -> None:
        """`owned` is what was to be remembered as applied of the keys that were sent or cleared."""
        hidden = [*self.kind.write_only, *(each.at for each in self.kind.secrets if each.echo == "never")]
        bare = drop_all(self.sent, hidden)
        asked = dict(leaves(self.veil.over(bare)))
        arrived = [path for path, want in asked.items() if self._arrived(path, want)]
        gone = [path for path in cleared if _none(self.live, path) and not _none(self.seen, path)]
        self.complete = bool(arrived or gone) and all(
            agrees(want, get(self.live, path), self.kind.id_sets, path) for path, want in asked.items()
        )
        self.complete = self.complete and all(_none(self.live, path) for path in cleared)
        wholes = {path: self._whole(path, asked) for path in arrived}
        for path in arrived:
            self.seen = put(self.seen, wholes[path], get(self.live, wholes[path]))
        for path in gone:
            self.seen = drop(self.seen, path)
        for path in (*arrived, *gone):
            self.applied = _copied(self.applied, owned, path)
        for path, want in leaves(self.sent):
            if path in arrived or get(bare, path) == want:
                continue
            # What no answer shows arrived with what one does; by itself it may or may not have.
            before, wanted = get(self.applied, path), get(owned, path)
            if arrived or gone:
                self.applied = _copied(self.applied, owned, path)
            elif before is not ABSENT and not same(before, wanted):
                self.applied = put(self.applied, path, transform(before, _unsure))

    def _arrived(self, path: Path, want: Value) -> bool:
        now, was, sets = get(self.live, path), get(self.seen, path), self.kind.id_sets
        if same(now, was, sets, path) or (want == {} and isinstance(was, dict)):
            return False
        return agrees(want, now, sets, path) and not lingers(want, get(self.applied, path), now)

    def _whole(self, path: Path, asked: Mapping[Path, Value]) -> Path:
        """The largest object around the path that the update made anew, and what the provider added."""
        for length in range(1, len(path)):
            around = path[:length]
            union = any(
                matches_any(around, [shape]) and path == (*around, key) for shape, key in self.kind.unions
            )
            if (union or not isinstance(get(self.seen, around), dict)) and all(
                agrees(want, get(self.live, each), self.kind.id_sets, each)
                for each, want in asked.items()
                if each[:length] == around
            ):
                return around
        return path


def _seen(record: Record, masked: set[str], key: bytes) -> Payload:
    """What was seen, with what has become a secret since then masked as live is."""
    return masked_at(record.seen_symbols, map(pattern, masked - set(record.masked)), key)


def _none(payload: Payload, path: Path) -> bool:
    return get(payload, path) in (ABSENT, None)


def _copied(applied: Payload, owned: Payload, path: Path) -> Payload:
    value = get(owned, path)
    out: Payload = drop(applied, path) if value is ABSENT else put(applied, path, value)
    return out


def _unsure(value: Value) -> Value:
    return replace(value, digest=_UNSURE) if isinstance(value, Secret | Text) else value
