"""Squads, knowledge bases and native kinds to Vapi's payloads."""

from __future__ import annotations

from typing import Any

import pytest

from callsheet.model.kinds import Rendered
from callsheet.model.value import Content, Ref
from callsheet.providers.vapi.catalogue import VapiCatalogue
from unit.providers.vapi.rendering import found, payload, places, render

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
