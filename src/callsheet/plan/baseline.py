"""The baseline: what live must still be when a planned change is carried out."""

from __future__ import annotations

from callsheet.diff.compare import owned_paths
from callsheet.model.canonical import fingerprint
from callsheet.model.paths import ABSENT, get
from callsheet.model.value import Digest, Payload, transform


def baseline(desired: Payload, applied: Payload, live: Payload, *, keyed: bool) -> str:
    """A fingerprint of the owned paths of a live view.

    Without a key of the estate (`keyed` false, before the first apply) secrets are left out, because
    a plain digest of a weak secret could be guessed.
    """
    if not keyed:
        live = transform(live, lambda item: Digest("") if isinstance(item, Digest) else item)
    projected = []
    for path in sorted(owned_paths(desired, applied), key=str):
        value = get(live, path)
        projected.append([list(path), value is ABSENT, None if value is ABSENT else value])
    return fingerprint(projected)
