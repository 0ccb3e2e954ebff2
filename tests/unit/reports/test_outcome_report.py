"""The report of an apply: every change with its end, failures with their reasons, the summary last."""

from __future__ import annotations

import io
from typing import Any

import pytest

from callsheet.apply.outcome import Outcome, Result
from callsheet.model.diagnostics import error, warning
from callsheet.plan.change import Action
from callsheet.reports.outcome_lines import last_line, outcome_lines
from callsheet.reports.terminal import Terminal
from cases.plans.table import change


def printed(outcome: Outcome, **more: Any) -> str:
    out = io.StringIO()
    Terminal(out, colour=False).print(outcome_lines(outcome.to_json(), **more))
    return out.getvalue()


DONE = [Result(change("Assistant/a", action), "applied", remote_id="id-1") for action in Action]
FAILED = Result(change("Tool/t"), "failed", (error("x", "it broke", hint="mend it"),), 1)
LEFT = Result(change("Assistant/b"), "not_attempted", exit_code=1)


def test_what_was_applied() -> None:
    text = printed(Outcome(tuple(DONE), serial=9))
    for word in (
        "created",
        "updated",
        "deleted",
        "replaced",
        "imported",
        "renamed",
        "forgotten",
        "refreshed in state",
    ):
        assert f"Assistant/a  {word}  id id-1" in text
    assert text.rstrip("\n").endswith("\nApply: 8 applied, state is at serial 9.")


def test_what_failed_and_what_was_left() -> None:
    text = printed(Outcome((DONE[0], FAILED, LEFT), serial=2))
    assert "✗ Tool/t  update FAILED" in text
    assert "it broke" in text
    assert "→ mend it" in text
    assert "· Assistant/b  update not attempted" in text
    assert "something that it waits for did not get done" in text
    assert text.rstrip("\n").rpartition("\n")[2] == "Apply: 1 applied, 1 failed, 1 not attempted."


def test_quiet_tells_what_is_wrong_only() -> None:
    text = printed(Outcome((DONE[0], FAILED, LEFT)), quiet=True)
    assert "created" not in text
    assert "it broke" in text


def test_an_interrupted_run_says_so() -> None:
    text = printed(Outcome((DONE[0], LEFT), interrupted=True))
    assert "Interrupted" in text
    assert "waits for" not in text


def test_a_residual_is_told() -> None:
    text = printed(Outcome((DONE[1],), (warning("apply.residual", "voice.speed came back"),)))
    assert "warning: voice.speed came back" in text


@pytest.mark.parametrize("count", [0, 1])
def test_the_last_line_of_a_quiet_success(count: int) -> None:
    told = Outcome(tuple(DONE[:count]), serial=4).to_json()
    assert last_line(told) == ["Apply: nothing to do.", "Apply: 1 applied, state is at serial 4."][count]
