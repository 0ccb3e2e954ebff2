"""`--target` and `--exclude`: a part of the plan, with what it cannot do without."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from callsheet.graph.order import closure, inverted
from callsheet.model.address import Address
from callsheet.model.diagnostics import nearest
from callsheet.model.errors import CallsheetError
from callsheet.plan.inputs import Options


@dataclass(frozen=True, slots=True)
class Selection:
    """What there is to select from: each address with what it cannot do without.

    `remade` are the addresses that get another remote object, with those who hold the old one's id;
    `replaced` those of them whose old object goes, which must not happen while somebody holds it.
    """

    edges: Mapping[str, Collection[str]]
    remade: Mapping[str, Collection[str]] = field(default_factory=dict)
    replaced: Mapping[str, Collection[str]] = field(default_factory=dict)


def selected(selection: Selection, options: Options) -> set[str] | None:
    """The addresses that the plan may touch; None means all of them.

    A target brings what it depends on and who must be told its new id; an exclusion takes along what
    depends on it, and what could not be replaced without it.
    """
    edges, addresses = selection.edges, list(selection.edges)
    if not options.targets and not options.excludes:
        return None
    chosen = set(addresses)
    if options.targets:
        chosen = closure(
            _named(options.targets, addresses, "--target"), _joined(edges, selection.remade)
        ) & set(addresses)
    if options.excludes:
        needed = inverted(_joined(edges, selection.replaced))
        out = closure(_named(options.excludes, addresses, "--exclude"), needed)
        chosen -= out
    return chosen


def _joined(edges: Mapping[str, Collection[str]], more: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    return {address: {*targets, *more.get(address, ())} for address, targets in edges.items()}


def _named(texts: Iterable[str], addresses: Sequence[str], option: str) -> set[str]:
    found: set[str] = set()
    for text in texts:
        try:
            wanted = Address.parse(text)
        except ValueError as cause:
            raise CallsheetError(f"{option}: {cause}", code="plan.target") from None
        hits = {
            each for each in addresses if each == text or str(Address.parse(each).document) == str(wanted)
        }
        if not hits:
            raise CallsheetError(
                f"{option} {text}: neither the files nor state know it",
                hint=nearest(text, addresses),
                code="plan.target",
            )
        found |= hits
    return found
