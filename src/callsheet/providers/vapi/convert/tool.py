"""Tools: `type: http` becomes one `apiRequest` tool per operation; every other type is Vapi's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callsheet.model.address import Address
from callsheet.model.document import Document
from callsheet.model.kinds import Rendered
from callsheet.model.paths import ABSENT, get
from callsheet.model.resource import Resource
from callsheet.model.value import External, Path, Ref, Secret, Text, Value
from callsheet.providers.vapi import facts
from callsheet.providers.vapi.convert.draft import Draft, Findings

KEYS = frozenset({"name", "type", "description", "native"})
HTTP_KEYS = KEYS | {
    "endpoint",
    "auth",
    "authScheme",
    "authHeader",
    "headers",
    "timeoutSeconds",
    "operations",
}
# What describes a schema and not the values; Vapi knows none of it.
_ABOUT_SCHEMAS = ("$schema", "$id", "$comment", "$anchor")


def render(document: Document) -> Rendered:
    findings = Findings(document)
    http = document.spec.get("type") == "http"
    resources = _http(document, findings) if http else _native(document, findings)
    return Rendered(
        tuple(resources), tuple(resource.address for resource in resources), tuple(findings.found)
    )


def _native(document: Document, findings: Findings) -> list[Resource]:
    spec, draft = document.spec, Draft()
    own = get(spec, ("native", "type"))
    kind = spec.get("type") if own is ABSENT else own
    draft.set(("type",), kind, ("spec", "type"))
    if not isinstance(kind, str):
        findings.error(
            "vapi.tool-type",
            "the tool has no type",
            ("spec",),
            hint=f"set spec.type to http or one of: {', '.join(sorted(facts.roots()['Tool']['of']))}",
        )
        return []
    properties = _properties(kind)
    name, origin = _name(document)
    if kind in ("function", "code") or (name and "name" in spec and "function" in properties):
        draft.set(("function", "name"), name, origin)
        draft.set(("function", "description"), spec.get("description"), ("spec", "description"))
    elif kind == "apiRequest":
        draft.set(("name",), name, origin)
        draft.set(("description",), spec.get("description"), ("spec", "description"))
    draft.merge(spec.get("native"))
    return [draft.resource(document.address, "Tool", document)]


def _properties(kind: str) -> Mapping[str, Any]:
    shape = facts.roots()["Tool"]["of"].get(kind)
    return dict(facts.shapes()[shape]["properties"]) if shape else {}


def _name(document: Document) -> tuple[Value, Path]:
    given = document.spec.get("name")
    return (given, ("spec", "name")) if given is not None else (document.address.name, ("metadata", "name"))


def _http(document: Document, findings: Findings) -> list[Resource]:
    spec = document.spec
    operations = spec.get("operations") or []
    if not operations:
        findings.error(
            "vapi.no-operations",
            "an http tool needs at least one operation",
            ("spec", "operations") if "operations" in spec else ("spec",),
            hint="add operations: [{name, method, path}]",
        )
    resources: dict[str, Resource] = {}
    for index, operation in enumerate(operations):
        at: Path = ("spec", "operations", index)
        name = operation.get("name") if isinstance(operation, Mapping) else None
        if not isinstance(name, str) or not name or set(name) & set("[]"):
            findings.error("vapi.operation-name", "an operation needs a name (no brackets)", at)
            continue
        if name in resources:
            findings.error(
                "vapi.operation-name",
                f"operation {name!r} is there twice",
                (*at, "name"),
                detail="Each operation becomes a tool of its own, told apart by its name.",
            )
            continue
        draft = _operation(document, operation, at, findings, alone=len(operations) == 1)
        address = Address(document.address.kind, document.address.name, name)
        resources[name] = draft.resource(address, "Tool", document)
    return list(resources.values())


def _operation(
    document: Document, operation: Mapping[str, Any], at: Path, findings: Findings, *, alone: bool
) -> Draft:
    spec, draft = document.spec, Draft()
    draft.origins[()] = at
    draft.set(("type",), "apiRequest", ("spec", "type"))
    if alone and "name" in spec:
        draft.set(("name",), spec["name"], ("spec", "name"))
    else:
        draft.set(("name",), operation["name"], (*at, "name"))
    method = operation.get("method", "GET")
    draft.set(("method",), method.upper() if isinstance(method, str) else method, (*at, "method"))
    draft.set(("url",), _url(spec.get("endpoint"), operation.get("path"), at, findings), (*at, "path"))
    if operation.get("description") is not None:
        draft.set(("description",), operation["description"], (*at, "description"))
    else:
        draft.set(("description",), spec.get("description"), ("spec", "description"))
    if operation.get("schema") is not None:
        draft.set(("body",), _schema(operation["schema"]), (*at, "schema"))
    draft.set(("timeoutSeconds",), spec.get("timeoutSeconds"), ("spec", "timeoutSeconds"))
    for origin, headers in ((("spec", "headers"), spec), ((*at, "headers"), operation)):
        for name, value in (headers.get("headers") or {}).items():
            _header(draft, name, value, (*origin, name), findings)
    _auth(spec, draft, findings)
    draft.merge(spec.get("native"))
    return draft


def _url(endpoint: Value, path: Value, at: Path, findings: Findings) -> Value:
    if not isinstance(endpoint, str | Text) or endpoint == "":
        findings.error(
            "vapi.no-endpoint", "an http tool needs spec.endpoint, the address of the API", ("spec",)
        )
        return None
    if path is None:
        path = ""
    if not isinstance(path, str | Text):
        findings.error("vapi.operation-path", "path must be a string", (*at, "path"))
        return None
    if isinstance(endpoint, str) and isinstance(path, str):
        return endpoint.rstrip("/") + ("/" + path.lstrip("/") if path else "")
    before = endpoint.parts if isinstance(endpoint, Text) else (endpoint.rstrip("/"),)
    after = path.parts if isinstance(path, Text) else (path,)
    return Text((*before, *after))


def _schema(schema: Value) -> Value:
    if not isinstance(schema, Mapping):
        return schema
    return {key: value for key, value in schema.items() if key not in _ABOUT_SCHEMAS}


def _header(draft: Draft, name: str, value: Value, origin: Path, findings: Findings) -> None:
    if isinstance(value, bool | int | float):
        value = str(value).lower() if isinstance(value, bool) else str(value)
    if not isinstance(value, str | Text | Secret) or not name.isascii() or not name.strip():
        findings.error(
            "vapi.header", f"header {name!r} must have an ASCII name and a text as its value", origin
        )
        return
    known = (draft.payload.get("headers") or {}).get("properties") or {}
    for other in known:
        if other.lower() == name.lower() and other != name:
            findings.error("vapi.header", f"headers {other!r} and {name!r} are the same header", origin)
            return
    draft.set(("headers", "type"), "object", origin)
    draft.set(("headers", "properties", name), {"type": "string", "value": value}, origin)


def _auth(spec: Mapping[str, Any], draft: Draft, findings: Findings) -> None:
    auth, at = spec.get("auth"), ("spec", "auth")
    if auth is None:
        return
    if isinstance(auth, External | Ref):
        draft.set(("credentialId",), auth, at)
        return
    if not isinstance(auth, str | Text | Secret):
        findings.error(
            "vapi.auth",
            "auth is no secret",
            at,
            hint="write authRef: secrets/NAME, a secrets:// reference or {external: Credential/NAME}",
        )
        return
    scheme = spec.get("authScheme", "bearer")
    if scheme == "bearer":
        value: Value = Text(("Bearer ", *(auth.parts if isinstance(auth, Text) else (auth,))))
        if isinstance(auth, str):
            value = f"Bearer {auth}"
        _header(draft, "Authorization", value, at, findings)
    elif scheme == "header":
        _header(draft, str(spec.get("authHeader") or "X-API-Key"), auth, at, findings)
    else:
        findings.error(
            "vapi.auth-scheme",
            f"authScheme {scheme!r} is unknown",
            ("spec", "authScheme"),
            hint="it is bearer or header",
        )
