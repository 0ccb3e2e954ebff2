"""Values against shapes: keys brought to camelCase, and every mismatch said in our own words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from callsheet.model.diagnostics import nearest
from callsheet.model.paths import ABSENT, get, show
from callsheet.model.value import Path, Step, Value
from callsheet.spec.naming import camel
from callsheet.spec.portable import Foreign, Reference, Shape


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the value (or, with `key`, with the key) at a path of a document."""

    path: Path
    code: str
    summary: str
    hint: str = ""
    key: bool = False


@dataclass(frozen=True, slots=True)
class _Child:
    """The shapes that mappings under a key may have; `mapped` where the keys in between are free."""

    shapes: tuple[type[Shape], ...]
    mapped: bool


_Layout = Mapping[str, _Child]


@lru_cache(maxsize=256)
def _layout(shape: type[Shape]) -> _Layout:
    """Each key in camelCase, with what mappings under it look like."""
    return {
        field.alias or name: _Child(tuple(_shapes(field.annotation)), _is_mapped(field.annotation))
        for name, field in shape.model_fields.items()
    }


def _shapes(annotation: Any) -> Iterator[type[Shape]]:
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        yield annotation
    for part in get_args(annotation):
        yield from _shapes(part)


def _is_mapped(annotation: Any) -> bool:
    return get_origin(annotation) is dict or any(
        get_origin(part) is dict and any(_shapes(part)) for part in get_args(annotation)
    )


def check(
    shape: type[Shape], value: Value, path: Path = (), *, deferred: int | None = None
) -> tuple[Value, list[Problem]]:
    """The value in its canonical form, and everything in which it does not have the shape; see `judge`."""
    problems: list[Problem] = []
    value = canonical(shape, value, problems, path)
    misspelt = {problem.path[:-1] for problem in problems}
    # A key that is missing because it is misspelt is one mistake, not two.
    problems += [
        problem
        for problem in judge(shape, value, path, deferred=deferred)
        if problem.code != "spec.missing-key" or problem.path[:-1] not in misspelt
    ]
    return value, problems


def canonical(shape: type[Shape], value: Value, problems: list[Problem], path: Path = ()) -> Value:
    """The value with its known keys in camelCase; unknown and doubled keys become problems and go."""
    if not isinstance(value, dict):
        return value
    layout = _layout(shape)
    out: dict[str, Value] = {}
    for key, item in value.items():
        name = key if key in layout else camel(key)
        if name not in layout:
            hint = nearest(key, layout) or nearest(name, layout) or f"Known here: {', '.join(layout)}."
            problems.append(Problem((*path, key), "spec.unknown-key", f"unknown key {key!r}", hint, key=True))
            continue
        if name in out:
            summary = f"{key!r} and {name!r} are the same key"
            problems.append(
                Problem((*path, key), "spec.duplicate-key", summary, "Keep one of them.", key=True)
            )
            continue
        out[name] = _nested(layout[name], item, problems, (*path, name))
    return out


def _nested(child: _Child, value: Value, problems: list[Problem], path: Path) -> Value:
    if not child.shapes:
        return value
    if isinstance(value, dict):
        if child.mapped:
            inner = _Child(child.shapes, mapped=False)
            return {key: _nested(inner, item, problems, (*path, key)) for key, item in value.items()}
        return canonical(_closest(child.shapes, value), value, problems, path)
    if isinstance(value, list):
        return [_nested(child, item, problems, (*path, index)) for index, item in enumerate(value)]
    return value


def _closest(shapes: tuple[type[Shape], ...], value: Mapping[str, Value]) -> type[Shape]:
    return next((shape for shape in shapes if _fits(shape, value)), shapes[0])


def _fits(shape: type[Shape], value: Mapping[str, Value]) -> bool:
    layout = _layout(shape)
    return any(key in layout or camel(key) in layout for key in value)


def judge(shape: type[Shape], value: Value, path: Path = (), *, deferred: int | None = None) -> list[Problem]:
    """Everything in which the value does not have the shape.

    Text with a placeholder in it may yet turn out to be anything, and is passed `deferred` steps below
    the value and deeper.
    """
    try:
        shape.model_validate(value)
    except ValidationError as problem:
        return _problems(problem, value, path, deferred)
    return []


@dataclass(slots=True)
class _Fault:
    """The pydantic errors of one place: several where a union has several branches."""

    phrases: list[str]
    types: list[str]


def _problems(problem: ValidationError, value: Value, base: Path, deferred: int | None) -> list[Problem]:
    faults: dict[Path, _Fault] = {}
    for error in problem.errors(include_url=False, include_context=True):
        path = _path(error["loc"], value)
        if path is None:
            continue
        found = get(value, path)
        missing = error["type"] == "missing"
        if missing:
            path = (*path, str(error["loc"][-1]))
        elif deferred is not None and len(path) >= deferred and isinstance(found, str) and "${" in found:
            # Kept without a word: it still tells that this branch of a union got furthest.
            faults.setdefault(path, _Fault([], []))
            continue
        fault = faults.setdefault(path, _Fault([], []))
        phrase = _phrase(error)
        if phrase not in fault.phrases:
            fault.phrases.append(phrase)
            fault.types.append(error["type"])
    return [
        _problem(path, fault, value, base)
        for path, fault in faults.items()
        if fault.phrases and not _covered(path, faults)
    ]


def _covered(path: Path, faults: Mapping[Path, _Fault]) -> bool:
    """Whether a deeper fault says more: the mapping branch of a union got further than the text branch."""
    return any(len(other) > len(path) and other[: len(path)] == path for other in faults)


def _path(loc: tuple[Step, ...], value: Value) -> Path | None:
    """The steps of a pydantic location that lead through the value; None in a union's other branch."""
    path: list[Step] = []
    for step in loc:
        inner = get(value, (step,))
        if inner is not ABSENT:
            value = inner
            path.append(step)
        elif isinstance(value, dict) and step in _OTHER and not _fits(_OTHER[step], value):
            if not value and step == "Reference":
                continue  # an empty mapping fits nothing; one complaint about it is enough
            return None
    return tuple(path)


_OTHER: Mapping[object, type[Shape]] = {"Reference": Reference, "Foreign": Foreign}

_PHRASES = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "finite_number": "a finite number",
}


def _phrase(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _PHRASES:
        return _PHRASES[kind]
    if kind == "literal_error":
        return f"one of {context['expected']}".replace("'", "")
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        bound = next(iter(context.values()))
        word = {"greater_than": "more than", "greater_than_equal": "at least",
                "less_than": "less than", "less_than_equal": "at most"}[kind]  # fmt: skip
        return f"{word} {bound:g}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"text like {context['pattern']}")
    if kind in ("too_short", "string_too_short"):
        return "not empty"
    return error["msg"][0].lower() + error["msg"][1:]


_PATTERNS = {
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": "a slug: a-z, 0-9 and inner hyphens, at most 63",
    r"^[A-Z][A-Za-z]*/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": "an address such as Assistant/order-agent",
    r"^[A-Z][A-Za-z]*/.+$": "Kind/NAME",
    r"^[A-Za-z0-9_-]{1,64}$": "1 to 64 letters, digits, _ or -",
    r"^/": "a path that starts with /",
    r"^https?://": "an http or https address",
    r"^https?://[^\s/]+": "an http or https address",
    r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$": "a time such as 09:00",
    r"^[0-9a-f]{64}$": "64 lower-case hexadecimal digits",
}


def _problem(path: Path, fault: _Fault, value: Value, base: Path) -> Problem:
    full = (*base, *path)
    name = show(full) or "the document"
    if fault.types == ["missing"]:
        return Problem(full, "spec.missing-key", f"{name} is missing", "Add it.")
    found = get(value, path)
    summary = f"{name} must be {' or '.join(fault.phrases)}".replace("must be not empty", "must not be empty")
    if all(kind in _PHRASES for kind in fault.types):
        return Problem(full, "spec.type", f"{summary}, not {_kind(found)}", _type_hint(fault, found))
    return Problem(full, "spec.value", summary, _value_hint(fault, found))


def _type_hint(fault: _Fault, found: Value) -> str:
    if "string_type" in fault.types and isinstance(found, bool | int | float):
        return "Put it in quotes."
    if "model_type" in fault.types and isinstance(found, str) and "string_type" not in fault.types:
        return "A reference to another resource is written {ref: NAME}."
    wants_number = {"int_type", "float_type", "bool_type"} & set(fault.types)
    if isinstance(found, str) and wants_number and re.fullmatch(r"-?[0-9.]+|true|false", found):
        return "Take the quotes away."
    return ""


def _value_hint(fault: _Fault, found: Value) -> str:
    if "literal_error" in fault.types and isinstance(found, str):
        options = fault.phrases[fault.types.index("literal_error")].removeprefix("one of ")
        return nearest(found, options.replace(" or ", ", ").split(", "))
    return ""


def _kind(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return "a secret"
