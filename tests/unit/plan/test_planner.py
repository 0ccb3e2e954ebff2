"""What the planner decides: one situation, one plan."""

from __future__ import annotations

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.model.value import After, Content, Ref, Secret, Text
from callsheet.plan.change import Change
from callsheet.plan.plan import Plan
from support.estate import Estate, actions, lines, resource, steps


def change(plan: Plan, address: str) -> Change:
    [found] = [each for each in plan.changes if each.address == address]
    return found


def test_nothing_to_do_is_an_empty_plan() -> None:
    estate = Estate().managed(resource("Assistant/a", {"model": {"t": 1}}), "1", extra={"server": 1})
    plan = estate.plan()
    assert plan.empty
    assert plan.summary["unchanged"] == 1
    assert not plan.drift


def test_a_new_resource_is_created_with_every_leaf_told() -> None:
    plan = Estate(lineage=None).declare(resource("Assistant/a", {"model": {"t": 1, "m": "x"}})).plan()
    assert actions(plan) == {"Assistant/a": "create"}
    assert lines(plan, "Assistant/a") == [
        ("name", "add", "-", "a", "spec"),
        ("model.t", "add", "-", 1, "spec"),
        ("model.m", "add", "-", "x", "spec"),
    ]


def test_an_update_sends_the_top_level_key_and_tells_the_leaf() -> None:
    estate = Estate().managed(resource("Assistant/a", {"model": {"t": 1, "m": "x"}, "first": "hi"}), "1")
    plan = estate.declare(resource("Assistant/a", {"model": {"t": 2, "m": "x"}, "first": "hi"})).plan()
    assert lines(plan, "Assistant/a") == [("model.t", "change", 1, 2, "spec")]
    [step] = change(plan, "Assistant/a").steps
    assert step.keys == ("model",)


def test_a_field_that_left_the_file_is_cleared() -> None:
    estate = Estate().managed(resource("Assistant/a", {"first": "hi", "model": {"t": 1, "m": "x"}}), "1")
    plan = estate.declare(resource("Assistant/a", {"model": {"m": "x"}})).plan()
    assert lines(plan, "Assistant/a") == [
        ("first", "remove", "hi", "-", "spec"),
        ("model.t", "remove", 1, "-", "spec"),
    ]
    [step] = change(plan, "Assistant/a").steps
    assert set(step.clear) == {("first",), ("model", "t")}


def test_drift_is_set_back_with_its_cause_and_told_apart() -> None:
    estate = Estate().managed(resource("Assistant/a", {"first": "hi"}), "1")
    plan = estate.edit("Assistant", "1", first="edited").plan()
    assert lines(plan, "Assistant/a") == [("first", "change", "edited", "hi", "drift")]
    assert change(plan, "Assistant/a").classification == "drifted"
    assert plan.summary["drifted"] == 1
    [found] = plan.drift
    assert found["attributes"] == [
        {
            "path": ["first"],
            "op": "change",
            "managed": True,
            "seen": "hi",
            "live": "edited",
            "sensitive": False,
        }
    ]


def test_an_unmanaged_field_that_moved_is_reported_and_planned_nowhere() -> None:
    estate = Estate().managed(resource("Assistant/a", {"first": "hi"}), "1", extra={"voice": "x"})
    plan = estate.edit("Assistant", "1", voice="y").plan()
    assert plan.empty
    assert [each["class"] for each in plan.drift] == ["unmanaged"]
    assert plan.summary["drifted"] == 0


def test_a_conflict_shows_all_four_values_and_blocks() -> None:
    estate = Estate().managed(resource("Assistant/a", {"first": "hi"}), "1")
    estate.edit("Assistant", "1", first="live").declare(resource("Assistant/a", {"first": "file"}))
    plan = estate.plan()
    [line] = change(plan, "Assistant/a").attributes
    assert (line.op, line.applied, line.seen, line.new, line.old) == ("conflict", "hi", "hi", "file", "live")
    assert plan.conflicts
    assert plan.summary["conflicts"] == 1


def test_a_conflict_may_be_overwritten_or_kept() -> None:
    estate = Estate().managed(resource("Assistant/a", {"first": "hi", "model": {"t": 1, "m": 1}}), "1")
    estate.edit("Assistant", "1", model={"t": 9, "m": 1})
    estate.declare(resource("Assistant/a", {"first": "hi", "model": {"t": 2, "m": 2}}))
    overwrite = estate.plan(on_conflict="overwrite")
    assert not overwrite.conflicts
    assert lines(overwrite, "Assistant/a")[0] == ("model.t", "change", 9, 2, "spec")
    keep = estate.plan(on_conflict="keep")
    assert not keep.conflicts
    [step] = change(keep, "Assistant/a").steps
    # The neighbour is sent, and the value in conflict is left as live has it.
    assert (step.keys, step.omit) == (("model",), (("model", "t"),))
    assert any(each.code == "plan.conflict-kept" for each in keep.diagnostics)


def test_a_conflict_about_what_cannot_be_changed_is_decided_before_anything_is_replaced() -> None:
    estate = Estate().managed(resource("Tool/t", {"type": "x"}), "1")
    estate.edit("Tool", "1", type="y").declare(resource("Tool/t", {"type": "z"}))
    assert estate.plan().conflicts
    assert actions(estate.plan(on_conflict="keep")) == {"Tool/t": "refresh"}
    assert actions(estate.plan(on_conflict="overwrite")) == {"Tool/t": "replace"}


def test_what_converged_is_a_matter_of_state_only() -> None:
    estate = Estate().managed(resource("Assistant/a", {"first": "hi"}), "1")
    plan = (
        estate.edit("Assistant", "1", first="new").declare(resource("Assistant/a", {"first": "new"})).plan()
    )
    assert actions(plan) == {"Assistant/a": "refresh"}
    assert not change(plan, "Assistant/a").writes


def test_a_released_path_is_reported_and_left() -> None:
    estate = Estate().managed(resource("Assistant/a", {"first": "hi"}), "1")
    plan = estate.edit("Assistant", "1", first="edited").declare(resource("Assistant/a", {})).plan()
    assert actions(plan) == {"Assistant/a": "refresh"}
    assert lines(plan, "Assistant/a") == [("first", "release", "edited", "-", "spec")]
    assert [each.code for each in plan.diagnostics] == ["plan.released"]


def test_a_missing_object_is_made_again_and_its_holders_follow() -> None:
    estate = (
        Estate()
        .managed(resource("Tool/t", {"type": "x"}), "t1")
        .managed(resource("Assistant/a", {"model": {"toolIds": [Ref("Tool/t")]}}), "a1")
    )
    plan = estate.vanish("Tool", "t1").plan()
    assert actions(plan) == {"Tool/t": "create", "Assistant/a": "update"}
    assert change(plan, "Tool/t").classification == "missing"
    # The reference to what is gone goes, the one to what will be there comes.
    assert lines(plan, "Assistant/a") == [
        ("model.toolIds[0]", "add", "-", After("Tool/t"), "reference"),
        ("model.toolIds[0]", "remove", "t1", "-", "reference"),
    ]
    assert steps(plan)["Assistant/a"] == [("update", ["Tool/t#1"])]


def test_a_fixed_attribute_needs_a_replacement_between_whose_halves_the_holders_change() -> None:
    estate = (
        Estate()
        .managed(resource("Tool/t", {"type": "x"}), "t1")
        .managed(resource("Assistant/a", {"model": {"toolIds": [Ref("Tool/t")]}}), "a1")
    )
    plan = estate.declare(resource("Tool/t", {"type": "y"})).plan()
    assert actions(plan) == {"Tool/t": "replace", "Assistant/a": "update"}
    assert steps(plan) == {
        "Assistant/a": [("update", ["Tool/t#1"])],
        "Tool/t": [("create", []), ("delete", ["Tool/t#1", "Assistant/a#1"])],
    }


def test_some_kinds_are_deleted_before_they_are_made_again() -> None:
    estate = Estate().managed(resource("Domain/d", {"zone": "x"}), "d1")
    plan = estate.declare(resource("Domain/d", {"zone": "y"})).plan()
    assert steps(plan) == {"Domain/d": [("delete", []), ("create", ["Domain/d#1"])]}


def test_a_cycle_is_opened_at_the_edge_that_may_come_later() -> None:
    plan = (
        Estate(lineage=None)
        .declare(
            resource("Assistant/a", {"model": {"toolIds": [Ref("Tool/t"), Ref("Tool/u")]}}),
            resource("Tool/t", {"type": "handoff", "destinations": [{"assistantId": Ref("Assistant/a")}]}),
            resource("Tool/u", {"type": "x"}),
        )
        .plan()
    )
    assert steps(plan) == {
        "Tool/u": [("create", [])],
        "Tool/t": [("create", ["Assistant/a#1"])],
        "Assistant/a": [("create", ["Tool/u#1"]), ("update", ["Assistant/a#1", "Tool/t#1", "Tool/u#1"])],
    }
    first, second = change(plan, "Assistant/a").steps
    assert first.omit == (("model", "toolIds", 0),)
    assert second.keys == ("model",)


def test_a_deferred_reference_takes_its_list_element_along() -> None:
    plan = (
        Estate(lineage=None)
        .declare(
            resource("Assistant/a", {"hooks": [{"say": "x"}, {"do": {"toolId": Ref("Tool/t")}}]}),
            resource("Tool/t", {"destinations": [{"assistantId": Ref("Assistant/a")}]}),
        )
        .plan()
    )
    first, second = change(plan, "Assistant/a").steps
    assert first.omit == (("hooks", 1),)
    assert second.keys == ("hooks",)


def test_before_the_first_apply_a_baseline_says_nothing_of_secrets() -> None:
    def base(lineage: str | None, value: str) -> str:
        estate = Estate(lineage=lineage).declare(
            resource("Assistant/a", {"server": {"headers": {"X": Secret("secrets://env/T")}}})
        )
        estate.exists("Assistant", "1", {"name": "a", "server": {"headers": {"X": value}}})
        return change(estate.plan(), "Assistant/a").base_fingerprint

    # Without the estate's key a fingerprint could be tried against a list of likely values.
    assert base(None, "weak") == base(None, "other")
    assert base("lineage-1", "weak") != base("lineage-1", "other")


def test_a_cycle_that_nothing_opens_is_one_clear_error() -> None:
    estate = Estate(lineage=None).declare(
        resource("Tool/a", {"destinations": [{"assistantId": Ref("Tool/b")}]}),
        resource("Tool/b", {"destinations": [{"assistantId": Ref("Tool/a")}]}),
    )
    with pytest.raises(CallsheetError, match="Tool/a → Tool/b → Tool/a"):
        estate.plan()


def test_fields_of_existing_objects_come_in_a_second_step() -> None:
    plan = (
        Estate(lineage=None)
        .declare(
            resource("KnowledgeBase/k", {"fileIds": [Ref("KnowledgeBase/k[f]")]}),
            resource("KnowledgeBase/k[f]", {"content": Content("0" * 64, "f.md", 3)}, kind="File"),
            resource("Assistant/a", {"model": {"toolIds": [Ref("KnowledgeBase/k", "toolId")]}}),
        )
        .plan()
    )
    assert steps(plan) == {
        "KnowledgeBase/k": [("create", []), ("update", ["KnowledgeBase/k#1", "KnowledgeBase/k[f]#1"])],
        "KnowledgeBase/k[f]": [("create", [])],
        "Assistant/a": [("create", ["KnowledgeBase/k#1"])],
    }
    assert plan.contents == ("0" * 64,)


def test_a_removed_document_is_deleted_after_what_held_it() -> None:
    estate = (
        Estate()
        .managed(resource("Tool/t", {"type": "x"}), "t1")
        .managed(resource("Assistant/a", {"model": {"toolIds": [Ref("Tool/t")]}}), "a1")
    )
    both = estate.drop("Tool/t").drop("Assistant/a").declare(resource("Assistant/b", {})).plan()
    assert steps(both)["Tool/t"] == [("delete", ["Assistant/a#1"])]
    assert [each.address for each in both.changes] == ["Assistant/b", "Assistant/a", "Tool/t"]


def test_deletions_that_hold_each_other_in_a_circle_find_an_order() -> None:
    names = ("Assistant/a", "Assistant/b", "Assistant/c")
    estate = Estate().declare(resource("Assistant/keep", {}))
    for index, name in enumerate(names):
        other = names[(index + 1) % 3]
        estate.managed(resource(name, {"model": {"toolIds": [Ref(other, id=other)]}}), name)
    for name in names:
        estate.drop(name)
    plan = estate.plan()
    assert sorted(each.address for each in plan.changes if each.action == "delete") == sorted(names)


def test_on_remove_forget_leaves_the_object() -> None:
    estate = Estate().managed(resource("Assistant/a", {}, on_remove="forget"), "1")
    plan = estate.drop("Assistant/a").declare(resource("Assistant/b", {})).plan()
    assert actions(plan)["Assistant/a"] == "forget"
    assert not change(plan, "Assistant/a").writes


def test_a_removed_document_whose_object_is_gone_is_forgotten() -> None:
    estate = Estate().managed(resource("Assistant/a", {}), "1").vanish("Assistant", "1")
    plan = estate.drop("Assistant/a").declare(resource("Assistant/b", {})).plan()
    assert actions(plan)["Assistant/a"] == "forget"


def test_a_rename_moves_state_and_deletes_nothing() -> None:
    estate = Estate().managed(resource("Tool/t", {"type": "x"}), "t1")
    estate.managed(resource("Assistant/a", {"model": {"toolIds": [Ref("Tool/t")]}}), "a1")
    estate.drop("Tool/t")
    estate.declare(
        resource("Tool/new", {"type": "x", "name": "t"}, moved_from="Tool/t"),
        resource("Assistant/a", {"model": {"toolIds": [Ref("Tool/new")]}}),
    )
    plan = estate.plan()
    assert actions(plan) == {"Tool/new": "move", "Assistant/a": "refresh"}
    assert not any(each.writes for each in plan.changes)
    assert change(plan, "Tool/new").moved_from == "Tool/t"


def test_ignored_changes_are_neither_sent_nor_compared() -> None:
    estate = Estate().managed(resource("Assistant/a", {"speed": 1}), "1")
    estate.edit("Assistant", "1", speed=9)
    estate.declare(resource("Assistant/a", {"speed": 2}, ignore_changes=("speed",)))
    plan = estate.plan()
    # State learns of the rule; no request is made and no attribute told.
    assert actions(plan) == {"Assistant/a": "refresh"}
    assert lines(plan, "Assistant/a") == []


def test_an_object_with_our_mark_is_proposed_as_import() -> None:
    mark = {"address": "Assistant/a", "app": "acme", "env": "dev"}
    estate = Estate().declare(resource("Assistant/a", {"first": "hi"}))
    estate.exists("Assistant", "1", {"name": "other", "first": "hi"}, mark)
    plan = estate.plan()
    assert actions(plan) == {"Assistant/a": "import"}
    assert lines(plan, "Assistant/a") == [("name", "change", "other", "a", "import")]


def test_an_object_that_alone_has_the_name_is_proposed_as_import() -> None:
    estate = Estate().declare(resource("Assistant/a", {"first": "hi"}))
    estate.exists("Assistant", "1", {"name": "a", "first": "hi", "voice": "theirs"})
    plan = estate.plan()
    assert actions(plan) == {"Assistant/a": "import"}
    assert not change(plan, "Assistant/a").writes


def test_an_upload_is_only_taken_over_when_its_mark_says_that_the_content_is_the_same() -> None:
    def proposed(**mark: str) -> str:
        estate = Estate().declare(resource("File/f", {"content": Content("a" * 64, "f.md", 3)}))
        label = {"address": "File/f", "app": "acme", "env": "dev", **mark} if mark else None
        return actions(estate.exists("File", "1", {"name": "f"}, label).plan())["File/f"]

    assert proposed(content="a" * 64) == "import"
    assert proposed(content="b" * 64) == "create"
    # A name alone says nothing of what is in it.
    assert proposed() == "create"


def test_a_mark_of_a_lost_lineage_is_proposed_and_one_of_this_lineage_comes_first() -> None:
    mark = {"address": "Assistant/a", "app": "acme", "env": "dev"}
    estate = Estate().declare(resource("Assistant/a", {}))
    estate.exists("Assistant", "old", {"name": "x"}, {**mark, "lineage": "lost"})
    plan = estate.plan()
    assert change(plan, "Assistant/a").remote_id == "old"
    assert [each.code for each in plan.diagnostics] == ["plan.other-lineage"]
    estate.exists("Assistant", "mine", {"name": "x"}, {**mark, "lineage": "lineage-1"})
    assert change(estate.plan(), "Assistant/a").remote_id == "mine"


def test_another_environments_mark_is_respected() -> None:
    mark = {"address": "Assistant/a", "app": "acme", "env": "prod"}
    estate = Estate().declare(resource("Assistant/a", {})).exists("Assistant", "1", {"name": "a"}, mark)
    assert actions(estate.plan()) == {"Assistant/a": "create"}


def test_two_candidates_are_an_error() -> None:
    estate = Estate().declare(resource("Assistant/a", {}))
    estate.exists("Assistant", "1", {"name": "a"}).exists("Assistant", "2", {"name": "a"})
    with pytest.raises(CallsheetError, match="2 remote objects could be it"):
        estate.plan()


def test_two_claims_on_one_object_are_an_error() -> None:
    estate = Estate().declare(resource("Assistant/a", {"name": "x"}), resource("Assistant/b", {"name": "x"}))
    estate.exists("Assistant", "1", {"name": "x"})
    with pytest.raises(CallsheetError, match="would both import 1"):
        estate.plan()


def test_what_cannot_be_changed_cannot_be_adopted() -> None:
    estate = (
        Estate().declare(resource("Tool/t", {"type": "x"})).exists("Tool", "1", {"name": "t", "type": "y"})
    )
    with pytest.raises(CallsheetError, match="type is another"):
        estate.plan()


def test_objects_nobody_declared_are_listed_and_left() -> None:
    estate = Estate().managed(resource("Assistant/a", {}), "1").exists("Assistant", "9", {"name": "theirs"})
    plan = estate.plan()
    assert plan.empty
    assert plan.unmanaged == ({"kind": "Assistant", "remoteId": "9", "name": "theirs"},)


def test_a_rotated_secret_is_a_change_without_its_value() -> None:
    estate = Estate(secrets={"secrets://env/T": "canary-one"})
    estate.managed(
        resource("Assistant/a", {"server": {"headers": {"X": Text(("Bearer ", Secret("secrets://env/T")))}}}),
        "1",
    )
    estate.secrets["secrets://env/T"] = "canary-two"
    plan = estate.plan()
    [line] = change(plan, "Assistant/a").attributes
    assert (line.cause, line.sensitive) == ("secret", True)
    assert "canary" not in str(plan.to_json())
    assert 'digest"' not in str(plan.to_json()["changes"][0]["attributes"])


def test_a_secret_out_of_reach_is_said_to_be_not_compared() -> None:
    estate = Estate(secrets={"secrets://env/T": "canary"})
    estate.managed(resource("Assistant/a", {"server": {"headers": {"X": Secret("secrets://env/T")}}}), "1")
    estate.secrets.clear()
    plan = estate.plan()
    assert plan.empty
    assert [each.code for each in plan.diagnostics] == ["plan.secret-not-compared"]


def test_a_hidden_value_that_sending_would_erase_is_refused() -> None:
    estate = Estate().managed(
        resource("Assistant/a", {"server": {"url": "u"}}), "1", extra={"isServerSecretSet": True}
    )
    estate.declare(resource("Assistant/a", {"server": {"url": "v"}}))
    with pytest.raises(CallsheetError, match=r"server\.secret holds a value that the provider hides"):
        estate.plan()
    # Declared, it is sent again with its neighbour, and nothing is lost.
    estate.secrets["secrets://env/S"] = "s"
    estate.declare(resource("Assistant/a", {"server": {"url": "v", "secret": Secret("secrets://env/S")}}))
    assert actions(estate.plan()) == {"Assistant/a": "update"}


def test_a_masked_value_that_sending_would_erase_is_refused() -> None:
    estate = Estate().managed(
        resource("Assistant/a", {"server": {"url": "u"}}),
        "1",
    )
    estate.edit("Assistant", "1", server={"url": "u", "headers": {"X": "****"}})
    estate.declare(resource("Assistant/a", {"server": {"url": "v"}}))
    with pytest.raises(CallsheetError, match=r"server\.headers\.X holds a value that the provider hides"):
        estate.plan()


def test_another_type_of_value_takes_its_unmanaged_keys_along() -> None:
    estate = Estate().managed(resource("Assistant/a", {"model": {"provider": "x", "name": "m"}}), "1")
    estate.edit("Assistant", "1", model={"provider": "x", "name": "m", "seed": 4})
    estate.records["Assistant/a"] = estate.records["Assistant/a"].__class__.from_json(
        {
            **estate.records["Assistant/a"].to_json(),
            "seen": {"name": "a", "model": {"provider": "x", "name": "m", "seed": 4}},
        }
    )
    plan = estate.declare(resource("Assistant/a", {"model": {"provider": "y", "name": "m"}})).plan()
    assert ("model.seed", "remove", 4, "-", "spec") in lines(plan, "Assistant/a")


def test_lifecycle_and_labels_are_learnt_without_a_request() -> None:
    estate = Estate().managed(resource("Assistant/a", {}), "1")
    plan = estate.declare(resource("Assistant/a", {}, prevent_destroy=True)).plan()
    assert actions(plan) == {"Assistant/a": "refresh"}
    assert not change(plan, "Assistant/a").writes
    assert (change(plan, "Assistant/a").lifecycle or {})["preventDestroy"] is True


def test_what_a_new_version_renders_differently_has_that_cause() -> None:
    estate = Estate().managed(resource("Assistant/a", {"first": "hi"}), "1")
    item = estate.resources.popitem()[1]
    newer = type(item)(item.address, item.kind, {**item.payload, "first": "hello"}, item.document)
    plan = estate.declare(newer).plan()
    assert lines(plan, "Assistant/a") == [("first", "change", "hi", "hello", "renderer")]


def test_a_residual_never_counts_again() -> None:
    estate = Estate().managed(resource("Assistant/a", {}), "1", extra={"old": 1}, residual=(("old",),))
    assert estate.plan().empty
    assert estate.plan(detail=True).normalised == (
        {"address": "Assistant/a", "path": ["old"], "verdict": "residual"},
    )
