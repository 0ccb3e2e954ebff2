"""Drift that a change leaves alone is drift still, and counts again when nobody answers for it any more."""

from __future__ import annotations

import pytest

from support.world import World

TAKEN = """
acknowledgedDrift:
  - {address: Assistant/desk, owner: dana, until: "2999-01-01"}
"""


@pytest.fixture
def drifted(world: World) -> World:
    """Somebody changed a top-level value and one inside of `model`, and somebody else took that on."""
    world.assistant(
        "desk", model={"provider": "openai", "model": "gpt-4.1", "temperature": 0.5}, firstMessage="Hi"
    )
    world.apply()
    model = {**world.live("/assistant", "desk")["model"], "temperature": 0.9}
    world.edit("/assistant", "desk", {"model": model, "firstMessage": "Merry Christmas"})
    world.environment(TAKEN)
    return world


def _change(world: World) -> None:
    model = {"provider": "openai", "model": "gpt-4.1", "temperature": 0.5}
    world.assistant("desk", "Be kinder.", model=model, firstMessage="Hi")


def _counts_again(world: World) -> None:
    live = world.live("/assistant", "desk")
    assert (live["firstMessage"], live["model"]["temperature"]) == ("Merry Christmas", 0.9)
    assert world.plan().plan.changes == ()
    assert world.drift().exit_code("any") == 0
    world.environment()
    assert world.drift().exit_code("managed") == 2
    [change] = world.plan().plan.changes
    assert {line.path for line in change.attributes} == {("firstMessage",), ("model", "temperature")}
    world.apply()
    healed = world.live("/assistant", "desk")
    assert (healed["firstMessage"], healed["model"]["temperature"]) == ("Hi", 0.5)
    assert world.drift().exit_code("any") == 0


def test_after_an_update_of_its_neighbours(drifted: World) -> None:
    _change(drifted)
    assert drifted.apply().diagnostics == ()
    _counts_again(drifted)


def test_after_a_change_of_state_alone(drifted: World) -> None:
    model = {"provider": "openai", "model": "gpt-4.1", "temperature": 0.5}
    drifted.assistant("desk", model=model, firstMessage="Hi", lifecycle={"preventDestroy": True})
    assert drifted.apply().results
    _counts_again(drifted)


def test_what_is_set_back_and_normalised_does_not_stay_drift(world: World) -> None:
    world.assistant("desk", firstMessage="Hi")
    world.apply()
    world.edit("/assistant", "desk", {"firstMessage": "Ho"})
    world.apply()
    assert world.drift().exit_code("any") == 0
    assert world.plan().plan.changes == ()
