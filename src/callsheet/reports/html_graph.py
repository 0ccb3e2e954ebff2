"""The dependency graph in a page: drawn here, as SVG, and told as a list. Neither needs a script."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from callsheet.graph.order import inverted
from callsheet.reports.change_lines import SYMBOLS
from callsheet.reports.escaping import visible
from callsheet.reports.graph_layers import layers
from callsheet.reports.graph_view import Graph, Node, plan_graph, reached
from callsheet.reports.html_parts import of_plan, section
from callsheet.reports.markup import Markup, joined, tag
from callsheet.reports.plan_view import PlanView

MOST_NODES = 150
_MOST_NAMED = 50  # in the list, of what one change reaches
_LABEL = 34  # columns
_COLUMN, _HEIGHT, _ROW, _GAP, _EDGE = 7.3, 26, 36, 70, 12


def graph(view: PlanView, prefix: str, level: int, anchors: Mapping[str, str]) -> Markup | None:
    """The drawing and the list; None where no change has to do with another resource."""
    whole = plan_graph(view)
    if not whole.edges:
        return None
    reach = {address: found for address, found in reached(whole).items() if found}
    linked = whole.only({address for edge in whole.edges for address in edge})
    drawn = linked
    note = "An arrow leads from a resource to what it uses: a change can be felt in all that leads to it."
    if len(linked.nodes) > MOST_NODES:
        drawn = _most_telling(linked, reach, {each.address for each in view.changes if each.destructive})
        note += (
            f" Of {len(linked.nodes):,} linked resources {len(drawn.nodes):,} are drawn: what is deleted, "
            "replaced or in conflict first, then what reaches most, each with its neighbours. "
            "The list below has all."
        )
    if apart := sum(each.address not in linked.nodes for each in view.changes):
        note += (
            f" Not drawn, because nothing links {'it' if apart == 1 else 'them'}: {apart:,} of the changes."
        )
    return section(
        f"{prefix}graph",
        level,
        "Dependency graph",
        tag(
            "div",
            _drawing(drawn, prefix, anchors),
            class_="drawing",
            role="region",
            tabindex=0,
            aria_label=f"Drawing of the dependency graph{of_plan(prefix)}; scrolls",
        ),
        _list(reach, anchors),
        note=note,
    )


def _most_telling(linked: Graph, reach: Mapping[str, Sequence[str]], destructive: set[str]) -> Graph:
    users = inverted(linked.uses)

    def rank(address: str) -> tuple[bool, int, str]:
        dangerous = address in destructive or linked.nodes[address].conflict
        return not dangerous, -len(reach.get(address, ())), address

    kept: dict[str, None] = {}
    for address in sorted((each for each, node in linked.nodes.items() if node.action is not None), key=rank):
        for each in (address, *linked.uses[address], *sorted(users[address])):
            if len(kept) >= MOST_NODES:
                return linked.only(kept)
            kept.setdefault(each)
    return linked.only(kept)


def _drawing(drawn: Graph, prefix: str, anchors: Mapping[str, str]) -> Markup:
    columns = layers(drawn.uses)
    labels = {address: _cut(visible(address)) for address in drawn.nodes}
    tallest = max(len(column) for column in columns) * _ROW
    places: dict[str, tuple[float, float, float]] = {}
    left = 4.0
    for column in columns:
        width = max(_width(labels[each]) for each in column) * _COLUMN + 48
        top = 4 + (tallest - len(column) * _ROW) / 2
        for row, each in enumerate(column):
            places[each] = (left, top + row * _ROW, width)
        left += width + _GAP
    names = {address: f"{prefix}n{number}" for number, address in enumerate(drawn.nodes)}
    arrow = tag(
        "marker",
        tag("path", d="M0 0L8 4L0 8z"),
        id=f"{prefix}arrow",
        class_="arrow",
        viewBox="0 0 8 8",
        refX=8,
        refY=4,
        markerWidth=7,
        markerHeight=7,
        orient="auto",
    )
    edges = [_edge(start, end, places, names, prefix) for start, end in drawn.edges]
    nodes = [
        _node(node, labels[address], places[address], names[address], anchors)
        for address, node in drawn.nodes.items()
    ]
    width, height = round(left - _GAP + 4), tallest + 8
    return tag(
        "svg",
        tag("defs", arrow),
        *edges,
        *nodes,
        class_="graph",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="group",
        aria_label=f"Dependency graph{of_plan(prefix)}",
    )


def _node(
    node: Node, label: str, place: tuple[float, float, float], name: str, anchors: Mapping[str, str]
) -> Markup:
    left, top, width = place
    symbol = "!" if node.conflict else SYMBOLS[node.action] if node.action else ""
    style = "conflict" if node.conflict else str(node.action or "same")
    said = f"{node.address}, {node.words or 'does not change'}"
    inner = joined(
        [
            tag("title", said),
            tag("rect", x=_at(left), y=_at(top), width=_at(width), height=_HEIGHT, rx=4),
            tag("text", symbol, x=_at(left + 8), y=_at(top + 17.5), class_="symbol"),
            tag("text", label, x=_at(left + 36), y=_at(top + 17.5)),
        ]
    )
    if anchor := anchors.get(node.address):
        inner = tag("a", inner, href=f"#{anchor}", aria_label=said)
    return tag("g", inner, class_=f"node {style}", data_node=name)


def _edge(
    start: str,
    end: str,
    places: Mapping[str, tuple[float, float, float]],
    names: Mapping[str, str],
    prefix: str,
) -> Markup:
    left, top, width = places[start]
    to, to_top, to_width = places[end]
    y1, y2 = top + _HEIGHT / 2, to_top + _HEIGHT / 2
    if to > left:
        x1, x2 = left + width, to
        bend = (x2 - x1) / 2
        way = (
            f"M{_at(x1)} {_at(y1)}C{_at(x1 + bend)} {_at(y1)} {_at(x2 - bend)} {_at(y2)} {_at(x2)} {_at(y2)}"
        )
    else:  # what closes a cycle goes back beneath its nodes
        x1, x2 = left + width / 2, to + to_width / 2
        y1, y2 = top + _HEIGHT, to_top + _HEIGHT
        low = max(y1, y2) + _EDGE
        way = f"M{_at(x1)} {_at(y1)}C{_at(x1)} {_at(low)} {_at(x2)} {_at(low)} {_at(x2)} {_at(y2)}"
    return tag(
        "path",
        d=way,
        class_="edge" if to > left else "edge back",
        marker_end=f"url(#{prefix}arrow)",
        data_from=names[start],
        data_to=names[end],
    )


def _list(reach: Mapping[str, Sequence[str]], anchors: Mapping[str, str]) -> Markup:
    if not reach:
        return tag("p", "No change reaches another one.")
    items = [
        tag("li", _link(address, anchors), " reaches ", _named(found, anchors))
        for address, found in reach.items()
    ]
    summary = tag("summary", f"What each change reaches ({len(reach):,})")
    note = tag("p", "Whatever leads to the change, over however many arrows.", class_="note")
    return tag("details", summary, note, tag("ul", *items), class_="reach", open=len(items) <= 20)


def _named(found: Sequence[str], anchors: Mapping[str, str]) -> Markup:
    links = [_link(each, anchors) for each in found[:_MOST_NAMED]]
    more = len(found) - _MOST_NAMED
    return joined([joined(links, ", "), f" and {more:,} more" if more > 0 else None])


def _link(address: str, anchors: Mapping[str, str]) -> Markup:
    if address not in anchors:
        return tag("code", address)
    return tag("a", tag("code", address), href=f"#{anchors[address]}")


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in ("W", "F") else 1 for each in text)


def _cut(text: str) -> str:
    """The end is left: kinds are told by the beginning, names by the end."""
    if _width(text) <= _LABEL:
        return text
    while _width(text) > _LABEL - 1:
        text = text[: len(text) // 2 - 1] + text[len(text) // 2 :]
    half = len(text) // 2
    return f"{text[:half]}…{text[half:]}"


def _at(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
