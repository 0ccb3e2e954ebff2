"""What `doctor` says of state: whose the lock is, what a run left behind, and what cannot be read."""

from __future__ import annotations

import pytest

from callsheet.operations.doctor import Check, doctor
from callsheet.operations.session import Session
from callsheet.state.begun import Begun
from callsheet.state.snapshot import Entry
from support.world import World


@pytest.fixture
def applied(world: World) -> World:
    world.assistant("a")
    assert world.apply().exit_code == 0
    return world


def examined(world: World) -> dict[str, Check]:
    found = doctor(lambda: Session.open(world.root, variables=world.variables, clock=world.clock))
    return {check.name: check for check in found.checks}


def test_whose_the_lock_is(applied: World) -> None:
    with applied.session() as session:
        lease = session.lock.acquire(session.claim("apply"))
        held = examined(applied)["state"]
        lease.release()
    assert held.status == "ok"
    assert f"locked by {lease.holder}" in held.found
    assert "locked" not in examined(applied)["state"].found


def test_a_lock_that_keeps_everybody_out_is_no_good_health(applied: World) -> None:
    (applied.root / ".callsheet/state/documents/locks/dev").write_text("x")
    found = examined(applied)
    assert found["state"].status == "fail"
    assert "the lock of dev" in found["state"].found
    assert "callsheet state unlock" in found["state"].todo
    assert found["provider"].status == "ok"


def test_what_a_run_left_begun(applied: World) -> None:
    with applied.session() as session:
        session.ledger.load()
        session.ledger.append([Entry(begin=(Begun("Assistant/b", 1, "create", "Assistant", "key", "run"),))])
    found = examined(applied)["state"]
    assert found.status == "warn"
    assert "what became of 1 step that an earlier run began" in found.found
    assert found.todo.startswith("run `callsheet apply`")


def test_damaged_state_is_no_fault_of_the_provider(applied: World) -> None:
    (applied.root / ".callsheet/state/documents/state/dev/head").unlink()
    found = examined(applied)
    assert found["state"].status == "fail"
    assert found["provider"].status == "ok"
