"""Rollback: the hold that came after a look, what is taken from live, and creates that are told apart."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from callsheet.apply import applier
from callsheet.model.errors import Refused
from callsheet.operations.apply import apply, settle_journal
from callsheet.providers.vapi.writer import VapiWriter
from support.everything import everything
from support.world import World
from unit.apply.test_crash import Killed
from unit.operations.test_rollback import done, go_back, secretive, way_back


def test_a_rollback_that_ends_while_an_apply_waits_for_the_lock_holds_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.assistant("a", "good")
    world.assistant("b", firstMessage="hello")
    done(world.apply())
    world.assistant("a", "bad")
    bad = done(world.apply())
    world.edit("/assistant", "b", {"firstMessage": "by hand"})
    archive = world.plan().archive
    looked = applier.check_secrets

    def meanwhile(*arguments: Any) -> None:
        # What is looked at last before the lock is asked for.
        monkeypatch.setattr(applier, "check_secrets", looked)
        done(go_back(world, bad, on_conflict="keep"))
        looked(*arguments)

    monkeypatch.setattr(applier, "check_secrets", meanwhile)
    with pytest.raises(Refused) as refused:
        world.apply(archive)
    assert [each.code for each in refused.value.diagnostics] == ["refused.hold"]
    assert world.live("/assistant", "b")["firstMessage"] == "by hand"


def test_what_is_taken_from_live_is_hidden_from_then_on(world: World) -> None:
    def write(second: str) -> None:
        messages = [
            {"role": "system", "content": "${secrets://env/TOKEN}"},
            {"role": "user", "content": second},
        ]
        model = {"provider": "openai", "model": "gpt-4.1", "messages": messages}
        world.document("Assistant", "a", {"native": {"model": model}})

    # Where no kind knows of a secret, only what was taken from live tells that it is one.
    world.variables["TOKEN"] = "the-token-of-then"
    write("before")
    done(world.apply())
    write("after")
    run = done(world.apply())
    archive = way_back(world, run).archive
    del world.variables["TOKEN"]
    world.bad_day("error PATCH * status=400 forever=true echo=message")
    with world.session(files=False) as session:
        outcome = apply(session, archive)
    [result] = outcome.results
    assert result.status == "failed"
    assert "the-token-of-then" not in str(outcome.to_json())
    assert b"the-token-of-then" not in world.state_files()


def test_a_replacement_gets_the_secret_that_its_predecessor_has(world: World) -> None:
    world.variables["TOKEN"] = "the-token-of-then"
    secretive(world)
    world.assistant("a", tools=[{"ref": "t"}])
    done(world.apply())
    before = everything(world)
    native = {
        "name": "bash",
        "subType": "bash_20241022",
        "server": {"url": "https://a.example", "headers": {"X-Token": "secrets://env/TOKEN"}},
    }
    world.document("Tool", "t", {"type": "bash", "native": native})
    run = done(world.apply())
    del world.variables["TOKEN"]
    planned = way_back(world, run).plan
    assert {str(change.action) for change in planned.changes if change.kind == "Tool"} == {"replace"}
    done(go_back(world, run))
    assert everything(world) == before


def test_creates_that_differ_in_what_the_files_never_owned_are_told_apart(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tools() -> dict[str, Any]:
        return {each["id"]: each["messages"][0]["content"] for each in world.api("GET", "/tool")}

    # To state they are the same: only somebody's messages make the one and the other.
    for name in ("one", "two"):
        world.document("Tool", name, {"type": "function", "native": {"function": {"name": "t"}}})
    world.assistant("a")
    done(world.apply())
    with world.session() as session:
        ids = {address: each.remote_id for address, each in session.ledger.load().records.items()}
    for name in ("one", "two"):
        body = {"messages": [{"type": "request-start", "content": name}]}
        world.api("PATCH", f"/tool/{ids[f'Tool/{name}']}", body)
    for name in ("one", "two"):
        world.remove(f"tools/{name}.yaml")
    run = done(world.apply())
    archive = way_back(world, run).archive

    made = threading.Event()
    create = VapiWriter.create

    def killed(writer: Any, kind: str, payload: Any, **more: Any) -> Any:
        """The second is made, the first is not, and the process is gone before it learns of either."""
        if payload["messages"][0]["content"] == "two":
            create(writer, kind, payload, **more)
            made.set()
        made.wait(20)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(VapiWriter, "create", killed)
        with pytest.raises(Killed), world.session(files=False) as session:
            apply(session, archive)
    world.time_passes(120)
    with world.session(files=False) as session:
        settle_journal(session)
        records = session.ledger.load().records
    assert "Tool/one" not in records
    assert tools() == {records["Tool/two"].remote_id: "two"}
    done(go_back(world, run))
    assert sorted(tools().values()) == ["one", "two"]
