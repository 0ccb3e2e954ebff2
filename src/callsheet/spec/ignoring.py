"""What `ignoreChanges` may name: nothing inside of a list that the files mention."""

from __future__ import annotations

import re
from collections.abc import Iterable

from callsheet.model.diagnostics import Diagnostic, error
from callsheet.model.paths import Pattern, find, pattern
from callsheet.model.resource import Resource
from callsheet.model.value import Value

_INDEX = re.compile(r"\[\d+\]")


def ignored_in_lists(resources: Iterable[Resource]) -> list[Diagnostic]:
    """One error per path that leads into a list: the list is sent whole, so it would wipe what it ignores."""
    found: dict[Diagnostic, None] = {}
    for resource in resources:
        for number, text in enumerate(resource.lifecycle.ignore_changes):
            if _INDEX.search(text) or _crosses(resource.payload, pattern(text)):
                told = error(
                    "spec.ignores-in-list",
                    f"ignoreChanges: {text} leads into a list",
                    detail="A list that the files mention is owned and sent whole; an ignored value in it "
                    "would be erased.",
                    hint="name the whole list, or take it out of the file",
                    place=resource.document.place(("lifecycle", "ignoreChanges", number)),
                )
                found.setdefault(told)
    return list(found)


def _crosses(value: Value, shape: Pattern) -> bool:
    if not shape:
        return False
    if isinstance(value, list):
        return True
    if not isinstance(value, dict):
        return False
    head, rest = shape[0], shape[1:]
    if head == "**":
        return any(isinstance(step, int) for path, _ in find(value, shape) for step in path)
    if head == "*":
        return any(_crosses(item, rest) for item in value.values())
    return head in value and _crosses(value[head], rest)
