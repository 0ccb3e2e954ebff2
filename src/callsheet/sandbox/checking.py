"""Checking a request body against a shape, and completing it as Vapi does.

Messages follow class-validator, which Vapi's server uses: `property X should not exist`,
`model.temperature must not be greater than 2`, and so on, all of them at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from callsheet.sandbox.shapes import Node, Shape, shape

UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
MAX_DEPTH = 60
_EXPECTED = {
    "string": "must be a string",
    "number": "must be a number conforming to the specified constraints",
    "boolean": "must be a boolean value",
    "array": "must be an array",
    "object": "must be an object",
}


@dataclass(slots=True)
class Checked:
    """`value` is complete (schema defaults filled in, meaningless nulls gone) where `errors` is empty.

    `cleared` are the top-level properties that were sent as null.
    """

    value: dict[str, Any]
    errors: list[str] = field(default_factory=list)
    cleared: tuple[str, ...] = ()


def check(body: Mapping[str, Any], against: Shape, *, defaults: bool) -> Checked:
    """Check a whole body. `defaults`: fill in top-level schema defaults too (POST does, PATCH does not)."""
    errors: list[str] = []
    cleared = tuple(key for key, item in body.items() if item is None and key in against.properties)
    errors += [
        f"{key} {_EXPECTED[_plain_type(against.properties[key])]}"
        for key in cleared
        if key in against.required
    ]
    present = {key: item for key, item in body.items() if key not in cleared}
    value = _object(present, against, "", errors, skip=frozenset(cleared), defaults=defaults)
    return Checked(value, errors, cleared)


def _object(
    value: Mapping[str, Any],
    against: Shape,
    prefix: str,
    errors: list[str],
    *,
    skip: frozenset[str] = frozenset(),
    defaults: bool = True,
    depth: int = 0,
) -> dict[str, Any]:
    if against.open:
        return dict(value)
    out: dict[str, Any] = {}
    for key, item in value.items():
        node = against.properties.get(key)
        if node is None:
            errors.append(f"{prefix}property {key} should not exist")
        elif item is not None:
            out[key] = _value(item, node, prefix, key, errors, depth + 1)
        elif node.nullable:
            out[key] = None
        elif key in against.required:
            errors.append(f"{prefix}{key} {_EXPECTED[_plain_type(node)]}")
    missing = (key for key in against.required if key not in value and key not in skip)
    errors.extend(f"{prefix}{key} {_missing(against.properties[key])}" for key in missing)
    if defaults:
        for key, node in against.properties.items():
            if node.default is not None and key not in out:
                out[key] = _copy(node.default)
    return out


def _value(value: Any, node: Node, prefix: str, key: str, errors: list[str], depth: int) -> Any:
    if depth > MAX_DEPTH:
        errors.append(f"{prefix}{key} is nested too deeply")
        return value
    if node.any_of:
        return _choice(value, node, prefix, key, errors, depth)
    if node.ref is not None:
        if not isinstance(value, dict):
            errors.append(f"{prefix}{key} {_EXPECTED['object']}")
            return value
        return _object(value, shape(node.ref), f"{prefix}{key}.", errors, depth=depth)
    if not _is(value, node.type):
        errors.append(f"{prefix}{key} {_EXPECTED[node.type]}")
        return value
    if node.enum is not None and value not in node.enum:
        errors.append(f"{prefix}{key} must be one of the following values: {', '.join(map(str, node.enum))}")
    if isinstance(value, str):
        errors.extend(f"{prefix}{key} {text}" for text in _text_faults(value, node))
    elif isinstance(value, list):
        return _list(value, node, prefix, key, errors, depth)
    elif node.type == "number":
        if node.minimum is not None and value < node.minimum:
            errors.append(f"{prefix}{key} must not be less than {node.minimum:g}")
        if node.maximum is not None and value > node.maximum:
            errors.append(f"{prefix}{key} must not be greater than {node.maximum:g}")
    return value


def _text_faults(value: str, node: Node) -> Iterable[str]:
    if node.max_length is not None and len(value) > node.max_length:
        yield f"must be shorter than or equal to {node.max_length} characters"
    if node.min_length is not None and len(value) < node.min_length:
        yield f"must be longer than or equal to {node.min_length} characters"
    if node.pattern is not None and not node.pattern.search(value):
        yield f"must match /{node.pattern.pattern}/ regular expression"
    if node.uuid and not UUID.fullmatch(value):
        yield "must be a UUID"


def _list(value: list[Any], node: Node, prefix: str, key: str, errors: list[str], depth: int) -> list[Any]:
    if node.items is None:
        return value
    if not node.items.any_of and node.items.ref is None:
        found: list[str] = []
        out = [_value(item, node.items, "", key, found, depth + 1) for item in value]
        errors.extend(dict.fromkeys(f"{prefix}each value in {text}" for text in found))
        return out
    return [
        _value(item, node.items, f"{prefix}{key}.", str(index), errors, depth + 1)
        for index, item in enumerate(value)
    ]


def _choice(value: Any, node: Node, prefix: str, key: str, errors: list[str], depth: int) -> Any:
    """The alternative that the value's own markers (`provider`, `type`, …) point at, else the best fit."""
    options = [option for option in node.any_of if _could_be(value, option)]
    best: tuple[list[str], Any] | None = None
    for option in options:
        found: list[str] = []
        out = _value(value, option, prefix, key, found, depth)
        if not found:
            return out
        if best is None or len(found) < len(best[0]):
            best = (found, out)
    if best is not None:
        errors.extend(best[0])
        return best[1]
    errors.append(_no_option(value, node.any_of, f"{prefix}{key}"))
    return value


def _could_be(value: Any, option: Node) -> bool:
    if option.ref is None:
        return _is(value, option.type)
    if not isinstance(value, dict):
        return False
    target = shape(option.ref)
    for key, node in target.properties.items():
        if node.enum is None or len(node.enum) != 1:
            continue
        if key in value:
            if value[key] not in node.enum:
                return False
        elif key in target.required:
            return False
    return True


def _no_option(value: Any, options: Iterable[Node], name: str) -> str:
    if isinstance(value, dict):
        marks: dict[str, list[str]] = {}
        for option in options:
            for key, node in shape(option.ref).properties.items() if option.ref else ():
                if node.enum is not None and len(node.enum) == 1:
                    marks.setdefault(key, []).append(str(node.enum[0]))
        if marks:
            key, known = max(marks.items(), key=lambda entry: len(entry[1]))
            return f"{name}.{key} must be one of the following values: {', '.join(dict.fromkeys(known))}"
    kinds = dict.fromkeys(_EXPECTED[_plain_type(option)] for option in options)
    return f"{name} {' or '.join(kinds)}"


def _missing(node: Node) -> str:
    if node.enum is not None:
        return f"must be one of the following values: {', '.join(map(str, node.enum))}"
    return "should not be empty" if node.any_of else _EXPECTED[_plain_type(node)]


def _plain_type(node: Node) -> str:
    return "object" if node.ref is not None or node.any_of else node.type


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case _:
            return isinstance(value, dict)


def _copy(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value
