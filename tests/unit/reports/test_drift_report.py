"""The drift check's report: sections, and a last line that says all that counts."""

from __future__ import annotations

import io
from typing import Any

import pytest

from callsheet.reports.drift_lines import drift_lines
from callsheet.reports.drift_view import drift_view
from callsheet.reports.terminal import Terminal
from cases.plans.table import drifted, moved

COUNTS = {
    "checked": 3,
    "managed": 0,
    "unmanagedFields": 0,
    "unmanagedObjects": 0,
    "acknowledged": 0,
    "notices": 0,
}


def report(counts: dict[str, int], **more: Any) -> dict[str, Any]:
    return {
        "format": "callsheet.drift/1",
        "environment": "dev",
        "checkedAt": "2026-06-01T12:00:00Z",
        "state": {"lineage": "l", "serial": 1},
        "drift": [],
        "notices": [],
        "unmanaged": [],
        "expiredAcknowledgements": [],
        "summary": {**COUNTS, **counts},
        **more,
    }


def printed(told: dict[str, Any], **more: bool) -> str:
    out = io.StringIO()
    Terminal(out, colour=False).print(drift_lines(drift_view(told), **more))
    return out.getvalue()


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({}, "Drift: none in 3 resources."),
        ({"checked": 1}, "Drift: none in 1 resource."),
        ({"managed": 2}, "Drift: 2 of 3 resources drifted."),
        ({"unmanagedObjects": 4}, "Drift: 0 of 3 resources drifted. 4 unmanaged in the organisation."),
        (
            {"managed": 1, "unmanagedFields": 1, "acknowledged": 1},
            "Drift: 1 of 3 resources drifted. 1 with changed unmanaged fields, 1 acknowledged.",
        ),
        ({"notices": 1}, "Drift: none in 3 resources. 1 change by the provider itself."),
    ],
)
def test_the_last_line(counts: dict[str, int], line: str) -> None:
    assert printed(report(counts)).rstrip("\n").rpartition("\n")[2] == line
    assert printed(report(counts), quiet=True) == line + "\n"


def test_everything_that_moved_is_told() -> None:
    text = printed(
        report(
            {"managed": 2},
            drift=[
                drifted(
                    "Assistant/a",
                    moved(["model", "messages", 0, "content"], "one\ntwo\nthree", "one\n2\nthree"),
                    moved(["voice", "speed"], 1, 2, managed=False),
                    {"path": ["x"], "op": "add", "managed": True, "live": "new", "sensitive": False},
                    {"path": ["y"], "op": "remove", "managed": True, "seen": "old", "sensitive": False},
                    moved(["secret"], "canary", "canary-2", sensitive=True),
                ),
                drifted("Assistant/gone", classification="missing", name="Gone"),
            ],
            expiredAcknowledgements=[
                {"address": "Assistant/a", "path": "x", "owner": "ana", "until": "2026-01-01"}
            ],
        )
    )
    for expected in (
        "≠ Assistant/a  was changed (id id-9)",
        "- two",
        "+ 2",
        "~ voice.speed: 1 → 2  [unmanaged]",
        '+ x: "new"',
        '- y: "old"',
        "~ secret: (secret) → (secret)",
        "≠ Assistant/gone  is GONE at the provider ('Gone', id id-9)",
        "Assistant/a x: the acknowledgement by ana ended 2026-01-01",
    ):
        assert expected in text
    assert "canary" not in text
