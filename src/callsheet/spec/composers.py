"""Composers: YAML text to nodes that know their place, bounded before they recurse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

from yaml.composer import Composer as ComposerMixin
from yaml.nodes import Node, ScalarNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from callsheet.spec.findings import Finding, Malformed
from callsheet.spec.limits import MAX_DEPTH, MAX_NODES

# What `resolve` answers where a node has no explicit tag; values are read by `scalars`, not by tags.
PLAIN, QUOTED, UNTAGGED = "plain", "quoted", "untagged"


class Composer(Protocol):
    """One text's documents, one after the other. `nodes` counts what was composed so far."""

    nodes: int

    def check_node(self) -> bool: ...

    def get_node(self) -> Node | None: ...


class _Bounds:
    """The composer's hooks: they count instead of resolving, so that depth is known before recursion."""

    depth = 0
    nodes = 0

    def descend_resolver(self, parent: Any, _index: Any) -> None:
        self.depth += 1
        self.nodes += 1
        if self.depth > MAX_DEPTH or self.nodes > MAX_NODES:
            mark = parent.start_mark if parent is not None else None
            what = (
                f"values are nested more than {MAX_DEPTH} deep"
                if self.depth > MAX_DEPTH
                else f"there are more than {MAX_NODES:,} values in one file"
            )
            line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
            raise Malformed(
                Finding("spec.yaml-limit", what, "Split the file, or flatten the value.", line, column)
            )

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, kind: Any, _value: Any, implicit: Any) -> str:
        if kind is ScalarNode:
            return PLAIN if implicit[0] else QUOTED
        return UNTAGGED


class PureComposer(_Bounds, Reader, Scanner, Parser, ComposerMixin):
    """PyYAML's own, for installations without libyaml; some ten times slower."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        ComposerMixin.__init__(self)


def fast_composer() -> Callable[[str], Composer]:
    """libyaml's composer where PyYAML was built with it, else the pure one."""
    try:
        from yaml._yaml import CParser
    except ImportError:
        return PureComposer

    class CComposer(_Bounds, CParser):
        pass

    return CComposer


COMPOSER = fast_composer()


def compose(
    text: str, composer: Callable[[str], Composer] | None = None
) -> Iterator[tuple[Composer, Node | None]]:
    """The root node of each document, with the composer that counts; yaml.YAMLError, Malformed."""
    reading = (composer or COMPOSER)(text)
    while reading.check_node():
        yield reading, reading.get_node()
