"""Packs: groups of JSON entries, compressed, that stay the same bytes while their entries do.

Entries are grouped by a hash of their id, so that a later export shares every pack in which nothing changed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from callsheet.model.canonical import canonical
from callsheet.model.errors import StateError
from callsheet.state.grouping import grouped
from callsheet.state.store import Store


def space(environment: str) -> str:
    """Where in the store an environment's exports lie: what one no longer needs, another may."""
    return f"exports/{environment}"


def packed(entries: Mapping[str, Any]) -> list[bytes]:
    """Entries by their ids as packs. Those stay the same when others come and go, but for doublings."""
    return [compressed([entries[each] for each in group]) for group in grouped(entries)]


def compressed(value: Any) -> bytes:
    return zlib.compress(canonical(value), 6)


def entries_of(store: Store, environment: str, packs: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The entries of packs, verified. StateError for a pack that is missing, damaged or no pack."""
    for pack in packs:
        found = opened(store, environment, pack)
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            raise no_pack(pack)
        yield from found


def opened(store: Store, environment: str, sha256: str) -> Any:
    """The JSON of one compressed blob, verified. StateError when it is missing, damaged or something else."""
    try:
        return orjson.loads(zlib.decompress(store.get_blob(sha256, space=space(environment))))
    except (zlib.error, orjson.JSONDecodeError):
        raise no_pack(sha256) from None


def no_pack(sha256: str) -> StateError:
    return StateError(f"{sha256[:12]} is no part of an export", code="export.damaged")
