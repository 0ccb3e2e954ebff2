"""An OpenAPI document's schemas as strict JSON Schemas (2020-12), whose errors name exact paths.

- `nullable` becomes a type; boolean `exclusiveMinimum` goes.
- `oneOf` becomes `anyOf`: vendors list overlapping options, and "exactly one" would refuse what they accept.
  Where the options are told apart by a key, the key decides first, so that the error is about the right one.
- What is not named is not allowed, outside `allOf`.
- Patterns lose the slashes of JavaScript.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_PREFIX = "#/components/schemas/"
_TAGS = ("type", "provider", "role", "on", "method")
_KEPT = (
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "required",
    "const",
    "uniqueItems",
    "minProperties",
    "maxProperties",
)


class Normaliser:
    """Makes self-contained schemas out of one document's components."""

    def __init__(self, schemas: Mapping[str, Schema], additions: Mapping[str, Mapping[str, Schema]]) -> None:
        self._schemas = schemas
        self._additions = additions

    def rooted(self, schema: Schema) -> dict[str, Any]:
        """The schema with everything that it reaches under `$defs`."""
        reached: dict[str, Any] = {}
        root = self._normal(schema, reached)
        waiting = list(reached)
        while waiting:
            name = waiting.pop()
            if reached[name] is None:
                before = set(reached)
                reached[name] = self._component(name, reached)
                waiting += [each for each in reached if each not in before]
        return {"$defs": reached, **root}

    def _component(self, name: str, reached: dict[str, Any]) -> dict[str, Any]:
        schema = self._schemas.get(name, {})
        extra = self._additions.get(name)
        if extra:
            schema = {**schema, "properties": {**extra, **schema.get("properties", {})}}
        return self._normal(schema, reached)

    def _reference(self, name: str, reached: dict[str, Any]) -> dict[str, Any]:
        reached.setdefault(name, None)
        return {"$ref": f"#/$defs/{name}"}

    def _normal(self, schema: Schema, reached: dict[str, Any], *, strict: bool = True) -> dict[str, Any]:
        if schema.get("nullable"):
            rest = {key: value for key, value in schema.items() if key != "nullable"}
            return {"anyOf": [self._normal(rest, reached, strict=strict), {"type": "null"}]}
        if "$ref" in schema:
            return self._reference(str(schema["$ref"]).removeprefix(_PREFIX), reached)
        out: dict[str, Any] = {key: schema[key] for key in _KEPT if key in schema}
        if "pattern" in schema:
            out["pattern"] = re.sub(r"^/(.*)/[a-z]*$", r"\1", schema["pattern"], flags=re.DOTALL)
        if "type" in schema:
            out["type"] = schema["type"]
        if "enum" in schema:
            out["enum"] = schema["enum"]
        for key in ("oneOf", "anyOf"):
            if key in schema:
                out.setdefault("allOf", []).append(self._union(schema, schema[key], reached))
        if "allOf" in schema:
            parts = schema["allOf"]
            alone = len(parts) == 1 and "properties" not in schema
            inner = [
                self._normal(self._open(part, alone), reached, strict=alone and strict) for part in parts
            ]
            out.setdefault("allOf", []).extend(inner)
            strict = strict and alone
        if "items" in schema:
            out["items"] = self._normal(schema["items"], reached)
        if "properties" in schema:
            out["properties"] = {
                key: self._normal(item, reached) for key, item in schema["properties"].items()
            }
        self._close(schema, out, reached, strict=strict)
        return out

    def _open(self, part: Schema, alone: bool) -> Schema:
        """One of several parts of an `allOf`, written out: closed by itself it would refuse the others."""
        if alone or "$ref" not in part:
            return part
        return self._schemas.get(str(part["$ref"]).removeprefix(_PREFIX), {})

    def _close(self, schema: Schema, out: dict[str, Any], reached: dict[str, Any], *, strict: bool) -> None:
        more = schema.get("additionalProperties")
        if isinstance(more, Mapping):
            out["additionalProperties"] = self._normal(more, reached)
        elif more is False or (more is None and strict and "properties" in schema):
            out["additionalProperties"] = False

    def _union(self, schema: Schema, options: list[Schema], reached: dict[str, Any]) -> dict[str, Any]:
        tagged = self._tagged(schema, options)
        if not tagged:
            return {"anyOf": [self._normal(option, reached) for option in options]}
        tag, chosen = tagged
        cases = [
            {
                "if": {"properties": {tag: {"const": value}}, "required": [tag]},
                "then": self._reference(name, reached),
            }
            for value, name in chosen.items()
        ]
        known = {"properties": {tag: {"enum": list(chosen)}}, "required": [tag], "type": "object"}
        return {"allOf": [known, *cases]}

    def _tagged(self, schema: Schema, options: list[Schema]) -> tuple[str, Mapping[str, str]] | None:
        """The key that tells the options apart and the option for each of its values."""
        names = [str(option.get("$ref", "")).removeprefix(_PREFIX) for option in options]
        if not all(names) or len(names) < 2:
            return None
        stated = schema.get("discriminator", {})
        # A mapping may leave out some of the options; their own values of the key complete it.
        chosen = {value: str(ref).removeprefix(_PREFIX) for value, ref in stated.get("mapping", {}).items()}
        for tag in [stated["propertyName"]] if "propertyName" in stated else _TAGS:
            groups = [self._values(name, tag) for name in names]
            flat = [value for group in groups for value in group]
            if chosen or (all(groups) and len(flat) == len(set(flat))):
                pairs = zip(names, groups, strict=True)
                return tag, {value: name for name, group in pairs for value in group} | chosen
        return None

    def _values(self, name: str, tag: str) -> list[str]:
        schema = self._schemas.get(name, {}).get("properties", {}).get(tag, {})
        return list(schema.get("enum", [schema["const"]] if "const" in schema else []))
