"""Uploads: the bytes of files that were sent, kept beside the exports under their own SHA-256.

Providers do not give them back, so a deleted file can be made again only from these.
"""

from __future__ import annotations

from callsheet.exports.packs import space
from callsheet.model.errors import StateError
from callsheet.state.store import Store


def content(store: Store, environment: str, sha256: str) -> bytes | None:
    """The bytes of an upload, verified; None when it was never kept. StateError when they are damaged."""
    try:
        return store.get_blob(sha256, space=space(environment))
    except StateError as cause:
        if any(each.code == "state.missing" for each in cause.diagnostics):
            return None
        raise
