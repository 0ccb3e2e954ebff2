"""Order and cycles of a dependency graph given as node → what it depends on."""

from __future__ import annotations

import graphlib
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def cycles(edges: Mapping[Node, Collection[Node]]) -> list[list[Node]]:
    """The strongly connected groups of more than one node, and nodes that depend on themselves.

    Deterministic: groups and members come in the order of `edges`. (Tarjan's algorithm, iterative.)
    """
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    on_stack: set[Node] = set()
    stack: list[Node] = []
    found: list[list[Node]] = []
    position = {node: number for number, node in enumerate(edges)}
    for root in edges:
        if root in index:
            continue
        work = [(root, iter(edges[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in edges:
                    continue
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(edges[target])))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        group.append(member)
                        if member == node:
                            break
                    if len(group) > 1 or node in edges[node]:
                        found.append(sorted(group, key=position.__getitem__))
    return sorted(found, key=lambda group: position[group[0]])


def ordered(edges: Mapping[Node, Collection[Node]]) -> list[Node]:
    """Every node after what it depends on; ties keep the order of `edges`. ValueError on a cycle."""
    sorter = graphlib.TopologicalSorter({node: list(targets) for node, targets in edges.items()})
    position = {node: number for number, node in enumerate(edges)}
    try:
        sorter.prepare()
    except graphlib.CycleError as cause:
        raise ValueError(" → ".join(str(node) for node in cause.args[1])) from None
    out: list[Node] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda node: position.get(node, len(position)))
        out.extend(node for node in ready if node in position)
        sorter.done(*ready)
    return out


def closure(starts: Iterable[Node], edges: Mapping[Node, Collection[Node]]) -> set[Node]:
    """The starts and everything they lead to."""
    seen: set[Node] = set()
    todo = list(starts)
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(edges.get(node, ()))
    return seen


def inverted(edges: Mapping[Node, Collection[Node]]) -> dict[Node, set[Node]]:
    """Who depends on each node."""
    out: dict[Node, set[Node]] = {node: set() for node in edges}
    for node, targets in edges.items():
        for target in targets:
            out.setdefault(target, set()).add(node)
    return out
