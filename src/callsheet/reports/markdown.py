"""A stand-in for the Markdown of plans."""

from __future__ import annotations

from collections.abc import Sequence

from callsheet.reports.plan_view import PlanView


def plan_markdown(views: Sequence[PlanView], *, limit: int, changed_files: Sequence[str] | None) -> str:
    del changed_files
    return "\n\n".join(f"{each.headline}\n{each.last_line}" for each in views)[:limit]
