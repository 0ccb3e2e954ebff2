"""A graph as text that other programs draw: Mermaid and DOT. An arrow leads to what a resource uses."""

from __future__ import annotations

from collections.abc import Mapping

from callsheet.plan.change import Action
from callsheet.reports.escaping import shown
from callsheet.reports.graph_view import Graph, Node

MERMAID, DOT = "mermaid", "dot"
_LONGEST = 200
# Border and text, background: dark on light, readable on the white that both tools draw on.
_COLOURS = {
    "create": ("#116329", "#dafbe1"),
    "update": ("#6b4400", "#fff8c5"),
    "replace": ("#a40e26", "#ffebe9"),
    "delete": ("#a40e26", "#ffebe9"),
    "import": ("#0550ae", "#ddf4ff"),
    "move": ("#0550ae", "#ddf4ff"),
    "forget": ("#4d5560", "#eaeef2"),
    "refresh": ("#4d5560", "#eaeef2"),
    "conflict": ("#6639ba", "#fbefff"),
    "external": ("#4d5560", "#ffffff"),
}
_PLAIN_IN_MERMAID = " /_.-[]()"
assert set(_COLOURS) >= {str(action) for action in Action}


def graph_text(graph: Graph, form: str) -> str:
    return mermaid(graph) if form == MERMAID else dot(graph)


def mermaid(graph: Graph) -> str:
    names = _names(graph)
    out = ["flowchart LR"]
    out += [f'  {names[each]}["{_mermaid(_label(node))}"]' for each, node in graph.nodes.items()]
    out += [f"  {names[start]} --> {names[end]}" for start, end in graph.edges]
    for word, (dark, light) in _COLOURS.items():
        if found := [names[each] for each, node in graph.nodes.items() if node.words == word]:
            dashed = ",stroke-dasharray:4" if word in ("delete", "external") else ""
            out.append(f"  classDef {word} stroke:{dark},color:{dark},fill:{light}{dashed}")
            out.append(f"  class {','.join(found)} {word}")
    return "\n".join(out) + "\n"


def dot(graph: Graph) -> str:
    names = _names(graph)
    out = ["digraph callsheet {", "  rankdir=LR;", '  node [shape=box, fontname="monospace"];']
    for address, node in graph.nodes.items():
        out.append(f'  {names[address]} [label="{_dot(_label(node))}"{_dot_style(node)}];')
    out += [f"  {names[start]} -> {names[end]};" for start, end in graph.edges]
    return "\n".join([*out, "}"]) + "\n"


def _names(graph: Graph) -> Mapping[str, str]:
    """Names of our own: what an address holds can then be nothing but a label."""
    return {address: f"n{number}" for number, address in enumerate(graph.nodes)}


def _label(node: Node) -> str:
    return shown(node.address, _LONGEST) + (f" ({node.words})" if node.words else "")


def _mermaid(text: str) -> str:
    """Everything but letters, digits and what addresses are made of as a numeric entity.

    Quotes end a label; `%%{` is a directive and `style…:#…;` is rewritten wherever they stand.
    """
    return "".join(each if each.isalnum() or each in _PLAIN_IN_MERMAID else f"#{ord(each)};" for each in text)


def _dot(text: str) -> str:
    """Within quotes a backslash and a quote act, and so do the entities that Graphviz knows."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")


def _dot_style(node: Node) -> str:
    if not node.words:
        return ""
    dark, light = _COLOURS[node.words]
    style = "filled,dashed" if node.words in ("delete", "external") else "filled"
    return f', style="{style}", color="{dark}", fontcolor="{dark}", fillcolor="{light}"'
