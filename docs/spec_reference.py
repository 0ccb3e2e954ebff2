"""Writes `docs/spec-reference.md` from the very schemas that validate.

`python docs/spec_reference.py > docs/spec-reference.md`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from callsheet.spec.schema import document_schema, environments_schema
from callsheet.spec.shapes import NATIVE_KINDS

Schema = Mapping[str, Any]

HEAD = """\
# Spec reference

<!-- Generated: python docs/spec_reference.py > docs/spec-reference.md -->

Every key of every document; `environments.yaml` is at the end. Editors get the same from the JSON Schemas in
`docs/schema/`, or from `callsheet schema spec` and `callsheet schema environments`. Put a line like this one
first in a file:

```yaml
# yaml-language-server: $schema=../../docs/schema/spec.json
```

- Keys are written in camelCase. snake_case is accepted too (`system_prompt_ref`), but not both at once.
- A key in **bold** must be there. null is the same as leaving a key out, but for `rateLimit`, where it means
  unlimited.
- Any value may be a placeholder such as `${params.x}`; what that gives must be of the type shown.
- `reference` is `{ref: NAME}`, `{ref: Kind/NAME}` or `{external: Kind/NAME}`.
- Inside `native`, keys are the provider's own. What Vapi's are is in [Vapi's pages](providers/vapi.md).

[Concepts](concepts.md) says what documents, environments and policies are for; this page says how they are
spelt.
"""
# What definitions are called here, where that is not their own name.
TITLES = {
    "LifecycleShape": "lifecycle",
    "Metadata": "metadata",
    "DefaultsSection": "defaults",
    "EnvironmentSection": "An environment",
    "ProviderSection": "provider",
    "ExportsSection": "exports",
    "OverrideSection": "An override",
    "AcknowledgedSection": "An acknowledgement of drift",
    "ProtectionSection": "protection",
    "SignOffsSection": "signOffs",
    "WindowSection": "A change window",
    "GateSection": "A gate",
    "OidcSection": "An issuer",
    "OverrideRight": "override",
}
SECTIONS = (
    "DefaultsSection",
    "EnvironmentSection",
    "ProviderSection",
    "ExportsSection",
    "OverrideSection",
    "AcknowledgedSection",
    "ProtectionSection",
    "SignOffsSection",
    "WindowSection",
    "GateSection",
    "OidcSection",
    "OverrideRight",
)
ORDER = ("Assistant", "Squad", "Tool", "KnowledgeBase", "File", "Policy")
SAME = "These kinds have what every kind has, and describe themselves in `native`"


def main() -> None:
    sys.stdout.write(page())


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_documents(), *_environments()]).rstrip() + "\n"


def _documents() -> Iterator[str]:
    schema = document_schema()
    definitions = schema["$defs"]
    yield "## What every document has\n"
    sample = definitions["AssistantDocument"]
    kinds = ", ".join(f"`{kind}`" for kind in schema["properties"]["kind"]["enum"])
    yield f"`kind` is one of {kinds}. `spec` is what the sections below say of each kind.\n"
    yield from _table(sample, definitions, without=("kind", "spec"))
    for name in ("Metadata", "LifecycleShape"):
        yield f"### {TITLES[name]}\n"
        yield from _table(definitions[name], definitions)
    shapes: dict[str, list[str]] = {}
    for each in schema["oneOf"]:
        document = definitions[_name(each)]
        kind = document["properties"]["kind"]["const"]
        shapes.setdefault(kind, []).append(_spec(document))
    shown: set[str] = set()
    for kind in ORDER:
        yield f"## {kind}\n"
        for name in shapes[kind]:
            if len(shapes[kind]) > 1:
                yield f"### {definitions[name]['description'].rstrip('.')}\n"
            else:
                yield f"{definitions[name]['description']}\n"
            yield from _with_parts(definitions[name], definitions, shown)
    yield f"## {', '.join(NATIVE_KINDS)}\n"
    yield f"{SAME}.\n"
    yield from _with_parts(definitions[shapes[NATIVE_KINDS[0]][0]], definitions, shown)


def _environments() -> Iterator[str]:
    schema = environments_schema()
    definitions = schema["$defs"]
    yield "## environments.yaml\n"
    yield from _table(schema, definitions)
    above = definitions["DefaultsSection"]["properties"]
    for name in SECTIONS:
        yield f"### {TITLES[name]}\n"
        if name == "EnvironmentSection":
            yield "Everything that `defaults` may say, and:\n"
            yield from _table(definitions[name], definitions, without=tuple(above))
            continue
        yield f"{definitions[name]['description']}\n"
        yield from _table(definitions[name], definitions)


def _with_parts(shape: Schema, definitions: Schema, shown: set[str]) -> Iterator[str]:
    """The shape's table, and those of the shapes in it that were not shown before."""
    yield from _table(shape, definitions)
    for name in dict.fromkeys(_inner(shape)):
        if name in ("Reference", "Foreign") or name in shown:
            continue
        shown.add(name)
        yield f"#### {name}\n"
        yield f"{definitions[name]['description']}\n"
        yield from _with_parts(definitions[name], definitions, shown)


def _table(shape: Schema, definitions: Schema, without: tuple[str, ...] = ()) -> Iterator[str]:
    yield "| key | value | meaning |"
    yield "|---|---|---|"
    required = {*shape.get("required", ())}
    required |= {branch["required"][0] for rule in shape.get("allOf", ()) for branch in rule["anyOf"]}
    for key, schema in shape["properties"].items():
        if "_" in key or key in without:
            continue
        name = f"**`{key}`**" if key in required else f"`{key}`"
        yield f"| {name} | {_type(schema, definitions)} | {schema.get('description', '')} |"
    yield ""


def _type(schema: Schema, definitions: Schema) -> str:
    branches = [each for each in schema.get("anyOf", [schema]) if not _is_placeholder(each)]
    words = [_word(each, definitions) for each in branches]
    return " or ".join(dict.fromkeys(word for word in words if word))


def _word(schema: Schema, definitions: Schema) -> str:
    if "$ref" in schema:
        name = _name(schema)
        if name in ("Reference", "Foreign"):
            return "reference"
        title = TITLES.get(name, name)
        return f"[{title}](#{title.lower().replace(' ', '-')})"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    match schema.get("type"):
        case "array":
            items = _type(schema["items"], definitions)
            return f"list of {items}"
        case "object":
            inner = schema.get("additionalProperties")
            return (
                f"mapping to {_type(inner, definitions)}" if isinstance(inner, dict) and inner else "mapping"
            )
        case "null":
            return ""
        case "string":
            return "text"
        case "boolean":
            return "true or false"
        case "integer":
            return _bounded("whole number", schema)
        case "number":
            return _bounded("number", schema)
    return "any value"


def _bounded(word: str, schema: Schema) -> str:
    if "exclusiveMinimum" in schema:
        return f"{word} above {schema['exclusiveMinimum']:g}"
    return f"{word} from {schema['minimum']:g}" if "minimum" in schema else word


def _is_placeholder(schema: Schema) -> bool:
    return str(schema.get("description", "")).startswith("A placeholder")


def _inner(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield _name(schema)
        for item in schema.values():
            yield from _inner(item)
    elif isinstance(schema, list):
        for item in schema:
            yield from _inner(item)


def _spec(document: Schema) -> str:
    return next(_inner(document["properties"]["spec"]))


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


if __name__ == "__main__":
    main()
