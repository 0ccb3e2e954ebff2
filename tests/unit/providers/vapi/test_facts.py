"""The facts hang together, and are those of the document that they name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from callsheet.model.paths import matches, pattern
from callsheet.providers.vapi import facts
from callsheet.providers.vapi.catalogue import VapiCatalogue
from callsheet.providers.vapi.facts.distil import distil
from callsheet.providers.vapi.kinds import EXTERNAL, KINDS
from callsheet.providers.vapi.routes import ROUTES
from contract.providers.judge import DOCUMENT

needs_document = pytest.mark.skipif(not DOCUMENT.exists(), reason="Vapi's OpenAPI document is not here")


@needs_document
def test_the_facts_are_what_the_document_says() -> None:
    shipped = Path(facts.__file__).with_name("openapi.json").read_bytes()
    date = orjson.loads(shipped)["date"]
    assert distil(orjson.loads(DOCUMENT.read_bytes()), date) == shipped.strip()


def test_every_shape_that_is_referred_to_is_there() -> None:
    known = facts.shapes()

    def walk(shape: object) -> None:
        if isinstance(shape, dict):
            if "ref" in shape and isinstance(shape["ref"], str):
                assert shape["ref"] in known
            if "of" in shape and "by" in shape:
                assert set(shape["of"].values()) <= known.keys()
            for item in shape.values():
                walk(item)
        elif isinstance(shape, list):
            for item in shape:
                walk(item)

    walk(dict(known))
    walk(dict(facts.roots()))


def test_there_are_23_types_of_tools_and_5_of_numbers() -> None:
    assert len(facts.roots()["Tool"]["of"]) == 23
    assert len(facts.roots()["PhoneNumber"]["of"]) == 5


def test_models_and_voices_lead_to_their_providers() -> None:
    assert facts.models()["gpt-4.1"] == ("openai",)
    assert facts.models()["claude-sonnet-4-6"] == ("anthropic", "anthropic-bedrock")
    assert facts.voices()["burt"] == ("11labs",)
    assert facts.transcribers()["nova-3"] == ("deepgram",)


def test_every_kind_can_be_listed_and_names_its_source() -> None:
    for name, kind in KINDS.items():
        assert name in ROUTES
        assert "2026" in kind.source
        assert kind.server_owned
        assert set(kind.exports) <= {"toolId", "resourceId", "versionId", "name"}
    assert {"Credential", "Voice", "Monitor"} <= EXTERNAL


def test_references_lead_to_kinds_and_attributes_that_exist() -> None:
    for kind in KINDS.values():
        for reference in kind.references:
            for target, attribute in reference.targets.items():
                assert target in EXTERNAL
                assert attribute == "id" or attribute in KINDS[target].exports


@pytest.mark.parametrize(
    ("kind", "at", "target", "attribute"),
    [
        ("Assistant", ("model", "toolIds", 0), "Tool", "id"),
        ("Assistant", ("model", "toolIds", 0), "KnowledgeBase", "toolId"),
        ("Assistant", ("model", "tools", 1, "destinations", 0, "assistantId"), "Assistant", "id"),
        ("Assistant", ("hooks", 0, "do", 0, "tool", "credentialId"), "Credential", "id"),
        ("Assistant", ("artifactPlan", "structuredOutputIds", 0), "StructuredOutput", "id"),
        ("Assistant", ("voice", "pronunciationDictId"), "PronunciationDictionary", "resourceId"),
        ("Squad", ("members", 0, "assistantId"), "Assistant", "id"),
        ("Squad", ("members", 0, "assistantOverrides", "model", "toolIds", 2), "Tool", "id"),
        ("Squad", ("membersOverrides", "model", "toolRefs", 0, "toolId"), "Tool", "id"),
        ("Squad", ("members", 0, "assistantDestinations", 0, "assistantName"), "Assistant", "name"),
        ("Tool", ("destinations", 0, "squadId"), "Squad", "id"),
        ("Tool", ("knowledgeBases", 0, "fileIds", 0), "File", "id"),
        ("KnowledgeBase", ("fileIds", 0), "File", "id"),
        ("PhoneNumber", ("squadId",), "Squad", "id"),
        ("Scorecard", ("metrics", 0, "structuredOutputId"), "StructuredOutput", "id"),
        ("Scenario", ("evaluations", 0, "structuredOutputId"), "StructuredOutput", "id"),
        ("Simulation", ("personalityId",), "Personality", "id"),
        ("SimulationSuite", ("targetAssignments", 0, "targetId"), "Squad", "id"),
        ("Personality", ("assistant", "model", "toolIds", 0), "Tool", "id"),
    ],
)
def test_where_ids_are_held(kind: str, at: tuple[str | int, ...], target: str, attribute: str) -> None:
    held = [each.targets for each in KINDS[kind].references if matches(at, each.at)]
    assert any(targets.get(target) == attribute for targets in held)


@pytest.mark.parametrize(
    ("kind", "at"),
    [
        ("Assistant", ("server", "headers", "X-Key")),
        ("Assistant", ("model", "tools", 0, "server", "secret")),
        ("Assistant", ("model", "tools", 0, "environmentVariables", 0, "value")),
        ("Assistant", ("tools:append", 0, "headers", "properties", "Authorization", "value")),
        ("Assistant", ("credentials", 0, "apiKey")),
        ("Assistant", ("model", "headers", "X")),
        ("Assistant", ("transcriber", "server", "headers", "X")),
        ("Squad", ("members", 0, "assistant", "server", "headers", "X")),
        ("Squad", ("membersOverrides", "server", "secret")),
        ("Tool", ("server", "headers", "X")),
        ("Tool", ("headers", "properties", "X", "value")),
        ("Tool", ("parameters", 0, "value")),
        ("PhoneNumber", ("twilioAuthToken",)),
        ("PhoneNumber", ("authentication", "password")),
        ("SimulationSuite", ("slackWebhookUrl",)),
        ("Scenario", ("targetOverrides", "server", "headers", "X")),
        ("Eval", ("messages", 0, "judgePlan", "model", "headers", "X")),
    ],
)
def test_where_secrets_are_held(kind: str, at: tuple[str | int, ...]) -> None:
    assert any(matches(at, field.at) for field in KINDS[kind].secrets)


def test_what_cannot_be_undone_is_declared() -> None:
    assert {name for name, kind in KINDS.items() if kind.irreversible} == {"PhoneNumber", "KnowledgeBase"}
    assert KINDS["Tool"].immutable == (pattern("type"),)


def test_names_of_tools_stand_in_two_places() -> None:
    tool = KINDS["Tool"]
    assert tool.name_of({"type": "apiRequest", "name": "a", "function": {"name": "b"}}) == "a"
    assert tool.name_of({"type": "function", "function": {"name": "b"}}) == "b"
    assert tool.name_of({"type": "endCall"}) is None


def test_the_schema_for_editors_knows_the_keys_and_forbids_nothing() -> None:
    catalogue = VapiCatalogue()
    assistant = catalogue.native_schema("Assistant")
    assert assistant["type"] == "object"
    assert "firstMessage" in assistant["properties"]
    assert "url" in catalogue.native_schema("Tool")["properties"]
    assert catalogue.native_schema("File") == {"type": "object"}
    for kind in KINDS:
        assert _keywords(catalogue.native_schema(kind)) <= {"type", "properties", "items", "anyOf", "enum"}


def _keywords(schema: Mapping[str, Any]) -> set[str]:
    found = set(schema)
    for item in schema.get("properties", {}).values():
        found |= _keywords(item)
    for item in (*([schema["items"]] if "items" in schema else []), *schema.get("anyOf", ())):
        found |= _keywords(item)
    return found
