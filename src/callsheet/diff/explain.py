"""What differs inside of two values, in words a reader follows: element by element, not list by list.

Only called for values that are known to differ: DeepDiff takes milliseconds where a fingerprint
takes microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from callsheet.diff.equality import agrees
from callsheet.model.canonical import canonical, plain
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, get, matches, matches_any
from callsheet.model.value import SYMBOLS, Path, Step, Value, from_json

_KEYED = "\0"


class Op(StrEnum):
    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"
    REORDER = "reorder"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference; `path` is in the new value, for a removal in the old one. Sides may be ABSENT."""

    path: Path
    op: Op
    old: Value
    new: Value


def explain(kind: Kind, path: Path, old: Value, new: Value) -> list[Difference]:
    """The differences between two values at a path, finest grain first where elements can be paired."""
    if old is ABSENT or old is None:
        return [Difference(path, Op.ADD, ABSENT, new)]
    if new is ABSENT or new is None:
        return [Difference(path, Op.REMOVE, old, ABSENT)]
    if not isinstance(old, dict | list) or type(old) is not type(new):
        return [Difference(path, Op.CHANGE, old, new)]
    found = [*_reorders(kind, path, old, new), *_inside(kind, path, old, new)]
    return found or [Difference(path, Op.CHANGE, old, new)]


def _inside(kind: Kind, path: Path, old: Value, new: Value) -> Iterator[Difference]:
    from deepdiff import DeepDiff

    tree = DeepDiff(
        _rekey(kind, path, old),
        _rekey(kind, path, new),
        view="tree",
        ignore_numeric_type_changes=True,
        verbose_level=2,
        threshold_to_diff_deeper=0,
    )
    found = []
    for levels in tree.values():
        for level in levels:
            before, after = _bring_back(level.t1), _bring_back(level.t2)
            if before is not ABSENT and after is not ABSENT and agrees(after, before):
                continue
            steps = tuple(level.path(output_format="list", force="fake"))
            side = old if after is ABSENT else new
            where = (*path, *_unkey(kind, path, side, steps))
            op = Op.ADD if before is ABSENT else Op.REMOVE if after is ABSENT else Op.CHANGE
            found.append(Difference(where, op, before, after))
    yield from sorted(found, key=lambda each: ([str(step).rjust(6) for step in each.path], each.op))


def _bring_back(value: Any) -> Value:
    if type(value).__name__ == "NotPresent" or value is ABSENT:
        return ABSENT
    return from_json(_unkeyed(value))


def _rekey(kind: Kind, path: Path, value: Value) -> Value:
    """The tree with identified lists as dicts by identity, so that like meets like."""
    if isinstance(value, SYMBOLS):
        return plain(value)
    if isinstance(value, dict):
        return {key: _rekey(kind, (*path, key), item) for key, item in value.items()}
    if isinstance(value, list):
        keys = identities(kind, path, value)
        items = [_rekey(kind, (*path, index), item) for index, item in enumerate(value)]
        return items if keys is None else dict(zip(keys, items, strict=True))
    return value


def _unkeyed(value: Value) -> Value:
    if isinstance(value, dict):
        if value and all(isinstance(key, str) and key.startswith(_KEYED) for key in value):
            return [_unkeyed(item) for item in value.values()]
        return {key: _unkeyed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unkeyed(item) for item in value]
    return value


def _unkey(kind: Kind, base: Path, side: Value, steps: Sequence[Any]) -> Path:
    """Steps through the re-keyed tree as steps through the real one."""
    out: list[Step] = []
    for step in steps:
        if isinstance(step, str) and step.startswith(_KEYED):
            here = get(side, tuple(out))
            keys = identities(kind, (*base, *out), here) if isinstance(here, list) else None
            out.append(keys.index(step) if keys and step in keys else 0)
        else:
            out.append(step)
    return tuple(out)


def identities(kind: Kind, path: Path, items: list[Value]) -> list[str] | None:
    """A unique key per element of a list, or None where elements are told apart by position.

    Duplicates are numbered in their order, so that they pair by position among themselves.
    """
    read = _identity(kind, path)
    if read is None:
        return None
    seen: dict[str, int] = {}
    keys = []
    for item in items:
        key = read(item)
        if key is None:
            return None
        seen[key] = seen.get(key, 0) + 1
        keys.append(f"{_KEYED}{key}" + (f"#{seen[key]}" if seen[key] > 1 else ""))
    return keys


def _identity(kind: Kind, path: Path) -> Callable[[Value], str | None] | None:
    if matches_any(path, kind.id_sets):
        return lambda item: canonical(_identity_value(item)).decode()
    for shape, candidates in kind.identity:
        if matches(path, shape):
            return partial(_first, candidates=candidates)
    return None


def _first(item: Value, candidates: Sequence[Path]) -> str | None:
    for candidate in candidates:
        value = get(item, candidate)
        if value is not ABSENT and value is not None:
            return canonical(_identity_value(value)).decode()
    return None


def _identity_value(value: Value) -> Value:
    """A reference that has an id is told apart by it, as live holds bare ids."""
    known = getattr(value, "id", None)
    return known if known is not None else value


def _reorders(kind: Kind, path: Path, old: Value, new: Value) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() & new.keys():
            yield from _reorders(kind, (*path, key), old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and not matches_any(path, kind.id_sets):
        before, after = identities(kind, path, old), identities(kind, path, new)
        if before is not None and after is not None:
            kept_before = [key for key in before if key in set(after)]
            kept_after = [key for key in after if key in set(before)]
            if kept_before != kept_after:
                yield Difference(path, Op.REORDER, _names(kept_before), _names(kept_after))


def _names(keys: Sequence[str]) -> list[str]:
    return [key.removeprefix(_KEYED).strip('"') for key in keys]
