"""One summary, four renderings: what a terminal, a comment, a program and a page are told of each plan.

`plans/table.py` has the plans, `plans/golden/` what is said of them, word for word.

`CALLSHEET_GOLDEN=write pytest tests/cases/test_plans.py` writes the files anew; read the difference before
you commit it.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callsheet.plan.change import Action
from callsheet.plan.plan import Plan
from callsheet.reports.drift_view import drift_view
from callsheet.reports.markdown import drift_markdown, plan_markdown
from callsheet.reports.plan_view import plan_view
from cases.plans.renderings import as_json, outlined, printed, renderings
from cases.plans.table import PLANS, change, large
from unit.reports.judges import acts
from unit.reports.test_drift_report import report

GOLDEN = Path(__file__).parent / "plans" / "golden"
ENDS = ("txt", "verbose.txt", "md", "json", "html")
TOGETHER = ("prompt", "pinned", "sign-offs", "refused")
DELETED = [f"PhoneNumber/line-{number}" for number in range(40)]


def writing() -> bool:
    return os.environ.get("CALLSHEET_GOLDEN") == "write"


def agreed(name: str, text: str) -> None:
    path = GOLDEN / name
    if writing():
        path.write_text(text)
    assert path.read_text() == text
    assert "canary" not in text
    if name.endswith(".md"):
        assert acts(text) == []


def two_thousand() -> Plan:
    gone = [change(address, Action.DELETE, at=None) for address in DELETED]
    made = replace(large(980), changes=(*gone, *large(980).changes)).sealed()
    assert len(made.changes) == 2_000
    return made


def test_the_table_is_long_enough() -> None:
    assert len(PLANS) >= 30


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_agreed(name: str) -> None:
    told = renderings(PLANS[name])
    for end, text in told.items():
        agreed(f"{name}.{end}", text)
    if not writing():
        there = {end for end in ENDS if (GOLDEN / f"{name}.{end}").exists()}
        assert there == told.keys(), "a verbose report that says nothing new has no file"


def test_every_file_is_somebodys() -> None:
    ends = "|".join(re.escape(end) for end in ENDS)
    own = {re.sub(rf"\.({ends})$", "", path.name) for path in GOLDEN.iterdir()}
    extra = {"several-environments", "several-environments.short", "from-elsewhere.files", "drift-check"}
    assert own == {*PLANS, *extra, "two-thousand", "two-thousand.counts"}


def test_several_environments_read_as_agreed() -> None:
    plans = [PLANS[name] for name in TOGETHER]
    views = [plan_view(each) for each in plans]
    agreed("several-environments.md", plan_markdown(views))
    agreed("several-environments.short.md", plan_markdown(views, limit=2_800))
    agreed("several-environments.html", outlined(*plans))


def test_two_thousand_changes_read_as_agreed() -> None:
    """A comment word for word, because it is cut to a limit. Of what is whole: how much of what there is."""
    plan = two_thousand()
    agreed("two-thousand.md", plan_markdown([plan_view(plan)], limit=6_000))
    counts = {
        "terminal": lines_by_sign(printed(plan)),
        "json": things(json.loads(as_json(plan))),
        "html": elements(outlined(plan)),
    }
    agreed("two-thousand.counts.json", json.dumps(counts, indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("rendering", [printed, as_json, outlined])
def test_no_change_of_two_thousand_is_missing(rendering: Any) -> None:
    plan = two_thousand()
    words = set(re.split(r'[\s"`]+', rendering(plan)))
    assert {each.address for each in plan.changes} <= words


def lines_by_sign(text: str) -> dict[str, int]:
    """Lines by what they begin with, if that is not a word: `+`, `~`, `-`, … and how many in all."""
    signs = Counter(first for each in text.splitlines() if (first := each.lstrip()[:1]) and first in "+~-→")
    return {"lines": text.count("\n"), **dict(sorted(signs.items()))}


def things(plan: dict[str, Any]) -> dict[str, Any]:
    attributes = [each for change in plan["changes"] for each in change["attributes"]]
    return {
        "changes": len(plan["changes"]),
        "attributes": dict(sorted(Counter(each["op"] for each in attributes).items())),
        "steps": sum(len(change["steps"]) for change in plan["changes"]),
        "summary": plan["summary"],
    }


def elements(page: str) -> dict[str, int]:
    return dict(sorted(Counter(re.findall(r"(?m)^ *<(\w+)", page)).items()))


def test_what_the_files_do_not_explain_reads_as_agreed_in_markdown() -> None:
    files = ["specs/assistants/here.yaml", "README.md"]
    view = plan_view(PLANS["from-elsewhere"])
    agreed("from-elsewhere.files.md", plan_markdown([view], changed_files=files))


def test_a_drift_check_reads_as_agreed_in_markdown() -> None:
    told = report({"checked": 9, "managed": 4}, drift=list(PLANS["drift"].drift))
    agreed("drift-check.md", drift_markdown([drift_view(told)]))


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_file_reads_like_the_plan_that_it_was_made_of(name: str) -> None:
    assert renderings(Plan.from_json(PLANS[name].to_json())) == renderings(PLANS[name])
