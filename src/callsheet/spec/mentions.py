"""Mentions: every secret that the files name, whether or not anything comes of the document it is in."""

from __future__ import annotations

from collections.abc import Iterator

from callsheet.model.value import Secret, Text, Value, symbols
from callsheet.spec.contents import Contents
from callsheet.spec.context import Context
from callsheet.spec.environments import Environment
from callsheet.spec.lowering import named_secret
from callsheet.spec.project import Project


def mentioned(project: Project, environment: Environment) -> frozenset[Secret]:
    """The references in documents, as this environment reads them, and in its own section. Mistakes are
    passed over: what is not known as a secret is not hidden."""
    context = Context(project, environment, "", Contents(project.files, None))
    written: list[Value] = [each.value for each in project.documents.values()]
    written += environment.overrides.values()
    section = [dict(environment.variables), dict(environment.params), dict(environment.state)]
    found = set(_references(context.expander().expand(section)))
    for value in written:
        # One expander each: it keeps what went wrong.
        found.update(_references(context.expander().expand(value)))
        named = (named_secret(text, environment.secrets) for text in _named(value))
        found.update(each for each in named if each is not None)
    return frozenset(found)


def _references(value: Value) -> Iterator[Secret]:
    for _, symbol in symbols(value):
        if isinstance(symbol, Secret):
            yield symbol
        elif isinstance(symbol, Text):
            yield from (part for part in symbol.parts if isinstance(part, Secret))


def _named(value: Value) -> Iterator[str]:
    """Every `authRef` beneath."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "authRef" and isinstance(item, str):
                yield item
            else:
                yield from _named(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)
