"""Distil Vapi's OpenAPI document: `python -m callsheet.providers.vapi.facts.distil FILE DATE`.

The result is `openapi.json` beside this file.
Descriptions, examples, credentials and long language lists are left out; what bounds a request body stays.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from callsheet.providers.vapi.facts import ROOTS

_BOUNDS = ("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "pattern", "nullable")
# Longer enums are lists of languages and the like; names of models and voices are wanted whole.
_LONG = 40
_WHOLE = ("model", "voiceId")
# What a document of ours does not describe field by field: credentials are not managed, workflows are gone.
_OUTSIDE = ("CredentialDTO", "WorkflowUserEditable")
_TAGS = ("type", "provider", "role", "on", "method")


def distil(document: Mapping[str, Any], date: str) -> bytes:
    """The compact form of an OpenAPI document as sorted JSON."""
    schemas = document["components"]["schemas"]
    shapes: dict[str, Any] = {}
    waiting = list(ROOTS.values())

    def shape(schema: Mapping[str, Any], key: str = "") -> dict[str, Any]:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[-1]
            if name.endswith(_OUTSIDE):
                return {"type": "object"}
            waiting.append(name)
            return {"ref": name}
        if len(schema.get("allOf", ())) == 1:
            return shape(schema["allOf"][0], key)
        options = schema.get("oneOf") or schema.get("anyOf")
        if options:
            return _union(schema, [shape(option, key) for option in options], schemas)
        out: dict[str, Any] = {bound: schema[bound] for bound in _BOUNDS if bound in schema}
        if schema.get("deprecated"):
            out["deprecated"] = True
        if schema.get("type") == "array":
            return {**out, "items": shape(schema.get("items", {}), key)}
        if schema.get("type") in ("string", "number", "integer", "boolean", "object"):
            out["type"] = schema["type"]
        if "properties" in schema:
            out["properties"] = {name: shape(item, name) for name, item in schema["properties"].items()}
        if isinstance(schema.get("additionalProperties"), Mapping):
            out["values"] = shape(schema["additionalProperties"], key)
        if "enum" in schema and (key in _WHOLE or len(schema["enum"]) <= _LONG):
            out["enum"] = list(dict.fromkeys(schema["enum"]))
        return out

    tops = {}
    for name, path in (("tool", "/tool"), ("phoneNumber", "/phone-number")):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        tops[name] = shape(body)
    while waiting:
        name = waiting.pop()
        if name in shapes:
            continue
        shapes[name] = {}
        schema = schemas[name]
        shapes[name] = {"properties": {}, **shape({**schema, "type": "object"}, name)}
        if schema.get("required"):
            shapes[name]["required"] = sorted(schema["required"])
    return orjson.dumps(
        {"source": document["servers"][0]["url"], "date": date, "shapes": shapes, **tops},
        option=orjson.OPT_SORT_KEYS,
    )


def _union(
    schema: Mapping[str, Any], options: list[dict[str, Any]], schemas: Mapping[str, Any]
) -> dict[str, Any]:
    options = [option for index, option in enumerate(options) if option not in options[:index]]
    if len(options) == 1:
        return options[0]
    names = [str(option.get("ref", "")) for option in options]
    if all(names):
        # A discriminator's mapping may leave out some of the options (it does for code tools).
        stated = schema.get("discriminator", {})
        of = {value: ref.rsplit("/", 1)[-1] for value, ref in stated.get("mapping", {}).items()}
        for tag in [stated["propertyName"]] if "propertyName" in stated else _TAGS:
            values = [schemas[name]["properties"].get(tag, {}).get("enum", ()) for name in names]
            flat = [value for group in values for value in group]
            if of or (all(values) and len(flat) == len(set(flat))):
                pairs = zip(names, values, strict=True)
                return {"by": tag, "of": {value: name for name, group in pairs for value in group} | of}
    return {"any": options}


def main(arguments: list[str]) -> None:
    document = orjson.loads(Path(arguments[0]).read_bytes())
    Path(__file__).with_name("openapi.json").write_bytes(distil(document, arguments[1]) + b"\n")


if __name__ == "__main__":
    main(sys.argv[1:])
