"""One export: a manifest and packs of objects, content-addressed, compressed, free of secrets.

Objects are packed by a hash of their id, so that a later export shares every pack in which nothing
changed. A manifest and its packs are blobs of the store; the manifest's SHA-256 names the export.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from callsheet.diff.veil import Veil
from callsheet.diff.view import mask
from callsheet.model.canonical import canonical
from callsheet.model.errors import StateError
from callsheet.model.kinds import Kind
from callsheet.model.paths import find, pattern, put
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Payload, from_json
from callsheet.state.names import named
from callsheet.state.store import Store

FORMAT = "callsheet.export/1"
_PACK = 64


@dataclass(frozen=True, slots=True)
class Exported:
    """One object as it was: its whole payload, secrets as keyed digests."""

    kind: str
    id: str
    name: str | None
    payload: Payload


@dataclass(frozen=True, slots=True)
class Export:
    """What an export holds, without the objects themselves."""

    sha256: str
    environment: str
    run: str | None
    taken_at: str
    target: Mapping[str, Any]
    ids: Mapping[str, frozenset[str]]
    packs: Mapping[str, tuple[str, ...]]

    def knows(self, kind: str, remote_id: str) -> bool:
        return remote_id in self.ids.get(kind, frozenset())

    @property
    def count(self) -> int:
        return sum(len(ids) for ids in self.ids.values())


def take(
    store: Store,
    live: Mapping[str, Iterable[RemoteObject]],
    kinds: Mapping[str, Kind],
    *,
    environment: str,
    run: str | None,
    taken_at: str,
    target: Mapping[str, Any],
    key: bytes,
    masked: Mapping[tuple[str, str], Iterable[str]],
    veil: Veil,
) -> Export:
    """Keep what is live. `masked` are further patterns that hold secrets, per kind and id; `veil` hides
    known secrets wherever they are."""
    ids: dict[str, list[str]] = {}
    packs: dict[str, list[str]] = {}
    blobs: list[bytes] = []
    for kind, remotes in sorted(live.items()):
        objects = {
            remote.id: {
                "id": remote.id,
                "name": veil.name(remote.name),
                "payload": veil.over(_masked(kinds[kind], remote, key, masked.get((kind, remote.id), ()))),
            }
            for remote in remotes
        }
        ids[kind] = sorted(objects)
        made = [
            zlib.compress(canonical([objects[each] for each in group]), 6) for group in _packed(ids[kind])
        ]
        packs[kind] = [named(pack) for pack in made]
        blobs += made
    manifest = {
        "format": FORMAT,
        "environment": environment,
        "run": run,
        "takenAt": taken_at,
        "target": dict(target),
        "ids": ids,
        "packs": packs,
    }
    names = store.put_blobs([*blobs, canonical(manifest)], space=_space(environment))
    return _from_manifest(names[-1], manifest)


def load(store: Store, environment: str, sha256: str) -> Export:
    """An export by its name. StateError when it is missing, damaged or no export."""
    data = store.get_blob(sha256, space=_space(environment))
    try:
        manifest = orjson.loads(data)
        if manifest["format"] != FORMAT:
            raise StateError(
                f"export {sha256[:12]} has the format {manifest['format']!r}; this version reads {FORMAT}",
                code="export.format",
            )
        return _from_manifest(sha256, manifest)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise StateError(f"{sha256[:12]} is no export", code="export.unreadable") from None


def objects(store: Store, export: Export, kind: str) -> list[Exported]:
    """The objects of one kind, verified."""
    out, space = [], _space(export.environment)
    for pack in export.packs.get(kind, ()):
        try:
            entries = orjson.loads(zlib.decompress(store.get_blob(pack, space=space)))
            out += [
                Exported(kind, entry["id"], entry["name"], from_json(entry["payload"])) for entry in entries
            ]
        except (zlib.error, orjson.JSONDecodeError, KeyError, TypeError):
            raise StateError(
                f"a part of export {export.sha256[:12]} is damaged", code="export.damaged"
            ) from None
    return out


def _space(environment: str) -> str:
    """Where in the store an environment's exports lie: what one no longer needs, another may."""
    return f"exports/{environment}"


def _masked(kind: Kind, remote: RemoteObject, key: bytes, more: Iterable[str]) -> Payload:
    payload = remote.payload
    for shape in [*(field.at for field in kind.secrets), *(pattern(text) for text in more)]:
        for path, value in list(find(payload, shape)):
            payload = put(payload, path, mask(value, key))
    return payload


def _packed(ids: list[str]) -> list[list[str]]:
    """Groups of ids that stay the same when others come and go (but for doublings of the number)."""
    count = 1
    while count * _PACK < len(ids):
        count *= 2
    groups: dict[int, list[str]] = {}
    for each in ids:
        number = int.from_bytes(hashlib.sha256(each.encode()).digest()[:4], "big") % count
        groups.setdefault(number, []).append(each)
    return [groups[number] for number in sorted(groups)]


def _from_manifest(sha256: str, manifest: Mapping[str, Any]) -> Export:
    return Export(
        sha256,
        manifest["environment"],
        manifest["run"],
        manifest["takenAt"],
        manifest["target"],
        {kind: frozenset(ids) for kind, ids in manifest["ids"].items()},
        {kind: tuple(packs) for kind, packs in manifest["packs"].items()},
    )
