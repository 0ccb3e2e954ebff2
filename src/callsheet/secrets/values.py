"""Values out of what a store of secrets holds: texts, and keys of JSON objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from callsheet.model.diagnostics import nearest
from callsheet.model.errors import SecretError


def text(value: Any, uri: str) -> str:
    """The value as text that is not empty; numbers are written out. SecretError for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value:
        what = "is empty" if value in ("", None) else "is no text"
        raise SecretError(
            f"{uri}: the value {what}",
            hint="write the secret where the reference leads, as text",
            code="secret.unusable",
        )
    return value


def value_of(content: Mapping[str, Any], key: str, uri: str) -> str:
    """The text at a key. SecretError where there is none."""
    if key not in content:
        raise SecretError(
            f"{uri}: there is no key {key!r} there",
            hint=nearest(key, content) or "look up the keys where the secret is kept",
            code="secret.missing",
        )
    return text(content[key], uri)


def field(content: str, key: str, uri: str) -> str:
    """The whole text where `key` is empty, else that key of the JSON object which the text is."""
    if not key:
        return text(content, uri)
    try:
        held = json.loads(content)
    except ValueError:
        held = None
    if not isinstance(held, dict):
        raise SecretError(
            f"{uri}: the value is no JSON object, so it has no key {key!r}",
            hint=f"leave out `#{key}` to take the whole value",
            code="secret.unusable",
        )
    return value_of(held, key, uri)
