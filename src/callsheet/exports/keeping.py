"""Keeping: an export's blobs in one batch, then its place in the index. Safe beside a pruning.

A run keeps its export under the environment's lock, so nothing is removed meanwhile. An export on demand
takes no lock: it counts only when the index has not moved since before its blobs were written. Each sweep
moves the index before it removes anything, so none of what the blobs share with older exports can be gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from callsheet.diff.veil import Veil
from callsheet.exports import index
from callsheet.exports.export import Export, Origin, made
from callsheet.exports.packs import space
from callsheet.model.errors import StateError
from callsheet.model.kinds import Kind
from callsheet.model.resource import RemoteObject
from callsheet.state.snapshot import State
from callsheet.state.store import Moved, Store

_ATTEMPTS = 20


class Sweeping(StateError):
    """A pruning is under way, or was killed: what is there now may be gone in a moment."""

    code = "export.sweeping"


def take(
    store: Store,
    live: Mapping[str, Iterable[RemoteObject]],
    kinds: Mapping[str, Kind],
    state: State,
    origin: Origin,
    *,
    veil: Veil,
    refused: Iterable[str] = (),
    uploads: Sequence[bytes] = (),
    key: bytes | None = None,
    locked: bool = True,
) -> Export:
    """Keep what is live, what state holds, and what is about to be uploaded.

    `locked` says that the caller has the environment's lock; without it, Sweeping tells to come back with it.
    An upload that holds a known secret is not kept.
    """
    export, blobs = made(live, kinds, state, origin, veil=veil, refused=refused, key=key)
    wanted = [*(data for data in uploads if not veil.holds(data)), *blobs]
    for _ in range(_ATTEMPTS):
        known = index.read(store, state.environment)
        if known.sweeping and not locked:
            raise Sweeping(
                f"old exports of {state.environment} are being removed",
                hint="try again in a moment",
            )
        store.put_blobs(wanted, space=space(state.environment))
        try:
            index.write(store, known.with_one(index.Listed.of(export)))
        except Moved:
            continue
        return export
    raise StateError(
        f"the export could not be entered into the index: {_ATTEMPTS} times others were faster",
        detail="Nothing was sent.",
        hint="try again when fewer exports are taken at once",
        code="export.busy",
    )
