"""The index of an environment's exports, the document `exports/ENV/index`: which there are, newest last.

An export is one only when the index names it; a blob that no export named there needs is an orphan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from callsheet.exports.export import Export
from callsheet.exports.export import read as parse
from callsheet.exports.packs import space
from callsheet.model.canonical import canonical
from callsheet.model.diagnostics import nearest
from callsheet.model.errors import CallsheetError, StateError
from callsheet.state.store import Store

FORMAT = "callsheet.exports/1"
SHORTEST = 6
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Listed:
    """One export as the index knows it. `size` is in bytes and counts what it shares with others."""

    sha256: str
    kind: str
    run: str | None
    taken_at: str
    by: str
    verb: str
    objects: int
    size: int

    @classmethod
    def of(cls, export: Export) -> Listed:
        origin = export.origin
        return cls(
            export.sha256,
            origin.kind,
            origin.run,
            origin.taken_at,
            origin.by,
            origin.verb,
            export.count,
            export.size,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "sha256": self.sha256,
            "kind": self.kind,
            "run": self.run,
            "takenAt": self.taken_at,
            "by": self.by,
            "verb": self.verb,
            "objects": self.objects,
            "bytes": self.size,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Listed:
        return cls(
            data["sha256"],
            data["kind"],
            data["run"],
            data["takenAt"],
            data["by"],
            data["verb"],
            data["objects"],
            data["bytes"],
        )


@dataclass(frozen=True, slots=True)
class Index:
    """The index as it was read. `version` is what a write of it must name.

    While `sweeping`, blobs may be removed; `sweeps` counts those times, so that no version comes back.
    """

    environment: str
    exports: tuple[Listed, ...] = ()
    sweeps: int = 0
    sweeping: bool = False
    version: str | None = None

    def with_one(self, export: Listed) -> Index:
        others = (each for each in self.exports if each.sha256 != export.sha256)
        return replace(self, exports=(*others, export))


def read(store: Store, environment: str) -> Index:
    """The index, made anew from the exports themselves where it is gone. StateError for a damaged one."""
    found = store.read(_name(environment))
    if found is None:
        return Index(environment, tuple(_found(store, environment)))
    try:
        data = orjson.loads(found.data)
        if data["format"] != FORMAT:
            raise StateError(
                f"the index of the exports of {environment} has the format {data['format']!r}; "
                f"this version reads {FORMAT}",
                hint="use the version of Callsheet that wrote it, or a newer one",
                code="export.format",
            )
        return Index(
            environment,
            tuple(map(Listed.from_json, data["exports"])),
            data["sweeps"],
            data["sweeping"],
            found.version,
        )
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise StateError(
            f"the index of the exports of {environment} in {store.describe()} is damaged",
            detail=f"It is the document {_name(environment)}. Without it no export can be told from what is "
            "left of one, so nothing is kept and nothing removed.",
            hint="restore it from a backup of the store; or remove that document, and the index is made anew "
            "from the exports that are whole",
            code="export.index",
        ) from None


def write(store: Store, index: Index) -> Index:
    """Replace the index that was read. Moved when somebody else was faster."""
    data = canonical(
        {
            "format": FORMAT,
            "sweeps": index.sweeps,
            "sweeping": index.sweeping,
            "exports": [each.to_json() for each in index.exports],
        }
    )
    return replace(index, version=store.write(_name(index.environment), data, expected=index.version))


def listed(store: Store, environment: str) -> tuple[Listed, ...]:
    """The environment's exports, newest last."""
    return read(store, environment).exports


def find(store: Store, environment: str, text: str) -> Listed:
    """The export of a run, or by its SHA-256; the first six characters do if no other begins with them.

    CallsheetError where there is none, or more than one.
    """
    known = listed(store, environment)
    if exact := [each for each in known if text in (each.run, each.sha256)]:
        return exact[-1]
    if len(text) < SHORTEST:
        raise CallsheetError(
            f"{text!r} is too short to name an export of {environment}",
            detail=f"At least {SHORTEST} characters of a run or of an export's SHA-256 are needed.",
            hint="`callsheet export list` shows them",
            code="export.short",
        )
    found = [each for each in known if each.sha256.startswith(text) or (each.run or "").startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        several = [f"{each.sha256[:12]} (run {each.run})" if each.run else each.sha256[:12] for each in found]
        rest = f" and {len(found) - _SHOWN} older ones" if len(found) > _SHOWN else ""
        raise CallsheetError(
            f"{text!r} could be {len(found)} exports of {environment}",
            detail=f"They are {', '.join(reversed(several[-_SHOWN:]))}{rest}.",
            hint="give more of its characters",
            code="export.ambiguous",
        )
    raise CallsheetError(
        f"{environment} has no export {text!r}, and no run {text!r} that has one",
        detail="A run that sent nothing took none, and old exports are removed after a time.",
        hint=nearest(text, [name for each in known for name in (each.run, each.sha256) if name])
        or "`callsheet export list` shows them",
        code="export.unknown",
    )


def _found(store: Store, environment: str) -> list[Listed]:
    """The whole exports that lie in the store, oldest first, from a look at every blob.

    Without this, one lost document would leave every export to the next pruning.
    """
    mine = space(environment)
    stored = {each.sha256 for each in store.contents(mine) if each.kind == "blob" and each.name == mine}
    out = []
    for sha256 in sorted(filter(None, stored)):
        try:
            export = parse(sha256, store.get_blob(sha256, space=mine))
        except StateError:
            continue
        if export.environment == environment and export.blobs <= stored:
            out.append(Listed.of(export))
    return sorted(out, key=lambda each: each.taken_at)


def _name(environment: str) -> str:
    return f"{space(environment)}/index"
