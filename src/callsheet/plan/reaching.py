"""What a change reaches: who refers to the changed address, and who to those."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from callsheet.graph.order import closure


def reached(
    edges: Mapping[str, Collection[str]], removed: Collection[str], changed: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """The direct holders of every changed address and of every address that is reached through them.

    `edges` are those of a `Selection`: what each address refers to, but for `removed` ones, who holds them.
    Holders alone, and not whole closures: a policy that touches an estate would repeat it for every change.
    """
    holders: dict[str, set[str]] = {}
    for address, targets in edges.items():
        if address in removed:
            holders.setdefault(address, set()).update(targets)
            continue
        for target in targets:
            if target != address:
                holders.setdefault(target, set()).add(address)
    told = closure(changed, holders)
    return {address: tuple(sorted(holders[address])) for address in sorted(told) if holders.get(address)}
