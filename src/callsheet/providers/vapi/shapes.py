"""Holding a payload against the shapes of Vapi's OpenAPI document: what would be refused, what is unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from callsheet.model.diagnostics import nearest
from callsheet.model.value import SYMBOLS, Path, Value
from callsheet.providers.vapi import facts
from callsheet.providers.vapi.facts import Shape

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
}
_ARTICLES = {
    "string": "a string",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Problem:
    """`refused`: Vapi would answer 400; otherwise the document does not know, which is a warning."""

    path: Path
    code: str
    summary: str
    refused: bool = True
    hint: str = ""


def problems(value: Value, shape: Shape, path: Path = ()) -> Iterator[Problem]:
    """Everything about the value that does not fit the shape. Symbols fit wherever a scalar does."""
    if len(path) > _DEEPEST:
        yield Problem(path, "vapi.too-deep", f"nested more than {_DEEPEST} levels deep")
    elif isinstance(value, SYMBOLS):
        return
    elif "ref" in shape:
        yield from problems(value, facts.shapes()[shape["ref"]], path)
    elif "of" in shape:
        yield from _variant(value, shape, path)
    elif "any" in shape:
        yield from _any(value, shape["any"], path)
    elif "items" in shape:
        yield from _list(value, shape, path)
    elif "properties" in shape or "values" in shape:
        yield from _object(value, shape, path)
    elif shape:
        yield from _scalar(value, shape, path)


def _variant(value: Value, shape: Shape, path: Path) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(path, "vapi.wrong-type", f"must be an object, not {_a(value)}")
        return
    tag, options = shape["by"], shape["of"]
    chosen = value.get(tag)
    if isinstance(chosen, SYMBOLS):
        return
    if chosen is None:
        known = ", ".join(sorted(options))
        yield Problem(path, "vapi.missing", f"{tag} is missing", hint=f"it is one of: {known}")
    elif chosen not in options:
        hint = nearest(str(chosen), options) or f"known are: {', '.join(sorted(options))}"
        yield Problem((*path, tag), "vapi.unknown-value", f"{tag} {chosen!r} is unknown", False, hint)
    else:
        yield from problems(value, facts.shapes()[options[chosen]], path)


def _any(value: Value, options: list[Shape], path: Path) -> Iterator[Problem]:
    """Any of several shapes; where none fits, what is wrong with the one that fits best."""
    best: list[Problem] | None = None
    for option in options:
        found = list(problems(value, option, path))
        if not found:
            return
        if best is None or _badness(found, path) < _badness(best, path):
            best = found
    yield from best or ()


def _badness(found: list[Problem], path: Path) -> tuple[bool, bool, int]:
    wrong_type = any(problem.path == path and problem.code == "vapi.wrong-type" for problem in found)
    return wrong_type, any(problem.refused for problem in found), len(found)


def _list(value: Value, shape: Shape, path: Path) -> Iterator[Problem]:
    if value is None and shape.get("nullable"):
        return
    if not isinstance(value, list):
        yield Problem(path, "vapi.wrong-type", f"must be a list, not {_a(value)}")
        return
    yield from _count(value, shape, path)
    for index, item in enumerate(value):
        yield from problems(item, shape["items"], (*path, index))


def _count(value: list[Value], shape: Shape, path: Path) -> Iterator[Problem]:
    least, most = shape.get("minItems"), shape.get("maxItems")
    if least is not None and len(value) < least:
        yield Problem(path, "vapi.limit", f"has {len(value)} entries, at least {least} are needed")
    if most is not None and len(value) > most:
        yield Problem(path, "vapi.limit", f"has {len(value)} entries, {most} are allowed")


def _object(value: Value, shape: Shape, path: Path) -> Iterator[Problem]:
    if value is None and shape.get("nullable"):
        return
    if not isinstance(value, dict):
        yield Problem(path, "vapi.wrong-type", f"must be an object, not {_a(value)}")
        return
    properties: Mapping[str, Shape] = shape.get("properties", {})
    for key in shape.get("required", ()):
        if key not in value:
            yield Problem(path, "vapi.missing", f"{key} is missing", hint="Vapi refuses it without")
    for key, item in value.items():
        if key in properties:
            if properties[key].get("deprecated"):
                yield Problem((*path, key), "vapi.deprecated", f"{key} is deprecated", False)
            yield from problems(item, properties[key], (*path, key))
        elif "values" in shape:
            yield from problems(item, shape["values"], (*path, key))
        elif properties:
            yield Problem(
                (*path, key),
                "vapi.unknown-key",
                f"{key} is unknown here",
                False,
                nearest(key, properties) or "Vapi refuses keys that it does not know, unless it is newer",
            )


def _scalar(value: Value, shape: Shape, path: Path) -> Iterator[Problem]:
    if value is None:
        if not shape.get("nullable"):
            yield Problem(path, "vapi.wrong-type", "must not be null")
        return
    kind = shape.get("type")
    if kind and not _is(value, kind):
        article = _ARTICLES.get(kind, "an object")
        yield Problem(path, "vapi.wrong-type", f"must be {article}, not {_a(value)}")
        return
    if isinstance(value, str):
        yield from _text(value, shape, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number(value, shape, path)
    options = shape.get("enum")
    if options and isinstance(value, str) and value not in options and "{{" not in value:
        hint = nearest(value, options)
        if not hint and len(options) <= 12:
            hint = f"known are: {', '.join(map(str, options))}"
        yield Problem(path, "vapi.unknown-value", f"{value!r} is unknown here", False, hint)


def _text(value: str, shape: Shape, path: Path) -> Iterator[Problem]:
    least, most = shape.get("minLength", 0), shape.get("maxLength")
    if len(value) < least:
        yield Problem(path, "vapi.limit", f"has {len(value)} characters, at least {least} are needed")
    elif most is not None and len(value) > most:
        yield Problem(path, "vapi.limit", f"has {len(value)} characters, {most} are allowed")
    else:
        expression = _compiled(shape.get("pattern", ""))
        if expression and not expression.search(value):
            yield Problem(path, "vapi.pattern", f"{value!r} does not fit {expression.pattern}")


def _number(value: float, shape: Shape, path: Path) -> Iterator[Problem]:
    least, most = shape.get("minimum"), shape.get("maximum")
    if least is not None and value < least:
        yield Problem(path, "vapi.limit", f"is {value}, at least {least} is needed")
    if most is not None and value > most:
        yield Problem(path, "vapi.limit", f"is {value}, at most {most} is allowed")


@lru_cache(maxsize=256)
def _compiled(expression: str) -> re.Pattern[str] | None:
    """A pattern of the document (`/…/flags`); None where Python's dialect has no such thing."""
    body = re.fullmatch(r"/(.*)/[a-z]*", expression, re.DOTALL)
    try:
        return re.compile(body[1] if body else expression)
    except re.error:
        return None


def _is(value: Value, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _a(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return "null" if value is None else f"{value!r}"[:60]
