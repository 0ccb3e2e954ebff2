"""JSON Schemas in files of their own: read as they are, without placeholders and references."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from callsheet.model.value import Value, has_marker
from callsheet.spec.files import FileProblem
from callsheet.spec.limits import INTEGERS, MAX_DEPTH
from callsheet.spec.project import Project
from callsheet.spec.reader import encodable, parse


def read_schema(project: Project, reference: str) -> dict[str, Value]:
    """The schema in a JSON or YAML file of the project. FileProblem where there is none."""
    text = project.read_text(reference)
    value = _yaml(reference, text) if reference.endswith((".yaml", ".yml")) else _json(reference, text)
    if not isinstance(value, dict):
        _fail(f"{reference} holds no JSON Schema: it must be a mapping")
    if found := has_marker(value):
        _fail(
            f"{reference} holds {found} with a value that is Callsheet's own mark",
            "Start a $ref with # or ./.",
        )
    return value


def _yaml(reference: str, text: str) -> Value:
    parsed = parse(text)
    for finding in parsed.findings:
        _fail(f"{reference}:{finding.line}:{finding.column}: {finding.summary}", finding.hint)
    if len(parsed.values) != 1:
        _fail(f"{reference} holds {len(parsed.values)} documents instead of one")
    return parsed.values[0]


def _json(reference: str, text: str) -> Value:
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_constant)
    except json.JSONDecodeError as problem:
        _fail(f"{reference}:{problem.lineno}:{problem.colno}: this is not JSON: {problem.msg}")
    except (ValueError, RecursionError) as problem:
        reason = "it is nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        _fail(f"{reference}: {reason}")
    _bounded(reference, value, 0)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, item in pairs:
        if key in out:
            raise ValueError(f"the key {key!r} stands twice in one mapping")
        out[key] = item
    return out


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number that JSON can carry")


def _bounded(reference: str, value: Value, depth: int) -> None:
    if depth > MAX_DEPTH:
        _fail(f"{reference}: it is nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        for key, item in value.items():
            _bounded(reference, key, depth)
            _bounded(reference, item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _bounded(reference, item, depth + 1)
    elif isinstance(value, str) and not value.isascii() and not encodable(value):
        _fail(f"{reference}: a text holds half a character (a lone surrogate)")
    elif isinstance(value, int) and value not in INTEGERS:
        _fail(f"{reference}: an integer does not fit into 64 bits")
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        _fail(f"{reference}: a number is too large")


def _fail(summary: str, hint: str = "") -> NoReturn:
    raise FileProblem("spec.schema", summary, hint)
