"""Renames: what `movedFrom` may claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from callsheet.model.address import Address
from callsheet.model.diagnostics import Diagnostic, Place, error


def broken_moves(
    claims: Iterable[tuple[Address, str, Place | None]], declared: Mapping[Address, Place | None]
) -> list[Diagnostic]:
    """Claims (address, former address, place) that cannot all be true: a former address has one heir,
    and is declared no more. A circle of renames breaks the second rule."""
    out: list[Diagnostic] = []
    heirs: dict[str, Address] = {}
    for address, former, place in claims:
        if former in heirs:
            out.append(
                error(
                    "spec.moved-from",
                    f"{heirs[former]} was moved from {former} already",
                    hint="One remote object can become one resource; take one movedFrom away.",
                    place=place,
                )
            )
            continue
        heirs[former] = address
        kind, _, name = former.partition("/")
        if (old := Address(kind, name)) in declared and old != address:
            out.append(
                error(
                    "spec.moved-from",
                    f"{former} is still declared, at {declared[old]}",
                    hint="Remove that document, or take movedFrom away.",
                    place=place,
                )
            )
    return out
