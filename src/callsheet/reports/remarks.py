"""Findings that say the same of several resources, or in several environments: said once, and counted.

An error is never folded, nor is what has a hint: that asks somebody to do something, in each place anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from callsheet.model.diagnostics import Diagnostic, Place, Severity

_Said = tuple[tuple[str, ...], Diagnostic]  # environments, where they are several, and what was found there


@dataclass(frozen=True, slots=True)
class Remark:
    """What was found, of which addresses, and the place where it stands, if that is one place.

    `environments` are named where there are several.
    """

    said: Diagnostic
    addresses: tuple[str, ...]
    place: Place | None
    environments: tuple[str, ...] = ()


def remarks_of(
    environments: Sequence[tuple[str, Sequence[Diagnostic]]],
) -> tuple[list[Remark], list[list[Remark]]]:
    """What several environments have in common, and what is left of each; from names and findings."""
    known: dict[Diagnostic, dict[int, Place | None]] = {}
    for number, (_, found) in enumerate(environments):
        for each in found:
            known.setdefault(replace(each, place=None), {}).setdefault(number, each.place)
    shared: list[_Said] = []
    own: list[list[_Said]] = []
    for number, (_, found) in enumerate(environments):
        own.append([])
        for each in found:
            places = known[replace(each, place=None)]
            if len(places) == 1 or not _folds(each):
                own[-1].append(((), each))
            elif number == min(places):
                names = tuple(dict.fromkeys(environments[other][0] for other in places))
                shared.append((names, replace(each, place=_one(places.values()))))
    return _folded(shared), [_folded(each) for each in own]


def _folds(each: Diagnostic) -> bool:
    return each.severity is not Severity.ERROR and not each.hint


def _folded(said: Iterable[_Said]) -> list[Remark]:
    """Equal findings of several addresses as one, where the first of them stands. An address counts once."""
    grouped: dict[object, list[_Said]] = {}
    times: Counter[object] = Counter()
    for number, (names, each) in enumerate(said):
        bare = replace(each, place=None)
        times[names, bare] += 1
        alike = (names, replace(bare, address=None), times[names, bare])
        grouped.setdefault(alike if each.address and _folds(each) else number, []).append((names, each))
    return [_remark(each) for each in grouped.values()]


def _remark(alike: Sequence[_Said]) -> Remark:
    names, first = alike[0]
    addresses = tuple(each.address for _, each in alike if each.address)
    return Remark(first, addresses, _one(each.place for _, each in alike), names)


def _one(places: Iterable[Place | None]) -> Place | None:
    found = set(places)
    return found.pop() if len(found) == 1 else None
