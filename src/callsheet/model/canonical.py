"""One byte form for every value, so that equal things have equal fingerprints."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from callsheet.model.address import Address
from callsheet.model.value import Value

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS


def _encode(value: Any) -> Any:
    if hasattr(value, "to_json"):
        return value.to_json()
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def canonical(value: Value) -> bytes:
    """Sorted, minimal JSON in UTF-8. Symbols take their JSON form. TypeError for anything else."""
    return orjson.dumps(value, default=_encode, option=_OPTIONS)


def pretty(value: Value) -> bytes:
    """The same content with two-space indentation and a final newline, for people and files."""
    return orjson.dumps(
        value, default=_encode, option=_OPTIONS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )


def fingerprint(value: Value) -> str:
    """`sha256:` and the hex digest of the canonical form."""
    return digest(canonical(value))


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def plain(value: Value) -> Value:
    """The value as plain JSON types (symbols in their JSON form)."""
    return orjson.loads(canonical(value))


def whole_numbers(value: Value) -> Value:
    """The tree with 1.0 written 1, as JSON on the wire does not tell them apart."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {key: whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole_numbers(item) for item in value]
    return value
