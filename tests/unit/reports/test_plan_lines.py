"""What a terminal is told of a plan: colour, quiet, the last line. tests/cases has it word for word."""

from __future__ import annotations

import re

import pytest

from callsheet.reports.plan_view import plan_view
from cases.plans.renderings import printed
from cases.plans.table import PLANS, large


@pytest.mark.parametrize("name", PLANS)
def test_the_summary_is_the_last_line(name: str) -> None:
    last = printed(PLANS[name]).rstrip("\n").rpartition("\n")[2]
    assert last.startswith("Plan: ")
    assert f"{PLANS[name].unchanged} unchanged." in last


@pytest.mark.parametrize("name", PLANS)
def test_no_secret_is_shown(name: str) -> None:
    assert "canary" not in printed(PLANS[name], verbose=True)


@pytest.mark.parametrize("name", PLANS)
def test_quiet_leaves_the_dangers_and_the_summary(name: str) -> None:
    text = printed(PLANS[name], quiet=True)
    assert (
        text.count("\n")
        <= 2 + 2 * len(PLANS[name].gates) + min(21, len(plan_view(PLANS[name]).destroyed)) + 1
    )
    for gate in (*PLANS[name].refusals, *PLANS[name].pending):
        assert gate.message in text


def test_without_colour_not_one_escape_sequence_is_written() -> None:
    for plan in PLANS.values():
        assert "\x1b" not in printed(plan, verbose=True)


def test_colour_changes_nothing_but_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for plan in PLANS.values():
        coloured = printed(plan, colour=True)
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == without_markers(printed(plan))
    assert "\x1b[" in printed(PLANS["prompt"], colour=True)


def test_changed_words_stand_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = printed(PLANS["prompt"], colour=True)
    assert re.findall(r"\x1b\[1;30;42m(.*?)\x1b", coloured) == ["two short sentences"]
    assert re.findall(r"\x1b\[1;37;41m(.*?)\x1b", coloured) == ["one sentence"]


def without_markers(text: str) -> str:
    return re.sub(r"(?m)^ +[ ^]*\^\n", "", text)


def test_a_large_plan_names_every_address() -> None:
    text = printed(large(500))
    assert all(f"Assistant/new-{number} " in text for number in range(500))
    assert text.rstrip().endswith("Plan: 500 to create, 500 to update, 0 to delete. 41 unchanged.")
