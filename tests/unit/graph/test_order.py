"""Order and cycles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.graph.order import closure, cycles, inverted, ordered

GRAPHS = st.dictionaries(st.integers(0, 8), st.lists(st.integers(0, 8), max_size=4), min_size=1, max_size=9)


def test_dependencies_come_first_and_ties_keep_their_order() -> None:
    assert ordered({"c": ["a"], "b": [], "a": []}) == ["b", "a", "c"]


def test_a_cycle_is_told_with_its_path() -> None:
    with pytest.raises(ValueError, match=r"a → b → a|b → a → b"):
        ordered({"a": ["b"], "b": ["a"]})


def test_cycles_are_found_with_all_their_members() -> None:
    edges = {"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"], "e": ["e"], "f": []}
    assert cycles(edges) == [["a", "b", "c"], ["e"]]


def test_a_chain_of_ten_thousand_is_no_trouble() -> None:
    edges = {number: [number + 1] for number in range(10_000)} | {10_000: []}
    assert cycles(edges) == []
    assert ordered(edges)[0] == 10_000


@given(GRAPHS)
def test_cycles_and_order_agree(edges: dict[int, list[int]]) -> None:
    known = {node: [target for target in targets if target in edges] for node, targets in edges.items()}
    groups = cycles(known)
    for group in groups:
        for member in group:
            # Every member reaches itself.
            assert member in closure(known[member], known)
    if groups:
        with pytest.raises(ValueError, match="→"):
            ordered(known)
    else:
        order = ordered(known)
        assert sorted(order) == sorted(known)
        position = {node: index for index, node in enumerate(order)}
        assert all(position[target] < position[node] for node in known for target in known[node])


@given(GRAPHS)
def test_inverting_twice_gives_the_edges_back(edges: dict[int, list[int]]) -> None:
    twice = inverted(inverted(edges))
    assert all(set(targets) == twice.get(node, set()) for node, targets in edges.items())
