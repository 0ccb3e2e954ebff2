"""Who uses whom: of a plan or of an estate, for a drawing or a list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from callsheet.graph.order import closure, inverted
from callsheet.plan.change import Action
from callsheet.reports.plan_view import PlanView


@dataclass(frozen=True, slots=True)
class Node:
    """`action` is None for what does not change; `external` is what Callsheet looks up and never writes."""

    address: str
    action: Action | None = None
    conflict: bool = False
    external: bool = False

    @property
    def words(self) -> str:
        """What is to be said of it, so that no colour says it alone."""
        if self.conflict:
            return "conflict"
        return "external" if self.external else str(self.action or "")


@dataclass(frozen=True, slots=True)
class Graph:
    """`uses` leads from each node, in order of addresses, to those that it refers to."""

    nodes: Mapping[str, Node]
    uses: Mapping[str, tuple[str, ...]]

    @property
    def edges(self) -> list[tuple[str, str]]:
        return [(start, end) for start, ends in self.uses.items() for end in ends]

    def only(self, kept: Collection[str]) -> Graph:
        """The part that these nodes and what is between them make."""
        return Graph(
            {address: node for address, node in self.nodes.items() if address in kept},
            {
                start: tuple(end for end in ends if end in kept)
                for start, ends in self.uses.items()
                if start in kept
            },
        )

    def called(self, address: str) -> tuple[str, ...]:
        """The node of that address, or the parts that it is made of, such as the operations of a tool."""
        if address in self.nodes:
            return (address,)
        return tuple(each for each in self.nodes if each.startswith(f"{address}["))

    def around(self, address: str, depth: int) -> Graph:
        """What it uses and what uses it, up to `depth` steps away, each direction by itself."""
        kept = set(self.called(address))
        for edges in (self.uses, inverted(self.uses)):
            kept.update(*(_within(each, edges, depth) for each in self.called(address)))
        return self.only(kept)


def graph_of(nodes: Iterable[Node], uses: Mapping[str, Iterable[str]]) -> Graph:
    """Sorted by address; what is referred to and not among the nodes is one that does not change."""
    known = {node.address: node for node in nodes}
    known.update({start: Node(start) for start in uses if start not in known})
    for ends in uses.values():
        for end in ends:
            known.setdefault(end, Node(end))
    addresses = sorted(known)
    return Graph(
        {address: known[address] for address in addresses},
        {address: tuple(sorted(set(uses.get(address, ())) - {address})) for address in addresses},
    )


def plan_graph(view: PlanView) -> Graph:
    """The changes, what they refer to, and who is known to refer to them."""
    uses = {change.address: list(change.depends_on) for change in view.changes}
    for address, holders in view.holders.items():
        for holder in holders:
            uses.setdefault(holder, []).append(address)
    return graph_of((Node(each.address, each.action, each.conflict) for each in view.changes), uses)


def reached(graph: Graph) -> dict[str, list[str]]:
    """For each changed node those that lead to it: what a change of it can be felt in."""
    users = inverted(graph.uses)
    out = {}
    for address, node in graph.nodes.items():
        if node.action is not None:
            out[address] = sorted(closure([address], users) - {address})
    return out


def _within(start: str, edges: Mapping[str, Collection[str]], depth: int) -> set[str]:
    seen, edge = {start}, {start}
    for _ in range(depth):
        edge = {end for each in edge for end in edges.get(each, ())} - seen
        if not edge:
            break
        seen |= edge
    return seen
