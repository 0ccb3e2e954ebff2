"""Portable documents to Vapi's payloads, with the place of every value."""

from __future__ import annotations

from typing import Any

import pytest

from callsheet.model.diagnostics import Severity
from callsheet.model.kinds import Rendered
from callsheet.model.value import Content, External, Path, Ref, Secret, Text
from callsheet.providers.vapi.catalogue import VapiCatalogue
from unit.providers.documents import document

TOKEN = Secret("secrets://env/TOKEN")
GPT = {"provider": "openai", "model": "gpt-4.1"}


def render(address: str, spec: dict[str, Any], description: str = "") -> Rendered:
    return VapiCatalogue().render(document(address, spec, description))


def payload(address: str, spec: dict[str, Any], description: str = "") -> dict[str, Any]:
    rendered = render(address, spec, description)
    assert not rendered.diagnostics, rendered.diagnostics
    (resource,) = rendered.resources
    assert not [found for found in VapiCatalogue().check(resource) if found.severity is Severity.ERROR]
    return resource.payload


def found(address: str, spec: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (str(each.severity), each.code, str(each.place).removeprefix("f.yaml:"))
        for each in render(address, spec).diagnostics
    ]


def places(rendered: Rendered, *paths: Path) -> list[str]:
    return [str(rendered.resources[0].place(path)).removeprefix("f.yaml:") for path in paths]


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


# Squads


def test_a_squad_with_hand_offs() -> None:
    spec = {
        "members": [
            {
                "assistant": Ref("a"),
                "destinations": [
                    {"assistant": Ref("b"), "description": "for bills"},
                    {"assistant": Ref("Assistant/b"), "message": "One moment"},
                ],
            },
            {"assistant": Ref("b"), "overrides": {"firstMessage": "Hi"}},
        ]
    }
    assert payload("Squad/desk", spec) == {
        "name": "desk",
        "members": [
            {
                "assistantId": Ref("Assistant/a"),
                "assistantDestinations": [
                    {"type": "assistant", "assistantId": Ref("Assistant/b"), "description": "for bills"},
                    {
                        "type": "assistant",
                        "assistantName": Ref("Assistant/b", "name"),
                        "message": "One moment",
                    },
                ],
            },
            {"assistantId": Ref("Assistant/b"), "assistantOverrides": {"firstMessage": "Hi"}},
        ],
    }
    assert places(
        render("Squad/desk", spec),
        ("members", 0, "assistantId"),
        ("members", 0, "assistantDestinations", 1, "assistantName"),
        ("members", 1, "assistantOverrides", "firstMessage"),
    ) == [
        "spec.members[0].assistant",
        "spec.members[0].destinations[1].assistant",
        "spec.members[1].overrides.firstMessage",
    ]


def test_a_squad_may_be_native() -> None:
    members = [{"assistantId": Ref("Assistant/a")}]
    assert payload("Squad/desk", {"native": {"members": members}})["members"] == members


@pytest.mark.parametrize("member", [{}, "a", {"assistant": Ref("a"), "destination": []}])
def test_a_broken_member_says_where(member: Any) -> None:
    (only,) = found("Squad/desk", {"members": [member]})
    assert only[:2] == ("error", "vapi.squad-member")
    assert only[2].startswith("spec.members[0]")


# Knowledge


RETURNS = Content("ab" * 32, "returns.md", 12)


def test_a_knowledge_base_brings_its_files() -> None:
    spec = {"description": "D", "documents": [{"content": RETURNS}, {"content": RETURNS, "name": "again"}]}
    rendered = render("KnowledgeBase/faq", spec)
    assert not rendered.diagnostics
    assert [(str(each.address), each.kind) for each in rendered.resources] == [
        ("KnowledgeBase/faq", "KnowledgeBase"),
        ("KnowledgeBase/faq[returns.md]", "File"),
        ("KnowledgeBase/faq[again]", "File"),
    ]
    assert [str(address) for address in rendered.stands_for] == ["KnowledgeBase/faq"]
    base, file, _ = rendered.resources
    assert base.payload == {
        "name": "faq",
        "description": "D",
        "fileIds": [Ref("KnowledgeBase/faq[returns.md]"), Ref("KnowledgeBase/faq[again]")],
    }
    assert file.payload == {"name": "returns.md", "purpose": "knowledge-base-v2", "content": RETURNS}
    assert all(not VapiCatalogue().check(resource) for resource in rendered.resources)


def test_a_knowledge_base_may_use_files_declared_elsewhere() -> None:
    assert payload("KnowledgeBase/faq", {"documents": [Ref("File/a")]})["fileIds"] == [Ref("File/a")]


@pytest.mark.parametrize(
    ("documents", "code"),
    [
        (["a.md"], "vapi.document"),
        ([{"content": RETURNS}, {"content": RETURNS}], "vapi.document-name"),
        ([{"content": RETURNS, "name": "a[b]"}], "vapi.document-name"),
    ],
)
def test_broken_documents_say_where(documents: list[Any], code: str) -> None:
    (only,) = found("KnowledgeBase/faq", {"documents": documents})
    assert only == ("error", code, f"spec.documents[{len(documents) - 1}]")


def test_a_file() -> None:
    made = payload("File/terms", {"content": RETURNS})
    assert made == {"name": "terms", "purpose": "assistant", "content": RETURNS}
    assert found("File/terms", {}) == [("error", "vapi.document", "spec")]


# The rest


@pytest.mark.parametrize(
    ("address", "native", "more"),
    [
        ("PhoneNumber/hotline", {"provider": "vapi", "assistantId": Ref("a")}, {}),
        ("StructuredOutput/resolved", {"schema": {"type": "boolean"}}, {"description": "D"}),
        (
            "Eval/status",
            {"messages": [{"role": "user", "content": "Hi"}]},
            {"type": "chat.mockConversation", "description": "D"},
        ),
        ("Personality/calm", {"assistant": {"name": "x"}}, {}),
        ("Scenario/refund", {"instructions": "I", "evaluations": []}, {}),
        ("Simulation/one", {"scenarioId": Ref("refund"), "personalityId": Ref("calm")}, {}),
        ("SimulationSuite/all", {"simulationIds": [Ref("one")]}, {}),
        ("PronunciationDictionary/brands", {"provider": "cartesia", "items": []}, {}),
        ("Scorecard/quality", {"metrics": []}, {"description": "D"}),
    ],
)
def test_native_kinds(address: str, native: dict[str, Any], more: dict[str, Any]) -> None:
    name = address.partition("/")[2]
    spec = {"native": native, "description": "D"}
    # What metadata says of a document is for its readers and never sent.
    assert payload(address, spec, "for readers") == {"name": name, **native, **more}


def test_a_policy_is_no_remote_object() -> None:
    assert render("Policy/safety", {"safety": {}}) == Rendered((), ())


def test_an_unknown_kind_names_the_nearest() -> None:
    (only,) = render("Assistent/a", {}).diagnostics
    assert only.hint == "Did you mean Assistant?"
