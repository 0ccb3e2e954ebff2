"""Attribute paths and the patterns that provider facts are written in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, TypeAlias

from callsheet.model.value import Path, Step, Value


class _Absent:
    """The one value that is not there; false, and never equal to None."""

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = _Absent()

# A pattern step is a key, "*" (any one key or index) or "**" (any number of steps, also none).
Pattern: TypeAlias = tuple[str, ...]


@lru_cache(maxsize=4096)
def pattern(text: str) -> Pattern:
    """Read `model.tools[*].server.headers.*`; `[*]` and `.*` both mean any one step, `**` any number."""
    return tuple(step for step in re.split(r"\.|\[(\*)\]", text) if step)


def patterns(*texts: str) -> tuple[Pattern, ...]:
    return tuple(pattern(text) for text in texts)


def matches(path: Path, shape: Pattern) -> bool:
    """Whether the whole path fits the pattern."""
    if not shape:
        return not path
    head = shape[0]
    if head == "**":
        return matches(path, shape[1:]) or (bool(path) and matches(path[1:], shape))
    return bool(path) and (head == "*" or head == path[0]) and matches(path[1:], shape[1:])


def matches_any(path: Path, shapes: Iterable[Pattern]) -> bool:
    return any(matches(path, shape) for shape in shapes)


def covers(path: Path, shapes: Iterable[Pattern]) -> bool:
    """Whether the path or one of its ancestors fits one of the patterns."""
    shapes = tuple(shapes)
    return any(matches(path[:length], shape) for length in range(1, len(path) + 1) for shape in shapes)


def find(value: Value, shape: Pattern, base: Path = ()) -> Iterator[tuple[Path, Value]]:
    """Every place in the tree that fits the pattern, with its value."""
    if not shape:
        yield base, value
        return
    head, rest = shape[0], shape[1:]
    if head == "**":
        yield from find(value, rest, base)
    if isinstance(value, dict):
        if head in ("*", "**"):
            for key, item in value.items():
                yield from find(item, shape if head == "**" else rest, (*base, key))
        elif head in value:
            yield from find(value[head], rest, (*base, head))
    elif isinstance(value, list) and head in ("*", "**"):
        for index, item in enumerate(value):
            yield from find(item, shape if head == "**" else rest, (*base, index))


def get(value: Value, path: Path) -> Value:
    """The value at the path, or ABSENT."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            if step not in value:
                return ABSENT
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return ABSENT
    return value


def put(value: Value, path: Path, new: Value) -> Value:
    """A copy in which `path` holds `new`; dicts are made where they are missing, siblings are shared."""
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(head, int):
        items = list(value) if isinstance(value, list) else []
        items[head] = put(items[head], rest, new)
        return items
    fields = dict(value) if isinstance(value, dict) else {}
    fields[head] = put(fields.get(head), rest, new)
    return fields


def drop(value: Value, path: Path) -> Value:
    """A copy without what stands at `path`; unchanged where nothing does."""
    if not path or get(value, path) is ABSENT:
        return value
    head, rest = path[0], path[1:]
    if isinstance(value, list):
        assert isinstance(head, int)
        if rest:
            return [drop(item, rest) if index == head else item for index, item in enumerate(value)]
        return [item for index, item in enumerate(value) if index != head]
    if rest:
        return {key: drop(item, rest) if key == head else item for key, item in value.items()}
    return {key: item for key, item in value.items() if key != head}


def drop_all(value: Value, shapes: Iterable[Pattern]) -> Value:
    """A copy without anything that fits one of the patterns."""
    for shape in shapes:
        if len(shape) == 1 and shape[0] not in ("*", "**"):
            if isinstance(value, dict) and shape[0] in value:
                value = {key: item for key, item in value.items() if key != shape[0]}
            continue
        for path, _ in sorted(find(value, shape), key=lambda found: _order(found[0]), reverse=True):
            value = drop(value, path)
    return value


def _order(path: Path) -> tuple[tuple[int, int, str], ...]:
    return tuple((0, step, "") if isinstance(step, int) else (1, 0, step) for step in path)


def leaves(value: Value, base: Path = ()) -> Iterator[tuple[Path, Value]]:
    """The owned paths of a payload: every non-empty dict is walked, lists and all else are leaves."""
    if isinstance(value, dict) and (value or not base):
        for key, item in value.items():
            yield from leaves(item, (*base, key))
    else:
        yield base, value


def show(path: Iterable[Step]) -> str:
    """`model.tools[0].function.name`; keys that need it are quoted."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z_$][\w$-]*", step):
            out += f".{step}" if out else step
        else:
            out += f'["{step}"]'
    return out
