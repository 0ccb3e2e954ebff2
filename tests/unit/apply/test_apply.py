"""Apply against a real server: it does what the plan says, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from callsheet.model.errors import CallsheetError, Refused, SecretError, Stale
from callsheet.model.events import Event
from callsheet.operations.apply import apply
from callsheet.plan.archive import Archive
from callsheet.sandbox.app import create_app
from callsheet.sandbox.server import serve
from support.world import World, writes


def handoff(world: World, name: str, target: str, **more: Any) -> None:
    world.document(
        "Tool",
        name,
        {
            "type": "handoff",
            "native": {
                "function": {"name": name.replace("-", "_")},
                "destinations": [{"type": "assistant", "assistantId": {"ref": target}}],
            },
        },
        **more,
    )


def tool(world: World, name: str, kind: str = "function", **native: Any) -> None:
    world.document("Tool", name, {"type": kind, "native": {"function": {"name": name}, **native}})


def assert_settled(world: World) -> None:
    """The second plan is empty, and neither it nor its apply writes anything."""
    with world.counted() as counts:
        again = world.plan()
        assert again.plan.empty, [change.to_json() for change in again.plan.changes]
        assert world.apply(again.archive).exit_code == 0
    assert writes(counts) == {}


def test_a_first_apply_creates_and_settles(world: World) -> None:
    world.assistant("a", firstMessage="hi", native={"server": {"url": "https://a.example"}})
    tool(world, "bye")
    outcome = world.apply()
    assert outcome.exit_code == 0
    assert outcome.count("applied") == 2
    assert world.live("/assistant", "a")["firstMessage"] == "hi"
    assert_settled(world)


def test_objects_carry_our_mark_where_there_is_room(world: World) -> None:
    world.assistant("a", native={"metadata": {"team": "orders"}})
    world.apply()
    metadata = world.live("/assistant", "a")["metadata"]
    assert metadata["team"] == "orders"
    mark = metadata["callsheet"]
    assert (mark["address"], mark["app"], mark["env"]) == ("Assistant/a", "acme", "dev")
    assert mark["lineage"]
    assert_settled(world)


def test_a_cycle_is_created_and_settles(world: World) -> None:
    world.assistant("a", tools=[{"ref": "to-b"}])
    world.assistant("b", tools=[{"ref": "to-a"}])
    handoff(world, "to-a", "a")
    handoff(world, "to-b", "b")
    assert world.apply().exit_code == 0
    a, to_b = world.live("/assistant", "a"), world.live("/tool", "to_b")
    assert a["model"]["toolIds"] == [to_b["id"]]
    assert to_b["destinations"][0]["assistantId"] == world.live("/assistant", "b")["id"]
    assert_settled(world)


def test_an_update_keeps_what_nobody_declared_beside_and_beneath(world: World) -> None:
    world.assistant("a", firstMessage="hi")
    world.apply()
    model = world.live("/assistant", "a")["model"]
    world.edit("/assistant", "a", {"model": {**model, "maxTokens": 321}, "endCallMessage": "bye"})
    world.assistant("a", prompt="Be brief.", firstMessage="hi")
    planned = world.plan()
    assert [change.action for change in planned.plan.changes] == ["update"]
    world.apply(planned.archive)
    live = world.live("/assistant", "a")
    assert live["model"]["messages"][0]["content"] == "Be brief."
    assert (live["model"]["maxTokens"], live["endCallMessage"]) == (321, "bye")
    assert_settled(world)


def test_clears_at_the_top_and_beneath(world: World) -> None:
    world.assistant("a", firstMessage="hi", native={"model": {"temperature": 0.3}})
    world.apply()
    world.assistant("a")
    world.apply()
    live = world.live("/assistant", "a")
    assert live.get("firstMessage") is None
    assert "temperature" not in live["model"]
    assert_settled(world)


def test_a_clear_that_the_server_ignores_is_told_once_and_never_planned_again(world: World) -> None:
    world.assistant("a", native={"voicemailMessage": "beep"})
    world.apply()
    world.bad_day("ignore-clear PATCH /assistant/* fields=voicemailMessage")
    world.assistant("a")
    outcome = world.apply()
    assert outcome.exit_code == 0
    [told] = [each for result in outcome.results for each in result.diagnostics]
    assert told.code == "apply.residual"
    assert "voicemailMessage" in told.summary
    assert_settled(world)
    assert world.drift().exit_code("any") == 0


def test_a_fixed_attribute_replaces_rewires_and_deletes(world: World) -> None:
    tool(world, "t")
    world.assistant("a", tools=[{"ref": "t"}])
    world.apply()
    old = world.live("/tool", "t")["id"]
    tool(world, "t", kind="handoff")
    planned = world.plan()
    assert {str(change.action) for change in planned.plan.changes} == {"replace", "update"}
    assert world.apply(planned.archive).exit_code == 0
    new = world.live("/tool", "t")
    assert (new["type"], new["id"] != old) == ("handoff", True)
    assert world.live("/assistant", "a")["model"]["toolIds"] == [new["id"]]
    assert_settled(world)


def test_a_predecessor_that_could_not_be_deleted_is_removed_by_the_next_apply(world: World) -> None:
    tool(world, "t")
    world.apply()
    tool(world, "t", kind="handoff")
    world.bad_day("error DELETE /tool/* status=400 count=1")
    assert world.apply().exit_code == 5
    assert len(world.api("GET", "/tool")) == 2
    planned = world.plan()
    assert [change.action for change in planned.plan.changes] == ["refresh"]
    assert world.apply(planned.archive).exit_code == 0
    assert [each["type"] for each in world.api("GET", "/tool")] == ["handoff"]
    assert_settled(world)


def test_what_left_the_files_is_deleted_after_its_holder_let_go(world: World) -> None:
    tool(world, "t")
    world.assistant("a", tools=[{"ref": "t"}])
    world.apply()
    world.remove("tools/t.yaml")
    world.assistant("a")
    world.app.requests.reset()
    assert world.apply().exit_code == 0
    assert [write.method for write in world.app.requests.writes] == ["PATCH", "DELETE"]
    assert world.api("GET", "/tool") == []
    assert_settled(world)


def test_a_knowledge_base_is_uploaded_attached_and_its_tool_given_to_the_assistant(world: World) -> None:
    world.file("knowledge/returns.md", "# Returns\n")
    world.document("KnowledgeBase", "faq", {"documents": ["knowledge/returns.md"]})
    world.assistant("a", knowledge=[{"ref": "faq"}])
    assert world.apply().exit_code == 0
    [base] = world.api("GET", "/v2/knowledge-base")
    [search] = world.api("GET", "/tool")
    assert search["type"] == "knowledgeBase"
    assert world.live("/assistant", "a")["model"]["toolIds"] == [search["id"]]
    assert_settled(world)
    # Another text is another file: uploaded, attached in the place of the old one, and that one deleted.
    world.file("knowledge/returns.md", "# Returns, newly put\n")
    assert world.apply().exit_code == 0
    files = world.api("GET", "/file")
    assert len(files) == 1
    attached = world.api("GET", f"/v2/knowledge-base/{base['id']}/file")
    assert [each.get("fileId") or each.get("id") for each in attached] == [files[0]["id"]]
    assert_settled(world)


def test_destroy_removes_everything_that_state_owns_and_nothing_else(world: World) -> None:
    world.assistant("a", tools=[{"ref": "to-a"}])
    handoff(world, "to-a", "a")
    world.apply()
    world.api("POST", "/assistant", {"name": "theirs"})
    planned = world.plan(destroy=True)
    assert world.apply(planned.archive).exit_code == 0
    assert [each["name"] for each in world.api("GET", "/assistant")] == ["theirs"]
    assert world.api("GET", "/tool") == []


def test_an_import_takes_over_without_a_request_where_all_is_as_wanted(world: World) -> None:
    world.assistant("a", firstMessage="hi")
    world.apply()
    (world.root / ".callsheet").rename(world.root.parent / "lost")
    planned = world.plan()
    assert [change.action for change in planned.plan.changes] == ["import"]
    with world.counted() as counts:
        assert world.apply(planned.archive).exit_code == 0
    assert writes(counts) == {}
    assert len(world.api("GET", "/assistant")) == 1
    assert_settled(world)


@pytest.mark.parametrize("fault", ["lose-answer count=2", "error-after count=2", "drop", "error status=502"])
@pytest.mark.parametrize("path", ["/assistant", "/tool"])
def test_a_create_whose_answer_is_lost_is_made_exactly_once(world: World, path: str, fault: str) -> None:
    tool(world, "t")
    tool(world, "u")
    world.assistant("a", firstMessage="hi")
    world.assistant("b", firstMessage="hi")
    effect, *more = fault.split()
    world.bad_day(" ".join([effect, "POST", path, *more]))
    outcome = world.apply()
    assert outcome.exit_code == 0, outcome.to_json()
    assert len(world.api("GET", "/assistant")) == 2
    assert len(world.api("GET", "/tool")) == 2
    assert_settled(world)


def test_a_create_that_nobody_could_look_for_stays_begun_until_somebody_can(world: World) -> None:
    world.document("Tool", "bye", {"type": "endCall"})
    archive = world.plan().archive
    # The first list is the export's, the second looks for what the lost answer was about.
    world.bad_day("lose-answer POST /tool", "error GET /tool nth=2 count=99")
    assert world.apply(archive).exit_code == 1
    with world.session() as session:
        assert list(session.ledger.load().begun) == ["Tool/bye#1"]
    world.bad_day()
    assert world.apply(archive).exit_code == 0
    assert len(world.api("GET", "/tool")) == 1
    assert_settled(world)


@pytest.mark.parametrize("fault", ["lose-answer", "error-after", "drop", "error status=502"])
def test_an_update_whose_answer_is_lost_is_sent_again(world: World, fault: str) -> None:
    world.assistant("a", firstMessage="hi")
    world.apply()
    world.assistant("a", firstMessage="file")
    effect, *more = fault.split()
    world.bad_day(" ".join([effect, "PATCH", "/assistant/*", *more]))
    assert world.apply().exit_code == 0
    assert world.live("/assistant", "a")["firstMessage"] == "file"
    assert_settled(world)


def test_what_a_lost_answer_may_have_made_is_never_taken_from_what_was_there_before(world: World) -> None:
    # Exactly what will be sent, and somebody else's: it was there before the run.
    world.api("POST", "/tool", {"type": "endCall"})
    world.document("Tool", "bye", {"type": "endCall"})
    world.bad_day("drop POST /tool key=canary-key")
    assert world.apply().exit_code == 0
    assert len(world.api("GET", "/tool")) == 2
    assert len(world.plan().plan.unmanaged) == 1


def test_lost_state_that_is_taken_over_in_part_doubles_nothing(world: World) -> None:
    for name in ("a", "b", "c"):
        world.assistant(name)
    world.apply()
    (world.root / ".callsheet").rename(world.root.parent / "lost")
    assert world.apply(targets=("Assistant/a",)).exit_code == 0
    assert {str(change.action) for change in world.plan().plan.changes} == {"import"}
    assert world.apply().exit_code == 0
    assert len(world.api("GET", "/assistant")) == 3
    assert_settled(world)


def test_uploads_are_found_again_when_state_is_lost(world: World) -> None:
    world.file("knowledge/returns.md", "# Returns\n")
    world.document("KnowledgeBase", "faq", {"documents": ["knowledge/returns.md"]})
    world.apply()
    (world.root / ".callsheet").rename(world.root.parent / "lost")
    planned = world.plan()
    assert {str(change.action) for change in planned.plan.changes} == {"import"}
    with world.counted() as counts:
        assert world.apply(planned.archive).exit_code == 0
    assert writes(counts) == {}
    assert_settled(world)


class TestStale:
    """What moved between plan and apply stops apply before the first write, with exit 4."""

    def refused(self, world: World, archive: Archive, words: str) -> None:
        world.app.requests.reset()
        with pytest.raises(Stale, match=words) as caught:
            world.apply(archive)
        assert caught.value.exit_code == 4
        assert world.writes() == 0

    def test_a_live_edit_of_an_owned_attribute(self, world: World) -> None:
        world.assistant("a", firstMessage="hi")
        world.assistant("b", firstMessage="hi")
        world.apply()
        world.assistant("a", firstMessage="file")
        world.assistant("b", firstMessage="file")
        archive = world.plan().archive
        world.edit("/assistant", "a", {"firstMessage": "edited"})
        # Not even the change that did not move is made.
        self.refused(world, archive, "Assistant/a moved since the plan was made: live changed: firstMessage")

    def test_an_edit_of_something_else_is_no_obstacle_and_survives(self, world: World) -> None:
        world.assistant("a", firstMessage="hi")
        world.apply()
        world.assistant("a", firstMessage="file")
        archive = world.plan().archive
        world.edit("/assistant", "a", {"endCallMessage": "theirs"})
        assert world.apply(archive).exit_code == 0
        assert world.live("/assistant", "a")["endCallMessage"] == "theirs"

    def test_what_is_at_the_planned_value_already_is_accepted_without_a_write(self, world: World) -> None:
        world.assistant("a", firstMessage="hi")
        world.apply()
        world.assistant("a", firstMessage="file")
        archive = world.plan().archive
        world.edit("/assistant", "a", {"firstMessage": "file"})
        with world.counted() as counts:
            assert world.apply(archive).exit_code == 0
        assert writes(counts) == {}
        assert_settled(world)

    def test_an_object_that_is_gone(self, world: World) -> None:
        world.assistant("a", firstMessage="hi")
        world.apply()
        world.assistant("a", firstMessage="file")
        archive = world.plan().archive
        world.api("DELETE", f"/assistant/{world.live('/assistant', 'a')['id']}")
        self.refused(world, archive, "it is gone at the provider")

    def test_a_plan_that_was_applied_already_is_the_same_operation(self, world: World) -> None:
        world.assistant("a", tools=[{"ref": "to-a"}])
        handoff(world, "to-a", "a")
        archive = world.plan().archive
        assert world.apply(archive).exit_code == 0
        world.app.requests.reset()
        again = world.apply(archive)
        assert (again.exit_code, again.count("applied")) == (0, 2)
        assert world.writes() == 0

    def test_a_first_plan_does_not_fit_a_state_that_another_plan_began(self, world: World) -> None:
        world.assistant("a")
        archive = world.plan().archive
        world.assistant("b")
        world.apply()
        self.refused(world, archive, "another state of dev")

    def test_a_create_of_what_state_has_meanwhile(self, world: World) -> None:
        world.assistant("a", firstMessage="hi")
        world.apply()
        world.assistant("b", firstMessage="planned")
        archive = world.plan().archive
        world.assistant("b", firstMessage="applied by somebody else")
        world.apply()
        self.refused(world, archive, "Assistant/b moved since the plan was made: state knows it already")

    def test_a_deletion_of_what_is_protected_or_used_meanwhile(self, world: World) -> None:
        world.assistant("a")
        tool(world, "t")
        world.assistant("b")
        world.apply()
        world.remove("assistants/a.yaml")
        world.remove("tools/t.yaml")
        archive = world.plan().archive
        world.assistant("a", lifecycle={"preventDestroy": True})
        tool(world, "t")
        world.assistant("b", tools=[{"ref": "t"}])
        world.apply()
        self.refused(world, archive, "Assistant/a moved since .* protected by lifecycle.preventDestroy now")
        self.refused(world, archive, "Tool/t moved since .* Assistant/b refers to it now")

    def test_a_key_of_another_organisation(self, world: World) -> None:
        world.assistant("a")
        world.apply()
        world.assistant("b")
        archive = world.plan().archive
        other = serve(create_app(world._store, organisation="other"))
        try:
            self.take(other.url, world)
            plan = replace(archive.plan, target={**archive.plan.target, "baseUrl": other.url}).sealed()
            world.environment(baseUrl=other.url)
            self.refused(world, Archive(plan, archive.contents), "the key opens the organisation")
        finally:
            other.close()

    def take(self, url: str, world: World) -> None:
        """Let the other organisation hold something, so that it tells its name."""
        here, world.server = world.server, SimpleNamespace(url=url)  # type: ignore[assignment]
        world.api("POST", "/assistant", {"name": "theirs"})
        world.server = here

    def test_an_unrelated_apply_in_between_is_no_obstacle(self, world: World) -> None:
        world.assistant("a", firstMessage="hi")
        world.apply()
        world.assistant("a", firstMessage="file")
        archive = world.plan().archive
        world.assistant("a", firstMessage="hi")
        world.assistant("c")
        world.apply()
        assert world.apply(archive).exit_code == 0
        assert world.live("/assistant", "a")["firstMessage"] == "file"

    def test_a_plan_for_another_target(self, world: World) -> None:
        world.assistant("a")
        archive = world.plan().archive
        world.environment(baseUrl=world.server.url.replace("127.0.0.1", "localhost"))
        self.refused(world, archive, "the plan is for vapi at")

    def test_a_plan_for_another_project(self, world: World) -> None:
        world.assistant("a")
        planned = world.plan()
        other = replace(planned.plan, identity={"app": "other", "env": "dev"}).sealed()
        self.refused(world, Archive(other, planned.archive.contents), "the plan was made for")

    def test_a_conflict(self, world: World) -> None:
        world.assistant("a", firstMessage="hi")
        world.apply()
        world.assistant("a", firstMessage="file")
        world.edit("/assistant", "a", {"firstMessage": "live"})
        self.refused(world, world.plan().archive, "changed the same attribute, differently")
        assert world.apply(on_conflict="keep").exit_code == 0
        assert world.live("/assistant", "a")["firstMessage"] == "live"
        assert_settled(world)

    def test_a_conflict_overwritten(self, world: World) -> None:
        world.assistant("a", firstMessage="hi")
        world.apply()
        world.assistant("a", firstMessage="file")
        world.edit("/assistant", "a", {"firstMessage": "live"})
        assert world.apply(on_conflict="overwrite").exit_code == 0
        assert world.live("/assistant", "a")["firstMessage"] == "file"
        assert_settled(world)


def test_an_edit_between_the_recheck_and_the_write_is_not_overwritten(world: World) -> None:
    world.assistant("a", firstMessage="hi")
    world.assistant("b", firstMessage="hi")
    world.apply()
    world.assistant("a", firstMessage="file")
    world.remove("assistants/b.yaml")

    def meddle(event: Event) -> None:
        if event.name == "apply.start":
            world.edit("/assistant", "a", {"firstMessage": "edited"})
            world.edit("/assistant", "b", {"firstMessage": "edited"})

    archive = world.plan().archive
    with world.session(listener=meddle) as session:
        outcome = apply(session, archive)
    assert outcome.exit_code == 4
    assert {each.code for result in outcome.results for each in result.diagnostics} == {"stale.moved"}
    assert {each["firstMessage"] for each in world.api("GET", "/assistant")} == {"edited"}


def test_a_refused_plan_writes_nothing(world: World) -> None:
    for number in range(12):
        world.assistant(f"a{number}")
    world.apply()
    for number in range(6):
        world.remove(f"assistants/a{number}.yaml")
    world.app.requests.reset()
    with pytest.raises(Refused, match="6 of 12 Assistant resources") as caught:
        world.apply()
    assert caught.value.exit_code == 3
    assert world.writes() == 0
    assert world.apply(allow_mass_delete=True).exit_code == 0


def test_a_secret_that_does_not_resolve_stops_everything_before_the_first_write(world: World) -> None:
    world.assistant("ready")
    world.assistant(
        "a", native={"server": {"url": "https://x.example", "headers": {"X": "secrets://env/NOPE"}}}
    )
    with pytest.raises(SecretError, match="NOPE is not set"):
        world.apply()
    assert world.writes() == 0
    world.variables["NOPE"] = "canary-header"
    assert world.apply().exit_code == 0
    assert world.live("/assistant", "a")["server"]["headers"]["X"] == "canary-header"
    assert b"canary" not in world.state_files()
    assert_settled(world)


def test_a_rotated_secret_is_sent_again(world: World) -> None:
    world.variables["T"] = "canary-one"
    world.assistant("a", native={"server": {"url": "https://x.example", "headers": {"X": "secrets://env/T"}}})
    world.apply()
    world.variables["T"] = "canary-two"
    planned = world.plan()
    assert [each.cause for change in planned.plan.changes for each in change.attributes] == ["secret"]
    world.apply(planned.archive)
    assert world.live("/assistant", "a")["server"]["headers"]["X"] == "canary-two"
    assert b"canary" not in world.state_files()
    assert_settled(world)


def test_one_failure_stops_what_depends_on_it_and_nothing_else(world: World) -> None:
    tool(world, "t")
    world.assistant("needs", tools=[{"ref": "t"}])
    world.assistant("free")
    world.bad_day("error POST /tool status=400")
    outcome = world.apply()
    assert outcome.exit_code == 5
    assert {result.change.address: result.status for result in outcome.results} == {
        "Tool/t": "failed",
        "Assistant/needs": "not_attempted",
        "Assistant/free": "applied",
    }
    # State is right: the next apply does the rest and no more.
    assert {change.address for change in world.plan().plan.changes} == {"Tool/t", "Assistant/needs"}
    assert world.apply().exit_code == 0
    assert len(world.api("GET", "/assistant")) == 2
    assert_settled(world)


def test_when_nothing_could_be_applied_it_is_an_error(world: World) -> None:
    world.assistant("a")
    world.bad_day("error POST /assistant status=400")
    assert world.apply().exit_code == 1


def test_a_second_step_that_fails_is_made_up_for(world: World) -> None:
    world.assistant("a", tools=[{"ref": "to-a"}])
    handoff(world, "to-a", "a")
    world.bad_day("error PATCH /assistant/* status=400 count=1")
    assert world.apply().exit_code == 5
    [change] = world.plan().plan.changes
    assert (change.address, change.action) == ("Assistant/a", "update")
    assert world.apply().exit_code == 0
    assert_settled(world)


def test_rate_limits_are_waited_out(world: World) -> None:
    for number in range(8):
        world.assistant(f"a{number}")
    world.bad_day("error POST /assistant status=429 nth=3 count=2")
    assert world.apply().exit_code == 0
    assert_settled(world)


def test_a_change_behind_the_providers_back_of_a_new_default_is_told_once(world: World) -> None:
    for number in range(3):
        world.assistant(f"a{number}")
    world.apply()
    world.faults.replace([])
    world.faults.add(_new_default())
    report = world.drift()
    assert [notice.path for notice in report.report.notices] == ["newOption"]
    assert report.exit_code("any") == 0
    planned = world.plan()
    assert planned.plan.empty
    world.apply(planned.archive)
    assert world.drift().report.notices == ()


def _new_default() -> Any:
    from callsheet.sandbox.faults import Effect, Fault

    return Fault(Effect.DEFAULTS, kind="assistant", values={"newOption": True})


def test_another_organisations_key_gets_nowhere(world: World) -> None:
    world.assistant("a")
    world.apply()
    other = serve(create_app(world._store, organisation="other"))
    try:
        TestStale().take(other.url, world)
        world.environment(baseUrl=other.url)
        with pytest.raises(CallsheetError, match="the key opens the organisation"):
            world.plan()
    finally:
        other.close()
