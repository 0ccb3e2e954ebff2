"""Vapi's own document as a judge of the sandbox's answers, where it lies beside the repository."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

DOCUMENT = Path(__file__).parents[4] / "shared" / "openapi" / "vapi.json"
needs_document = pytest.mark.skipif(not DOCUMENT.exists(), reason="Vapi's OpenAPI document is not at hand")


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return loaded


def normal(schema: Any) -> Any:
    """OAS 3.0 as JSON Schema, and what the document gets wrong put right.

    nullable becomes a type, oneOf anyOf (its alternatives overlap); an enum on an array is about its
    entries, and an object with an enum of texts is a text.
    """
    if isinstance(schema, list):
        return [normal(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key == "properties":
            out[key] = {name: normal(item) for name, item in value.items()}
        elif key == "oneOf":
            out["anyOf"] = normal(value)
        elif key == "pattern":
            out[key] = re.sub(r"^/|/[a-z]*$", "", value).replace(r"[\p{L}\d]", r"\w").replace(r"\p{L}", r"\w")
        elif key not in (
            "discriminator",
            "nullable",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "example",
            "default",
        ):
            out[key] = normal(value)
    if out.get("type") == "array":
        out.pop("enum", None)
    elif out.get("type") == "object" and isinstance(out.get("enum"), list):
        out["type"] = "string"
    if schema.get("nullable") is True:
        return {"anyOf": [out, {"type": "null"}]}
    return out


@cache
def judge(method: str, path: str, status: str) -> Any:
    """A validator for that answer, or None where the document says nothing of it."""
    import jsonschema_rs

    answer = document()["paths"][path][method]["responses"].get(status, {})
    content = answer.get("content", {}).get("application/json", {}).get("schema")
    if content is None:
        return None
    components = {
        "schemas": {name: normal(value) for name, value in document()["components"]["schemas"].items()}
    }
    return jsonschema_rs.validator_for(normal(content) | {"components": components})
