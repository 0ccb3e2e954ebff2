from __future__ import annotations

from typing import Any

import pytest

from unit.sandbox.client import ASSISTANT, FUNCTION, MODEL, NOWHERE, OUTPUT, Api

HANDOFF = {"type": "handoff", "destinations": [{"type": "assistant", "assistantId": NOWHERE}]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tool", HANDOFF),
        ("/assistant", {"model": MODEL | {"tools": [HANDOFF]}}),
        ("/squad", {"members": [{"assistant": {"model": MODEL | {"tools": [HANDOFF]}}}]}),
    ],
)
def test_a_handoff_to_nobody_is_refused(api: Api, path: str, body: dict[str, Any]) -> None:
    answer = api("POST", path, body)
    assert (answer.status, answer.body["message"]) == (400, f"Assistant with ID {NOWHERE} not found")
    assert api.get(path) == []


def test_a_handoff_to_an_assistant_that_is_there_is_taken(api: Api) -> None:
    target = api.make("/assistant", ASSISTANT)["id"]
    tool = api.make("/tool", {"type": "handoff"})
    destinations = [{"type": "assistant", "assistantId": target}]
    assert (
        api.change(f"/tool/{tool['id']}", {"destinations": destinations})["destinations"][0]["assistantId"]
        == target
    )
    answer = api("PATCH", f"/tool/{tool['id']}", {"destinations": HANDOFF["destinations"]})
    assert (answer.status, answer.body["message"]) == (400, f"Assistant with ID {NOWHERE} not found")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/assistant", {"model": MODEL | {"toolIds": [NOWHERE]}}),
        ("/squad", {"members": [{"assistantId": NOWHERE}]}),
        ("/phone-number", {"provider": "vapi", "assistantId": NOWHERE}),
        ("/structured-output", OUTPUT | {"assistantIds": [NOWHERE]}),
        ("/eval/simulation", {"scenarioId": NOWHERE, "personalityId": NOWHERE}),
        ("/eval/simulation/suite", {"name": "S", "simulationIds": [NOWHERE], "targetAssignments": []}),
    ],
)
def test_other_dead_references_are_taken(api: Api, path: str, body: dict[str, Any]) -> None:
    api.make(path, body)


def outputs(api: Api, assistant: str) -> Any:
    return api.get(f"/assistant/{assistant}").get("artifactPlan", {}).get("structuredOutputIds")


def test_the_mirror_follows_the_assistant(api: Api) -> None:
    one, two = (api.make("/structured-output", OUTPUT)["id"] for _ in range(2))
    plan = {"artifactPlan": {"structuredOutputIds": [one, two]}}
    made = api.make("/assistant", ASSISTANT | plan)
    holders = {id_: api.get(f"/structured-output/{id_}")["assistantIds"] for id_ in (one, two)}
    assert holders == {one: [made["id"]], two: [made["id"]]}
    api.change(f"/assistant/{made['id']}", {"artifactPlan": {"structuredOutputIds": [two]}})
    assert api.get(f"/structured-output/{one}")["assistantIds"] == []
    assert api("DELETE", f"/assistant/{made['id']}").status == 200
    assert api.get(f"/structured-output/{two}")["assistantIds"] == []


def test_the_mirror_follows_the_structured_output(api: Api) -> None:
    one, two = (api.make("/assistant", ASSISTANT)["id"] for _ in range(2))
    made = api.make("/structured-output", OUTPUT | {"assistantIds": [one]})
    assert outputs(api, one) == [made["id"]]
    path = f"/structured-output/{made['id']}"
    api.change(f"{path}?schemaOverride=false", {"assistantIds": [two]})
    assert (outputs(api, one), outputs(api, two)) == (None, [made["id"]])
    assert api("DELETE", path).status == 200
    assert outputs(api, two) is None


def test_the_mirrored_side_does_not_count_as_written(api: Api) -> None:
    made = api.make("/assistant", ASSISTANT)
    api.make("/structured-output", OUTPUT | {"assistantIds": [made["id"]]})
    after = api.get(f"/assistant/{made['id']}")
    assert (after["updatedAt"], after["latestVersion"]) == (made["updatedAt"], "v1")


def test_scorecards_are_mirrored_too(api: Api) -> None:
    made = api.make("/assistant", ASSISTANT)
    card = api.make("/observability/scorecard", {"metrics": [], "assistantIds": [made["id"]]})
    assert api.get(f"/assistant/{made['id']}")["artifactPlan"]["scorecardIds"] == [card["id"]]


def test_a_pinned_assistant_stays(api: Api) -> None:
    made = api.make("/assistant", ASSISTANT)
    squad = api.make("/squad", {"members": [{"assistantId": made["id"], "assistantVersion": "v1"}]})
    answer = api("DELETE", f"/assistant/{made['id']}")
    assert (answer.status, answer.body["error"]) == (409, "assistant_pinned")
    assert squad["id"] in answer.body["message"]
    api.change(f"/squad/{squad['id']}", {"members": [{"assistantId": made["id"]}]})
    assert api("DELETE", f"/assistant/{made['id']}").status == 200


def test_a_pinned_tool_stays(api: Api) -> None:
    tool = api.make("/tool", FUNCTION)["id"]
    made = api.make("/assistant", {"model": MODEL | {"toolRefs": [{"toolId": tool, "version": "v1"}]}})
    answer = api("DELETE", f"/tool/{tool}")
    assert (answer.status, answer.body["error"]) == (409, "tool_pinned")
    api.change(f"/assistant/{made['id']}", {"model": MODEL | {"toolIds": [tool]}})
    assert api("DELETE", f"/tool/{tool}").status == 200
