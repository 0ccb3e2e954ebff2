"""What an issue says of drift: all of it as far as there is room, and never the same of two drifts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from callsheet.diff.classes import Class
from callsheet.diff.veil import HIDDEN, Veil
from callsheet.operations.drift import Drift
from callsheet.operations.drift_issues import issue_body
from callsheet.plan.drift import Drifted, DriftReport, Movement
from callsheet.reports.markdown import LIMIT
from callsheet.state.snapshot import State
from unit.reports.judges import codes


def moving(address: str, moved: Mapping[str, tuple[Any, Any]], name: str | None = None) -> Drifted:
    movements = tuple(Movement((path,), "change", seen, live, True) for path, (seen, live) in moved.items())
    return Drifted(address, address.partition("/")[0], "id-1", name, Class.DRIFTED, movements)


def missing(address: str, name: str | None = None) -> Drifted:
    return Drifted(address, address.partition("/")[0], "id-1", name, Class.MISSING)


def found(
    *drifted: Drifted,
    unmanaged: Sequence[Mapping[str, Any]] = (),
    environment: str = "dev",
    checked_at: str = "2026-06-01T12:00:00Z",
    serial: int = 7,
    key: bytes = b"k" * 32,
) -> Drift:
    report = DriftReport(drifted=drifted, unmanaged=tuple(unmanaged), checked=len(drifted))
    return Drift(environment, report, checked_at, State(environment, "l-1", serial, key))


def body(drift: Drift, **more: Any) -> str:
    return issue_body(drift, Veil(), **more)


CROWD = tuple(
    moving(f"Assistant/a{number:04}", {"firstMessage": ("x" * 50, "y" * 50)}) for number in range(700)
)
GONE = missing("PhoneNumber/main")


@pytest.mark.parametrize("crowd", [CROWD[:1], CROWD])
def test_what_is_gone_and_the_summary_are_always_there(crowd: tuple[Drifted, ...]) -> None:
    text = body(found(*crowd, GONE))
    assert len(text.encode()) <= LIMIT
    assert "PhoneNumber/main" in codes(text)
    assert f"**Drift: {len(crowd) + 1} of {len(crowd) + 1} resources drifted.**" in text
    assert "docs/drift.md" in codes(text)


def test_a_line_of_ten_megabytes_hides_nothing_behind_it() -> None:
    long = moving("Assistant/a", {"prompt": ("one\nx\n", "one\n" + "A" * 10_000_000 + "\n")})
    assert "PhoneNumber/main" in codes(body(found(long, GONE)))


@pytest.mark.parametrize(
    "other",
    [
        (*CROWD, GONE),
        (*CROWD[:-1], moving("Assistant/a0699", {"firstMessage": ("x" * 50, "z" * 50)})),
        (*CROWD[:-1], moving("Assistant/a0699", {"name": ("x" * 50, "y" * 50)})),
        CROWD[:-1],
    ],
)
@pytest.mark.parametrize("limit", [LIMIT, 3_000])
def test_two_drifts_never_have_one_text(other: tuple[Drifted, ...], limit: int) -> None:
    assert body(found(*CROWD), limit=limit) != body(found(*other), limit=limit)


def test_the_same_drift_has_the_same_text_at_any_time() -> None:
    later = found(*CROWD[:3], checked_at="2026-06-02T12:00:00Z", serial=8)
    assert body(found(*CROWD[:3])) == body(later)


@pytest.mark.parametrize("word", ["drift", "path", "attributes", "environment", "class"])
def test_a_secret_that_is_a_word_of_the_report_hides_it_and_breaks_nothing(word: str) -> None:
    text = issue_body(found(CROWD[0], GONE), Veil.of([word], b""))
    assert "PhoneNumber/main" in text


def test_a_known_secret_is_shown_nowhere_and_nobody_can_try_it_out() -> None:
    drift = found(moving("Assistant/a", {"canary-secret": ("a", {"canary-secret": 1})}, name="canary-secret"))
    veil = Veil.of(["canary-secret"], b"")
    veiled = issue_body(drift, veil)
    assert HIDDEN in veiled
    assert "canary" not in veiled
    # Who does not have the state's key cannot make the digest of a guess.
    assert veiled != issue_body(found(*drift.report.drifted, key=b"other" * 8), veil)
