"""What a plan says of who holds what it changes."""

from __future__ import annotations

from callsheet.model.value import Ref
from callsheet.plan.plan import Plan
from support.estate import Estate, resource


def chain() -> Estate:
    """An assistant hands over to another one, which uses a tool; nobody uses the other tool."""
    return Estate().managed(
        resource("Tool/t", {"type": "x"}), "t1"
    ).managed(
        resource("Tool/lonely", {"type": "x"}), "t2"
    ).managed(
        resource("Assistant/a", {"model": {"toolIds": [Ref("Tool/t")]}}), "a1"
    ).managed(
        resource("Tool/over", {"destinations": [{"assistantId": Ref("Assistant/a")}]}), "t3"
    ).managed(
        resource("Assistant/front", {"model": {"toolIds": [Ref("Tool/over")]}}), "a2"
    )  # fmt: skip


def test_a_change_reaches_its_holders_and_theirs_though_they_do_not_change() -> None:
    made = chain().declare(resource("Tool/t", {"type": "x", "name": "n"})).plan()
    assert [each.address for each in made.changes] == ["Tool/t"]
    assert made.reaches == {
        "Assistant/a": ("Tool/over",),
        "Tool/over": ("Assistant/front",),
        "Tool/t": ("Assistant/a",),
    }


def test_what_nothing_holds_and_what_does_not_change_is_not_told_of() -> None:
    assert chain().declare(resource("Tool/lonely", {"type": "y"})).plan().reaches == {}
    assert chain().plan().reaches == {}
    assert chain().declare(resource("Tool/over", {"destinations": []})).plan().reaches == {
        "Tool/over": ("Assistant/front",)
    }


def test_a_deletion_reaches_those_who_held_it() -> None:
    made = chain().drop("Tool/t").declare(resource("Assistant/a", {"model": {"toolIds": []}})).plan()
    assert made.reaches["Tool/t"] == ("Assistant/a",)


def test_a_circle_is_told_once() -> None:
    one = resource("Assistant/one", {"model": {"toolIds": [Ref("Tool/two")]}})
    two = resource("Tool/two", {"destinations": [{"assistantId": Ref("Assistant/one")}]})
    made = Estate().managed(one, "a1").managed(two, "t1").declare(
        resource("Tool/two", {"type": "y", "destinations": [{"assistantId": Ref("Assistant/one")}]})
    )  # fmt: skip
    assert made.plan().reaches == {"Assistant/one": ("Tool/two",), "Tool/two": ("Assistant/one",)}


def test_a_plan_file_keeps_it_and_its_digest_covers_it() -> None:
    made = chain().declare(resource("Tool/t", {"type": "x", "name": "n"})).plan()
    told = made.to_json()
    assert Plan.from_json(told).reaches == made.reaches
    told["reaches"] = {}
    assert Plan.from_json(told).compute_digest() != made.digest
