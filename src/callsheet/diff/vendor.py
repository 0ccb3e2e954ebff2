"""Vendor notices: changes that the provider made by itself, told once and not as drift (design §4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.diff.classes import Comparison, Unowned, Verdict
from callsheet.diff.equality import same
from callsheet.diff.view import shape_of
from callsheet.model.canonical import canonical
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, get
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Path, Value

THRESHOLD = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One unmanaged movement of one object."""

    address: str
    kind: str
    path: Path
    seen: Value
    live: Value
    quiet: bool  # the provider's own version or time stamp of the object did not move


@dataclass(frozen=True, slots=True)
class Notice:
    """The same movement on several objects, or one that left no trace in version or `updatedAt`."""

    kind: str
    path: str
    seen: Value
    live: Value
    places: Mapping[str, tuple[Path, ...]]  # per address

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(self.places)

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "kind": self.kind,
            "path": self.path,
            "addresses": list(self.places),
            "places": {address: [list(path) for path in paths] for address, paths in self.places.items()},
        }
        for name, value in (("seen", self.seen), ("live", self.live)):
            if value is not ABSENT:
                out[name] = value
        return out


def findings(
    address: str, kind: Kind, comparison: Comparison, attributes: Mapping[str, Any], remote: RemoteObject
) -> list[Finding]:
    """The movements of one object that nobody declared, those inside of declared lists included."""
    quiet = _unmoved(kind, attributes, remote)
    out = [Finding(address, kind.name, each.path, each.seen, each.live, quiet) for each in comparison.unowned]
    for state in comparison.with_verdict(Verdict.RESTORE):
        if state.inner_only:
            inside = inner(state.seen, state.live, state.path)
            out += [Finding(address, kind.name, each.path, each.seen, each.live, False) for each in inside]
    return out


def notices(found: Iterable[Finding]) -> list[Notice]:
    """The findings that are the provider's doing, grouped."""
    groups: dict[tuple[str, str, bytes], list[Finding]] = {}
    for each in found:
        sides = canonical([each.seen is ABSENT, each.live is ABSENT, _plain(each.seen), _plain(each.live)])
        groups.setdefault((each.kind, shape_of(each.path), sides), []).append(each)
    out = []
    for (kind, path, _), members in groups.items():
        places: dict[str, tuple[Path, ...]] = {}
        for member in sorted(members, key=lambda each: each.address):
            if member.quiet or len({each.address for each in members}) >= THRESHOLD:
                places[member.address] = (*places.get(member.address, ()), member.path)
        if places:
            out.append(Notice(kind, path, members[0].seen, members[0].live, places))
    return sorted(out, key=lambda notice: (notice.kind, notice.path, notice.addresses))


def _unmoved(kind: Kind, attributes: Mapping[str, Any], remote: RemoteObject) -> bool:
    """Whether every trace that a write would leave is there and as it was."""
    traces = [path for path in (kind.version_path, kind.updated_path) if path]
    known = [(attributes.get(".".join(map(str, path))), get(remote.payload, path)) for path in traces]
    told = [(before, now) for before, now in known if before is not None and now is not ABSENT]
    return bool(told) and all(same(before, now) for before, now in told)


def inner(seen: Value, live: Value, path: Path) -> Iterator[Unowned]:
    """Each difference inside of a declared list whose elements are the same ones."""
    if same(seen, live):
        return
    if isinstance(seen, dict) and isinstance(live, dict):
        for key in sorted(seen.keys() | live.keys()):
            yield from inner(seen.get(key, ABSENT), live.get(key, ABSENT), (*path, key))
    elif isinstance(seen, list) and isinstance(live, list) and len(seen) == len(live):
        for index, (before, now) in enumerate(zip(seen, live, strict=True)):
            yield from inner(before, now, (*path, index))
    else:
        yield Unowned(path, seen, live)


def _plain(value: Value) -> Value:
    return None if value is ABSENT else value
