"""`--target` and `--exclude`: a part of the plan, with what it cannot do without."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from callsheet.graph.order import closure, inverted
from callsheet.model.address import Address
from callsheet.model.diagnostics import nearest
from callsheet.model.errors import CallsheetError
from callsheet.plan.inputs import Options


def selected(
    addresses: Sequence[str], edges: Mapping[str, Collection[str]], options: Options
) -> set[str] | None:
    """The addresses that the plan may touch; None means all of them.

    A target brings what it depends on; an exclusion takes what depends on it along.
    """
    if not options.targets and not options.excludes:
        return None
    chosen = set(addresses)
    if options.targets:
        chosen = closure(_named(options.targets, addresses, "--target"), edges) & set(addresses)
    if options.excludes:
        out = closure(_named(options.excludes, addresses, "--exclude"), inverted(edges))
        chosen -= out
    return chosen


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
