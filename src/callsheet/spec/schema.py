"""JSON Schemas for editors, made from the very shapes that validate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, create_model

from callsheet.spec.envelope import Envelope
from callsheet.spec.naming import snake
from callsheet.spec.native import PROVIDERS
from callsheet.spec.portable import Shape
from callsheet.spec.sections import EnvironmentsFile
from callsheet.spec.shapes import SPECS, Spec

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLACEHOLDER = {
    "type": "string",
    "pattern": r"\$\{[^{}]+\}",
    "description": "A placeholder, such as ${params.x}.",
}
# Fields in which a placeholder has no meaning.
_LITERAL = {"apiVersion", "kind", "metadata", "spec", "lifecycle", "native", "type"}


def document_schema(native: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """The schema of one document. `native` gives a schema for `spec.native` by kind, where one is known."""
    definitions: dict[str, Any] = {}
    kinds = []
    for kind, shapes in SPECS.items():
        for given in shapes:
            # Kinds that share a shape have a definition each: their native payloads differ.
            shape = create_model(f"{kind}Spec", __base__=Spec) if given is Spec else given
            schema = _finished(_document(kind, shape))
            definitions.update(schema.pop("$defs", {}))
            name = f"{kind}Document" if len(shapes) == 1 else f"{shape.__name__.removesuffix('Spec')}Document"
            definitions[name] = schema
            kinds.append({"$ref": f"#/$defs/{name}"})
            if native and kind in native:
                _with_native(definitions[shape.__name__], f"{kind}Native")
                definitions[f"{kind}Native"] = dict(native[kind])
    return {
        "$schema": _DIALECT,
        "title": "Callsheet document",
        "type": "object",
        "required": ["kind", "metadata"],
        "properties": {"kind": {"enum": list(SPECS), "description": "What the document declares."}},
        "oneOf": kinds,
        "$defs": dict(sorted(definitions.items())),
    }


def environments_schema() -> dict[str, Any]:
    """The schema of environments.yaml."""
    schema = _finished(EnvironmentsFile)
    return {"$schema": _DIALECT, **schema, "title": "Callsheet environments"}


def _document(kind: str, spec: type[Shape]) -> type[Shape]:
    required = any(field.is_required() for field in spec.model_fields.values())
    fields: dict[str, Any] = {
        "kind": (Literal[kind], Field(description=(spec.__doc__ or kind).strip())),
        "spec": (spec, Field(description="What it should be."))
        if required
        else (spec | None, Field(None, description="What it should be.")),
    }
    return create_model(f"{spec.__name__}Document", __base__=Envelope, **fields)


def _finished(shape: type[Shape]) -> dict[str, Any]:
    schema = shape.model_json_schema(by_alias=True, mode="validation")
    for definition in (schema, *schema.get("$defs", {}).values()):
        _finish(definition)
    return schema


def _finish(definition: dict[str, Any]) -> None:
    """Add to one mapping's schema what pydantic cannot know: placeholders, and keys in snake_case."""
    properties: dict[str, Any] = definition.get("properties", {})
    definition.pop("title", None)
    required = definition.get("required", [])
    either: list[dict[str, Any]] = []
    both: list[dict[str, Any]] = []
    for name, schema in list(properties.items()):
        schema.pop("title", None)
        schema.pop("default", None)
        properties[name] = _open(schema) if name not in _LITERAL else schema
        other = snake(name)
        if other != name:
            properties[other] = properties[name]
            both.append({"required": [name, other]})
            if name in required:
                either.append({"anyOf": [{"required": [name]}, {"required": [other]}]})
    if either:
        definition["required"] = [name for name in required if snake(name) == name]
        definition["allOf"] = either
    if both:
        definition["not"] = {"anyOf": both}


def _open(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, or a placeholder that stands for a value of it."""
    branches = schema.get("anyOf", [schema])
    takes_text = any(branch.get("type") == "string" and len(branch) == 1 for branch in branches)
    if takes_text or schema.get("type") == "null":
        return schema
    description = {"description": schema["description"]} if "description" in schema else {}
    bare = {key: item for key, item in schema.items() if key != "description"}
    inner = bare["anyOf"] if set(bare) == {"anyOf"} else [bare]
    return {**description, "anyOf": [*inner, _PLACEHOLDER]}


def _with_native(spec: dict[str, Any], name: str) -> None:
    reference = {"$ref": f"#/$defs/{name}"}
    description = spec["properties"]["native"].get("description", "")
    per_provider = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"enum": list(PROVIDERS)},
        "additionalProperties": {"type": "object"},
    }
    spec["properties"]["native"] = {
        "description": description,
        "anyOf": [reference, per_provider, {"type": "null"}],
    }
