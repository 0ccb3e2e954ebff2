"""Rollback: what a run did is undone through the one planner, and the pipeline does not bring it back."""

from __future__ import annotations

from typing import Any

import pytest

from callsheet.apply.outcome import Outcome
from callsheet.model.errors import CallsheetError, Refused, Stale
from callsheet.operations.apply import apply, settle_journal
from callsheet.operations.exports import take_now
from callsheet.operations.plan import Planned
from callsheet.operations.rollback import rollback
from callsheet.plan.change import Action
from callsheet.plan.inputs import Options
from support.everything import everything
from support.world import World, writes
from unit.apply.test_crash import die


def way_back(world: World, to: str, **options: Any) -> Planned:
    with world.session(files=False) as session:
        return rollback(session, to, Options(**options))


def go_back(world: World, to: str, **options: Any) -> Outcome:
    planned = way_back(world, to, **options)
    with world.session(files=False) as session:
        return apply(session, planned.archive)


def done(outcome: Outcome) -> str:
    assert outcome.exit_code == 0, outcome.to_json()
    assert outcome.run is not None
    return outcome.run


def first(world: World) -> None:
    """What will be kept, updated, deleted and replaced; and what nobody manages."""
    for name in ("kept", "changed", "gone"):
        world.assistant(name, firstMessage="before")
    world.document("Tool", "t", {"type": "function", "native": {"function": {"name": "t"}}})
    world.assistant("holder", tools=[{"ref": "t"}])
    world.document(
        "Squad", "team", {"members": [{"assistant": {"ref": "gone"}}, {"assistant": {"ref": "holder"}}]}
    )
    world.file("docs/faq.md", "# Returns\nThirty days.")
    world.document(
        "KnowledgeBase", "faq", {"documents": ["docs/faq.md"]}, lifecycle={"preventDestroy": False}
    )
    done(world.apply())
    # Beside what the files own: people's settings at the provider, and an object of their own.
    world.edit("/assistant", "changed", {"endCallMessage": "Bye", "metadata": {"team": "sales"}})
    world.edit("/assistant", "gone", {"endCallMessage": "So long", "backgroundSound": "off"})
    world.api("POST", "/assistant", {"name": "theirs", "firstMessage": "not ours"})


def second(world: World) -> str:
    """Creates, changes, replaces and deletes."""
    world.assistant("changed", "Be curt.", firstMessage="after", native={"endCallMessage": "Done."})
    world.remove("assistants/gone.yaml")
    world.document("Tool", "t", {"type": "handoff", "native": {"function": {"name": "t"}}})
    world.file("docs/faq.md", "# Returns\nNone.")
    world.assistant("new", tools=[{"ref": "KnowledgeBase/faq"}])
    world.document(
        "Squad", "team", {"members": [{"assistant": {"ref": "holder"}}, {"assistant": {"ref": "new"}}]}
    )
    return done(world.apply(on_conflict="overwrite"))


def test_a_run_that_did_everything_is_undone_byte_for_byte(world: World) -> None:
    first(world)
    before = everything(world)
    run = second(world)
    assert everything(world) != before

    planned = way_back(world, run).plan
    actions = {change.address: change.action for change in planned.changes}
    assert actions == {
        "Assistant/changed": Action.UPDATE,
        "Assistant/gone": Action.CREATE,
        "Assistant/holder": Action.UPDATE,
        "Assistant/new": Action.DELETE,
        "KnowledgeBase/faq": Action.UPDATE,
        "KnowledgeBase/faq[faq.md]": Action.REPLACE,
        "Squad/team": Action.UPDATE,
        "Tool/t": Action.REPLACE,
    }
    assert {each.code for each in planned.diagnostics} == {"rollback.new-id"}
    done(go_back(world, run))

    assert everything(world) == before
    assert way_back(world, run).plan.empty
    with world.session() as session:
        assert set(session.ledger.load().records) == {
            *(f"Assistant/{name}" for name in ("kept", "changed", "gone", "holder")),
            "Tool/t",
            "Squad/team",
            "KnowledgeBase/faq",
            "KnowledgeBase/faq[faq.md]",
        }


def test_what_the_files_did_not_own_is_not_theirs_afterwards(world: World) -> None:
    first(world)
    run = second(world)
    done(go_back(world, run))
    for name in ("changed", "gone"):
        world.assistant(name, firstMessage="before")
    world.document("Tool", "t", {"type": "function", "native": {"function": {"name": "t"}}})
    world.document(
        "Squad", "team", {"members": [{"assistant": {"ref": "gone"}}, {"assistant": {"ref": "holder"}}]}
    )
    world.file("docs/faq.md", "# Returns\nThirty days.")
    world.remove("assistants/new.yaml")
    before = everything(world)
    assert world.plan().plan.empty
    assert world.apply().exit_code == 0
    assert everything(world) == before


def test_a_rollback_is_a_run_and_can_be_rolled_back(world: World) -> None:
    first(world)
    run = second(world)
    after = everything(world)
    back = done(go_back(world, run))
    assert everything(world) != after
    done(go_back(world, back))
    assert everything(world) == after
    # What is live is what the files say, and nothing holds them.
    assert world.plan().plan.empty


def test_the_hold_stops_the_bad_files_and_no_others(world: World) -> None:
    first(world)
    run = second(world)
    made_before = world.plan().archive
    done(go_back(world, run))
    before = everything(world)

    planned = world.plan()
    assert [gate.rule for gate in planned.plan.refusals] == ["hold"]
    assert planned.exit_code(False) == 3
    with pytest.raises(Refused, match="rolled back by run"):
        world.apply()
    # Nor does a plan that was made before the rollback.
    with pytest.raises(Refused, match="rolled back by run"):
        world.apply(made_before)
    assert everything(world) == before

    world.assistant("new", "Another prompt.")
    done(world.apply())
    with world.session() as session:
        assert session.ledger.load().hold is None


def test_good_files_are_not_held(world: World) -> None:
    world.assistant("a", "good")
    done(world.apply())
    world.assistant("a", "bad")
    bad = done(world.apply())
    world.assistant("a", "good")
    done(world.apply())
    done(go_back(world, bad))
    assert not world.plan().plan.refusals
    world.assistant("a", "bad")
    assert [gate.rule for gate in world.plan().plan.refusals] == ["hold"]


def test_what_was_held_then_is_held_again(world: World) -> None:
    world.assistant("a", "good")
    done(world.apply())
    world.assistant("a", "bad")
    done(go_back(world, done(world.apply())))
    world.assistant("a", "worse")
    done(go_back(world, done(world.apply())))
    for prompt in ("bad", "worse"):
        world.assistant("a", prompt)
        assert [gate.rule for gate in world.plan().plan.refusals] == ["hold"]
    world.assistant("a", "good")
    assert not world.plan().plan.refusals


def test_files_that_were_refused_are_not_held(world: World) -> None:
    world.assistant("a", "good")
    done(world.apply())
    world.assistant("a", "bad")
    bad = done(world.apply())
    world.assistant("a", "fixed")
    archive = world.plan().archive
    world.edit("/assistant", "a", {"name": "renamed"})
    with pytest.raises(Stale):
        world.apply(archive)
    world.edit("/assistant", "renamed", {"name": "a"})
    done(go_back(world, bad))
    assert not world.plan().plan.refusals


def test_back_to_an_export_that_was_asked_for(world: World) -> None:
    first(world)
    before = everything(world)
    with world.session() as session:
        kept = str(take_now(session)["export"]["sha256"])
    world.time_passes(1)
    second(world)
    done(go_back(world, kept[:12]))
    assert everything(world) == before
    assert [gate.rule for gate in world.plan().plan.refusals] == ["hold"]


def test_resume_brings_the_same_files_back(world: World) -> None:
    first(world)
    run = second(world)
    after = everything(world)
    done(go_back(world, run))
    done(world.apply(resume=True))
    assert everything(world) == after
    assert not world.plan().plan.refusals


def test_newer_edits_of_others_are_not_undone_unless_told(world: World) -> None:
    first(world)
    before = everything(world)
    run = second(world)
    world.edit("/assistant", "changed", {"firstMessage": "edited in the dashboard"})
    world.edit("/assistant", "new", {"firstMessage": "this too"})
    edited = everything(world)

    planned = way_back(world, run).plan
    assert {change.address for change in planned.conflicts} == {"Assistant/changed", "Assistant/new"}
    with pytest.raises(Stale, match="going back would undo that"):
        go_back(world, run)
    assert everything(world) == edited

    done(go_back(world, run, on_conflict="overwrite"))
    assert everything(world) == before


def test_newer_edits_can_be_kept(world: World) -> None:
    first(world)
    before = everything(world)
    run = second(world)
    world.edit("/assistant", "changed", {"firstMessage": "edited in the dashboard"})
    world.edit("/assistant", "new", {"firstMessage": "this too"})
    done(go_back(world, run, on_conflict="keep"))
    after = everything(world)
    assert after.pop("assistant:new")["firstMessage"] == "this too"
    assert after["assistant:changed"].pop("firstMessage") == "edited in the dashboard"
    assert before["assistant:changed"].pop("firstMessage") == "before"
    assert after == before
    # What was kept is still told.
    drifted = {each.address for each in world.drift().report.drifted if each.counts}
    assert drifted == {"Assistant/changed"}


def test_what_somebody_deleted_since_is_an_edit_too(world: World) -> None:
    first(world)
    before = everything(world)
    run = second(world)
    world.api("DELETE", f"/assistant/{world.live('/assistant', 'kept')['id']}")
    with pytest.raises(Stale, match="Assistant/kept"):
        go_back(world, run)
    done(go_back(world, run, on_conflict="overwrite"))
    assert everything(world) == before


def test_several_runs_are_undone_at_once(world: World) -> None:
    first(world)
    before = everything(world)
    run = second(world)
    world.assistant("changed", "A third prompt.")
    world.assistant("later")
    done(world.apply())
    done(go_back(world, run))
    assert everything(world) == before


def test_back_to_before_the_first_run_leaves_what_others_had(world: World) -> None:
    world.api("POST", "/assistant", {"name": "theirs"})
    before = everything(world)
    world.assistant("a")
    run = done(world.apply())
    done(go_back(world, run))
    assert everything(world) == before


def test_what_a_run_took_over_is_given_back_and_not_deleted_later(world: World) -> None:
    world.api("POST", "/assistant", {"name": "theirs", "firstMessage": "hello", "endCallMessage": "bye"})
    world.assistant("other")
    done(world.apply())
    before = everything(world)
    world.assistant("theirs", firstMessage="taken over")
    run = done(world.apply())
    done(go_back(world, run))
    assert everything(world) == before
    world.remove("assistants/theirs.yaml")
    done(world.apply())
    assert everything(world) == before


def test_a_rename_is_undone(world: World) -> None:
    world.assistant("old")
    done(world.apply())
    before = everything(world)
    world.remove("assistants/old.yaml")
    world.assistant("renamed", lifecycle={"movedFrom": "Assistant/old"})
    run = done(world.apply())
    done(go_back(world, run))
    assert everything(world) == before
    with world.session() as session:
        assert list(session.ledger.load().records) == ["Assistant/old"]


def test_what_was_forgotten_is_bound_again(world: World) -> None:
    world.assistant("a", lifecycle={"onRemove": "forget"})
    world.assistant("b")
    done(world.apply())
    before = everything(world)
    identity = world.live("/assistant", "a")["id"]
    world.remove("assistants/a.yaml")
    run = done(world.apply())
    done(go_back(world, run))
    assert everything(world) == before
    with world.session() as session:
        assert session.ledger.load().records["Assistant/a"].remote_id == identity


def test_what_refers_to_itself_comes_back(world: World) -> None:
    tool = {"type": "handoff", "destinations": [{"type": "assistant", "assistantId": {"ref": "a"}}]}
    world.assistant("a", native={"model": {"tools": [tool]}})
    world.assistant("b")
    done(world.apply())
    before = everything(world)
    world.remove("assistants/a.yaml")
    done(go_back(world, done(world.apply())))
    assert everything(world) == before


def test_what_was_ignored_is_ignored_again(world: World) -> None:
    def declared() -> None:
        world.assistant("a", firstMessage="unused", lifecycle={"ignoreChanges": ["firstMessage"]})

    declared()
    world.assistant("b")
    done(world.apply())
    world.edit("/assistant", "a", {"firstMessage": "people's own"})
    before = everything(world)
    world.remove("assistants/a.yaml")
    done(go_back(world, done(world.apply())))
    assert everything(world) == before
    declared()
    assert world.plan().plan.empty


def test_the_files_need_not_be_right(world: World) -> None:
    first(world)
    before = everything(world)
    run = second(world)
    world.file("assistants/broken.yaml", "kind: [")
    done(go_back(world, run))
    assert everything(world) == before


def test_planning_the_way_back_writes_nothing(world: World) -> None:
    first(world)
    run = second(world)
    kept = world.state_files()
    with world.counted() as counts:
        way_back(world, run)
    assert writes(counts) == {}
    assert world.state_files() == kept


def test_an_unknown_run_names_those_there_are(world: World) -> None:
    first(world)
    with pytest.raises(CallsheetError, match="nothing-like-it"):
        way_back(world, "nothing-like-it")


def test_never_applied(world: World) -> None:
    with pytest.raises(CallsheetError, match="never applied"):
        way_back(world, "20261120T")


# Secrets: kept where live has them, else from their reference, else told


def secretive(world: World, token: str = "secrets://env/TOKEN", url: str = "https://a.example") -> None:
    native = {"function": {"name": "t"}, "server": {"url": url, "headers": {"X-Token": token}}}
    world.document("Tool", "t", {"type": "function", "native": native})


def header(world: World) -> str:
    return str(world.live("/tool", "t")["server"]["headers"]["X-Token"])


def test_a_secret_that_live_still_has_is_kept_whatever_its_reference_says_now(world: World) -> None:
    world.variables["TOKEN"] = "the-token-of-then"
    secretive(world)
    done(world.apply())
    before = everything(world)
    secretive(world, url="https://b.example")
    run = done(world.apply())
    del world.variables["TOKEN"]
    planned = way_back(world, run).plan
    assert planned.diagnostics == ()
    assert b"the-token-of-then" not in str(planned.to_json()).encode()
    done(go_back(world, run))
    assert everything(world) == before


def test_a_secret_that_live_lost_comes_from_its_reference(world: World) -> None:
    world.variables |= {"TOKEN": "the-token-of-then", "OTHER": "another-token"}
    secretive(world)
    done(world.apply())
    before = everything(world)
    secretive(world, "secrets://env/OTHER")
    run = done(world.apply())
    assert header(world) == "another-token"
    done(go_back(world, run))
    assert everything(world) == before


def test_a_rotated_secret_is_told_before_it_starts(world: World) -> None:
    world.variables |= {"TOKEN": "the-token-of-then", "OTHER": "another-token"}
    secretive(world)
    done(world.apply())
    secretive(world, "secrets://env/OTHER")
    run = done(world.apply())
    world.variables["TOKEN"] = "rotated-in-between"
    assert [each.code for each in way_back(world, run).plan.diagnostics] == ["rollback.secret-of-today"]
    done(go_back(world, run))
    assert header(world) == "rotated-in-between"


def test_a_secret_that_nobody_has_is_told_and_not_sent(world: World) -> None:
    world.variables |= {"TOKEN": "the-token-of-then", "OTHER": "another-token"}
    secretive(world)
    done(world.apply())
    secretive(world, "secrets://env/OTHER", url="https://b.example")
    run = done(world.apply())
    del world.variables["TOKEN"]
    told = {each.code: each for each in way_back(world, run).plan.diagnostics}
    assert "secrets://env/TOKEN" in told["rollback.secret-not-restorable"].summary
    assert "server.url" in told["rollback.left-as-it-is"].summary
    done(go_back(world, run))
    # Live's token is sent to the address that it was set for, and to no other.
    assert world.live("/tool", "t")["server"]["url"] == "https://b.example"
    assert header(world) == "another-token"


def test_a_deleted_object_with_a_secret_gets_it_from_the_reference(world: World) -> None:
    world.variables["TOKEN"] = "the-token-of-then"
    secretive(world)
    world.assistant("a")
    done(world.apply())
    before = everything(world)
    world.remove("tools/t.yaml")
    run = done(world.apply())
    done(go_back(world, run))
    assert everything(world) == before


def test_a_person_s_own_secret_is_kept_through_an_update_of_its_neighbours(world: World) -> None:
    world.variables["TOKEN"] = "the-token-of-then"
    secretive(world)
    done(world.apply())
    headers = {"X-Token": "the-token-of-then", "X-Own": "a-person-s-secret"}
    world.edit("/tool", "t", {"server": {"url": "https://a.example", "headers": headers}})
    before = everything(world)
    secretive(world, url="https://b.example")
    run = done(world.apply())
    done(go_back(world, run))
    assert everything(world) == before
    assert b"a-person-s-secret" not in world.state_files()


# Uploads


def with_a_file(world: World) -> None:
    world.file("docs/faq.md", "# Returns\nThirty days.")
    spec = {"documents": ["docs/faq.md"]}
    world.document("KnowledgeBase", "faq", spec, lifecycle={"preventDestroy": False})


def test_a_deleted_knowledge_base_comes_back_with_its_files(world: World) -> None:
    with_a_file(world)
    world.assistant("a", tools=[{"ref": "KnowledgeBase/faq"}])
    done(world.apply())
    before = everything(world)
    world.remove("knowledgebases/faq.yaml")
    world.assistant("a")
    run = done(world.apply())
    planned = way_back(world, run).plan
    assert "rollback.not-the-same" in {each.code for each in planned.diagnostics}
    done(go_back(world, run))
    assert everything(world) == before


# Killed on the way


@pytest.mark.parametrize("point", range(4, 44, 5))
def test_a_rollback_that_is_killed_is_gone_on_with(
    world: World, monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    first(world)
    before = everything(world)
    run = second(world)
    archive = way_back(world, run).archive
    assert die(world, archive, monkeypatch, point)
    # From the first request on, the bad files are held.
    with world.session() as session:
        settled = session.ledger.load()
    if settled.run and settled.run["mode"] == "rollback":
        assert [gate.rule for gate in world.plan().plan.refusals if gate.rule == "hold"] == ["hold"]
    world.time_passes(120)
    with world.session(files=False) as session:
        settle_journal(session)
    done(go_back(world, run))
    assert everything(world) == before


# An address that means another object today


def told_of_another(world: World, run: str) -> tuple[str, str]:
    [told] = [
        each for each in way_back(world, run).plan.diagnostics if each.code == "rollback.another-object"
    ]
    return told.summary, told.detail or ""


def test_an_address_that_a_new_object_took_from_a_renamed_one_is_told(world: World) -> None:
    world.assistant("a", "The old one.")
    world.assistant("b")
    done(world.apply())
    before = everything(world)
    old = world.live("/assistant", "a")["id"]
    world.assistant("renamed", "The old one.", lifecycle={"movedFrom": "Assistant/a"})
    world.remove("assistants/a.yaml")
    run = done(world.apply())
    world.assistant("a", "The new one.")
    world.assistant("renamed", "The old one.")
    done(world.apply())
    new = world.live("/assistant", "a")["id"]
    summary, detail = told_of_another(world, run)
    assert f"renamed ({old})" in summary
    assert f"a ({new})" in summary
    assert detail == "The other one is Assistant/renamed today, which was not there then: it is deleted."
    done(go_back(world, run))
    assert everything(world) == before
    assert world.live("/assistant", "a")["id"] == new


def test_an_address_that_a_new_object_took_from_a_forgotten_one_is_told(world: World) -> None:
    world.assistant("a", "The old one.", lifecycle={"onRemove": "forget"})
    world.assistant("b")
    done(world.apply())
    old = world.live("/assistant", "a")["id"]
    world.remove("assistants/a.yaml")
    run = done(world.apply())
    world.api("PATCH", f"/assistant/{old}", {"name": "theirs", "metadata": None})
    world.assistant("a", "The new one.")
    done(world.apply())
    summary, detail = told_of_another(world, run)
    assert f"theirs ({old})" in summary
    assert detail == "Nobody manages the other one today: it is left alone."
    done(go_back(world, run))
    assert {each["name"] for each in world.api("GET", "/assistant")} == {"a", "b", "theirs"}


def test_what_was_replaced_since_is_no_other_object(world: World) -> None:
    first(world)
    run = second(world)
    assert "rollback.another-object" not in {each.code for each in way_back(world, run).plan.diagnostics}
