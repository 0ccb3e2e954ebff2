"""The catalogue of Vapi: kinds, rendering and checks. No I/O and no HTTP library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callsheet.model.diagnostics import Diagnostic
from callsheet.model.document import Document
from callsheet.model.kinds import Kind, Rendered
from callsheet.model.resource import Resource
from callsheet.providers.vapi import checks, convert, environment, facts
from callsheet.providers.vapi.facts import Shape
from callsheet.providers.vapi.kinds import EXTERNAL, KINDS

# How deep a schema for editors goes; deeper, payloads are told apart by keys that an editor cannot follow.
_DEPTH = 3


class VapiCatalogue:
    """See `model.kinds.Catalogue`."""

    provider = "vapi"
    kinds: Mapping[str, Kind] = KINDS
    external_kinds = EXTERNAL
    settings: Mapping[str, str] = environment.SETTINGS

    def render(self, document: Document) -> Rendered:
        return convert.render(document)

    def check(self, resource: Resource) -> Sequence[Diagnostic]:
        return checks.check(resource)

    def native_schema(self, kind: str) -> Mapping[str, Any]:
        """The keys that Vapi's OpenAPI document knows, for completion; it forbids nothing."""
        root = facts.roots().get(kind)
        return {"type": "object", **(_schema(root, _DEPTH) if root else {})}


def _schema(shape: Shape, depth: int) -> dict[str, Any]:
    if "ref" in shape:
        return _schema(facts.shapes()[shape["ref"]], depth)
    if depth == 0:
        return {}
    if "of" in shape:
        properties: dict[str, Any] = {}
        for name in shape["of"].values():
            for key, item in facts.shapes()[name]["properties"].items():
                properties.setdefault(key, _schema(item, depth - 1))
        # The key's own values help most, and newer ones must not be marked wrong.
        properties[shape["by"]] = {"anyOf": [{"enum": sorted(shape["of"])}, {"type": "string"}]}
        return {"properties": properties}
    if "properties" in shape:
        inner = {key: _schema(item, depth - 1) for key, item in sorted(shape["properties"].items())}
        return {"properties": inner}
    if "items" in shape:
        items = _schema(shape["items"], depth - 1)
        return {"items": items} if items else {}
    if "enum" in shape:
        return {"anyOf": [{"enum": shape["enum"]}, {}]}
    return {}
