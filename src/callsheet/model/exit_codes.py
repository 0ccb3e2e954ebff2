"""Exit codes of every verb (design §10). Alone in a file, because start-up imports little else."""

from __future__ import annotations

DONE, ERROR, CHANGES, REFUSED, STALE, PARTIAL = range(6)
