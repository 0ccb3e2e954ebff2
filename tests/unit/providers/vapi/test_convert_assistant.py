"""Assistants to Vapi's payloads, with the place of every value."""

from __future__ import annotations

from typing import Any

import pytest

from callsheet.model.value import External, Path, Ref, Text
from unit.providers.vapi.rendering import GPT, TOKEN, found, payload, places, render

# Assistants


def test_an_assistant_with_everything_that_is_portable() -> None:
    spec = {
        "systemPrompt": "You take orders. {{customer.name}}",
        "firstMessage": "Hello",
        "model": {"model": "gpt-4.1", "temperature": 0.2, "maxTokens": 300},
        "voice": {"voiceId": "burt", "speed": 1.1},
        "transcriber": {"model": "nova-3"},
        "language": "en",
        "tools": [Ref("jira"), Ref("Tool/zendesk")],
        "knowledge": [Ref("faq")],
        "structuredOutputs": [Ref("resolved")],
        "limits": {"maxDurationSeconds": 900},
        "safety": {"instructions": ["Never give medical advice.", "Stay polite."]},
        "compliance": {"hipaa": True, "pci": False},
        "fallbacks": {"models": ["gpt-4.1-mini"], "voices": [{"provider": "11labs", "voiceId": "sarah"}]},
    }
    assert payload("Assistant/orders", spec) == {
        "name": "orders",
        "firstMessage": "Hello",
        "model": {
            **GPT,
            "temperature": 0.2,
            "maxTokens": 300,
            "messages": [
                {
                    "role": "system",
                    "content": "You take orders. {{customer.name}}\n\n"
                    "Never give medical advice.\n\nStay polite.",
                }
            ],
            "toolIds": [Ref("jira"), Ref("Tool/zendesk"), Ref("KnowledgeBase/faq", "toolId")],
            "fallbackModels": ["gpt-4.1-mini"],
        },
        "voice": {
            "provider": "11labs",
            "voiceId": "burt",
            "speed": 1.1,
            "fallbackPlan": {"voices": [{"provider": "11labs", "voiceId": "sarah"}]},
        },
        "transcriber": {"provider": "deepgram", "model": "nova-3", "language": "en"},
        "artifactPlan": {"structuredOutputIds": [Ref("StructuredOutput/resolved")]},
        "maxDurationSeconds": 900,
        "compliancePlan": {"hipaaEnabled": True, "pciEnabled": False},
    }


def test_every_value_of_an_assistant_knows_its_place() -> None:
    spec = {
        "systemPrompt": "P",
        "model": {"model": "gpt-4.1", "temperature": 0.2},
        "tools": [Ref("a")],
        "knowledge": [Ref("b")],
        "limits": {"maxDurationSeconds": 900},
        "native": {"model": {"maxTokens": 9}, "hooks": [{"on": "call.ending"}], "name": "N"},
    }
    rendered = render("Assistant/a", spec)
    expected: dict[Path, str] = {
        ("name",): "spec.native.name",
        ("model",): "spec.model",
        ("model", "temperature"): "spec.model.temperature",
        ("model", "provider"): "spec.model.model",
        ("model", "maxTokens"): "spec.native.model.maxTokens",
        ("model", "messages", 0, "content"): "spec.systemPrompt.content",
        ("model", "toolIds", 0): "spec.tools[0]",
        ("model", "toolIds", 1): "spec.knowledge[0]",
        ("maxDurationSeconds",): "spec.limits.maxDurationSeconds",
        ("hooks", 0, "on"): "spec.native.hooks[0].on",
    }
    assert dict(zip(expected, places(rendered, *expected), strict=True)) == expected


def test_the_smallest_assistant() -> None:
    assert payload("Assistant/a", {}) == {"name": "a"}
    assert payload("Assistant/a", {"name": "Order agent"}) == {"name": "Order agent"}


def test_native_is_merged_over_and_null_takes_away() -> None:
    spec = {
        "model": {"model": "gpt-4.1", "temperature": 0.2},
        "firstMessage": "Hello",
        "native": {
            "firstMessage": None,
            "model": {"temperature": None, "messages": [{"role": "system", "content": "X"}]},
            "backgroundSound": "off",
        },
    }
    assert payload("Assistant/a", spec) == {
        "name": "a",
        "model": {**GPT, "messages": [{"role": "system", "content": "X"}]},
        "backgroundSound": "off",
    }


def test_a_secret_inside_a_prompt_stays_a_secret() -> None:
    text = Text(("Code: ", TOKEN))
    spec = {"systemPrompt": text, "safety": {"instructions": ["Be kind."]}, "native": {"model": GPT}}
    (message,) = payload("Assistant/a", spec)["model"]["messages"]
    assert message["content"] == Text(("Code: ", TOKEN, "\n\n", "Be kind."))


def test_safety_alone_makes_a_prompt() -> None:
    spec = {"model": {"model": "gpt-4.1"}, "safety": {"instructions": ["Be kind."]}}
    assert payload("Assistant/a", spec)["model"]["messages"][0]["content"] == "Be kind."


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"model": {"model": "kimi-k2-5"}}, ("error", "vapi.model-unknown", "spec.model.model")),
        ({"model": {"model": "claude-sonnet-4-6"}}, ("error", "vapi.model-ambiguous", "spec.model.model")),
        ({"model": {"temperature": 0.5}}, ("error", "vapi.no-model", "spec.model")),
        ({"systemPrompt": "P"}, ("error", "vapi.no-model", "spec.systemPrompt")),
        ({"tools": [Ref("a")]}, ("error", "vapi.no-model", "spec.tools[0]")),
        ({"voice": {"voiceId": "nobody"}}, ("error", "vapi.voice-unknown", "spec.voice.voiceId")),
        ({"voice": {"voiceId": "ryan"}}, ("error", "vapi.voice-ambiguous", "spec.voice.voiceId")),
        ({"voice": {"voiceId": External("Voice", "x")}}, ("error", "vapi.voice", "spec.voice.voiceId")),
        ({"voice": {"voiceId": 7}}, ("error", "vapi.voice", "spec.voice.voiceId")),
        (
            {"transcriber": {"model": "nova-99"}},
            ("error", "vapi.transcriber-unknown", "spec.transcriber.model"),
        ),
        ({"language": "en"}, ("warning", "vapi.unmapped", "spec.language")),
        ({"limits": {"callsPerHour": 5}}, ("warning", "vapi.unmapped", "spec.limits.callsPerHour")),
        (
            {"model": {"provider": "anthropic", "model": "x"}, "fallbacks": {"models": ["y"]}},
            ("warning", "vapi.unmapped", "spec.fallbacks.models[0]"),
        ),
        (
            {"model": GPT, "fallbacks": {"models": [{"provider": "google", "model": "y"}]}},
            ("warning", "vapi.unmapped", "spec.fallbacks.models[0]"),
        ),
        (
            {"fallbacks": {"voices": [{"provider": "11labs", "voiceId": "sarah"}]}},
            ("warning", "vapi.unmapped", "spec.fallbacks.voices[0]"),
        ),
        (
            {
                "voice": {"provider": "vapi", "voiceId": "Elliot"},
                "fallbacks": {"voices": [{"provider": "11labs", "voiceId": "sarah"}]},
            },
            ("warning", "vapi.unmapped", "spec.fallbacks.voices[0]"),
        ),
        (
            {"voice": {"provider": "cartesia", "voiceId": "x", "speed": 1.2}},
            ("warning", "vapi.unmapped", "spec.voice.speed"),
        ),
        ({"modle": {}}, ("error", "spec.unknown-key", "spec.modle")),
        ({"native": []}, ("error", "vapi.native", "spec.native")),
    ],
)
def test_what_cannot_be_mapped_is_told_with_its_place(
    spec: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert found("Assistant/a", spec) == [expected]


def test_an_ambiguous_model_names_its_providers_and_an_unknown_one_the_nearest() -> None:
    (ambiguous,) = render("Assistant/a", {"model": {"model": "claude-sonnet-4-6"}}).diagnostics
    assert "anthropic and anthropic-bedrock" in ambiguous.summary
    (near,) = render("Assistant/a", {"model": {"model": "gpt-4.1-mni"}}).diagnostics
    assert near.hint == "Did you mean gpt-4.1-mini?"
    (far,) = render("Assistant/a", {"model": {"model": "llama-on-our-own-metal"}}).diagnostics
    assert "custom-llm" in far.hint or "Did you mean" in far.hint


def test_the_provider_may_come_from_native() -> None:
    spec = {
        "model": {"model": "my-model"},
        "voice": {"voiceId": "my-voice"},
        "native": {"model": {"provider": "together-ai"}, "voice": {"provider": "11labs"}},
    }
    made = payload("Assistant/a", spec)
    assert made["model"] == {"provider": "together-ai", "model": "my-model"}
    assert made["voice"] == {"provider": "11labs", "voiceId": "my-voice"}


@pytest.mark.parametrize("level", ["verbose", "full", "structured"])
def test_every_level_of_logging_turns_call_logs_on(level: str) -> None:
    made = payload("Assistant/a", {"model": GPT, "logging": level, "structuredOutputs": [Ref("x")]})
    outputs = [Ref("StructuredOutput/x")]
    assert made["artifactPlan"] == {"loggingEnabled": True, "structuredOutputIds": outputs}


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, True),
        ({"native": {"artifactPlan": {"loggingEnabled": False}}}, False),
        ({"native": {"artifactPlan": {"recordingEnabled": False}}}, True),
        ({"compliance": {"hipaa": True}}, None),
        ({"compliance": {"pci": True}}, None),
        ({"compliance": {"hipaa": False}}, True),
        ({"native": {"compliancePlan": {"hipaaEnabled": True}}}, None),
        ({"compliance": {"hipaa": True}, "native": {"artifactPlan": {"loggingEnabled": True}}}, True),
    ],
)
def test_what_a_document_says_wins_over_logging_and_no_regime_is_weakened(
    more: dict[str, Any], kept: bool | None
) -> None:
    made = payload("Assistant/a", {"model": GPT, "logging": "full", **more})
    assert made.get("artifactPlan", {}).get("loggingEnabled") is kept
