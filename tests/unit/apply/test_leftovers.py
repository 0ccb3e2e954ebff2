"""What earlier runs left behind, and what a run that sends nothing must not make normal."""

from __future__ import annotations

from typing import Any

import pytest

from support.world import World


def tool(world: World, kind: str, **native: Any) -> None:
    world.document("Tool", "t", {"type": kind, "native": {"function": {"name": "t"}, **native}})


@pytest.fixture
def left_behind(world: World) -> World:
    """A tool that was replaced while its predecessor could not be deleted."""
    world.assistant("x")
    tool(world, "function")
    world.apply()
    tool(world, "handoff")
    world.bad_day("error DELETE /tool/* count=99 status=403")
    assert world.apply().exit_code == 5
    world.bad_day()
    assert len(world.api("GET", "/tool")) == 2
    return world


def test_a_leftover_goes_with_its_document(left_behind: World) -> None:
    left_behind.remove("tools/t.yaml")
    outcome = left_behind.apply()
    assert outcome.exit_code == 0, outcome.to_json()
    assert left_behind.api("GET", "/tool") == []
    assert left_behind.plan().plan.empty


def test_a_leftover_goes_when_its_successor_is_gone_and_made_again(left_behind: World) -> None:
    with left_behind.session() as session:
        successor = session.ledger.load().records["Tool/t"].remote_id
    left_behind.api("DELETE", f"/tool/{successor}")
    assert left_behind.apply().exit_code == 0
    assert len(left_behind.api("GET", "/tool")) == 1
    assert left_behind.plan().plan.empty


def test_a_leftover_is_not_forgotten_when_a_run_is_cut_short_again(left_behind: World) -> None:
    with left_behind.session() as session:
        successor = session.ledger.load().records["Tool/t"].remote_id
    left_behind.api("DELETE", f"/tool/{successor}")
    left_behind.bad_day("error DELETE /tool/* count=99 status=403")
    left_behind.apply()
    left_behind.bad_day()
    assert left_behind.apply().exit_code == 0
    assert len(left_behind.api("GET", "/tool")) == 1
    assert left_behind.plan().plan.empty


def test_a_run_that_sends_nothing_makes_no_foreign_edit_normal(world: World) -> None:
    world.assistant("a")
    world.apply()
    world.edit("/assistant", "a", {"firstMessage": "somebody's"})
    world.assistant("a", lifecycle={"preventDestroy": True})
    [change] = world.plan().plan.changes
    assert change.action == "refresh"
    world.apply()
    assert world.drift().exit_code("any") == 2


def test_what_was_kept_is_asked_about_again_when_something_moves(world: World) -> None:
    world.assistant("a", firstMessage="1")
    world.apply()
    world.edit("/assistant", "a", {"firstMessage": "9"})
    world.assistant("a", firstMessage="2")
    assert world.apply(on_conflict="keep").exit_code == 0
    assert world.plan().plan.empty
    world.edit("/assistant", "a", {"firstMessage": "10"})
    [change] = world.plan().plan.changes
    assert change.conflict
    assert world.apply(on_conflict="keep").exit_code == 0
    assert world.plan().plan.empty
    assert world.live("/assistant", "a")["firstMessage"] == "10"
    # Live comes round to the file's value: nothing is left to keep.
    world.edit("/assistant", "a", {"firstMessage": "2"})
    [change] = world.plan().plan.changes
    assert change.action == "refresh"
    world.apply()
    assert world.plan().plan.empty
