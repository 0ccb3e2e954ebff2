"""Where a value stands in a YAML text, found by composing the text again only when somebody asks."""

from __future__ import annotations

from functools import lru_cache

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from callsheet.model.value import Path, Step
from callsheet.spec.composers import compose
from callsheet.spec.naming import camel
from callsheet.spec.reader import position


@lru_cache(maxsize=4)
def _documents(text: str) -> tuple[Node | None, ...]:
    # Bounded to a few files: nodes weigh some fifty times their text.
    return tuple(node for _, node in compose(text))


def locate(text: str, document: int, path: Path, *, key: bool = False) -> tuple[int, int]:
    """Line and column, from 1, of the value at `path`, or of its nearest ancestor that is there.

    With `key`, of the key under which the last step stands.
    """
    node, key_node = _find(text, document, path)
    chosen = key_node if key and key_node is not None else node
    return (chosen.start_mark.line + 1, chosen.start_mark.column + 1) if chosen is not None else (1, 1)


def locate_within(text: str, document: int, path: Path, needle: str) -> tuple[int, int]:
    """Line and column of `needle` inside the scalar at `path`; of the scalar where escapes hide it."""
    node, _ = _find(text, document, path)
    if isinstance(node, ScalarNode):
        found = text.find(needle, node.start_mark.index, node.end_mark.index)
        if found >= 0:
            return position(text, found)
    return locate(text, document, path)


def scalar_span(text: str, path: Path) -> tuple[int, int] | None:
    """Where the scalar at `path` of the first document begins and ends; None where there is none."""
    node, _ = _find(text, 0, path)
    if not isinstance(node, ScalarNode) or _find(text, 0, path[:-1])[0] is node:
        return None
    return node.start_mark.index, node.end_mark.index


def first_key(text: str, path: Path) -> tuple[int, int] | None:
    """Line and column, from 0, of the first key of the block mapping at `path`; None where it is none."""
    node, _ = _find(text, 0, path)
    if not isinstance(node, MappingNode) or node.flow_style or not node.value:
        return None
    mark = node.value[0][0].start_mark
    return mark.line, mark.column


def _find(text: str, document: int, path: Path) -> tuple[Node | None, Node | None]:
    documents = _documents(text)
    node = documents[document] if document < len(documents) else None
    key_node: Node | None = None
    for number, step in enumerate(path):
        if node is None:
            break
        found = _child(node, step)
        if found is None:
            break
        # The key of the last step only: an ancestor is better shown by its first value.
        key_node, node = (found[0] if number == len(path) - 1 else None), found[1]
    return node, key_node


def _child(node: Node, step: Step) -> tuple[Node | None, Node] | None:
    if isinstance(node, MappingNode) and isinstance(step, str):
        pairs = [pair for pair in node.value if pair[0].value == step]
        pairs = pairs or [pair for pair in node.value if camel(str(pair[0].value)) == step]
        return pairs[0] if pairs else None
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None
