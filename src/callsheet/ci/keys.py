"""Keys: what finds an issue of ours again, and no other project's of the same repository."""

from __future__ import annotations

import hashlib
import re

_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._]|-(?!-)){0,29}")
_OTHER = re.compile(r"[^A-Za-z0-9]+")


def part(app: str) -> str:
    """The app in a key: as it is, or where that cannot be, what is left of it with a digest of the whole."""
    if _PART.fullmatch(app):
        return app
    left = _OTHER.sub("-", app)[:18].strip("-")
    digest = hashlib.sha256(app.encode(errors="replace")).hexdigest()[:10]
    return f"{left}.{digest}" if left else digest


def of_drift(app: str, environment: str) -> str:
    return f"drift/{part(app)}/{environment}"
