"""Revealing: on the way back, a secret that live still holds is sent from there and from nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from callsheet.diff.view import mask
from callsheet.model.errors import CallsheetError
from callsheet.model.paths import leaves, show
from callsheet.model.value import Digest, Payload, Value, symbols, transform
from callsheet.plan.change import Change


def revealed(
    change: Change, live: Callable[[], Payload | None], key: bytes, hide: Callable[[str], None]
) -> Change:
    """The change with what its digests stand for, as `live` has it. `hide` is told every value first.

    CallsheetError where live does not hold it any more.
    """
    wanted = [(path, each) for path, each in symbols(change.desired or {}) if isinstance(each, Digest)]
    if not wanted:
        return change
    known: dict[str, str] = {}
    for _, value in leaves(live() or {}):
        for text in _texts(value):
            known[mask(text, key).digest] = text
    for path, each in wanted:
        if each.digest not in known:
            raise CallsheetError(
                f"{show(path)} of {change.address} held a secret that is not there any more",
                detail="It was to be kept as it is, and an export holds no secrets.",
                hint="roll back again: what cannot be restored is told beforehand",
                address=change.address,
                code="rollback.secret-gone",
            )
        hide(known[each.digest])

    def leaf(value: Value) -> Value:
        return known[value.digest] if isinstance(value, Digest) else value

    return replace(change, desired=transform(change.desired, leaf))


def _texts(value: Value) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return []
