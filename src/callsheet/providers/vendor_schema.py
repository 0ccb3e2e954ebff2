"""Request bodies held against a vendor's OpenAPI document, strictly, as it was downloaded.

`callsheet validate --vendor-schema FILE` and the tests use it; nothing depends on it. The extra
`callsheet[vendor-schema]` brings jsonschema-rs, which is imported when the first body is validated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import orjson

from callsheet.model.errors import CallsheetError
from callsheet.model.value import Path
from callsheet.providers.vendor_normal import Normaliser

_METHODS = frozenset({"post", "put", "patch"})
_TYPES = ("application/json", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where a body does not fit the document, and how."""

    path: Path
    message: str


class VendorSchema:
    """An OpenAPI 3.0 or 3.1 document, ready to judge request bodies."""

    def __init__(
        self, document: Mapping[str, Any], additions: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """`additions`: properties that the document lacks, as JSON Schemas by schema and name."""
        self._paths: Mapping[str, Any] = document["paths"]
        self._normal = Normaliser(document["components"]["schemas"], additions or {})
        self._validators: dict[tuple[str, str], Any] = {}

    def mismatches(self, method: str, path: str, body: Any) -> list[Mismatch]:
        """Everything about the body of `METHOD path` that the document does not allow.

        Null at the top of an update's body clears the property, whatever the document says of nulls.
        """
        verb = method.lower()
        template = self._template(path)
        if template is None:
            return [Mismatch((), f"the document has no path {path}")]
        if verb not in _METHODS:
            return []
        if verb not in self._paths[template]:
            return [Mismatch((), f"the document has no {method} {template}")]
        if verb == "patch" and isinstance(body, dict):
            body = {key: value for key, value in body.items() if value is not None}
        validator = self._validator(template, verb)
        if validator is None:
            return []
        found = {(tuple(error.instance_path), error.message) for error in validator.iter_errors(body)}
        return [Mismatch(at, message) for at, message in sorted(found, key=str)]

    def _template(self, path: str) -> str | None:
        """The path of the document that is meant; a literal one before one with parameters."""
        wanted = path.strip("/").split("/")
        found = [
            template
            for template in self._paths
            if len(steps := template.strip("/").split("/")) == len(wanted)
            and all(step == given or step.startswith("{") for step, given in zip(steps, wanted, strict=True))
        ]
        return min(found, key=lambda template: template.count("{"), default=None)

    def _validator(self, template: str, verb: str) -> Any:
        key = (template, verb)
        if key not in self._validators:
            content = self._paths[template][verb].get("requestBody", {}).get("content", {})
            schema = next((content[kind].get("schema") for kind in _TYPES if kind in content), None)
            self._validators[key] = _compiled(self._normal.rooted(schema)) if schema else None
        return self._validators[key]


def load(file: FilePath, additions: Mapping[str, Mapping[str, Any]] | None = None) -> VendorSchema:
    """Read a document from a file. CallsheetError when it is no OpenAPI document in JSON."""
    try:
        document = orjson.loads(file.read_bytes())
    except OSError as cause:
        raise _unusable(file, f"cannot be read ({cause.strerror})") from None
    except orjson.JSONDecodeError as cause:
        raise _unusable(file, f"is no JSON (line {cause.lineno}, column {cause.colno})") from None
    if not isinstance(document, dict) or not re.match(r"3\.", str(document.get("openapi", ""))):
        raise _unusable(file, "is no OpenAPI 3 document")
    schemas = (
        document.get("components", {}).get("schemas") if isinstance(document.get("components"), dict) else 0
    )
    if not isinstance(document.get("paths"), dict) or not isinstance(schemas, dict):
        raise _unusable(file, "has no paths or no schemas")
    return VendorSchema(document, additions)


def _unusable(file: FilePath, why: str) -> CallsheetError:
    return CallsheetError(
        f"{file}: the vendor's document {why}",
        hint="download the OpenAPI document as JSON and name that file",
        code="vendor-schema.document",
    )


def _compiled(schema: Mapping[str, Any]) -> Any:
    try:
        import jsonschema_rs
    except ImportError:
        make: Callable[[Any], Any] | None = None
    else:
        make = jsonschema_rs.Draft202012Validator
    if make is None:
        raise CallsheetError(
            "validating against a vendor's document needs jsonschema-rs, which is not installed",
            hint="pip install 'callsheet[vendor-schema]'",
            code="vendor-schema.missing",
        )
    try:
        return make(schema)
    except ValueError as cause:
        why = str(cause).splitlines()[0][:200]
    raise CallsheetError(
        f"the vendor's document has a schema that cannot be used: {why}", code="vendor-schema.document"
    )
