"""Write `src/callsheet/sandbox/data/vapi-shapes.json` from Vapi's OpenAPI document.

    python tests/unit/sandbox/shapes_from_openapi.py OPENAPI.json src/callsheet/sandbox/data/vapi-shapes.json

Kept of the document: what a request may hold (properties, required, types, enums, bounds, defaults,
nullability) for the kinds that the sandbox serves. Not kept: answers, descriptions, everything else.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

SOURCE = "Vapi's OpenAPI document (https://api.vapi.ai/api-json), as generated on 2026-08-19"
PLAIN = {"string", "number", "boolean", "object", "array", "integer"}
BOUNDS = (
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "default",
    "nullable",
)

# Free-form: JSON Schema documents are stored as they are sent (facts, §5.9: even `type` arrays pass), and
# inline workflows have no resource of their own any more.
OPEN = {"JsonSchema", "OpenAIFunctionParameters", "WorkflowUserEditable", "CreateWorkflowDTO"}
ROOTS = {
    "assistant": "Assistant",
    "squad": "Squad",
    "structured-output": "StructuredOutput",
    "eval": "Eval",
    "personality": "Personality",
    "scenario": "Scenario",
    "simulation": "Simulation",
    "suite": "SimulationSuite",
    "scorecard": "Scorecard",
    "knowledge-base": "KnowledgeBaseV2",
}
# Requests that O leaves untyped or under another rule.
EXTRA = {"attach": "AttachKnowledgeBaseV2FileDTO", "file-update": "UpdateFileDTO"}


class Compactor:
    def __init__(self, document: dict[str, Any]) -> None:
        self.schemas: dict[str, Any] = document["components"]["schemas"]
        self.paths: dict[str, Any] = document["paths"]
        self.shapes: dict[str, Any] = {}

    def ref(self, target: str) -> str:
        name = target.rsplit("/", 1)[-1]
        self.shape(name)
        return "@" + name

    def shape(self, name: str) -> None:
        if name in self.shapes:
            return
        if name in OPEN:
            self.shapes[name] = {"open": True}
            return
        self.shapes[name] = {}
        schema = self.schemas[name]
        shape: dict[str, Any] = {
            "properties": {key: self.node(value) for key, value in schema.get("properties", {}).items()}
        }
        if schema.get("required"):
            shape["required"] = schema["required"]
        if not shape["properties"]:
            shape = {"open": True}
        self.shapes[name] = shape

    def node(self, schema: dict[str, Any]) -> Any:
        if "$ref" in schema:
            return self.ref(schema["$ref"])
        out: dict[str, Any] = {}
        if all_of := schema.get("allOf"):
            assert len(all_of) == 1
            out["ref"] = self.ref(all_of[0]["$ref"])
        elif one_of := schema.get("oneOf"):
            options = [self.node(option) for option in one_of]
            # [enum, string] is a suggestion list, not a rule.
            if any(option == "string" for option in options):
                options = [o for o in options if not (isinstance(o, dict) and o.get("type") == "string")]
            if len(options) == 1:
                out = {"type": options[0]} if isinstance(options[0], str) else dict(options[0])
                if isinstance(options[0], str) and options[0].startswith("@"):
                    out = {"ref": options[0]}
            else:
                out["any"] = options
        else:
            kind = schema.get("type", "object")
            assert kind in PLAIN, kind
            if kind == "object" and "enum" in schema:
                kind = "string"  # the document says object of what its own enum shows to be texts
            out["type"] = "number" if kind == "integer" else kind
            # An array's own enum repeats what its entries may be; no array is equal to one of them.
            if "enum" in schema and kind != "array":
                out["enum"] = schema["enum"]
            if "items" in schema:
                out["items"] = self.node(schema["items"])
            if schema.get("format") == "uuid":
                out["format"] = "uuid"
        for bound in BOUNDS:
            if bound in schema:
                out[bound] = schema[bound]
        if set(out) == {"type"}:
            return out["type"]
        if set(out) == {"ref"}:
            return out["ref"]
        return out

    def pair(self, create: str, update: str) -> dict[str, Any]:
        """The create shape by name, and how the update shape differs from it."""
        self.shape(create)
        one, two = self.schemas[create], self.schemas[update]
        entry: dict[str, Any] = {"create": create}
        new = {k: self.node(v) for k, v in two["properties"].items() if one["properties"].get(k) != v}
        gone = [k for k in one["properties"] if k not in two["properties"]]
        if new:
            entry["updateAdds"] = new
        if gone:
            entry["updateLacks"] = gone
        if two.get("required"):
            entry["updateRequires"] = two["required"]
        return entry

    def variants(self, path: str) -> dict[str, Any]:
        """The request shapes of a resource whose body has a discriminator, by its value."""
        body = self.paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        key = body["discriminator"]["propertyName"]
        out = {}
        for option in body["oneOf"]:
            name = option["$ref"].rsplit("/", 1)[-1]
            (value,) = self.schemas[name]["properties"][key]["enum"]
            out[value] = self.pair(name, "Update" + name.removeprefix("Create"))
        return dict(sorted(out.items()))

    def credentials(self) -> dict[str, Any]:
        """`/credential` is not in the document, but an assistant's inline credentials are its shapes."""
        node = self.schemas["CreateAssistantDTO"]["properties"]["credentials"]["items"]
        out = {}
        for option in node["oneOf"]:
            name = option["$ref"].rsplit("/", 1)[-1]
            (value,) = self.schemas[name]["properties"]["provider"]["enum"]
            self.shape(name)
            out[value] = {"create": name}
        return dict(sorted(out.items()))


def name_enums(shapes: dict[str, Any]) -> dict[str, list[Any]]:
    """Move long enums that occur more than once out of the shapes, under a name of their own."""
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    enums: dict[str, list[Any]] = {}

    def walk(value: Any, place: str, act: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("enum"), list) and len(value["enum"]) > 6:
                act(value, place)
            for key, item in value.items():
                walk(item, f"{place}.{key}" if key not in ("properties", "items", "any") else place, act)
        elif isinstance(value, list):
            for item in value:
                walk(item, place, act)

    def count(node: dict[str, Any], place: str) -> None:
        key = json.dumps(node["enum"])
        counts[key] += 1
        names.setdefault(key, place)

    def replace(node: dict[str, Any], place: str) -> None:
        key = json.dumps(node["enum"])
        if counts[key] > 1:
            enums[names[key]] = node["enum"]
            node["enum"] = names[key]

    for name, shape in shapes.items():
        walk(shape, name, count)
    for name, shape in shapes.items():
        walk(shape, name, replace)
    return enums


def compact(document: dict[str, Any]) -> dict[str, Any]:
    work = Compactor(document)
    kinds: dict[str, Any] = {
        kind: {"": work.pair(f"Create{name}DTO", f"Update{name}DTO")} for kind, name in ROOTS.items()
    }
    kinds["tool"] = work.variants("/tool")
    kinds["phone-number"] = work.variants("/phone-number")
    kinds["credential"] = work.credentials()
    for kind, name in EXTRA.items():
        work.shape(name)
        kinds[kind] = {"": {"create": name}}
    shapes = dict(sorted(work.shapes.items()))
    return {"source": SOURCE, "kinds": kinds, "enums": name_enums(shapes), "shapes": shapes}


def write(data: dict[str, Any]) -> str:
    """One shape a line, so that a new document of Vapi's shows as a readable diff."""
    lines = ["{", f'"source": {json.dumps(data["source"])},']
    for section in ("kinds", "enums", "shapes"):
        lines.append(f'"{section}": {{')
        entries = [
            f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in data[section].items()
        ]
        lines.append(",\n".join(entries))
        lines.append("}" if section == "shapes" else "},")
    return "\n".join(lines) + "\n}\n"


def main(arguments: list[str]) -> None:
    source, target = arguments
    Path(target).write_text(write(compact(json.loads(Path(source).read_text()))))


if __name__ == "__main__":
    main(sys.argv[1:])
