"""What a terminal and Markdown show of each plan, word for word.

`CALLSHEET_GOLDEN=write pytest tests/unit/reports/test_golden.py` writes the files; read the difference before
committing it.
"""

from __future__ import annotations

import io
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from callsheet.plan.change import Action
from callsheet.plan.plan import Plan
from callsheet.reports.drift_view import drift_view
from callsheet.reports.markdown import drift_markdown, plan_markdown
from callsheet.reports.plan_lines import plan_lines
from callsheet.reports.plan_view import plan_view
from callsheet.reports.terminal import Terminal
from unit.reports.judges import acts
from unit.reports.plans import PLANS, change, large
from unit.reports.test_drift_report import report

GOLDEN = Path(__file__).parent / "golden"


def printed(plan: Plan, *, colour: bool = False, **more: bool) -> str:
    out = io.StringIO()
    Terminal(out, colour=colour).print(plan_lines(plan_view(plan), **more))
    return out.getvalue()


@pytest.mark.parametrize("verbose", [False, True], ids=["brief", "verbose"])
@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_agreed(name: str, verbose: bool) -> None:
    text = printed(PLANS[name], verbose=verbose)
    path = GOLDEN / f"{name}{'.verbose' if verbose else ''}.txt"
    if verbose and text == printed(PLANS[name]):
        assert not path.exists(), f"{path.name} says nothing that the brief one does not"
        return
    if os.environ.get("CALLSHEET_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text


def marked_down(plan: Plan) -> str:
    return plan_markdown([plan_view(plan)])


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_agreed_in_markdown(name: str) -> None:
    agreed(GOLDEN / f"{name}.md", marked_down(PLANS[name]))


def test_several_environments_read_as_agreed_in_markdown() -> None:
    views = [plan_view(PLANS[name]) for name in ("prompt", "pinned", "sign-offs", "refused")]
    agreed(GOLDEN / "several-environments.md", plan_markdown(views))
    agreed(GOLDEN / "several-environments.short.md", plan_markdown(views, limit=2_700))


def test_two_thousand_changes_read_as_agreed_in_markdown() -> None:
    gone = [change(f"PhoneNumber/line-{number}", Action.DELETE, at=None) for number in range(40)]
    made = replace(large(980), changes=(*gone, *large(980).changes))
    assert len(made.changes) == 2_000
    agreed(GOLDEN / "two-thousand.md", plan_markdown([plan_view(made)], limit=6_000))


def test_what_the_files_do_not_explain_reads_as_agreed_in_markdown() -> None:
    view = plan_view(PLANS["from-elsewhere"])
    files = ["specs/assistants/here.yaml", "README.md"]
    agreed(GOLDEN / "from-elsewhere.files.md", plan_markdown([view], changed_files=files))


def test_a_drift_check_reads_as_agreed_in_markdown() -> None:
    told = report({"checked": 9, "managed": 4}, drift=list(PLANS["drift"].drift))
    agreed(GOLDEN / "drift-check.md", drift_markdown([drift_view(told)]))


def agreed(path: Path, text: str) -> None:
    if os.environ.get("CALLSHEET_GOLDEN") == "write":
        path.write_text(text)
    assert path.read_text() == text
    assert acts(text) == []
    assert "canary" not in text


@pytest.mark.parametrize("name", PLANS)
def test_the_summary_is_the_last_line(name: str) -> None:
    last = printed(PLANS[name]).rstrip("\n").rpartition("\n")[2]
    assert last.startswith("Plan: ")
    assert f"{PLANS[name].unchanged} unchanged." in last


@pytest.mark.parametrize("name", PLANS)
def test_no_secret_is_shown(name: str) -> None:
    assert "canary" not in printed(PLANS[name], verbose=True)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_file_reads_like_the_plan_that_it_was_made_of(name: str) -> None:
    plan = PLANS[name]
    assert marked_down(Plan.from_json(plan.to_json())) == marked_down(plan)
    assert printed(Plan.from_json(plan.to_json()), verbose=True) == printed(plan, verbose=True)


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
