"""Vapi's resources as requests, to be held against Vapi's own OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from callsheet.model.canonical import whole_numbers
from callsheet.model.diagnostics import Diagnostic, error
from callsheet.model.paths import drop_all
from callsheet.model.resource import Resource
from callsheet.model.value import SYMBOLS, Path, Value, symbols, transform
from callsheet.providers.vapi import facts
from callsheet.providers.vapi.decode import collection_path
from callsheet.providers.vapi.kinds import KINDS
from callsheet.providers.vendor_schema import Mismatch, VendorSchema, load

# Stands for ids and secrets that are not known: mismatches at their places are dropped.
_STANDIN = "00000000-0000-4000-8000-000000000000"


class VapiVendorCheck:
    """Judges resources by a downloaded document. CallsheetError when the file cannot be used."""

    def __init__(self, file: FilePath) -> None:
        self._file = file
        self._schema = load(file, additions())

    def __call__(self, resource: Resource) -> list[Diagnostic]:
        unknown = {path for path, _ in symbols(resource.payload)}
        return [
            error(
                "vendor-schema.mismatch",
                f"{_where(mismatch)}{mismatch.message}",
                detail=f"According to {self._file}.",
                place=resource.place(mismatch.path),
                address=str(resource.address),
            )
            for mismatch in judge(resource, self._schema)
            if mismatch.path not in unknown
        ]


def judge(resource: Resource, schema: VendorSchema) -> list[Mismatch]:
    """How the request that would create the resource differs from the document."""
    payload = drop_all(resource.payload, KINDS[resource.kind].server_owned)
    left_out = {"KnowledgeBase": ("fileIds",), "PronunciationDictionary": ("provider",), "File": ("name",)}
    body = {key: value for key, value in payload.items() if key not in left_out.get(resource.kind, ())}
    if resource.kind == "File":
        body["file"] = body.pop("content", None)
    body = whole_numbers(transform(body, _standin))
    return schema.mismatches("POST", collection_path(resource.kind, resource.payload), body)


def additions() -> Mapping[str, Mapping[str, Any]]:
    """What Vapi documents elsewhere (`facts.DOCUMENTED`), as JSON Schemas."""
    return {
        schema: {
            name: {"$ref": f"#/components/schemas/{shape['ref']}"} if "ref" in shape else dict(shape)
            for name, shape in extra.items()
        }
        for schema, extra in facts.DOCUMENTED.items()
    }


def _standin(value: Value) -> Value:
    return _STANDIN if isinstance(value, SYMBOLS) else value


def _where(mismatch: Mismatch) -> str:
    path: Path = mismatch.path
    return ".".join(map(str, path)) + ": " if path else ""
