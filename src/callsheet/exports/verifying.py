"""Verifying: reads everything that an export needs back, and names what is damaged or missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from callsheet.exports.contents import content
from callsheet.exports.export import Export, contents_of, outline
from callsheet.exports.index import Listed
from callsheet.exports.packs import entries_of, no_pack, opened
from callsheet.model.errors import StateError
from callsheet.state.record import Record
from callsheet.state.store import Store


@dataclass(frozen=True, slots=True)
class Damage:
    """One part that is not what it should be. `sha256` is the blob's, None where the parts do not fit."""

    part: str
    sha256: str | None
    problem: str

    def to_json(self) -> dict[str, Any]:
        return {"part": self.part, "sha256": self.sha256, "problem": self.problem}


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found of one export. `unkept` counts uploads that were never kept: sent by an older version,
    or with a secret inside."""

    export: Listed
    damages: tuple[Damage, ...] = ()
    unkept: int = 0


class Verifier:
    """Verifies the exports of one environment; a pack that several share is read once."""

    def __init__(self, store: Store, environment: str) -> None:
        self._store = store
        self._environment = environment
        # What each blob said: the ids of its objects, the uploads of its records; or what is wrong with it.
        self._known: dict[tuple[str, str], frozenset[str] | str] = {}

    def verify(self, listed: Listed) -> Verified:
        damages: list[Damage] = []
        try:
            export = outline(self._store, self._environment, listed.sha256)
        except StateError as cause:
            return Verified(listed, (Damage("manifest", listed.sha256, _said(cause)),))
        if Listed.of(export) != listed:
            damages.append(Damage("index", None, "the index says something else than the manifest"))
        ids = self._ids(export, damages)
        for kind, packs in export.packs.items():
            part = f"objects of {kind}"
            found = [self._read(part, pack, self._objects, damages) for pack in packs]
            if None in found or ids is None:
                continue
            if frozenset().union(*filter(None, found)) != ids.get(kind, frozenset()):
                damages.append(Damage(part, None, "they are not the objects that the export lists"))
        read = [self._read("records", pack, self._uploads, damages) for pack in export.record_packs]
        if None not in read and frozenset().union(*filter(None, read)) != export.contents:
            damages.append(Damage("records", None, "they refer to other uploads than the export lists"))
        kept = [self._read("upload", sha256, self._upload, damages) for sha256 in sorted(export.contents)]
        return Verified(listed, tuple(damages), sum(each == frozenset() for each in kept))

    def _ids(self, export: Export, damages: list[Damage]) -> dict[str, frozenset[str]] | None:
        try:
            found = opened(self._store, self._environment, export.ids_pack)
            ids = {kind: frozenset(each) for kind, each in found.items()}
        except StateError as cause:
            damages.append(Damage("ids", export.ids_pack, _said(cause)))
            return None
        except (TypeError, AttributeError):
            damages.append(Damage("ids", export.ids_pack, _said(no_pack(export.ids_pack))))
            return None
        if sum(map(len, ids.values())) != export.count:
            damages.append(Damage("ids", None, f"there are not {export.count} of them"))
        return ids

    def _read(
        self, part: str, sha256: str, read: Callable[[str], frozenset[str]], damages: list[Damage]
    ) -> frozenset[str] | None:
        """What a blob says; None where it is damaged, which is noted."""
        key = (part, sha256)
        if key not in self._known:
            try:
                self._known[key] = read(sha256)
            except StateError as cause:
                self._known[key] = _said(cause)
            except (KeyError, TypeError, AttributeError, ValueError):
                self._known[key] = _said(no_pack(sha256))
        found = self._known[key]
        if isinstance(found, str):
            damages.append(Damage(part, sha256, found))
            return None
        return found

    def _objects(self, pack: str) -> frozenset[str]:
        entries = entries_of(self._store, self._environment, [pack])
        return frozenset(entry["id"] for entry in entries if entry["payload"] is not None)

    def _uploads(self, pack: str) -> frozenset[str]:
        return frozenset(
            contents_of(map(Record.from_json, entries_of(self._store, self._environment, [pack])))
        )

    def _upload(self, sha256: str) -> frozenset[str]:
        found = content(self._store, self._environment, sha256)
        return frozenset() if found is None else frozenset({sha256})


def _said(cause: StateError) -> str:
    return cause.diagnostics[0].summary
