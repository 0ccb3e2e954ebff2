"""Key names: camelCase is canonical, snake_case is accepted."""

from __future__ import annotations

import re
from functools import lru_cache

_BREAK = re.compile(r"(?<=[a-z0-9])_([a-z0-9])")
_HUMP = re.compile(r"(?<=[a-z0-9])([A-Z])")


@lru_cache(maxsize=8192)
def camel(name: str) -> str:
    """`rate_limit` → `rateLimit`; what has no underscore between letters stays as it is."""
    return _BREAK.sub(lambda found: found[1].upper(), name)


@lru_cache(maxsize=8192)
def snake(name: str) -> str:
    """`rateLimit` → `rate_limit`."""
    return _HUMP.sub(lambda found: "_" + found[1].lower(), name)


def constant(name: str) -> str:
    """`jira-token` → `JIRA_TOKEN`."""
    return re.sub(r"[^A-Za-z0-9]", "_", snake(name)).upper()
