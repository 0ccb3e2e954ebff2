"""One export: a manifest, and packs of objects and of state's records, content-addressed and free of secrets.

A manifest and what it names are blobs of one space of the store; the manifest's SHA-256 names the export.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from callsheet.diff.veil import Veil
from callsheet.diff.view import masked_at
from callsheet.exports.packs import compressed, entries_of, no_pack, opened, packed, space
from callsheet.model.canonical import canonical, plain
from callsheet.model.errors import StateError
from callsheet.model.kinds import Kind
from callsheet.model.paths import pattern
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Content, Payload, from_json, symbols
from callsheet.state.names import named
from callsheet.state.record import Record
from callsheet.state.snapshot import State
from callsheet.state.store import Store

FORMAT = "callsheet.export/1"
RUN = "run"
ON_DEMAND = "on-demand"


@dataclass(frozen=True, slots=True)
class Origin:
    """By whom and for what an export is taken; `run` is None for one on demand."""

    run: str | None
    verb: str
    by: str
    taken_at: str
    target: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return ON_DEMAND if self.run is None else RUN


@dataclass(frozen=True, slots=True)
class Exported:
    """One object as it was: its whole payload, secrets as keyed digests."""

    kind: str
    id: str
    name: str | None
    payload: Payload


@dataclass(frozen=True, slots=True)
class Export:
    """What an export holds, without the objects and records themselves.

    `packs` are those of the objects by kind, `record_packs` those of state's records; `contents` are the
    SHA-256 of uploads that the records refer to; `count` is of objects; `size` in bytes, of all
    packs, shared ones too; `refused` are kinds that could not be listed.
    """

    sha256: str
    environment: str
    origin: Origin
    lineage: str | None
    serial: int
    ids: Mapping[str, frozenset[str]]
    packs: Mapping[str, tuple[str, ...]]
    record_packs: tuple[str, ...]
    ids_pack: str
    contents: frozenset[str]
    count: int
    size: int
    refused: tuple[str, ...] = ()
    release: Mapping[str, Any] | None = None  # the pin of the environment, as state had it

    def knows(self, kind: str, remote_id: str) -> bool:
        return remote_id in self.ids.get(kind, frozenset())

    @property
    def blobs(self) -> frozenset[str]:
        """What must be in the store for this export to be whole, uploads aside: those may never have been."""
        packs = [pack for each in self.packs.values() for pack in each]
        return frozenset({self.sha256, self.ids_pack, *self.record_packs, *packs})


def made(
    live: Mapping[str, Iterable[RemoteObject]],
    kinds: Mapping[str, Kind],
    state: State,
    origin: Origin,
    *,
    veil: Veil,
    refused: Iterable[str] = (),
    key: bytes | None = None,
) -> tuple[Export, list[bytes]]:
    """What is live and what state holds as an export, with its blobs; the manifest is the last of them.

    `veil` hides known secrets wherever they are. `key` keys the digests where state has no key yet.
    """
    key = key or state.key
    veil = replace(veil, key=key)
    masked = {(record.kind, record.remote_id): record.masked for record in state.records.values()}
    ids: dict[str, list[str]] = {}
    packs: dict[str, list[bytes]] = {}
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
        packs[kind] = packed(objects)
    records = packed({each.address: _veiled(each, veil).to_json() for each in state.records.values()})
    parts = [*(pack for each in packs.values() for pack in each), *records, compressed(ids)]
    manifest = {
        "format": FORMAT,
        "environment": state.environment,
        "kind": origin.kind,
        "run": origin.run,
        "verb": origin.verb,
        "by": origin.by,
        "takenAt": origin.taken_at,
        "target": dict(origin.target),
        "lineage": state.lineage,
        "serial": state.serial,
        "objects": sum(len(each) for each in ids.values()),
        "bytes": sum(map(len, parts)),
        "ids": named(parts[-1]),
        "packs": {kind: [named(pack) for pack in each] for kind, each in packs.items()},
        "records": [named(pack) for pack in records],
        "contents": sorted(contents_of(state.records.values())),
        "refused": sorted(refused),
        "release": dict(state.pin) if state.pin else None,
    }
    data = canonical(manifest)
    return _export(named(data), plain(manifest), ids), [*parts, data]


def load(store: Store, environment: str, sha256: str) -> Export:
    """An export by its name. StateError when it is missing, damaged or no export."""
    known = outline(store, environment, sha256)
    try:
        ids = opened(store, environment, known.ids_pack)
        return replace(known, ids={kind: frozenset(each) for kind, each in ids.items()})
    except (TypeError, AttributeError):
        raise no_pack(known.ids_pack) from None


def outline(store: Store, environment: str, sha256: str) -> Export:
    """What the manifest alone tells: an export without its ids. StateError as for `load`."""
    return read(sha256, store.get_blob(sha256, space=space(environment)))


def read(sha256: str, data: bytes) -> Export:
    """An export without its ids from its manifest's bytes."""
    try:
        manifest = orjson.loads(data)
        if manifest["format"] == FORMAT:
            return _export(sha256, manifest, {})
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise _no_export(sha256) from None
    raise StateError(
        f"export {sha256[:12]} has the format {manifest['format']!r}; this version reads {FORMAT}",
        hint="use the version of Callsheet that took it, or a newer one",
        code="export.format",
    )


def objects(store: Store, export: Export, kind: str) -> list[Exported]:
    """The objects of one kind, verified."""
    try:
        return [
            Exported(kind, entry["id"], entry["name"], from_json(entry["payload"]))
            for entry in entries_of(store, export.environment, export.packs.get(kind, ()))
        ]
    except KeyError:
        raise _damaged(export) from None


def records(store: Store, export: Export) -> dict[str, Record]:
    """State's records by address as they were when the export was taken, verified."""
    try:
        found = map(Record.from_json, entries_of(store, export.environment, export.record_packs))
        return {record.address: record for record in found}
    except (KeyError, TypeError, AttributeError):
        raise _damaged(export) from None


def contents_of(records: Iterable[Record]) -> set[str]:
    """The SHA-256 of every upload that records refer to."""
    return {
        symbol.sha256
        for record in records
        for _, symbol in symbols(record.applied_symbols)
        if isinstance(symbol, Content)
    }


def _veiled(record: Record, veil: Veil) -> Record:
    """The record without what has become known as a secret since it was written."""
    return replace(
        record,
        name=veil.name(record.name),
        applied=plain(veil.over(record.applied_symbols)),
        seen=plain(veil.over(record.seen_symbols)),
    )


def _masked(kind: Kind, remote: RemoteObject, key: bytes, more: Iterable[str]) -> Payload:
    shapes = [*(field.at for field in kind.secrets), *(pattern(text) for text in more)]
    return masked_at(remote.payload, shapes, key)


def _export(sha256: str, manifest: Mapping[str, Any], ids: Mapping[str, Iterable[str]]) -> Export:
    return Export(
        sha256,
        manifest["environment"],
        Origin(manifest["run"], manifest["verb"], manifest["by"], manifest["takenAt"], manifest["target"]),
        manifest["lineage"],
        manifest["serial"],
        {kind: frozenset(each) for kind, each in ids.items()},
        {kind: tuple(packs) for kind, packs in manifest["packs"].items()},
        tuple(manifest["records"]),
        manifest["ids"],
        frozenset(manifest["contents"]),
        manifest["objects"],
        manifest["bytes"],
        tuple(manifest["refused"]),
        manifest.get("release"),
    )


def _damaged(export: Export) -> StateError:
    return StateError(f"a part of export {export.sha256[:12]} is damaged", code="export.damaged")


def _no_export(sha256: str) -> StateError:
    return StateError(f"{sha256[:12]} is no export", code="export.unreadable")
