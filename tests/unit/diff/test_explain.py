"""Differences inside of values are told element by element."""

from __future__ import annotations

from typing import Any

from callsheet.diff.explain import Op, explain
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, pattern, patterns
from callsheet.model.value import Path, Ref

KIND = Kind(
    "Assistant",
    "test",
    id_sets=patterns("toolIds"),
    identity=(
        (pattern("tools"), (("function", "name"), ("name",))),
        (pattern("messages"), (("role",),)),
    ),
)


def told(path: Path, old: Any, new: Any) -> list[tuple[Path, str, Any, Any]]:
    return [(each.path, str(each.op), each.old, each.new) for each in explain(KIND, path, old, new)]


def test_scalars() -> None:
    assert told(("t",), 0.4, 0.2) == [(("t",), "change", 0.4, 0.2)]
    assert told(("t",), ABSENT, 0.2) == [(("t",), "add", ABSENT, 0.2)]
    assert told(("t",), 0.4, ABSENT) == [(("t",), "remove", 0.4, ABSENT)]
    assert told(("t",), {"a": 1}, "a") == [(("t",), "change", {"a": 1}, "a")]


def test_twenty_shuffled_elements_with_one_change_each_pair_by_identity() -> None:
    old = [{"function": {"name": f"f{number}"}, "size": number} for number in range(20)]
    new = [{"function": {"name": f"f{number}"}, "size": number + 100} for number in reversed(range(20))]
    found = explain(KIND, ("tools",), old, new)
    assert found[0].op is Op.REORDER
    changes = found[1:]
    assert len(changes) == 20
    assert all(each.op is Op.CHANGE and each.path[-1] == "size" for each in changes)
    # Each path leads to the element of the new list whose value is told.
    for each in changes:
        index = each.path[1]
        assert isinstance(index, int)
        assert new[index]["size"] == each.new
        assert each.new == each.old + 100


def test_elements_come_and_go() -> None:
    old = [{"name": "a"}, {"name": "b"}]
    new = [{"name": "b"}, {"name": "c"}]
    assert told(("tools",), old, new) == [
        (("tools", 0), "remove", {"name": "a"}, ABSENT),
        (("tools", 1), "add", ABSENT, {"name": "c"}),
    ]


def test_duplicate_keys_pair_by_position() -> None:
    old = [{"role": "user", "content": "1"}, {"role": "user", "content": "2"}]
    new = [{"role": "user", "content": "1"}, {"role": "user", "content": "3"}]
    assert told(("messages",), old, new) == [(("messages", 1, "content"), "change", "2", "3")]


def test_id_sets_have_members_and_no_order() -> None:
    assert told(("toolIds",), ["1", "2"], ["3", "2"]) == [
        (("toolIds", 0), "add", ABSENT, "3"),
        (("toolIds", 0), "remove", "1", ABSENT),
    ]


def test_a_reference_pairs_with_the_id_it_stands_for() -> None:
    found = told(("toolIds",), ["7"], [Ref("Tool/a", id="7"), Ref("Tool/new")])
    assert found == [(("toolIds", 1), "add", ABSENT, Ref("Tool/new"))]


def test_lists_without_identity_are_aligned() -> None:
    assert told(("hooks",), [{"a": 1}, {"b": 2}], [{"a": 1}, {"b": 3}]) == [
        (("hooks", 1, "b"), "change", 2, 3)
    ]


def test_something_is_always_told() -> None:
    assert told(("x",), [1, True], [1, 1]) != []
