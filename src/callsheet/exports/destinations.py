"""Destinations: where a secret is sent, so that none goes to an address that it was not set for.

A secret's address is what stands nearest around it: the `url` of a server for that server's headers.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from callsheet.diff.equality import agrees
from callsheet.model.paths import ABSENT, drop, get, leaves, put
from callsheet.model.value import Digest, Path, Payload, Secret, Text, Value, symbols

_NAMED = re.compile(
    r"^(?:ur[li]|host(?:name)?|domain|endpoint|ip)$|(?:Ur[li]|Host(?:name)?|Domain|Endpoint)$"
)

Counterpart = Callable[[Value, Value, Path], Path | None]


def kept_together(
    payload: Payload, then: Payload, present: Payload, counterpart: Counterpart
) -> tuple[Payload, list[tuple[Path, Path]]]:
    """What is to be sent, with the address as live has it of each secret that stays as live has it.

    `then` is what the export has, `present` what live has. Where an address is left, so is every other secret
    beside it: that of then was set for the address of then. With it per address its path and the secret's.
    """
    left = []
    for here, digest in symbols(present):
        if not isinstance(digest, Digest):
            continue
        there = counterpart(present, payload, here)
        if there is None or get(then, there) == digest or not _stays(get(payload, there), digest, here):
            continue
        length = _around(payload, there, present, here)
        if length is None:
            continue
        old, new = get(present, here[:length]), get(payload, there[:length])
        moved = [
            key
            for key in sorted({*old, *new})
            if is_address(key, old.get(key), new.get(key)) and not agrees(new.get(key), old.get(key))
        ]
        if not moved:
            continue
        for path in _bound(old, new):
            found = get(old, path)
            at = (*there[:length], *path)
            payload = drop(payload, at) if found is ABSENT else put(payload, at, found)
        left.append(((*there[:length], moved[0]), there))
    return payload, left


def is_address(key: str, *values: Value) -> bool:
    return bool(_NAMED.search(key)) or any(isinstance(value, str) and "://" in value for value in values)


def _stays(value: Value, digest: Digest, path: Path) -> bool:
    """Whether live's secret is there after the update: what is not sent stays, but within lists."""
    if value is ABSENT:
        return not any(isinstance(step, int) for step in path)
    return isinstance(value, Digest) and value == digest


def _around(payload: Payload, there: Path, present: Payload, here: Path) -> int | None:
    """The length of the path to the nearest object around with an address, within the same list element."""
    for length in range(len(here) - 1, -1, -1):
        old, new = get(present, here[:length]), get(payload, there[:length])
        if not isinstance(old, dict) or not (new is ABSENT or isinstance(new, dict)):
            return None
        if isinstance(new, dict) and (_addresses(old) or _addresses(new)):
            return length
    return None


def _addresses(value: Payload) -> list[str]:
    return [key for key, item in value.items() if is_address(key, item)]


def _bound(old: Payload, new: Payload) -> list[Path]:
    """The addresses of an object, and the secrets that are sent there."""
    out: dict[Path, None] = {}
    for side in (old, new):
        for path, value in leaves(side):
            address = len(path) == 1 and is_address(str(path[0]), value)
            if address or (_secret(value) and not _elsewhere(old, new, path)):
                out[path] = None
    return list(out)


def _secret(value: Value) -> bool:
    return isinstance(value, Secret | Text | Digest)


def _elsewhere(old: Payload, new: Payload, path: Path) -> bool:
    """Whether something within has an address of its own for what stands there."""
    inner = (get(side, path[:length]) for length in range(1, len(path)) for side in (old, new))
    return any(_addresses(each) for each in inner if isinstance(each, dict))
