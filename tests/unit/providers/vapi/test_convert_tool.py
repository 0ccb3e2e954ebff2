"""Tools to Vapi's payloads, with the place of every value."""

from __future__ import annotations

from typing import Any

import pytest

from callsheet.model.value import External, Text
from callsheet.providers.vapi.catalogue import VapiCatalogue
from unit.providers.vapi.rendering import TOKEN, found, payload, places, render

# Tools


JIRA = {
    "type": "http",
    "endpoint": "https://jira.example.com/",
    "auth": TOKEN,
    "operations": [
        {"name": "createIssue", "method": "post", "path": "/rest/api/3/issue", "schema": {"type": "object"}},
        {"name": "getIssue", "path": "rest/{{ id }}", "description": "Reads one", "headers": {"X-Trace": 1}},
    ],
}


def test_an_http_tool_becomes_one_tool_per_operation() -> None:
    rendered = render("Tool/jira", {**JIRA, "description": "Jira"})
    assert not rendered.diagnostics
    assert [str(address) for address in rendered.stands_for] == [
        "Tool/jira[createIssue]",
        "Tool/jira[getIssue]",
    ]
    header = {"type": "string", "value": Text(("Bearer ", TOKEN))}
    assert [resource.payload for resource in rendered.resources] == [
        {
            "type": "apiRequest",
            "name": "createIssue",
            "method": "POST",
            "url": "https://jira.example.com/rest/api/3/issue",
            "description": "Jira",
            "body": {"type": "object"},
            "headers": {"type": "object", "properties": {"Authorization": header}},
        },
        {
            "type": "apiRequest",
            "name": "getIssue",
            "method": "GET",
            "url": "https://jira.example.com/rest/{{ id }}",
            "description": "Reads one",
            "headers": {
                "type": "object",
                "properties": {"X-Trace": {"type": "string", "value": "1"}, "Authorization": header},
            },
        },
    ]
    assert all(not VapiCatalogue().check(resource) for resource in rendered.resources)
    assert places(rendered, ("url",), ("body", "type"), ("headers",), ("unknown",)) == [
        "spec.operations[0].path",
        "spec.operations[0].schema.type",
        "spec.operations[0]",
        "spec.operations[0]",
    ]


def test_a_single_operation_keeps_its_part() -> None:
    rendered = render("Tool/jira", {**JIRA, "operations": JIRA["operations"][:1], "name": "ticket"})
    assert [str(address) for address in rendered.stands_for] == ["Tool/jira[createIssue]"]
    assert rendered.resources[0].payload["name"] == "ticket"


def test_a_credential_of_the_organisation_is_named_by_its_id() -> None:
    held = External("Credential", "jira")
    rendered = render("Tool/jira", {**JIRA, "auth": held})
    assert rendered.resources[0].payload["credentialId"] == held
    assert "headers" not in rendered.resources[0].payload


@pytest.mark.parametrize(
    ("more", "name", "value"),
    [
        ({"authScheme": "header"}, "X-API-Key", TOKEN),
        ({"authScheme": "header", "authHeader": "X-Jira"}, "X-Jira", TOKEN),
        ({"auth": Text(("a-", TOKEN))}, "Authorization", Text(("Bearer ", "a-", TOKEN))),
    ],
)
def test_where_a_secret_goes(more: dict[str, Any], name: str, value: object) -> None:
    made = render("Tool/jira", {**JIRA, **more}).resources[0].payload
    assert made["headers"]["properties"][name]["value"] == value


def test_a_secret_in_the_address_stays_a_secret() -> None:
    endpoint = Text(("https://", TOKEN, ".example.com"))
    made = render("Tool/jira", {**JIRA, "endpoint": endpoint}).resources[0].payload
    assert made["url"] == Text(("https://", TOKEN, ".example.com", "/rest/api/3/issue"))


def test_what_describes_a_schema_is_left_out_of_it() -> None:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "x", "type": "object"}
    operation = {"name": "a", "path": "/", "schema": schema}
    made = render("Tool/jira", {**JIRA, "operations": [operation]}).resources[0].payload
    assert made["body"] == {"type": "object"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"operations": []}, ("error", "vapi.no-operations", "spec.operations")),
        ({"operations": [{"path": "/"}]}, ("error", "vapi.operation-name", "spec.operations[0]")),
        ({"operations": [{"name": "a[b]"}]}, ("error", "vapi.operation-name", "spec.operations[0]")),
        (
            {"operations": [{"name": "a"}, {"name": "a"}]},
            ("error", "vapi.operation-name", "spec.operations[1].name"),
        ),
        ({"operations": ["x"]}, ("error", "vapi.operation-name", "spec.operations[0]")),
        (
            {"operations": [{"name": "a", "path": 3}]},
            ("error", "vapi.operation-path", "spec.operations[0].path"),
        ),
        ({"auth": 7, "operations": [{"name": "a"}]}, ("error", "vapi.auth", "spec.auth")),
        (
            {"authScheme": "basic", "operations": [{"name": "a"}]},
            ("error", "vapi.auth-scheme", "spec.authScheme"),
        ),
        (
            {"headers": {"authorization": "x"}, "operations": [{"name": "a"}]},
            ("error", "vapi.header", "spec.auth"),
        ),
        (
            {"headers": {"X": []}, "auth": None, "operations": [{"name": "a"}]},
            ("error", "vapi.header", "spec.headers.X"),
        ),
        ({"endpoint": None, "operations": [{"name": "a"}]}, ("error", "vapi.no-endpoint", "spec")),
    ],
)
def test_a_broken_http_tool_says_where(more: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert found("Tool/jira", {**JIRA, **more}) == [expected]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"type": "function"}, {"type": "function", "function": {"name": "look-up"}}),
        (
            {"type": "function", "description": "D", "native": {"function": {"name": "lookUp"}}},
            {"type": "function", "function": {"name": "lookUp", "description": "D"}},
        ),
        ({"native": {"type": "endCall"}}, {"type": "endCall"}),
        ({"type": "transferCall", "name": "x"}, {"type": "transferCall"}),
        (
            {"type": "handoff", "name": "toBilling"},
            {"type": "handoff", "function": {"name": "toBilling"}},
        ),
        (
            {"type": "apiRequest", "native": {"method": "GET", "url": "https://x.example"}},
            {"type": "apiRequest", "name": "look-up", "method": "GET", "url": "https://x.example"},
        ),
    ],
)
def test_native_tools(spec: dict[str, Any], expected: dict[str, Any]) -> None:
    assert payload("Tool/look-up", spec) == expected


def test_a_tool_needs_a_type() -> None:
    assert found("Tool/a", {}) == [("error", "vapi.tool-type", "spec")]
