"""What leaves a file leaves the provider: values, whole objects, keys of list elements, emptied objects."""

from __future__ import annotations

from typing import Any

import pytest

from support.world import World, writes

VOICE = {"voice": {"provider": "11labs", "voiceId": "burt", "stability": 0.5}}
OBJECTS: dict[str, dict[str, Any]] = {
    "voice": VOICE,
    "transcriber": {"transcriber": {"provider": "deepgram", "model": "nova-3"}},
    "voicemail detection": {"voicemailDetection": {"provider": "vapi"}},
    "observability": {"observabilityPlan": {"provider": "langfuse", "tags": ["a"]}},
    "server": {"server": {"url": "https://a.example"}},
    "compliance": {"compliancePlan": {"hipaaEnabled": True}},
}


def settled(world: World) -> None:
    with world.counted() as counts:
        again = world.plan().plan
        assert again.empty, [change.to_json() for change in again.changes]
    assert writes(counts) == {}


@pytest.mark.parametrize("what", OBJECTS)
def test_a_whole_object_that_left_the_file_leaves_whole(world: World, what: str) -> None:
    [key] = OBJECTS[what]
    world.assistant("a", native=OBJECTS[what])
    assert world.apply().exit_code == 0
    world.assistant("a")
    outcome = world.apply()
    assert outcome.exit_code == 0, outcome.to_json()
    assert world.live("/assistant", "a").get(key) is None
    settled(world)


def test_what_somebody_added_beside_stays_where_the_rest_can_stand_alone(world: World) -> None:
    world.assistant("a", native={"server": {"url": "https://a.example"}})
    world.apply()
    server = world.live("/assistant", "a")["server"]
    world.edit("/assistant", "a", {"server": {**server, "timeoutSeconds": 33}})
    world.assistant("a")
    assert world.apply().exit_code == 0
    assert world.live("/assistant", "a")["server"] == {"timeoutSeconds": 33}
    settled(world)


def test_what_goes_along_with_a_lost_provider_is_told(world: World) -> None:
    world.assistant("a", native=VOICE)
    world.apply()
    voice = world.live("/assistant", "a")["voice"]
    world.edit("/assistant", "a", {"voice": {**voice, "similarityBoost": 0.7}})
    world.assistant("a")
    [change] = world.plan().plan.changes
    assert ("voice", "similarityBoost") in {each.path for each in change.attributes if each.op == "remove"}


def function(world: World, **native: Any) -> None:
    world.document("Tool", "t", {"type": "function", "native": {"function": {"name": "t"}, **native}})


def test_a_property_that_left_a_schema_is_not_left_empty(world: World) -> None:
    def parameters(*names: str) -> dict[str, Any]:
        properties = {name: {"type": "string", "description": name} for name in names}
        return {"function": {"name": "t", "parameters": {"type": "object", "properties": properties}}}

    world.document("Tool", "t", {"type": "function", "native": parameters("x", "y")})
    world.apply()
    world.document("Tool", "t", {"type": "function", "native": parameters("x")})
    assert world.apply().exit_code == 0
    [tool] = world.api("GET", "/tool")
    assert list(tool["function"]["parameters"]["properties"]) == ["x"]
    settled(world)


def test_a_key_that_left_a_list_element_is_cleared(world: World) -> None:
    message = {"type": "request-start", "content": "hold"}
    function(world, messages=[{**message, "blocking": True}])
    world.apply()
    function(world, messages=[message])
    planned = world.plan()
    assert [each.path for change in planned.plan.changes for each in change.attributes] == [
        ("messages", 0, "blocking")
    ]
    assert world.apply(planned.archive).exit_code == 0
    [tool] = world.api("GET", "/tool")
    assert tool["messages"][0].get("blocking") is not True
    settled(world)


def test_an_object_that_was_emptied_in_the_file_is_emptied(world: World) -> None:
    world.assistant("a", native={"analysisPlan": {"summaryPlan": {"enabled": False}}})
    world.apply()
    world.assistant("a", native={"analysisPlan": {"summaryPlan": {}}})
    assert world.apply().exit_code == 0
    assert world.live("/assistant", "a")["analysisPlan"]["summaryPlan"].get("enabled") is not False
    settled(world)


@pytest.mark.parametrize(
    "fault",
    [
        "error POST /v2/knowledge-base/*/file nth=2 count=9 status=400",
        "fail-indexing POST /v2/knowledge-base/*/file nth=2",
    ],
)
@pytest.mark.parametrize("again", ["the same plan", "a fresh plan"])
def test_a_document_that_was_not_attached_or_not_indexed_is_tried_again(
    world: World, fault: str, again: str
) -> None:
    for name in ("a", "b"):
        world.file(f"knowledge/{name}.md", f"# {name}\n")
    world.document("KnowledgeBase", "faq", {"documents": ["knowledge/a.md", "knowledge/b.md"]})
    archive = world.plan().archive
    world.bad_day(fault)
    assert world.apply(archive).exit_code == 5
    world.bad_day()
    assert not world.plan().plan.empty
    assert world.apply(archive if again == "the same plan" else None).exit_code == 0
    [base] = world.api("GET", "/v2/knowledge-base")
    files = world.api("GET", f"/v2/knowledge-base/{base['id']}/file")
    assert [each["status"] for each in files] == ["ready", "ready"]
    settled(world)
