"""Grouping: names in groups that stay the same when others come and go, but for doublings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_LARGEST = 64


def grouped(names: Iterable[str]) -> list[list[str]]:
    """The names, each group sorted, by a hash of each; 64 to a group on average, or fewer."""
    ordered = sorted(names)
    count = 1
    while count * _LARGEST < len(ordered):
        count *= 2
    groups: dict[int, list[str]] = {}
    for each in ordered:
        number = int.from_bytes(hashlib.sha256(each.encode()).digest()[:4], "big") % count
        groups.setdefault(number, []).append(each)
    return [groups[number] for number in sorted(groups)]
