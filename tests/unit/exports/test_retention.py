"""Which exports have had their time: both bounds must allow it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callsheet.exports.index import Listed
from callsheet.exports.retention import expired
from callsheet.spec.environments import Retention

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def exports(*ages: int | str) -> tuple[Listed, ...]:
    """One of each age in days, oldest first; their names are their numbers."""
    return tuple(
        Listed(
            str(number),
            "run",
            f"run-{number}",
            age if isinstance(age, str) else (NOW - timedelta(days=age)).isoformat(),
            "ann",
            "apply",
            1,
            1,
        )
        for number, age in enumerate(ages)
    )


@pytest.mark.parametrize(
    ("ages", "keep", "days", "gone"),
    [
        ([], 1, 0, ""),
        ([500], 1, 0, ""),
        ([500, 400], 1, 0, ""),
        ([500, 400, 300], 1, 0, "0"),
        ([500, 400, 300, 200, 100], 2, 0, "01"),
        # Old enough, but too few newer ones; enough newer ones, but too young.
        ([500, 400, 300, 200, 100], 4, 0, ""),
        ([5, 4, 3, 2, 1], 1, 5, ""),
        ([5, 4, 3, 2, 1], 1, 4, "0"),
        ([5, 4, 3, 2, 1], 1, 2, "012"),
        # More days than any calendar has.
        ([500, 400, 300], 1, 10**15, ""),
        # What comes from a clock that went wrong, or says nothing, stays.
        ([-5, 400, 300, 200], 1, 90, "1"),
        (["yesterday", 400, 300, 200], 1, 90, "1"),
        (["2020-01-01T00:00:00", 400, 300, 200], 1, 90, "01"),
    ],
)
def test_both_bounds_must_allow_it(ages: list[int | str], keep: int, days: int, gone: str) -> None:
    found = expired(exports(*ages), Retention(keep, days), NOW)
    assert "".join(each.sha256 for each in found) == gone


def test_what_is_protected_stays_whatever_its_age() -> None:
    old = exports(500, 400, 300, 200, 100)
    assert [each.sha256 for each in expired(old, Retention(1, 0), NOW, {"0", "2"})] == ["1"]
