"""`ignoreChanges` that ignores nothing: a slip of the pen would otherwise be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from callsheet.model.address import Address
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.paths import Pattern, find, pattern
from callsheet.model.resource import Resource
from callsheet.plan.inputs import Inputs
from callsheet.plan.matching import Matches


def ignores_nothing(inputs: Inputs, matches: Matches) -> Iterator[Diagnostic]:
    """One warning per path that neither the files nor live hold and that the provider is not known to have.

    A document is asked as a whole: its parts differ. What is not there yet is not asked.
    """
    documents: dict[Address, list[Resource]] = {}
    for address, resource in inputs.resources.items():
        if resource.lifecycle.ignore_changes:
            documents.setdefault(address.document, []).append(resource)
    for address, resources in documents.items():
        if not any(str(each.address) in matches.live for each in resources):
            continue
        for number, text in enumerate(resources[0].lifecycle.ignore_changes):
            if not any(_there(inputs, matches, each, pattern(text)) for each in resources):
                yield warning(
                    "plan.ignores-nothing",
                    f"ignoreChanges: {text} is nowhere, neither in the files nor at the provider",
                    detail="Nothing is ignored because of it.",
                    hint="paths are those of the provider's payload, as the plan shows them",
                    place=resources[0].document.place(("lifecycle", "ignoreChanges", number)),
                    address=str(address),
                )


def _there(inputs: Inputs, matches: Matches, resource: Resource, shape: Pattern) -> bool:
    remote = matches.live.get(str(resource.address))
    sides = [resource.payload, *([remote.payload] if remote else [])]
    return any(next(find(side, shape), None) for side in sides) or _possible(
        inputs.native_schema(resource.kind), shape
    )


def _possible(schema: Mapping[str, Any], shape: Pattern) -> bool:
    """Whether the provider is known to have such a key; what a schema leaves open may be anything."""
    for depth, step in enumerate(shape):
        branches = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
        known = [each["properties"] for each in branches if "properties" in each]
        if not known:
            return depth > 0
        if step in ("*", "**"):
            return True
        found = [keys[step] for keys in known if step in keys]
        if not found:
            return False
        schema = {"anyOf": found}
        if any(each == {} for each in found):
            return True
    return True
