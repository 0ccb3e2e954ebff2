"""The four renderings of a plan as tests read them: terminal, Markdown, JSON, HTML."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from callsheet.plan.plan import Plan
from callsheet.reports import html
from callsheet.reports.json import document, plan_document
from callsheet.reports.markdown import plan_markdown
from callsheet.reports.plan_lines import plan_lines
from callsheet.reports.plan_view import plan_view
from callsheet.reports.terminal import Terminal
from cases.plans.outline import outline


def printed(plan: Plan, *, colour: bool = False, **more: bool) -> str:
    out = io.StringIO()
    Terminal(out, colour=colour).print(plan_lines(plan_view(plan), **more))
    return out.getvalue()


def marked_down(plan: Plan) -> str:
    return plan_markdown([plan_view(plan)])


def as_json(plan: Plan) -> str:
    return document(plan_document(plan))


def outlined(*plans: Plan) -> str:
    """The page without its assets, and without the version that made it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "__version__", "X")
        return outline(html.plan_html([plan_view(each) for each in plans]))


def renderings(plan: Plan) -> Mapping[str, str]:
    """All of them, by how the names of their files end; `verbose.txt` where it says more than `txt`."""
    out = {
        "txt": printed(plan),
        "verbose.txt": printed(plan, verbose=True),
        "md": marked_down(plan),
        "json": as_json(plan),
        "html": outlined(plan),
    }
    return {end: text for end, text in out.items() if end == "txt" or text != out["txt"]}
