"""One object of every kind of Vapi, what it needs first, and a change to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from callsheet.model.resource import RemoteObject
from callsheet.model.value import Content, Payload

Made = Mapping[str, RemoteObject]

DOCUMENT = b"# Returns\n\nThirty days.\n"
CONTENT = Content(hashlib.sha256(DOCUMENT).hexdigest(), "returns.md", len(DOCUMENT))


def contents(sha256: str) -> bytes:
    assert sha256 == CONTENT.sha256
    return DOCUMENT


@dataclass(frozen=True)
class Sample:
    kind: str
    payload: Callable[[Made], Payload]
    change: Callable[[Made], Mapping[str, Any]]
    needs: tuple[str, ...] = field(default=())


_MODEL = {"provider": "openai", "model": "gpt-4.1", "messages": [{"role": "system", "content": "Be kind."}]}
_SCHEMA = {"type": "object", "properties": {"resolved": {"type": "boolean"}}}
_EVAL = [
    {"role": "user", "content": "Where is my order?"},
    {"role": "assistant", "judgePlan": {"type": "exact", "content": "On its way."}},
]

SAMPLES = {
    sample.kind: sample
    for sample in (
        Sample(
            "Assistant",
            lambda made: {
                "name": "order-agent",
                "model": {**_MODEL, "toolIds": [made["Tool"].id]},
                "voice": {"provider": "11labs", "voiceId": "burt"},
                "server": {"url": "https://acme.example/hook", "headers": {"X-Key": "s3cret-of-the-hook"}},
            },
            lambda made: {"firstMessage": "Hello!", "model": {**_MODEL, "temperature": 0.2}},
            needs=("Tool",),
        ),
        Sample(
            "Tool",
            lambda made: {
                "type": "function",
                "function": {"name": "lookUp", "parameters": {"type": "object", "properties": {}}},
                "server": {"url": "https://acme.example/tool"},
            },
            lambda made: {"server": {"url": "https://acme.example/tool/2", "timeoutSeconds": 10}},
        ),
        Sample(
            "Squad",
            lambda made: {"name": "front-desk", "members": [{"assistantId": made["Assistant"].id}]},
            lambda made: {"name": "front-desk-2"},
            needs=("Tool", "Assistant"),
        ),
        Sample(
            "File",
            lambda made: {"name": "returns.md", "purpose": "assistant", "content": CONTENT},
            lambda made: {"name": "returns-2.md"},
        ),
        Sample(
            "KnowledgeBase",
            lambda made: {"name": "faq", "description": "Questions", "fileIds": [made["File"].id]},
            lambda made: {"description": "Answers", "fileIds": []},
            needs=("File",),
        ),
        Sample(
            "PhoneNumber",
            lambda made: {
                "provider": "twilio",
                "number": "+15551234567",
                "name": "hotline",
                "twilioAccountSid": "AC123",
                "twilioAuthToken": "t0ken-of-the-number",
                "assistantId": made["Assistant"].id,
            },
            lambda made: {"name": "hotline-2"},
            needs=("Tool", "Assistant"),
        ),
        Sample(
            "StructuredOutput",
            lambda made: {"name": "resolved", "schema": _SCHEMA},
            lambda made: {"description": "Whether it was resolved"},
        ),
        Sample(
            "Eval",
            lambda made: {"name": "status", "type": "chat.mockConversation", "messages": _EVAL},
            lambda made: {"description": "Asks for the status"},
        ),
        Sample(
            "Personality",
            lambda made: {"name": "impatient", "assistant": {"model": _MODEL}},
            lambda made: {"name": "very-impatient"},
        ),
        Sample(
            "Scenario",
            lambda made: {
                "name": "refund",
                "instructions": "Ask for a refund.",
                "evaluations": [
                    {"structuredOutputId": made["StructuredOutput"].id, "comparator": "=", "value": True}
                ],
            },
            lambda made: {"instructions": "Ask for a refund, twice."},
            needs=("StructuredOutput",),
        ),
        Sample(
            "Simulation",
            lambda made: {
                "name": "refund-impatient",
                "scenarioId": made["Scenario"].id,
                "personalityId": made["Personality"].id,
            },
            lambda made: {"name": "refund-2"},
            needs=("StructuredOutput", "Scenario", "Personality"),
        ),
        Sample(
            "SimulationSuite",
            lambda made: {
                "name": "nightly",
                "simulationIds": [made["Simulation"].id],
                "slackWebhookUrl": "https://hooks.slack.example/services/T0/B0/s3cret",
            },
            lambda made: {"name": "weekly"},
            needs=("StructuredOutput", "Scenario", "Personality", "Simulation"),
        ),
        Sample(
            "PronunciationDictionary",
            lambda made: {
                "name": "brands",
                "provider": "cartesia",
                "items": [{"text": "Acme", "alias": "AK-mee"}],
            },
            lambda made: {"items": [{"text": "Acme", "alias": "AK-may"}]},
        ),
        Sample(
            "Scorecard",
            lambda made: {
                "name": "quality",
                "metrics": [
                    {
                        "structuredOutputId": made["StructuredOutput"].id,
                        "conditions": [
                            {"type": "comparator", "comparator": "=", "value": True, "points": 100}
                        ],
                    }
                ],
            },
            lambda made: {"description": "How well it went"},
            needs=("StructuredOutput",),
        ),
    )
}
