"""Whatever a run did, rolling back to before it brings everything back; and that can be undone as well."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callsheet.operations.apply import apply
from callsheet.operations.rollback import rollback
from callsheet.plan.inputs import Options
from support.everything import differences, everything
from support.world import World

NAMES = ("a", "b", "c")
WORDS = st.sampled_from(["hello", "Say {{name}}.", "two\nlines", "ünï"])
OBJECTS: Mapping[str, Any] = {
    "voice": {"provider": "11labs", "voiceId": "burt", "stability": 0.5},
    "transcriber": {"provider": "deepgram", "model": "nova-3"},
    "server": {"url": "https://acme.example", "headers": {"X-Token": "secrets://env/TOKEN"}},
    "analysisPlan": {"summaryPlan": {"enabled": False}},
    "endCallMessage": "Bye.",
}
assistants = st.dictionaries(
    st.sampled_from(NAMES),
    st.fixed_dictionaries(
        {
            "prompt": WORDS,
            "first": st.none() | WORDS,
            "native": st.sets(st.sampled_from(sorted(OBJECTS))),
            "tools": st.sets(st.sampled_from(["t", "u"])),
        }
    ),
)
tools = st.dictionaries(st.sampled_from(["t", "u"]), st.sampled_from(["function", "handoff"]))
estates = st.fixed_dictionaries(
    {"assistants": assistants, "tools": tools, "squad": st.booleans(), "text": st.none() | WORDS}
)
# What people do at the provider: any of these may be somebody else's, or become the files'.
edits = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(
            [
                {"endCallMessage": "By hand."},
                {"voice": {"provider": "vapi", "voiceId": "Elliot"}},
                {"metadata": {"team": "sales"}},
                {"backgroundSound": "off"},
                {"server": {"url": "https://hand.example", "headers": {"X-Own": "a-person-s-own-secret"}}},
            ]
        ),
    ),
    max_size=3,
)


def write(world: World, estate: Mapping[str, Any]) -> None:
    """The files of an estate, and no others. The anchor is always there: an emptied estate is refused."""
    for path in world.root.rglob("*.yaml"):
        if path.name != "environments.yaml":
            path.unlink()
    world.assistant("anchor")
    for name, kind in estate["tools"].items():
        native: dict[str, Any] = {"function": {"name": name}}
        if kind == "handoff":
            native["destinations"] = [{"type": "assistant", "assistantId": {"ref": "anchor"}}]
        world.document("Tool", name, {"type": kind, "native": native})
    for name, each in estate["assistants"].items():
        spec: dict[str, Any] = {
            "tools": [{"ref": tool} for tool in sorted(each["tools"] & set(estate["tools"]))]
        }
        if each["first"] is not None:
            spec["firstMessage"] = each["first"]
        native = {key: OBJECTS[key] for key in each["native"]}
        world.assistant(name, each["prompt"], native, **spec)
    if estate["squad"]:
        members = [{"assistant": {"ref": name}} for name in ("anchor", *sorted(estate["assistants"]))]
        world.document("Squad", "team", {"members": members})
    if estate["text"] is not None:
        world.file("docs/faq.md", estate["text"])
        spec = {"documents": ["docs/faq.md"]}
        world.document("KnowledgeBase", "faq", spec, lifecycle={"preventDestroy": False})


def apply_files(world: World, estate: Mapping[str, Any]) -> str | None:
    write(world, estate)
    outcome = world.apply(on_conflict="overwrite", allow_mass_delete=True, resume=True)
    assert outcome.exit_code == 0, outcome.to_json()
    return outcome.run


def back(world: World, run: str) -> str | None:
    with world.session(files=False) as session:
        outcome = apply(session, rollback(session, run, Options(allow_mass_delete=True)).archive)
    assert outcome.exit_code == 0, outcome.to_json()
    return outcome.run


def without_their_secret(live: dict[str, Any]) -> dict[str, Any]:
    """A secret that nobody declared does not come back with a deleted object; that is told."""
    for each in live.values():
        each.get("server", {}).get("headers", {}).pop("X-Own", None)
    return live


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=estates, by_hand=edits, others=st.lists(estates, min_size=1, max_size=2))
def test_there_and_back(one: Any, by_hand: Any, others: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            world.variables["TOKEN"] = "a-token-from-the-environment"
            apply_files(world, one)
            world.api("POST", "/assistant", {"name": "theirs", "firstMessage": "not ours"})
            for name, body in by_hand:
                if name in one["assistants"]:
                    world.edit("/assistant", name, body)
            before = without_their_secret(everything(world))
            runs = [run for each in others if (run := apply_files(world, each))]
            after = without_their_secret(everything(world))
            if not runs:
                return
            returned = back(world, runs[0])
            assert differences(before, without_their_secret(everything(world))) == {}
            assert returned is not None
            back(world, returned)
            assert differences(after, without_their_secret(everything(world))) == {}
            # State is right as well: the files that made it so have nothing to do.
            assert world.plan(resume=True).plan.empty
        finally:
            world.close()
