"""Thirty resources and the change that tries everything: creates, updates, replaces, deletes, two cycles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callsheet.plan.plan import Plan
from support.world import World

# Where objects of each kind that the estate has are listed.
LISTS = {
    "Assistant": "/assistant",
    "Eval": "/eval",
    "File": "/file",
    "KnowledgeBase": "/v2/knowledge-base",
    "Personality": "/eval/simulation/personality",
    "Scenario": "/eval/simulation/scenario",
    "Simulation": "/eval/simulation",
    "Squad": "/squad",
    "StructuredOutput": "/structured-output",
    "Tool": "/tool",
}

_SUMMARY = {"create": 16, "update": 7, "replace": 3, "delete": 4}


def is_whole(plan: Plan) -> bool:
    """Whether the plan of the change holds all that this estate is for."""
    return {name: plan.summary[name] for name in _SUMMARY} == _SUMMARY


def before(world: World) -> None:
    """What is applied first, in files; and what belongs to others, at the provider."""
    for name in ("kept", "asks", "gone"):
        world.assistant(name, firstMessage="before")
    world.assistant("holder", tools=[{"ref": "turns"}, {"ref": "turns-too"}], firstMessage="before")
    world.assistant("drops", tools=[{"ref": "leaves"}], structuredOutputs=[{"ref": "summary"}])
    for name in ("turns", "turns-too", "stays", "leaves"):
        function(world, name)
    # No name and no mark: if its creation is lost, only the journal tells that it is ours.
    world.document("Tool", "hangs-up", {"type": "endCall"})
    world.file("knowledge/faq.md", "# Before\n")
    world.document("KnowledgeBase", "faq", {"documents": ["knowledge/faq.md"]})
    output(world, "summary", "Before.")
    output(world, "gone")
    squad(world, "desk", "kept", "asks")
    squad(world, "gone", "asks")
    theirs(world)


def after(world: World) -> None:
    """The change, in files."""
    world.assistant("asks", firstMessage="after", tools=[{"ref": "stays"}])
    world.assistant("drops", structuredOutputs=[{"ref": "summary"}])
    for path in ("assistants/gone", "tools/leaves", "structuredoutputs/gone", "squads/gone"):
        world.remove(f"{path}.yaml")
    function(world, "stays", "after")
    # Another type is another tool: replaced, and its holders follow.
    handoff(world, "turns", "kept")
    world.document("Tool", "turns-too", {"type": "endCall"})
    world.file("knowledge/faq.md", "# After\n")
    world.document("KnowledgeBase", "faq", {"documents": ["knowledge/faq.md", "knowledge/more.md"]})
    world.file("knowledge/more.md", "# More\n")
    output(world, "summary", "After.")
    world.file("knowledge/one.md", "# One\n")
    world.file("knowledge/two.md", "# Two\n")
    world.document("KnowledgeBase", "guide", {"documents": ["knowledge/one.md", "knowledge/two.md"]})
    squad(world, "desk", "asks", "kept")
    # A cycle of two, and one of four.
    world.assistant("loop", tools=[{"ref": "back"}])
    handoff(world, "back", "loop")
    world.assistant("east", tools=[{"ref": "to-west"}])
    world.assistant("west", tools=[{"ref": "to-east"}])
    handoff(world, "to-west", "west")
    handoff(world, "to-east", "east")
    # No name, no room for a mark, and somebody else has the same: `theirs`.
    world.document("Tool", "bye", {"type": "endCall"})
    world.document("Tool", "bye-too", {"type": "endCall"})
    squad(world, "round", "loop", "east")
    world.document("Personality", "rude", {"native": {"assistant": {"model": MODEL}}})
    native: dict[str, Any] = {"instructions": "Ask for your money.", "evaluations": []}
    world.document("Scenario", "refund", {"native": native})
    native = {"scenarioId": {"ref": "refund"}, "personalityId": {"ref": "rude"}}
    world.document("Simulation", "try", {"native": native})


MODEL = {"provider": "openai", "model": "gpt-4.1"}


def theirs(world: World) -> None:
    """Objects of somebody else; some are just what the change will send."""
    world.api("POST", "/assistant", {"name": "theirs", "firstMessage": "mine"})
    world.api("POST", "/tool", {"type": "endCall"})
    world.api("POST", "/structured-output", {"name": "theirs", "type": "ai", "schema": {"type": "string"}})
    world.api("POST", "/squad", {"name": "theirs", "members": []})


def function(world: World, name: str, description: str = "before") -> None:
    native = {"function": {"name": name, "description": description}}
    world.document("Tool", name, {"type": "function", "native": native})


def handoff(world: World, name: str, to: str) -> None:
    destinations = [{"type": "assistant", "assistantId": {"ref": to}}]
    native = {"function": {"name": name}, "destinations": destinations}
    world.document("Tool", name, {"type": "handoff", "native": native})


def output(world: World, name: str, description: str = "What was said.") -> None:
    native = {"type": "ai", "description": description, "schema": {"type": "string"}}
    world.document("StructuredOutput", name, {"native": native})


def squad(world: World, name: str, *members: str) -> None:
    world.document("Squad", name, {"members": [{"assistant": {"ref": each}} for each in members]})


def inventory(world: World) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Every live object by kind and id."""
    return {
        (kind, each["id"]): each for kind, path in LISTS.items() for each in _listed(world.api("GET", path))
    }


def _listed(answer: Any) -> list[Any]:
    found: list[Any] = answer["results"] if isinstance(answer, dict) else answer
    return found
