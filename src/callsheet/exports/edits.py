"""Edits: what others changed at the provider between the runs since an export, as later exports tell.

Each run keeps what is live right before it starts, with state's records of that moment. Held against those
records, or against the moment before where no run touched the object, it shows what moved meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from callsheet.diff.compare import moved
from callsheet.diff.equality import agrees, same
from callsheet.diff.view import mask, view
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, drop_all, get, leaves, pattern
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Digest, Path, Payload, Value
from callsheet.state.record import Record

# A kind and a remote id.
Place = tuple[str, str]
# The path of an object that somebody else made.
WHOLE: Path = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """What was live, and state's records of that time, each by place. Secrets are digests, or are not."""

    objects: Mapping[Place, Payload]
    records: Mapping[Place, Record]


def by_place(records: Iterable[Record]) -> dict[Place, Record]:
    return {(record.kind, record.remote_id): record for record in records}


def edits(
    then: Moment, later: Iterable[Moment], now: Moment, kinds: Mapping[str, Kind], key: bytes
) -> dict[Place, frozenset[Path]]:
    """By place the paths that others have set since then and that are still as they set them.

    What state owns by now is no longer theirs. What moved since the last run that touched an object is
    left to drift, which tells it.
    """
    out = {}
    for place in then.records.keys() | now.records.keys():
        if place not in now.objects:
            continue
        kind, current = kinds[place[0]], now.records.get(place)
        live = _shown(kind, now.objects[place], key, current)
        owned = current.applied_symbols if current else {}
        found = dict(_followed(place, (then, *later), now, kind, key))
        paths = {
            path
            for path, value in found.items()
            if path == WHOLE or (_alike(get(live, path), value, key) and not _ours(owned, live, path))
        }
        if paths:
            out[place] = frozenset(paths)
    return out


def _followed(
    place: Place, moments: Iterable[Moment], now: Moment, kind: Kind, key: bytes
) -> Iterator[tuple[Path, Value]]:
    """What others did to one object from each moment to the next, oldest first."""
    before: Payload | None = None
    former: Record | None = None
    for number, moment in enumerate((*moments, now)):
        payload, record = moment.objects.get(place), moment.records.get(place)
        if payload is None:
            continue
        # No run has written what no record knows, nor where the record is the very same.
        untouched = record is None or (former is not None and record.to_json() == former.to_json())
        if number and before is None and record is None:
            yield WHOLE, None
        elif number and before is not None and untouched:
            if payload is not before:
                yield from _moved(kind, before, payload, key, record)
        elif number and record is not None and moment is not now:
            yield from _moved(kind, record.seen_symbols, payload, key, record)
        before, former = payload, record


def _moved(
    kind: Kind, before: Payload, after: Payload, key: bytes, record: Record | None
) -> Iterator[tuple[Path, Value]]:
    """Where two payloads differ, leaf by leaf, with what is there afterwards."""
    one, other = (_shown(kind, each, key, record) for each in (before, after))
    one, other = _masked_like(one, other, key), _masked_like(other, one, key)
    for each in moved(kind, one, other, ()):
        for side in (each.seen, each.live):
            for path, _ in leaves(side, each.path) if side is not ABSENT else ():
                value = get(other, path)
                if not isinstance(value, dict) and not same(get(one, path), value, kind.id_sets, path):
                    yield path, value


def _shown(kind: Kind, payload: Payload, key: bytes, record: Record | None) -> Payload:
    """The payload as a diff sees it, without what the files leave to others."""
    shown = view(kind, RemoteObject(kind.name, "", payload), key, record.masked if record else ())
    return dict(drop_all(shown, tuple(pattern(text) for text in record.ignore))) if record else shown


def _ours(owned: Payload, live: Payload, path: Path) -> bool:
    wanted = get(owned, path)
    return wanted is not ABSENT and agrees(wanted, get(live, path))


def _alike(one: Value, other: Value, key: bytes) -> bool:
    return same(_masked_like(one, other, key), _masked_like(other, one, key))


def _masked_like(value: Value, other: Value, key: bytes) -> Value:
    """The value with a digest wherever the other has one: what is a secret may have become known since."""
    if isinstance(other, Digest) and isinstance(value, str):
        return mask(value, key)
    if isinstance(value, dict) and isinstance(other, dict):
        return {name: _masked_like(item, other.get(name), key) for name, item in value.items()}
    if isinstance(value, list) and isinstance(other, list) and len(value) == len(other):
        return [_masked_like(one, two, key) for one, two in zip(value, other, strict=True)]
    return value
