"""Who uses whom: the graph, its layers, Mermaid and DOT."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from callsheet.plan.change import Action
from callsheet.reports.escaping import shown
from callsheet.reports.graph_layers import layers
from callsheet.reports.graph_text import dot, mermaid
from callsheet.reports.graph_view import Graph, Node, graph_of, plan_graph, reached
from callsheet.reports.plan_view import plan_view
from cases.plans.table import change, plan
from unit.reports.test_hostile import HOSTILE

USES = {
    "Squad/s": ["Assistant/b", "Assistant/a"],
    "Assistant/a": ["Tool/t"],
    "Assistant/b": ["Tool/t"],
    "Tool/t": [],
}
SHARP = {
    "quotes": '"] --> evil["x',
    "a directive": '%%{init: {"theme": "dark"}}%%',
    "a comment": "%% x",
    "a style": "style a:#b;c;",
    "a class": "classDef x:#a;",
    "entities": "#quot; #35; &amp; &#34; &quot;",
    "markdown": "`**bold**` 1. list",
    "a list": "- x",
    "html": "<img src=x onerror=alert(1)>",
    "the end of dot": '"]; evil [label="x"]; }',
    "backslashes": 'a\\" \\N \\G \\\\',
    "html of dot": "<<b>x</b>>",
}  # fmt: skip
TEXTS = {**HOSTILE, **SHARP}
NODE = re.compile(r'  n\d+\["(?:[^\W]|[ /_.\-\[\]()]|#\d+;)*"\]')
ESCAPED = re.compile(r'(?:[^"\\&]|\\["\\]|&amp;)*')


def hostile() -> Graph:
    texts = list(TEXTS.values())
    actions = [None, *Action]
    nodes = [Node(text, actions[number % len(actions)]) for number, text in enumerate(texts)]
    return graph_of(nodes, {text: [texts[number - 1]] for number, text in enumerate(texts)})


def estate() -> Graph:
    return graph_of((Node(each) for each in USES), USES)


def test_the_order_of_what_it_is_made_of_changes_nothing() -> None:
    turned = graph_of(
        (Node(each) for each in reversed(USES)), {key: USES[key][::-1] for key in reversed(USES)}
    )
    assert mermaid(turned) == mermaid(estate())
    assert dot(turned) == dot(estate())


def test_mermaid_reads_as_agreed() -> None:
    made = plan_graph(
        plan_view(
            plan(
                replace(change("Squad/s", Action.UPDATE), depends_on=("Assistant/a", "Tool/t[x]")),
                change("Assistant/a", Action.DELETE),
            )
        )
    )
    assert mermaid(made) == (
        "flowchart LR\n"
        '  n0["Assistant/a (delete)"]\n'
        '  n1["Squad/s (update)"]\n'
        '  n2["Tool/t[x]"]\n'
        "  n1 --> n0\n"
        "  n1 --> n2\n"
        "  classDef update stroke:#6b4400,color:#6b4400,fill:#fff8c5\n"
        "  class n1 update\n"
        "  classDef delete stroke:#a40e26,color:#a40e26,fill:#ffebe9,stroke-dasharray:4\n"
        "  class n0 delete\n"
    )
    assert dot(made) == (
        "digraph callsheet {\n"
        "  rankdir=LR;\n"
        '  node [shape=box, fontname="monospace"];\n'
        '  n0 [label="Assistant/a (delete)", style="filled,dashed", color="#a40e26", fontcolor="#a40e26", '
        'fillcolor="#ffebe9"];\n'
        '  n1 [label="Squad/s (update)", style="filled", color="#6b4400", fontcolor="#6b4400", '
        'fillcolor="#fff8c5"];\n'
        '  n2 [label="Tool/t[x]"];\n'
        "  n1 -> n0;\n"
        "  n1 -> n2;\n"
        "}\n"
    )


def test_around_goes_both_ways_and_no_further_than_asked() -> None:
    assert list(estate().around("Assistant/a", 1).nodes) == ["Assistant/a", "Squad/s", "Tool/t"]
    assert list(estate().around("Tool/t", 1).nodes) == ["Assistant/a", "Assistant/b", "Tool/t"]
    assert list(estate().around("Tool/t", 2).nodes) == list(estate().nodes)
    assert list(estate().around("Squad/s", 1).uses["Squad/s"]) == ["Assistant/a", "Assistant/b"]


def test_a_resource_stands_for_its_parts() -> None:
    nodes = [
        Node(each) for each in ("Tool/orders[find]", "Tool/orders[cancel]", "Tool/orders-2[find]", "Squad/s")
    ]
    uses = {"Assistant/a": ["Tool/orders[find]"], "Assistant/b": ["Tool/orders[cancel]"]}
    graph = graph_of(nodes, uses | {"Assistant/c": ["Tool/orders-2[find]"]})
    both = ["Assistant/a", "Assistant/b", "Tool/orders[cancel]", "Tool/orders[find]"]
    assert list(graph.around("Tool/orders", 1).nodes) == both
    assert list(graph.around("Tool/orders[find]", 1).nodes) == ["Assistant/a", "Tool/orders[find]"]
    assert graph.called("Tool/order") == ()


def test_a_sibling_is_not_around() -> None:
    """What uses the same tool is neither used nor a user, at whatever depth."""
    uses = {"Assistant/a": ["Tool/t"], "Assistant/b": ["Tool/t"], "Tool/t": []}
    graph = graph_of((Node(each) for each in uses), uses)
    assert list(graph.around("Assistant/a", 9).nodes) == ["Assistant/a", "Tool/t"]


def test_a_change_reaches_whatever_leads_to_it_cycles_included() -> None:
    graph = graph_of(
        [Node("a", Action.UPDATE), Node("b", Action.UPDATE), Node("c", Action.DELETE)],
        {"a": ["b"], "b": ["a", "same"], "c": ["a"]},
    )
    assert reached(graph) == {"a": ["b", "c"], "b": ["a", "c"], "c": []}


def test_holders_that_do_not_change_are_reached_too() -> None:
    view = replace(
        plan_view(plan(change("Tool/t", Action.UPDATE))),
        holders={"Tool/t": ("Assistant/a",), "Assistant/a": ("Squad/s",)},
    )
    graph = plan_graph(view)
    assert graph.uses == {"Assistant/a": ("Tool/t",), "Squad/s": ("Assistant/a",), "Tool/t": ()}
    assert reached(graph) == {"Tool/t": ["Assistant/a", "Squad/s"]}
    assert graph.nodes["Squad/s"].action is None


def test_layers_go_from_users_to_the_used() -> None:
    assert layers(estate().uses) == [["Squad/s"], ["Assistant/a", "Assistant/b"], ["Tool/t"]]


def test_every_node_of_a_cycle_has_one_place() -> None:
    columns = layers({"a": ["b"], "b": ["c"], "c": ["a", "d"], "d": ["d"], "alone": []})
    assert sorted(each for column in columns for each in column) == ["a", "alone", "b", "c", "d"]
    assert columns[1:] == [["b"], ["c"], ["d"]]


def test_lines_are_untangled() -> None:
    uses = {"a": ["z"], "b": ["y"], "c": ["x"], "x": [], "y": [], "z": []}
    left, right = layers(uses)
    assert [uses[each] for each in left] == [[each] for each in right]


def test_a_long_chain_takes_no_recursion() -> None:
    uses = {str(number): [str(number + 1)] for number in range(5_000)} | {"5000": []}
    assert len(layers(uses)) == 5_001


def test_no_label_gets_out_of_mermaid() -> None:
    """Mermaid's own parser draws each of these labels as it is; what it is told is held to that here."""
    text = mermaid(hostile())
    lines = text.splitlines()
    assert len([line for line in lines if NODE.fullmatch(line)]) == len(TEXTS)
    others = [line for line in lines if not NODE.fullmatch(line)]
    assert all(
        re.fullmatch(r"flowchart LR|  n\d+ --> n\d+|  classDef \w+ [\w:#,-]+|  class [n\d,]+ \w+", line)
        for line in others
    )


def test_no_label_gets_out_of_dot() -> None:
    found = re.findall(r'^  n\d+ \[label="(.*?)"(?:, style=.*)?\];$', dot(hostile()), re.MULTILINE)
    assert len(found) == len(TEXTS)
    assert all(ESCAPED.fullmatch(each) for each in found)


@pytest.mark.skipif(shutil.which("dot") is None, reason="no Graphviz here: apt-get install graphviz")
def test_graphviz_reads_it_and_shows_every_label_as_it_is() -> None:
    graph = hostile()
    told = subprocess.run(["dot", "-Tplain"], input=dot(graph).encode(), capture_output=True, check=True)
    assert told.stderr == b""
    assert told.stdout.count(b"\nnode ") == len(TEXTS)
    assert told.stdout.count(b"\nedge ") == len(TEXTS)
    drawn = subprocess.run(["dot", "-Tsvg"], input=dot(graph).encode(), capture_output=True, check=True)
    labels = {
        _unescaped(each) for each in re.findall(r"<text [^>]*>(.*?)</text>", drawn.stdout.decode(), re.DOTALL)
    }
    for address, node in graph.nodes.items():
        said = shown(address, 200) + (f" ({node.words})" if node.words else "")
        assert said.replace("\xa0", " ") in labels


def _unescaped(text: str) -> str:
    import html

    return html.unescape(text).replace("\xa0", " ")
