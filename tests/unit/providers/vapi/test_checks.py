"""What Vapi would refuse is refused before it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from callsheet.model.address import Address
from callsheet.model.resource import Resource
from callsheet.model.value import Content, External, Ref, Secret, Text
from callsheet.providers.vapi.checks import check
from unit.providers.documents import document

GPT = {"provider": "openai", "model": "gpt-4.1"}
SECRET = Secret("secrets://env/X")


def resource(kind: str, payload: dict[str, Any]) -> Resource:
    return Resource(Address(kind, "x"), kind, payload, document(f"{kind}/x", {}), {(): ("spec", "native")})


def findings(kind: str, payload: dict[str, Any]) -> list[tuple[str, str]]:
    found = check(resource(kind, payload))
    assert all(each.place and each.address for each in found)
    return [(str(each.severity), each.summary) for each in found]


@pytest.mark.parametrize(
    ("kind", "payload", "summary"),
    [
        ("Assistant", {"name": "x" * 41}, "name: has 41 characters, 40 are allowed"),
        ("Assistant", {"maxDurationSeconds": 5}, "maxDurationSeconds: is 5, at least 10 is needed"),
        ("Assistant", {"endCallMessage": "x" * 1001}, "endCallMessage: has 1001 characters"),
        (
            "Assistant",
            {"stopSpeakingPlan": {"voiceSeconds": 0.6}},
            "stopSpeakingPlan.voiceSeconds: is 0.6, at",
        ),
        ("Assistant", {"stopSpeakingPlan": {"numWords": 11}}, "stopSpeakingPlan.numWords: is 11, at most 10"),
        ("Assistant", {"model": {"model": "gpt-4.1"}}, "model: provider is missing"),
        ("Assistant", {"model": {"provider": "openai"}}, "model: model is missing"),
        ("Assistant", {"model": {**GPT, "temperature": 2.1}}, "model.temperature: is 2.1, at most 2"),
        (
            "Assistant",
            {"model": {**GPT, "temperature": "hot"}},
            "model.temperature: must be a number, not 'hot'",
        ),
        (
            "Assistant",
            {"model": {**GPT, "temperature": True}},
            "model.temperature: must be a number, not True",
        ),
        ("Assistant", {"model": "gpt-4.1"}, "model: must be an object, not 'gpt-4.1'"),
        ("Assistant", {"voice": {"provider": "11labs"}}, "voice: voiceId is missing"),
        (
            "Assistant",
            {"voice": {"provider": "11labs", "voiceId": "x", "speed": 3}},
            "voice.speed: is 3, at most 1.2",
        ),
        ("Assistant", {"hooks": {}}, "hooks: must be a list, not an object"),
        ("Assistant", {"firstMessage": None}, "firstMessage: must not be null"),
        ("Assistant", {"endCallPhrases": ["a"]}, "endCallPhrases.0: has 1 characters, at least 2"),
        ("Assistant", {"model": {**GPT, "tools": [{}]}}, "model.tools.0: type is missing"),
        (
            "Assistant",
            {"model": {**GPT, "tools": [{"type": "function", "function": {"name": "a b"}}]}},
            "model.tools.0.function.name: 'a b' does not fit",
        ),
        (
            "Assistant",
            {
                "model": {
                    **GPT,
                    "toolIds": [Ref("Tool/a")],
                    "toolRefs": [{"toolId": Ref("Tool/a"), "version": "1"}],
                }
            },
            "model.toolIds: Tool/a is in toolIds and in toolRefs",
        ),
        ("Tool", {}, "type is missing"),
        ("Tool", {"type": "apiRequest", "url": "https://x"}, "method is missing"),
        ("Tool", {"type": "function", "function": {"name": "x" * 65}}, "function.name: has 65 characters"),
        ("Tool", {"type": "code", "code": "x" * 50001}, "code: has 50001 characters"),
        (
            "Tool",
            {
                "type": "function",
                "function": {
                    "name": "f",
                    "parameters": {"type": "object", "properties": {"a": {"type": ["string"]}}},
                },
            },
            "function.parameters.properties.a.type: type is a list (string)",
        ),
        (
            "Tool",
            {"type": "apiRequest", "url": "u", "method": "GET", "body": {"type": "object", "$defs": {}}},
            "body.$defs: $defs in a schema",
        ),
        ("Squad", {}, "members is missing"),
        ("Squad", {"members": []}, "members: a squad needs at least one member"),
        ("Squad", {"members": [{}]}, "members.0: a member needs assistantId or assistant"),
        (
            "Squad",
            {"members": [{"assistantId": Ref("Assistant/a")}, {"assistantId": Ref("Assistant/a")}]},
            "members.1: members 0 and 1 would have the same name",
        ),
        (
            "Squad",
            {
                "members": [
                    {"assistant": {"name": "n"}},
                    {"assistantId": "i", "assistantOverrides": {"name": "n"}},
                ]
            },
            "members.1: members 0 and 1 would have the same name (n)",
        ),
        (
            "StructuredOutput",
            {"name": "x", "schema": {"type": "string"}, "assistantIds": []},
            "assistantIds: which",
        ),
        ("StructuredOutput", {"name": "", "schema": {"type": "string"}}, "name: has 0 characters"),
        ("StructuredOutput", {"name": "x"}, "schema is missing"),
        ("Scorecard", {"metrics": [], "assistantIds": []}, "assistantIds: which assistants use it"),
        ("Scorecard", {"name": "x"}, "metrics is missing"),
        ("Eval", {"type": "chat.mockConversation"}, "messages is missing"),
        (
            "Eval",
            {"type": "chat.mockConversation", "messages": [], "description": "x" * 501},
            "description: has",
        ),
        (
            "Scenario",
            {"name": "x", "evaluations": [], "instructions": "x" * 10001},
            "instructions: has 10001",
        ),
        ("Simulation", {"scenarioId": "s"}, "personalityId is missing"),
        ("SimulationSuite", {"name": "x", "simulationIds": [], "path": "/x"}, "path: '/x' does not fit"),
        ("KnowledgeBase", {"name": "x" * 81, "fileIds": []}, "name: has 81 characters, 80"),
        ("File", {"name": "x" * 41, "content": Content("a", "b", 1)}, "name: has 41 characters"),
        ("File", {"name": "x", "content": Content("a", "b", 0)}, "content: the file is empty"),
        ("File", {"name": "x", "metadata": "m"}, "metadata: must be an object"),
        ("File", {"name": "x", "metadata": {"a": "x" * 4096}}, "metadata: is longer than 4096"),
        ("PhoneNumber", {"name": "x"}, "provider is missing"),
        (
            "PhoneNumber",
            {"provider": "twilio", "twilioAccountSid": "a", "number": 15551234567},
            "number: a phone",
        ),
        (
            "PhoneNumber",
            {"provider": "vapi", "assistantId": "a", "squadId": "b"},
            "squadId: a number is answered",
        ),
        ("PronunciationDictionary", {"name": "x"}, "provider must be 11labs or cartesia"),
        ("PronunciationDictionary", {"provider": "11labs"}, "a dictionary of 11labs needs rules"),
        (
            "PronunciationDictionary",
            {"provider": "cartesia", "items": [], "rules": []},
            "rules: a dictionary of cartesia has no rules",
        ),
    ],
)
def test_a_refusal_is_an_error_with_its_path(kind: str, payload: dict[str, Any], summary: str) -> None:
    found = findings(kind, payload)
    assert [severity for severity, _ in found] == ["error"], found
    assert found[0][1].startswith(summary), found


@pytest.mark.parametrize(
    ("kind", "payload", "summary"),
    [
        ("Assistant", {"fristMessage": "Hi"}, "fristMessage: fristMessage is unknown here"),
        ("Assistant", {"model": {**GPT, "temprature": 1}}, "model.temprature: temprature is unknown here"),
        (
            "Assistant",
            {"model": {"provider": "openai", "model": "gpt-99"}},
            "model.model: 'gpt-99' is unknown here",
        ),
        ("Assistant", {"model": {"provider": "nobody"}}, "model.provider: provider 'nobody' is unknown"),
        ("Assistant", {"id": "a"}, "id: id is set by Vapi and is never sent"),
        (
            "Assistant",
            {"analysisPlan": {"minMessagesThreshold": 1}},
            "analysisPlan.minMessagesThreshold: minM",
        ),
        ("Assistant", {"firstMessage": "Hi {{name"}, "firstMessage: {{ is opened and never closed"),
        ("Assistant", {"firstMessage": "{% if a %}{{ b }}{% endif"}, "firstMessage: {% is opened"),
        ("Tool", {"type": "futureTool"}, "type: type 'futureTool' is unknown"),
        ("File", {"name": "x", "purpose": "knowledge"}, "purpose: 'knowledge' is unknown here"),
    ],
)
def test_what_the_document_does_not_know_is_a_warning(
    kind: str, payload: dict[str, Any], summary: str
) -> None:
    found = findings(kind, payload)
    assert [severity for severity, _ in found] == ["warning"], found
    assert found[0][1].startswith(summary), found


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("Assistant", {"name": "x" * 40, "silenceTimeoutSeconds": 30, "metadata": {"any": {"thing": 1}}}),
        ("Assistant", {"firstMessage": Text(("a", SECRET)), "model": {**GPT, "toolIds": [Ref("Tool/a")]}}),
        ("Assistant", {"voice": {"provider": "11labs", "voiceId": "a-custom-one"}}),
        ("Assistant", {"voicemailDetection": "off", "backgroundSound": "https://x.example/a.mp3"}),
        (
            "Assistant",
            {"server": {"url": "https://x", "headers": {"a": SECRET}, "credentialId": External("C", "c")}},
        ),
        ("Assistant", {"firstMessage": "{{ a }} and {% if b %}c{% endif %} }}"}),
        ("Squad", {"members": [{"assistantId": Ref("Assistant/a")}, {"assistantId": Ref("Assistant/b")}]}),
        ("Tool", {"type": "apiRequest", "method": "GET", "url": "https://x/{{ a }}", "name": "a-B_1"}),
        (
            "Tool",
            {
                "type": "code",
                "code": "const a = `{{`",
                "environmentVariables": [{"name": "A", "value": SECRET}],
            },
        ),
        ("KnowledgeBase", {"name": "x", "description": None, "fileIds": [Ref("KnowledgeBase/x[a]")]}),
        ("StructuredOutput", {"name": "x", "schema": {"type": "object"}, "conditions": None}),
        (
            "PhoneNumber",
            {"provider": "vapi", "authentication": {"username": SECRET, "password": Text((SECRET,))}},
        ),
    ],
)
def test_what_is_fine_says_nothing(kind: str, payload: dict[str, Any]) -> None:
    assert findings(kind, payload) == []


def test_everything_is_told_at_once() -> None:
    payload = {"name": "x" * 41, "model": {**GPT, "temperature": 3, "maxTokens": 1}, "bogus": 1}
    assert len(findings("Assistant", payload)) == 4


def test_a_finding_has_its_reason_and_its_source() -> None:
    (found,) = check(resource("Assistant", {"fristMessage": "Hi"}))
    assert found.code == "vapi.unknown-key"
    assert found.hint == "Did you mean firstMessage?"
    assert "2026-08-19" in found.detail
    assert str(found.place) == "f.yaml:spec.native"


def test_depth_is_bounded() -> None:
    deep: dict[str, Any] = {"type": "object"}
    for _ in range(200):
        deep = {"type": "object", "properties": {"a": deep}}
    found = check(resource("Tool", {"type": "function", "function": {"name": "f", "parameters": deep}}))
    assert all("nested" in each.summary for each in found)
