"""When two values are the same thing.

`same` compares like with like; `agrees` asks whether a live value is what a desired one asks for.
Absent and null are one, 1 and 1.0 are one, true and 1 are not.
"""

from __future__ import annotations

from collections.abc import Sequence

from callsheet.model.canonical import canonical
from callsheet.model.paths import ABSENT, Pattern, matches_any
from callsheet.model.value import Digest, External, Path, Ref, Secret, Text, Value


def same(left: Value, right: Value, id_sets: Sequence[Pattern] = (), path: Path = ()) -> bool:
    """Whether both are the same value; lists at `id_sets` are compared without their order."""
    if left is right:
        return True
    left, right = _bare(left), _bare(right)
    if isinstance(left, dict) and isinstance(right, dict):
        return all(
            same(left.get(key), right.get(key), id_sets, (*path, key)) for key in left.keys() | right.keys()
        )
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return False
        if id_sets and matches_any(path, id_sets):
            return sorted(map(canonical, left)) == sorted(map(canonical, right))
        return all(
            same(a, b, id_sets, (*path, index)) for index, (a, b) in enumerate(zip(left, right, strict=True))
        )
    return _equal(left, right)


def agrees(desired: Value, live: Value, id_sets: Sequence[Pattern] = (), path: Path = ()) -> bool:
    """Whether live holds what desired asks for.

    Keys that desired does not mention are the provider's business, inside of list elements too; a
    list agrees only with one of the same length, element by element.
    """
    desired, live = _bare(desired), _bare(live)
    if isinstance(desired, dict):
        if live is None:
            return all(agrees(item, None, id_sets, (*path, key)) for key, item in desired.items())
        return isinstance(live, dict) and all(
            agrees(item, live.get(key), id_sets, (*path, key)) for key, item in desired.items()
        )
    if isinstance(desired, list):
        if not isinstance(live, list) or len(desired) != len(live):
            return False
        if id_sets and matches_any(path, id_sets):
            return sorted(canonical(_wire(item)) for item in desired) == sorted(
                canonical(_wire(item)) for item in live
            )
        return all(
            agrees(a, b, id_sets, (*path, index))
            for index, (a, b) in enumerate(zip(desired, live, strict=True))
        )
    return _equal(_wire(desired), live)


def lingers(desired: Value, applied: Value, live: Value) -> bool:
    """Whether live still holds a key that applied had inside of a list element and desired dropped."""
    if isinstance(applied, list) and isinstance(desired, list) and isinstance(live, list):
        return any(lingers(d, a, now) for d, a, now in zip(desired, applied, live, strict=False))
    if isinstance(applied, dict) and isinstance(desired, dict) and isinstance(live, dict):
        return any(
            lingers(desired[key], value, live.get(key)) if key in desired else live.get(key) is not None
            for key, value in applied.items()
        )
    return False


def _bare(value: Value) -> Value:
    return None if value is ABSENT else value


def _wire(value: Value) -> Value:
    """What a symbol looks like when it comes back from the provider, as far as that is known."""
    if isinstance(value, Ref | External):
        return value.id if value.id is not None else value
    if isinstance(value, Secret | Text):
        return Digest(value.digest) if value.digest is not None else value
    return value


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Ref) and isinstance(right, Ref) and left.id and right.id:
        # The same object under another address is a rename, not a change.
        return (left.id, left.attribute) == (right.id, right.attribute)
    if isinstance(left, Secret) and isinstance(right, Secret):
        return left.uri == right.uri and _same_digest(left.digest, right.digest)
    if isinstance(left, Text) and isinstance(right, Text):
        return _references(left) == _references(right) and _same_digest(left.digest, right.digest)
    return bool(left == right)


def _same_digest(left: str | None, right: str | None) -> bool:
    """An unknown digest is not compared: the reference alone decides."""
    return left is None or right is None or left == right


def _references(text: Text) -> tuple[str, ...]:
    return tuple(part if isinstance(part, str) else f"\0{part.uri}" for part in text.parts)
