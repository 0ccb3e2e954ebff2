"""Rollback over several runs: what others edited between them is told from what the runs did."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.model.errors import Stale
from callsheet.operations.exports import take_now
from support.everything import everything
from support.world import World
from unit.operations.test_rollback import done, go_back, way_back


def conflicts(world: World, to: str, **options: str) -> set[str]:
    return {change.address for change in way_back(world, to, **options).plan.conflicts}


def lines(world: World, to: str) -> dict[str, dict[str, str]]:
    """Per address the operation of each path in the plan of the way back."""
    return {
        change.address: {".".join(map(str, line.path)): line.op for line in change.attributes}
        for change in way_back(world, to).plan.changes
    }


def edited_between(world: World) -> str:
    """A run, somebody's edit of what the files do not own, and a run that takes it as its baseline."""
    world.assistant("a", "One.")
    done(world.apply())
    world.edit("/assistant", "a", {"endCallMessage": "Bye."})
    world.assistant("a", "Two.")
    run = done(world.apply())
    world.edit("/assistant", "a", {"endCallMessage": "By hand.", "metadata": {"team": "sales"}})
    world.assistant("a", "Three.")
    done(world.apply())
    assert world.drift().report.drifted == ()
    return run


def test_an_edit_that_a_later_run_has_met_is_a_conflict(world: World) -> None:
    run = edited_between(world)
    before = everything(world)
    assert conflicts(world, run) == {"Assistant/a"}
    found = lines(world, run)["Assistant/a"]
    assert found["endCallMessage"] == "conflict"
    # What the runs did is none.
    assert {op for path, op in found.items() if path.startswith("model")} == {"change"}
    with pytest.raises(Stale, match="going back would undo that"):
        go_back(world, run)
    assert everything(world) == before


def test_it_can_be_kept(world: World) -> None:
    run = edited_between(world)
    done(go_back(world, run, on_conflict="keep"))
    live = world.live("/assistant", "a")
    assert (live["endCallMessage"], live["metadata"]["team"]) == ("By hand.", "sales")
    assert live["model"]["messages"][0]["content"] == "One."


def test_it_can_be_undone(world: World) -> None:
    run = edited_between(world)
    done(go_back(world, run, on_conflict="overwrite"))
    live = world.live("/assistant", "a")
    assert live["endCallMessage"] == "Bye."
    # The mark stays where all else is cleared.
    assert live["metadata"].keys() == {"callsheet"}


def test_what_the_files_have_taken_over_is_theirs(world: World) -> None:
    world.assistant("a", "One.")
    done(world.apply())
    world.assistant("a", "Two.")
    run = done(world.apply())
    world.edit("/assistant", "a", {"endCallMessage": "By hand."})
    world.assistant("a", "Three.", native={"endCallMessage": "By hand."})
    done(world.apply())
    assert conflicts(world, run) == set()


def test_an_edit_that_a_later_run_has_undone_is_none(world: World) -> None:
    world.assistant("a", "One.")
    done(world.apply())
    world.edit("/assistant", "a", {"endCallMessage": "Bye."})
    before = everything(world)
    world.assistant("a", "Two.")
    run = done(world.apply())
    world.edit("/assistant", "a", {"endCallMessage": "By hand."})
    world.assistant("a", "Two.", native={"endCallMessage": "From the files."})
    done(world.apply(on_conflict="overwrite"))
    world.assistant("a", "Two.")
    done(world.apply())
    done(go_back(world, run))
    assert everything(world) == before


def test_an_edit_back_to_what_was_seen_is_told_by_the_export(world: World) -> None:
    world.assistant("a")
    world.assistant("b", "One.")
    done(world.apply())
    world.edit("/assistant", "a", {"endCallMessage": "Bye."})
    world.assistant("b", "Two.")
    run = done(world.apply())
    # No run touches the object: to state it looks as it was left.
    world.edit("/assistant", "a", {"endCallMessage": None})
    assert conflicts(world, run) == {"Assistant/a"}
    done(go_back(world, run, on_conflict="keep"))
    assert world.live("/assistant", "a").get("endCallMessage") is None


def test_an_object_that_came_since_and_was_edited_is_not_deleted(world: World) -> None:
    world.assistant("a")
    done(world.apply())
    world.assistant("new", "One.")
    run = done(world.apply())
    world.edit("/assistant", "new", {"endCallMessage": "By hand."})
    world.assistant("new", "Two.")
    done(world.apply())
    assert conflicts(world, run) == {"Assistant/new"}
    done(go_back(world, run, on_conflict="keep"))
    assert world.live("/assistant", "new")["endCallMessage"] == "By hand."


def test_an_object_that_somebody_made_and_a_run_took_over_is_not_deleted(world: World) -> None:
    world.assistant("a", "One.")
    done(world.apply())
    world.assistant("a", "Two.")
    run = done(world.apply())
    world.api("POST", "/assistant", {"name": "theirs", "firstMessage": "hello"})
    world.assistant("theirs")
    done(world.apply())
    assert conflicts(world, run) == {"Assistant/theirs"}
    done(go_back(world, run, on_conflict="keep"))
    assert world.live("/assistant", "theirs")["firstMessage"] == "hello"


def test_what_was_edited_before_a_run_took_it_over_is_a_conflict(world: World) -> None:
    world.api("POST", "/assistant", {"name": "theirs", "firstMessage": "hello", "endCallMessage": "Bye."})
    world.assistant("a", "One.")
    done(world.apply())
    world.assistant("a", "Two.")
    run = done(world.apply())
    world.edit("/assistant", "theirs", {"endCallMessage": "By hand."})
    world.assistant("theirs")
    done(world.apply())
    assert lines(world, run)["Assistant/theirs"]["endCallMessage"] == "conflict"
    assert "conflict" not in {
        op for path, op in lines(world, run)["Assistant/theirs"].items() if path != "endCallMessage"
    }


def test_what_was_forgotten_and_edited_since_is_a_conflict(world: World) -> None:
    world.assistant("a", firstMessage="hello", lifecycle={"onRemove": "forget"})
    world.assistant("b")
    done(world.apply())
    world.remove("assistants/a.yaml")
    run = done(world.apply())
    assert conflicts(world, run) == set()
    world.edit("/assistant", "a", {"firstMessage": "By hand."})
    assert conflicts(world, run) == {"Assistant/a"}
    done(go_back(world, run, on_conflict="keep"))
    assert world.live("/assistant", "a")["firstMessage"] == "By hand."
    with world.session() as session:
        assert "Assistant/a" in session.ledger.load().records


def test_what_is_replaced_on_the_way_back_loses_no_edit_unasked(world: World) -> None:
    def tool(sort: str) -> None:
        world.document("Tool", "t", {"type": sort, "native": {"function": {"name": "t"}}})

    tool("function")
    world.assistant("a", tools=[{"ref": "t"}])
    done(world.apply())
    before = everything(world)
    tool("handoff")
    run = done(world.apply())
    world.edit("/tool", "t", {"messages": [{"type": "request-start", "content": "By hand."}]})
    edited = everything(world)
    assert conflicts(world, run) == {"Tool/t"}
    with pytest.raises(Stale):
        go_back(world, run)
    planned = way_back(world, run, on_conflict="keep").plan
    assert [each.code for each in planned.diagnostics] == ["rollback.kept"]
    done(go_back(world, run, on_conflict="keep"))
    assert everything(world) == edited
    done(go_back(world, run, on_conflict="overwrite"))
    assert everything(world) == before


def test_an_export_on_demand_does_not_confuse_it(world: World) -> None:
    world.assistant("a", "One.")
    done(world.apply())
    with world.session() as session:
        kept = str(take_now(session)["export"]["sha256"])
    world.time_passes(1)
    world.edit("/assistant", "a", {"endCallMessage": "By hand."})
    world.assistant("a", "Two.")
    done(world.apply())
    assert conflicts(world, kept) == {"Assistant/a"}


def lose(world: World, run: str) -> None:
    """The manifest of a run's export is gone from the disk."""
    with world.session() as session:
        [name] = [each["sha256"] for each in exports(session) if each["run"] == run]
    [blob] = list(Path(world.root / ".callsheet").rglob(f"*{name[2:]}*"))
    blob.unlink()


def exports(session: object) -> list[dict[str, str]]:
    from callsheet.operations.exports import listed

    found: list[dict[str, str]] = listed(session)["exports"]  # type: ignore[arg-type]
    return found


def test_an_export_that_is_gone_is_told(world: World) -> None:
    run = edited_between(world)
    with world.session() as session:
        last = exports(session)[0]["run"]
    assert "rollback.edits-untold" not in {each.code for each in way_back(world, run).plan.diagnostics}
    lose(world, last)
    planned = way_back(world, run).plan
    [told] = [each for each in planned.diagnostics if each.code == "rollback.edits-untold"]
    assert last in told.summary
    assert not planned.conflicts
