"""`callsheet state mv|rm`: addresses change in state alone, and the next plan knows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from callsheet.operations.surgery import surgery
from callsheet.providers.clock import SystemClock
from callsheet.state.begun import Begun
from callsheet.state.lock import Claim, Lock, Lost
from callsheet.state.snapshot import Entry, State
from callsheet.state.store import Moved
from support.world import World, writes
from unit.cli.test_state import call

HTTP: dict[str, Any] = {
    "type": "http",
    "endpoint": "https://jira.example",
    "operations": [
        {"name": "createIssue", "method": "POST", "path": "/a"},
        {"name": "closeIssue", "method": "POST", "path": "/b"},
    ],
}


@pytest.fixture
def estate(world: World) -> World:
    world.document("Tool", "t", {"type": "function", "native": {"function": {"name": "t"}}})
    world.assistant("holder", tools=[{"ref": "t"}], native={"name": "Holder"})
    world.assistant("other", native={"name": "Other"})
    world.apply()
    return world


def state_of(world: World) -> State:
    with world.session() as session:
        return session.ledger.load()


def begin(world: World, address: str) -> None:
    """As a run leaves it that was killed in the middle."""
    with world.session() as session, surgery(session, "test") as operation:
        kind = address.partition("/")[0]
        operation.write({}, Entry(begin=(Begun(address, 1, "update", kind, "key", "run-7", "id"),)))


def files_renamed(world: World) -> None:
    world.document("Tool", "u", {"type": "function", "native": {"function": {"name": "t"}}})
    world.assistant("holder", tools=[{"ref": "u"}], native={"name": "Holder"})
    world.remove("tools/t.yaml")


def test_a_renamed_address_keeps_its_object_and_what_refers_to_it(estate: World) -> None:
    before = state_of(estate)
    with estate.counted() as counts:
        code, out, err = call(estate, "state", "mv", "Tool/t", "Tool/u", "--yes")
    assert (code, counts) == (0, {})
    assert out == f"State: Tool/t is Tool/u now, at serial {state_of(estate).serial}.\n"
    assert "References follow in Assistant/holder" in err
    assert "movedFrom: Tool/t" in err
    after = state_of(estate)
    assert after.records["Tool/u"].remote_id == before.records["Tool/t"].remote_id
    assert after.records["Assistant/holder"].targets == {"Tool/u"}
    files_renamed(estate)
    with estate.counted() as counts:
        assert estate.plan().plan.empty
        assert estate.apply().exit_code == 0
    assert writes(counts) == {}


def test_a_document_takes_its_parts_along(world: World) -> None:
    world.document("Tool", "jira", HTTP)
    world.assistant("holder", tools=[{"ref": "jira"}])
    world.apply()
    code, out, _ = call(world, "state", "mv", "Tool/jira", "Tool/tickets", "--yes", "-o", "json")
    told = json.loads(out)
    assert (code, told["format"], told["following"]) == (0, "callsheet.state-change/1", ["Assistant/holder"])
    assert [(each["from"], each["to"]) for each in told["moved"]] == [
        ("Tool/jira[closeIssue]", "Tool/tickets[closeIssue]"),
        ("Tool/jira[createIssue]", "Tool/tickets[createIssue]"),
    ]
    world.document("Tool", "tickets", HTTP)
    world.remove("tools/jira.yaml")
    world.assistant("holder", tools=[{"ref": "tickets"}])
    assert world.plan().plan.empty


def test_one_part_is_renamed_by_itself(world: World) -> None:
    world.document("Tool", "jira", HTTP)
    world.apply()
    assert call(world, "state", "mv", "Tool/jira[closeIssue]", "Tool/jira[close]", "--yes")[0] == 0
    assert sorted(state_of(world).records) == ["Tool/jira[close]", "Tool/jira[createIssue]"]


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("Tool/x", "Tool/y", "state of dev has no Tool/x"),
        ("Tool/tt", "Tool/y", "Did you mean Tool/t?"),
        ("Tool/t", "Assistant/t", "a Tool stays a Tool"),
        ("Assistant/holder", "Assistant/other", "Assistant/other is in state already"),
        ("Tool/t", "Tool/t", "has that address already"),
        ("Tool/t", "Tool/Not A Slug", "cannot be the name of a document"),
        ("t", "Tool/u", "is no address"),
    ],
)
def test_what_cannot_be_renamed_is_left_as_it_is(estate: World, source: str, target: str, said: str) -> None:
    before = state_of(estate)
    code, out, err = call(estate, "state", "mv", source, target, "--yes")
    assert (code, out) == (1, "")
    assert said in err
    assert state_of(estate) == before


def test_a_plan_from_before_a_rename_is_stale(estate: World) -> None:
    estate.assistant("other", native={"name": "Other"}, firstMessage="hi")
    plan = estate.root / "p.plan"
    assert call(estate, "plan", "--out", str(plan))[0] == 0
    assert call(estate, "state", "mv", "Assistant/other", "Assistant/another", "--yes")[0] == 0
    code, _, err = call(estate, "apply", str(plan))
    assert code == 4
    assert "state has nothing for it" in err


def test_a_forgotten_object_stays_and_is_proposed_as_an_import(estate: World) -> None:
    with estate.counted() as counts:
        code, out, err = call(estate, "state", "rm", "Tool/t", "--yes")
    assert (code, counts) == (0, {})
    assert "State: 1 forgotten" in out
    assert "Assistant/holder still refers to Tool/t" in err
    assert "proposed as an import by the next plan" in err
    assert "Tool/t" not in state_of(estate).records
    actions = {change.address: change.action for change in estate.plan().plan.changes}
    assert actions["Tool/t"] == "import"
    assert estate.apply().exit_code == 0
    assert len(estate.api("GET", "/tool")) == 1
    assert estate.plan().plan.empty


def test_forgetting_tells_what_state_alone_remembered(world: World) -> None:
    world.assistant("a", lifecycle={"preventDestroy": True})
    world.apply()
    with world.session() as session, surgery(session, "test") as operation:
        record = operation.state.records["Assistant/a"]
        operation.write({}, Entry(put=(replace(record, replaced=("old-1",)),)))
    _, out, err = call(world, "state", "rm", "Assistant/a", "--yes", "-o", "json")
    assert "which preventDestroy protects" in err
    assert "still to be removed: old-1" in err
    assert [each["address"] for each in json.loads(out)["forgotten"]] == ["Assistant/a"]


def test_one_unknown_address_among_several_forgets_none(estate: World) -> None:
    before = state_of(estate)
    assert call(estate, "state", "rm", "Tool/t", "Tool/zzz", "--yes")[0] == 1
    assert state_of(estate) == before


def test_what_a_run_had_begun_is_found_out_first(estate: World) -> None:
    begin(estate, "Assistant/other")
    before = state_of(estate)
    for arguments in (("mv", "Tool/t", "Tool/u"), ("rm", "Assistant/other")):
        code, _, err = call(estate, "state", *arguments, "--yes")
        assert code == 4
        assert "run run-7 ended without a word" in err
        assert "run apply" in err
    assert state_of(estate) == before
    # What was begun is not about this one.
    assert call(estate, "state", "rm", "Tool/t", "--yes")[0] == 0


VERBS: list[tuple[str, ...]] = [("mv", "Tool/t", "Tool/u"), ("rm", "Tool/t")]


@pytest.mark.parametrize("verb", VERBS, ids=lambda each: each[0])
def test_nothing_is_written_without_a_yes_and_the_lock_is_given_back(
    estate: World, verb: tuple[str, ...]
) -> None:
    before = state_of(estate)
    code, _, err = call(estate, "state", *verb)
    assert code == 1
    assert "this needs a confirmation" in err
    assert "apply FILE" not in err
    for answer, expected in (("no\n", 1), ("yes\n", 0)):
        assert call(estate, "state", *verb, typed=answer)[0] == expected
        assert (state_of(estate) == before) is (expected == 1)


@pytest.mark.parametrize("verb", VERBS, ids=lambda each: each[0])
def test_they_wait_for_the_lock_and_name_its_holder(estate: World, verb: tuple[str, ...]) -> None:
    with estate.session() as session:
        Lock(session.store, "dev", SystemClock()).acquire(Claim("anna", "run-7", "host-1", "apply"))
    code, _, err = call(estate, "state", *verb, "--yes")
    assert code == 4
    assert "anna (unverified) on host-1" in err


@pytest.mark.parametrize("verb", VERBS, ids=lambda each: each[0])
def test_a_runner_may_not_change_what_is_lost_with_it(world: World, verb: tuple[str, ...]) -> None:
    world.environment(baseUrl="https://api.vapi.ai")
    world.variables["CI"] = "true"
    code, _, err = call(world, "state", *verb, "--yes")
    assert code == 3
    assert "disk of a CI runner" in err


def test_a_former_holder_is_fenced_off(estate: World) -> None:
    with estate.session() as former:
        former.ledger.load()
        assert call(estate, "state", "mv", "Tool/t", "Tool/u", "--yes")[0] == 0
        with pytest.raises(Moved):
            former.ledger.append([Entry()])
    assert state_of(estate).fence > 0


def test_a_lease_that_was_lost_while_somebody_was_asked_writes_nothing(estate: World) -> None:
    before = state_of(estate)
    with estate.session() as session, surgery(session, "test") as operation:
        estate.time_passes(100)
        with pytest.raises(Lost):
            operation.write({}, Entry(remove=("Tool/t",)))
    assert state_of(estate) == before
