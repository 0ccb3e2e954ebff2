"""Moments: what the exports of runs hold, one after the other, and which of them cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from callsheet.exports.edits import Moment, Place, by_place
from callsheet.exports.export import RUN, Export, outline
from callsheet.exports.index import Listed
from callsheet.exports.packs import entries_of
from callsheet.model.errors import StateError
from callsheet.model.value import Payload, from_json
from callsheet.state.record import Record
from callsheet.state.store import Store

K = TypeVar("K")
T = TypeVar("T")
_READERS = 8


@dataclass(frozen=True, slots=True)
class Moments:
    """Oldest first; `lost` are the SHA-256 of exports that cannot be read."""

    found: tuple[Moment, ...] = ()
    lost: frozenset[str] = frozenset()


def moments(store: Store, environment: str, exports: Sequence[Listed], lineage: str) -> Moments:
    """The moments of the exports that runs of that lineage took. A pack that several share is read once.

    Exports on demand are left out: they are taken beside runs, and may show half of what one did.
    """

    def objects(pack: tuple[str, str]) -> dict[Place, Payload]:
        kind, name = pack
        found = entries_of(store, environment, [name])
        return {(kind, each["id"]): from_json(each["payload"]) for each in found}

    def records(name: str) -> list[Record]:
        return [Record.from_json(each) for each in entries_of(store, environment, [name])]

    taken = [each.sha256 for each in exports if each.kind == RUN]
    with ThreadPoolExecutor(_READERS) as pool:
        exported = _each(pool, lambda name: outline(store, environment, name), taken)
        ours = {name: each for name, each in exported.items() if each is None or each.lineage == lineage}
        known = [each for each in ours.values() if each]
        live = _each(pool, objects, (pack for each in known for pack in _packs(each)))
        held = _each(pool, records, (pack for each in known for pack in each.record_packs))
    found, lost = [], set()
    for name, export in ours.items():
        parts = [live[pack] for pack in _packs(export)] if export else [None]
        remembered = [held[pack] for pack in export.record_packs] if export else []
        if None in parts or None in remembered:
            lost.add(name)
            continue
        found.append(
            Moment(
                {place: payload for part in parts if part for place, payload in part.items()},
                by_place(record for part in remembered if part for record in part),
            )
        )
    return Moments(tuple(found), frozenset(lost))


def _packs(export: Export) -> list[tuple[str, str]]:
    return [(kind, pack) for kind, packs in export.packs.items() for pack in packs]


def _each(pool: ThreadPoolExecutor, read: Callable[[K], T], names: Iterable[K]) -> dict[K, T | None]:
    """What was read by name, once each; None where it is missing or damaged."""

    def tried(name: K) -> T | None:
        try:
            return read(name)
        except (StateError, KeyError, TypeError, AttributeError):
            return None

    known = list(dict.fromkeys(names))
    return dict(zip(known, pool.map(tried, known), strict=True))
