"""What apply will not do, told while planning."""

from __future__ import annotations

import pytest

from callsheet.plan.plan import Plan
from support.estate import Estate, resource


def rules(plan: Plan) -> list[tuple[str, str]]:
    return [(gate.rule, gate.status) for gate in plan.gates]


def many(count: int, kind: str = "Assistant") -> Estate:
    estate = Estate()
    for number in range(count):
        estate.managed(resource(f"{kind}/a{number}", {"type": "x"}), f"id{number}")
    return estate


def test_an_empty_desired_set_against_state_is_refused() -> None:
    estate = many(2)
    estate.resources.clear()
    plan = estate.plan()
    assert ("emptyDesired", "refused") in rules(plan)
    assert plan.refusals


def test_destroy_says_so_and_is_not_refused() -> None:
    plan = many(20).plan(destroy=True)
    assert rules(plan) == []
    assert plan.summary["delete"] == 20


def test_nothing_declared_and_nothing_known_is_no_refusal() -> None:
    assert Estate(lineage=None).plan().gates == ()


@pytest.mark.parametrize(
    ("held", "dropped", "refused"),
    [(10, 3, False), (10, 4, True), (9, 8, False), (20, 6, False), (20, 7, True)],
)
def test_mass_deletion_begins_beyond_thirty_percent_of_ten(held: int, dropped: int, refused: bool) -> None:
    estate = many(held)
    for number in range(dropped):
        estate.drop(f"Assistant/a{number}")
    assert (("massDelete", "refused") in rules(estate.plan())) is refused


def test_replacements_count_as_deletions() -> None:
    estate = many(10, "Tool")
    for number in range(4):
        estate.declare(resource(f"Tool/a{number}", {"type": "y"}))
    assert rules(estate.plan()) == [("massDelete", "refused")]


def test_mass_deletion_can_be_allowed() -> None:
    estate = many(10)
    for number in range(5):
        estate.drop(f"Assistant/a{number}")
    plan = estate.plan(allow_mass_delete=True)
    assert rules(plan) == [("massDelete", "passed")]
    assert not plan.refusals


def test_a_protected_resource_is_not_deleted_even_when_its_document_is_gone() -> None:
    estate = (
        Estate()
        .managed(resource("Assistant/a", {}, prevent_destroy=True), "1")
        .managed(resource("Assistant/b", {}), "2")
    )
    assert rules(estate.drop("Assistant/a").plan()) == [("preventDestroy", "refused")]
    assert ("preventDestroy", "refused") in rules(estate.plan(destroy=True))


def test_a_protected_resource_is_not_replaced() -> None:
    estate = Estate().managed(resource("Tool/t", {"type": "x"}, prevent_destroy=True), "1")
    plan = estate.declare(resource("Tool/t", {"type": "y"}, prevent_destroy=True)).plan()
    assert rules(plan) == [("preventDestroy", "refused")]


def test_irreversible_kinds_are_protected_unless_the_file_says_otherwise() -> None:
    estate = (
        Estate()
        .managed(resource("Number/n", {"provider": "x"}), "1")
        .managed(resource("Assistant/b", {}), "2")
    )
    estate.drop("Number/n")
    assert rules(estate.plan()) == [("preventDestroy", "refused")]
    free = Estate().managed(resource("Number/n", {"provider": "x"}, prevent_destroy=False), "1")
    free.managed(resource("Assistant/b", {}), "2").drop("Number/n")
    assert rules(free.plan()) == []


def test_irreversible_kinds_are_never_replaced() -> None:
    estate = Estate().managed(resource("Number/n", {"provider": "x"}, prevent_destroy=False), "1")
    plan = estate.declare(resource("Number/n", {"provider": "y"}, prevent_destroy=False)).plan()
    assert rules(plan) == [("irreversible", "refused")]


def test_every_refusal_says_what_would_satisfy_it() -> None:
    estate = many(12)
    estate.resources.clear()
    assert all(gate.satisfied_by for gate in estate.plan().refusals)
