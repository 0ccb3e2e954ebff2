"""Bodies against a vendor's document: strict, with exact paths, whatever the document's habits."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from callsheet.model.address import Address
from callsheet.model.errors import CallsheetError
from callsheet.model.resource import Resource
from callsheet.model.value import Ref, Secret
from callsheet.providers.registry import vendor_check
from callsheet.providers.vendor_schema import VendorSchema, load
from contract.providers.judge import DOCUMENT
from unit.providers.documents import document

SCHEMAS: dict[str, Any] = {
    "Car": {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "maxLength": 5, "pattern": "/^[a-z]+$/"},
            "note": {"type": "string", "nullable": True},
            "wheels": {"type": "number", "minimum": 3, "exclusiveMinimum": False},
            "engine": {
                "oneOf": [{"$ref": "#/components/schemas/Petrol"}, {"$ref": "#/components/schemas/Electric"}]
            },
            "voice": {"oneOf": [{"type": "string", "enum": ["burt"]}, {"type": "string"}]},
            "owner": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Owner"}]},
            "free": {"type": "object"},
            "map": {"type": "object", "additionalProperties": {"type": "number"}},
            "both": {
                "allOf": [
                    {"$ref": "#/components/schemas/Owner"},
                    {"type": "object", "properties": {"age": {"type": "number"}}},
                ]
            },
            "trailer": {"$ref": "#/components/schemas/Car"},
        },
    },
    "Petrol": {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"type": "string", "enum": ["petrol"]}, "litres": {"type": "number"}},
    },
    "Electric": {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"type": "string", "enum": ["electric"]}, "volts": {"type": "number"}},
    },
    "Owner": {"type": "object", "properties": {"email": {"type": "string"}}},
}


def operation(schema: str, kind: str = "application/json") -> dict[str, Any]:
    return {"requestBody": {"content": {kind: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}}


DOC = {
    "openapi": "3.0.0",
    "paths": {
        "/car": {"post": operation("Car"), "get": {}},
        "/car/{id}": {"patch": operation("Car"), "delete": {}},
        "/car/special": {"patch": operation("Owner")},
        "/upload": {"post": operation("Owner", "multipart/form-data")},
        "/ping": {"post": {}},
    },
    "components": {"schemas": SCHEMAS},
}


def judged(body: Any, method: str = "POST", path: str = "/car") -> list[tuple[tuple[str | int, ...], str]]:
    found = VendorSchema(DOC).mismatches(method, path, body)
    return [(each.path, each.message) for each in found]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a"},
        {"name": "abc", "note": None, "wheels": 3, "voice": "burt"},
        {"name": "a", "voice": "somebody", "engine": {"type": "petrol", "litres": 1.5}},
        {"name": "a", "owner": None, "free": {"any": 1}, "map": {"a": 1}},
        {"name": "a", "both": {"email": "x", "age": 1}, "trailer": {"name": "b"}},
    ],
)
def test_what_the_document_allows(body: Any) -> None:
    assert judged(body) == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ()),
        ([], ()),
        ({"name": "toolong"}, ("name",)),
        ({"name": "ABC"}, ("name",)),
        ({"name": "a", "bogus": 1}, ()),
        ({"name": "a", "wheels": 2}, ("wheels",)),
        ({"name": "a", "wheels": None}, ("wheels",)),
        ({"name": "a", "voice": 1}, ("voice",)),
        ({"name": "a", "engine": {}}, ("engine",)),
        ({"name": "a", "engine": {"type": "steam"}}, ("engine", "type")),
        ({"name": "a", "engine": {"type": "petrol", "volts": 1}}, ("engine",)),
        ({"name": "a", "engine": {"type": "electric", "volts": "x"}}, ("engine", "volts")),
        ({"name": "a", "map": {"a": "x"}}, ("map", "a")),
        ({"name": "a", "trailer": {"name": "a", "trailer": {}}}, ("trailer", "trailer")),
    ],
)
def test_what_it_does_not_has_an_exact_path(body: Any, path: tuple[str, ...]) -> None:
    assert [at for at, _ in judged(body)] == [path]


def test_null_clears_at_the_top_of_an_update_only() -> None:
    assert judged({"name": "a", "wheels": None}, "PATCH", "/car/1") == []
    assert judged({"name": "a", "engine": {"type": "petrol", "litres": None}}, "PATCH", "/car/1") != []


def test_paths_are_found_literal_ones_first() -> None:
    assert judged({"email": "x"}, "PATCH", "/car/special") == []
    assert judged({"email": 1}, "POST", "/upload") == [(("email",), '1 is not of type "string"')]
    assert judged({"any": 1}, "POST", "/ping") == []
    assert judged(None, "GET", "/car") == []
    assert judged({}, "POST", "/truck") == [((), "the document has no path /truck")]
    assert judged({}, "POST", "/car/1") == [((), "the document has no POST /car/{id}")]


def test_additions_are_allowed_too() -> None:
    schema = VendorSchema(DOC, {"Owner": {"age": {"type": "number"}}})
    assert schema.mismatches("POST", "/car", {"name": "a", "owner": {"age": 3}}) == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"[]", "is no OpenAPI 3"),
        (b'{"swagger": "2.0"}', "is no OpenAPI 3"),
        (b'{"openapi": "3.0.0"}', "no paths or no schemas"),
        (b'{"openapi": "3.0.0", "paths": {}, "components": []}', "no paths or no schemas"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_no_document_is_one_error(tmp_path: Path, data: bytes | None, why: str) -> None:
    file = tmp_path / "vendor.json"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(CallsheetError, match=why):
        load(file)


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any, **also: Any) -> Any:
        if name == "jsonschema_rs":
            raise ImportError(name)
        return real(name, *more, **also)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CallsheetError) as raised:
        judged({"name": "a"})
    assert raised.value.diagnostics[0].hint == "pip install 'callsheet[vendor-schema]'"


def test_a_schema_that_cannot_be_used_is_one_error() -> None:
    broken = {**DOC, "components": {"schemas": {**SCHEMAS, "Car": {"type": "nonsense"}}}}
    with pytest.raises(CallsheetError, match="cannot be used"):
        VendorSchema(broken).mismatches("POST", "/car", {})


@pytest.mark.skipif(not DOCUMENT.exists(), reason="Vapi's OpenAPI document is not here")
def test_resources_are_judged_with_their_places_and_unknown_values_left_out(tmp_path: Path) -> None:
    check = vendor_check("vapi", DOCUMENT)
    payload = {
        "provider": "vapi",
        "assistantId": Ref("Assistant/a"),
        # A password must have 20 characters, which nobody can know of a reference.
        "authentication": {"username": "u" * 20, "password": Secret("secrets://env/X")},
        "bogus": 1,
    }
    held = document("PhoneNumber/x", {})
    (found,) = check(Resource(Address("PhoneNumber", "x"), "PhoneNumber", payload, held, {(): ("spec",)}))
    assert "bogus" in found.summary
    assert str(found.place) == "f.yaml:spec"
    (tmp_path / "x.json").write_bytes(b"[")
    with pytest.raises(CallsheetError, match="no JSON"):
        vendor_check("vapi", tmp_path / "x.json")
