"""The JSON Schemas of what Callsheet writes, and of the evidence that it reads.

Additions are minor versions, anything else is a major one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

PUBLISHED = (
    *("plan", "drift", "drifts", "notice", "comment", "events"),
    *("runs", "approvals", "evidence", "resolved", "error"),
)


def published(name: str) -> Mapping[str, Any]:
    """The schema of a format by its name."""
    text = (files("callsheet.reports") / "schemas" / f"{name}.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
