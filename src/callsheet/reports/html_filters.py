"""The controls over a plan's changes. Without scripts they are hidden, and everything is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from callsheet.reports.counting import counted
from callsheet.reports.html_parts import drift_of, of_plan
from callsheet.reports.markup import Markup, tag
from callsheet.reports.plan_view import ChangeView


def filters(changes: Sequence[ChangeView], prefix: str, drifted: Collection[str]) -> Markup:
    """Selects for action, kind and drift, a search, folds; a status line that is read out when it changes."""
    actions = Counter(str(each.action) for each in changes)
    kinds = Counter(each.kind for each in changes)
    moved = sum(drift_of(each, drifted) for each in changes)
    drift = {"yes": ("with drift", moved), "no": ("without drift", len(changes) - moved)}
    return tag(
        "div",
        _select(f"{prefix}by-action", "action", "Action", [(each, each, n) for each, n in actions.items()]),
        _select(f"{prefix}by-kind", "kind", "Kind", [(each, each, n) for each, n in sorted(kinds.items())]),
        _select(f"{prefix}by-drift", "drift", "Drift", [(key, word, n) for key, (word, n) in drift.items()]),
        tag(
            "div",
            tag("label", "Search", for_=f"{prefix}search"),
            tag("input", type="search", id=f"{prefix}search", data_search=True, autocomplete="off"),
        ),
        tag("button", "Open all", type="button", data_folds="open"),
        tag("button", "Close all", type="button", data_folds="closed"),
        tag("p", _told(len(changes)), class_="told", role="status", aria_live="polite"),
        class_="filters",
        role="search",
        aria_label=f"Filter the changes{of_plan(prefix)}",
        hidden=True,
    )


def _told(count: int) -> str:
    return f"{count} of {counted(count, 'change')} shown"


def _select(anchor: str, by: str, label: str, options: Sequence[tuple[str, str, int]]) -> Markup:
    every = tag("option", "all", value="")
    return tag(
        "div",
        tag("label", label, for_=anchor),
        tag(
            "select",
            every,
            *(tag("option", f"{word} ({count})", value=key) for key, word, count in options),
            id=anchor,
            data_filter=by,
            autocomplete="off",
        ),
    )
