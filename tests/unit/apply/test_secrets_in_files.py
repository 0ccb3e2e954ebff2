"""A secret's value that somebody wrote out in a file: sent as it is, shown to nobody, kept by its digest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callsheet.operations.rollback import rollback
from callsheet.plan.inputs import Options
from callsheet.plan.plan import Plan
from callsheet.providers.vapi.writer import VapiWriter
from callsheet.reports.json import document, plan_document
from e2e.command import call
from support.world import World, go_on

VALUE = "canary-of-a-header"
OPENLY = f"The token is {VALUE}."
REFERRED = {"server": {"url": "https://x.example", "headers": {"X": "secrets://env/T"}}}


class Killed(BaseException):
    """Nothing in the program may catch it."""


@pytest.fixture
def world(world: World) -> World:
    world.variables["T"] = VALUE
    world.assistant("holder", native=REFERRED)
    return world


def shown(plan: Plan) -> str:
    """All of the plan but what it has to hold for apply."""
    whole = plan.to_json()
    for change in whole["changes"]:
        change.pop("desired", None)
    return json.dumps(whole)


def tool(world: World, description: str, seconds: int = 20) -> None:
    """A tool has no room for a mark."""
    function = {"name": "t", "description": description}
    native = {"function": function, "server": {"url": "https://t.example", "timeoutSeconds": seconds}}
    world.document("Tool", "t", {"type": "function", "native": native})


def test_it_is_told_and_neither_shown_nor_kept(world: World) -> None:
    world.assistant("a", "Be kind.", firstMessage=OPENLY)
    tool(world, OPENLY)
    planned = world.plan()
    assert VALUE not in shown(planned.plan)
    told = {each.address: each for each in planned.plan.diagnostics}
    assert {each.code for each in told.values()} == {"plan.secret-in-files"}
    assert told.keys() == {"Assistant/a", "Tool/t"}
    assert str(told["Assistant/a"].place).startswith("specs/assistants/a.yaml:")
    assert world.apply(planned.archive).exit_code == 0
    assert world.live("/assistant", "a")["firstMessage"] == OPENLY
    assert VALUE.encode() not in world.state_files()
    assert world.plan().plan.empty
    assert world.drift().exit_code("any") == 0


def test_it_stays_as_it_is_where_the_secret_is_out_of_reach_or_another_by_now(world: World) -> None:
    world.assistant("a", firstMessage=OPENLY)
    world.apply()
    for now in (None, "canary-rotated"):
        world.variables.pop("T", None)
        if now:
            world.variables["T"] = now
        changed = {change.address for change in world.plan().plan.changes}
        assert changed == ({"Assistant/holder"} if now else set())
        assert world.drift().exit_code("any") == 0


def test_a_neighbour_of_it_may_change_and_it_may_itself(world: World) -> None:
    world.assistant("a", firstMessage=OPENLY)
    world.apply()
    world.assistant("a", firstMessage=OPENLY, native={"endCallMessage": "Bye."})
    [change] = world.plan().plan.changes
    assert [each.path for each in change.attributes] == [("endCallMessage",)]
    assert world.apply().exit_code == 0
    world.assistant("a", firstMessage=f"{OPENLY} Again.", native={"endCallMessage": "Bye."})
    planned = world.plan().plan
    assert [each.path for each in planned.changes[0].attributes] == [("firstMessage",)]
    assert VALUE not in shown(planned)
    assert world.apply().exit_code == 0
    assert world.live("/assistant", "a")["firstMessage"] == f"{OPENLY} Again."
    world.remove("assistants/a.yaml")
    planned = world.plan().plan
    assert planned.changes[0].action == "delete"
    assert VALUE not in shown(planned)
    assert world.apply().exit_code == 0
    assert VALUE.encode() not in world.state_files()


@pytest.mark.parametrize("call", ["create", "update"])
def test_a_killed_run_keeps_none_and_the_next_one_knows_its_own(
    world: World, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """What the journal has of it is enough to tell the object, and its new value, from somebody else's."""
    if call == "update":
        tool(world, "before")
    world.apply()
    tool(world, OPENLY)
    original = getattr(VapiWriter, call)

    def dies(self: VapiWriter, *arguments: Any, **named: Any) -> Any:
        original(self, *arguments, **named)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(VapiWriter, call, dies)
        with pytest.raises(Killed):
            world.apply()
    world.time_passes(120)
    assert VALUE.encode() not in world.state_files()
    made = world.live("/tool", "t")["id"]
    with world.session() as session:
        outcome = go_on(session)
    assert outcome.exit_code == 0, outcome.to_json()
    assert world.live("/tool", "t")["id"] == made
    assert len(world.api("GET", "/tool")) == 1
    # A third value is nobody's conflict.
    tool(world, "after")
    [change] = world.plan().plan.changes
    assert not change.conflict
    assert VALUE.encode() not in world.state_files()


def test_a_way_back_leaves_it_as_live_has_it(world: World) -> None:
    world.assistant("a", firstMessage=OPENLY)
    first = world.apply()
    assert first.run
    world.assistant("a", firstMessage=OPENLY, native={"endCallMessage": "Bye."})
    second = world.apply()
    assert second.run
    with world.session() as session:
        back = rollback(session, second.run, Options())
        assert VALUE not in shown(back.plan)
        assert world.apply(back.archive).exit_code == 0
    live = world.live("/assistant", "a")
    assert live["firstMessage"] == OPENLY
    assert live.get("endCallMessage") is None


@pytest.mark.parametrize("now", [None, "canary-rotated"], ids=["out of reach", "rotated"])
@pytest.mark.parametrize("what", ["neighbour", "lifecycle", "made again"])
def test_a_digest_stays_one_in_state(world: World, now: str | None, what: str) -> None:
    world.assistant("a", firstMessage=OPENLY)
    world.apply()
    del world.variables["T"]
    if now:
        world.variables["T"] = now
        world.apply()
    match what:
        case "neighbour":
            world.assistant("a", firstMessage=OPENLY, native={"endCallMessage": "Bye."})
        case "lifecycle":
            world.assistant("a", firstMessage=OPENLY, lifecycle={"onRemove": "forget"})
        case _:
            world.api("DELETE", f"/assistant/{world.live('/assistant', 'a')['id']}")
    planned = world.plan()
    assert [each.address for each in planned.plan.changes] == ["Assistant/a"]
    assert VALUE not in shown(planned.plan)
    assert world.apply(planned.archive).exit_code == 0
    assert world.live("/assistant", "a")["firstMessage"] == OPENLY
    assert VALUE.encode() not in world.state_files()
    assert world.plan().plan.empty


def test_beside_a_reference_it_is_as_open(world: World) -> None:
    world.variables["U"] = "another-secret"
    headers = {"X": f"{VALUE} ${{secrets://env/U}}"}
    world.assistant("a", native={"server": {"url": "https://x.example", "headers": headers}})
    planned = world.plan()
    assert VALUE not in shown(planned.plan)
    assert VALUE not in document(plan_document(planned.plan))
    assert [each.code for each in planned.plan.diagnostics] == ["plan.secret-in-files"]
    assert world.apply(planned.archive).exit_code == 0
    assert world.live("/assistant", "a")["server"]["headers"]["X"] == f"{VALUE} another-secret"
    assert VALUE.encode() not in world.state_files()
    assert world.plan().plan.empty


def test_json_has_references_as_the_file_has_them(world: World) -> None:
    world.assistant("a", native=REFERRED)
    written = json.loads(document(plan_document(world.plan().plan)))
    [change] = [each for each in written["changes"] if each["address"] == "Assistant/a"]
    assert change["desired"]["server"]["headers"]["X"] == {"$secret": "secrets://env/T"}


def test_no_finding_quotes_it(world: World) -> None:
    world.assistant("a", native={"firstMessageMode": VALUE})
    told = [each.to_json() for each in world.plan().plan.diagnostics]
    assert [each["code"] for each in told] == ["vapi.unknown-value", "plan.secret-in-files"]
    assert VALUE not in json.dumps(told)


def test_the_line_is_not_shown_where_the_value_may_be_written_in_other_letters(world: World) -> None:
    world.variables["T"] = "it's-a-pass'word"
    head = "apiVersion: v1\nkind: Assistant\nmetadata: {name: a}\nspec:\n"
    model = "  model: {provider: openai, model: gpt-4.1}\n  systemPrompt: Be kind.\n"
    world.file("assistants/a.yaml", f"{head}{model}  firstMessage: 'Use it''s-a-pass''word.'\n")
    done = call("plan", "-C", str(world.root), variables=world.variables)
    assert "firstMessage has the value of a secret written out" in done.out + done.err
    assert "assistants/a.yaml:7:" in done.out + done.err
    assert "pass" not in done.out + done.err


def test_what_a_way_back_could_not_bring_is_sent_when_the_files_have_it_again(world: World) -> None:
    world.assistant("a", firstMessage=OPENLY)
    world.apply()
    world.assistant("a", firstMessage="Hello.")
    run = world.apply().run
    assert run
    with world.session() as session:
        back = rollback(session, run, Options())
    assert world.apply(back.archive).exit_code == 0
    assert world.live("/assistant", "a")["firstMessage"] == "Hello."
    world.assistant("a", firstMessage=OPENLY)
    assert world.apply(world.plan(resume=True).archive).exit_code == 0
    assert world.live("/assistant", "a")["firstMessage"] == OPENLY
