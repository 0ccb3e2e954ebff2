"""Bodies: from a step's symbolic part of desired and a fresh read to what is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from callsheet.diff.equality import same
from callsheet.model.errors import CallsheetError
from callsheet.model.kinds import Kind, Update
from callsheet.model.paths import ABSENT, drop, drop_all, get, matches_any, put
from callsheet.model.value import Digest, External, Path, Payload, Ref, Secret, Text, Value, transform
from callsheet.model.value import symbols as secrets_of
from callsheet.plan.change import Change, Step


@dataclass(frozen=True, slots=True)
class Symbols:
    """What symbols stand for while a plan is carried out. `ids` maps address and attribute to values."""

    ids: Callable[[str, str], str | None]
    secret: Callable[[Secret | Text], str]
    digest: Callable[[Secret | Text], str | None]

    def final(self, value: Value) -> Value:
        """The value as the provider gets it; CallsheetError where a reference leads nowhere."""
        return transform(value, self._final)

    def kept(self, value: Value) -> Value:
        """The value as state keeps it: ids and digests filled in."""
        return transform(value, self._kept)

    def _final(self, value: Value) -> Value:
        if isinstance(value, Ref):
            return self._id(value)
        if isinstance(value, External):
            return value.id
        if isinstance(value, Secret | Text):
            return self.secret(value)
        return value

    def _kept(self, value: Value) -> Value:
        if isinstance(value, Ref):
            return Ref(value.address, value.attribute, self._id(value))
        if isinstance(value, Secret):
            return Secret(value.uri, self.digest(value))
        if isinstance(value, Text):
            return Text(value.parts, self.digest(value))
        return value

    def _id(self, ref: Ref) -> str:
        found = self.ids(ref.address, ref.attribute) or ref.id
        if found is None:
            raise CallsheetError(
                f"{ref.address} has no {ref.attribute} yet, and this change needs it", code="apply.no-id"
            )
        return found


def wanted(change: Change, step: Step) -> Payload:
    """The part of desired that a step is about, symbols included: its keys without what it leaves out."""
    desired = change.desired or {}
    part: Payload = {key: desired[key] for key in step.keys if key in desired}
    # From behind, so that indices into lists stay right.
    for path in sorted(step.omit, key=_behind_first, reverse=True):
        part = drop(part, path)
    return part


def remembered(change: Change, symbols: Symbols, step: Step | None = None) -> Payload:
    """What state is to call applied: desired as it was sent, or what the change owns of it.

    `step`: of a creation only its own keys. A secret that stays as live has it keeps its digest.
    """
    owned = change if change.owned is None else replace(change, desired=change.owned)
    kept: Payload = symbols.kept(wanted(owned, step) if step else (owned.desired or {}))
    if change.owned is not None:
        for path, digest in secrets_of(change.desired or {}):
            symbol = get(kept, path)
            if isinstance(symbol, Secret | Text) and isinstance(digest, Digest):
                kept = put(kept, path, replace(symbol, digest=digest.digest))
            elif isinstance(symbol, Digest) and isinstance(digest, Digest):
                kept = put(kept, path, digest)
    return kept


def announced(change: Change, step: Step, symbols: Symbols) -> tuple[Payload | None, Payload | None]:
    """What an update will leave applied of the keys that it touches, and what it sends where that is another
    thing; None where a value is not to be had: the step itself fails for it, and it alone."""
    keys = (*step.keys, *(str(path[0]) for path in step.clear))
    try:
        applied = remembered(change, symbols, replace(step, keys=keys, omit=()))
        sent: Payload = symbols.kept(wanted(change, step))
    except CallsheetError:
        return None, None
    return applied, sent if sent != applied else None


def create_body(change: Change, step: Step, symbols: Symbols) -> Payload:
    """The whole object, without nulls: what is not there yet has nothing to clear."""
    body: Payload = _without_nulls(symbols.final(wanted(change, step)))
    return body


def update_body(
    kind: Kind, change: Change, step: Step, live: Payload, symbols: Symbols
) -> tuple[dict[str, Any], list[Path]]:
    """What an update sends, and which top-level paths it clears, by the kind's update semantics.

    Values that the provider replaces whole are built from live and desired, so that what nobody
    declared stays.
    """
    part = wanted(change, step)
    live = drop_all(live, kind.server_owned)
    top: list[Path] = [path for path in step.clear if len(path) == 1]
    beneath = [path for path in step.clear if len(path) > 1]
    if kind.update is Update.DEEP:
        body = dict(symbols.final(part))
        for path in beneath:
            body = put(body, path, None)
        return body, top
    keys = list(live) if kind.update is Update.REPLACE else []
    keys += [str(path[0]) for path in beneath]
    body = {}
    for key in dict.fromkeys([*part, *keys]):
        merged = live.get(key, ABSENT)
        if key in part:
            merged = _merge(kind, merged, symbols.final(part[key]), (key,))
        for path in beneath:
            if path[0] == key:
                merged = drop({key: merged}, path)[key]
        if merged is not ABSENT and (key,) not in top:
            body[key] = merged
    if kind.update is Update.REPLACE:
        return body, []
    return body, top


def _merge(kind: Kind, live: Value, desired: Value, path: Path) -> Value:
    """Desired laid over live; a value of another type (another `provider`) starts from nothing."""
    if not isinstance(desired, dict) or not isinstance(live, dict) or _other_type(kind, live, desired, path):
        return _without_nulls(desired)
    out = dict(live)
    for key, value in desired.items():
        if value is None:
            # Beneath the top level, omission clears.
            out.pop(key, None)
        else:
            out[key] = _merge(kind, live.get(key, ABSENT), value, (*path, key))
    return out


def _other_type(kind: Kind, live: Mapping[str, Any], desired: Mapping[str, Any], path: Path) -> bool:
    return any(
        key in desired and key in live and not same(desired[key], live[key])
        for shape, key in kind.unions
        if matches_any(path, [shape])
    )


def _without_nulls(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _behind_first(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple((step, "") if isinstance(step, int) else (-1, step) for step in path)
