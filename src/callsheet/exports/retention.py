"""Retention: which exports have had their time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from callsheet.exports.index import Listed
from callsheet.spec.environments import Retention


def expired(
    exports: Sequence[Listed], retention: Retention, now: datetime, protected: Collection[str] = ()
) -> tuple[Listed, ...]:
    """Those that more than `keep` newer ones follow and that are older than `days` days; both must hold.

    `protected` are never among them, nor is the newest. What tells no time is kept.
    """
    followed = exports[: max(0, len(exports) - 1 - retention.keep)]
    return tuple(
        each for each in followed if each.sha256 not in protected and _age(each, now) > retention.days
    )


def _age(export: Listed, now: datetime) -> float:
    """In days; none where it tells no time."""
    try:
        taken = datetime.fromisoformat(export.taken_at)
    except ValueError:
        return 0
    return (now - (taken if taken.tzinfo else taken.replace(tzinfo=UTC))) / timedelta(days=1)
