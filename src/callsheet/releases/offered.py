"""Releases that `promote --write` keeps for the apply after the merge, found by their digest."""

from __future__ import annotations

import orjson

from callsheet.model.canonical import canonical
from callsheet.model.errors import StateError
from callsheet.releases.pin import Pin
from callsheet.state.store import Moved, Store, Versioned

_MOST = 200
_ATTEMPTS = 5


def offered(store: Store, environment: str, digest: str) -> Pin | None:
    """The release of that digest, where it was offered; its version is not one yet."""
    return _read(store.read(_name(environment))).get(digest)


def offer(store: Store, environment: str, pin: Pin) -> None:
    """Remember that the store holds this release. The oldest offers of many are forgotten."""
    for _ in range(_ATTEMPTS):
        found = store.read(_name(environment))
        known = {**_read(found), pin.digest: pin}
        listed = [each.to_json() for each in known.values()][-_MOST:]
        try:
            store.write(_name(environment), canonical(listed), expected=found.version if found else None)
            return
        except Moved:
            continue
    raise StateError(
        f"the release could not be kept for {environment}: others were faster, {_ATTEMPTS} times",
        hint="try again",
        code="release.busy",
    )


def _read(found: Versioned | None) -> dict[str, Pin]:
    if found is None:
        return {}
    try:
        return {each["digest"]: Pin.from_json(each) for each in orjson.loads(found.data)}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise StateError(
            "the list of releases that were offered is damaged",
            hint="remove the document `releases/ENV/offered` from the store, and promote again",
            code="release.damaged",
        ) from None


def _name(environment: str) -> str:
    return f"releases/{environment}/offered"
