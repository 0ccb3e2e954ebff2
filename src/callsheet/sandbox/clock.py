"""Times as the API writes them: UTC, ISO 8601, milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(moment: int) -> str:
    """Milliseconds since 1970 as `2026-08-19T10:00:00.000Z`."""
    whole = datetime.fromtimestamp(moment // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{moment % 1000:03d}Z"


def milliseconds(text: str) -> int:
    """The inverse, for any ISO 8601 time; without an offset it is UTC. ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return round(moment.timestamp() * 1000)
    except OverflowError:
        raise ValueError(f"{text!r} is out of range") from None
