"""A page: one file that needs nothing else, reads without scripts, and lets nothing in or out.

Its policy (`Content-Security-Policy`) allows the two blocks that stand in it, by their hashes, and nothing
more: no request, no form, no frame, no other script or style, however it came there.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from callsheet import __version__
from callsheet.reports.counting import counted
from callsheet.reports.html_filters import filters
from callsheet.reports.html_graph import graph
from callsheet.reports.html_parts import change, heading, of_plan, section
from callsheet.reports.html_room import Room
from callsheet.reports.html_sections import dangers, drift, findings, policies, summary
from callsheet.reports.html_status import matrix_section, problems_section, prompts_section
from callsheet.reports.markup import Child, Markup, joined, tag, verbatim
from callsheet.reports.plan_view import PlanView

_OPEN = 20  # up to so many changes are unfolded from the start
_FEW = 50  # up to so many are laid out whether they are in sight or not


def plan_html(views: Sequence[PlanView]) -> str:
    """The page of one plan, or of several beneath each other."""
    room = Room()
    if len(views) == 1:
        [view] = views
        title, _, target = view.headline.partition(": ")
        body = _plan(view, "", 2, room)
        head = joined([tag("p", target) if target else None, room.note()])
        return _page(title, head, body, _footer(view))
    parts = [
        section(
            f"p{number}-plan",
            2,
            f"{number}. {view.headline}",
            _plan(view, f"p{number}-", 3, room),
            _footer(view),
        )
        for number, view in enumerate(views, 1)
    ]
    return _page(f"{len(views)} plans", room.note(), joined(parts), None)


def status_html(told: Mapping[str, Any]) -> str:
    """The page of `status`, from its JSON form."""
    said = tag("p", f"{counted(len(told['environments']), 'environment')} side by side")
    body = joined([problems_section(told), matrix_section(told), prompts_section(told)])
    return _page("Status", said, body, None)


def _plan(view: PlanView, prefix: str, level: int, room: Room) -> Markup:
    anchors = {each.address: f"{prefix}c{number}" for number, each in enumerate(view.changes)}
    parts = {
        "dangers": dangers(view, prefix, level, anchors),
        "summary": summary(view, prefix, level),
        "changes": _changes(view, prefix, level, anchors, room),
        "policies": policies(view, prefix, level),
        "drift": drift(view, prefix, level, anchors, room),
        "graph": graph(view, prefix, level, anchors),
        "findings": findings(view, prefix, level),
    }
    names = {"dangers": "Look here first"}
    links = [
        tag("li", tag("a", names.get(name, name.capitalize()), href=f"#{prefix}{name}"))
        for name, part in parts.items()
        if part is not None
    ]
    nav = tag("nav", tag("ul", *links), aria_label=f"Sections{of_plan(prefix)}")
    return joined([nav, *parts.values()])


def _changes(view: PlanView, prefix: str, level: int, anchors: Mapping[str, str], room: Room) -> Markup:
    if not view.changes:
        return section(f"{prefix}changes", level, "Changes", tag("p", "Nothing to do."))
    drifted = {each.address for each in view.drift}
    opened = len(view.changes) <= _OPEN
    # What is destroyed is shown whole before anything else is, wherever it stands.
    order = sorted(view.changes, key=lambda each: not (each.destructive or each.conflict))
    made = {
        each.address: change(each, anchors[each.address], level + 1, opened, drifted, room) for each in order
    }
    folds = [made[each.address] for each in view.changes]
    return section(
        f"{prefix}changes",
        level,
        "Changes",
        filters(view.changes, prefix, drifted),
        tag("div", *folds, class_="list" if len(folds) <= _FEW else "list many"),
        class_="changes",
    )


def _footer(view: PlanView) -> Markup:
    return tag("p", "Digest of this plan: ", tag("code", view.digest), class_="digest")


def _page(title: str, said: Child, body: Markup, end: Child) -> str:
    style, script = _asset("page.css"), _asset("page.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src {_hash(style)}",
            f"script-src {_hash(script)}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{title} - Callsheet"),
        verbatim("style", style),
    )
    theme = tag("button", "Dark theme", type="button", class_="theme", hidden=True)
    main = tag("main", body, id="content", tabindex=-1)
    footer = tag("footer", end, tag("p", f"Made by Callsheet {__version__}. Secrets are not in it."))
    page = tag(
        "html",
        head,
        tag(
            "body",
            tag("a", "Skip to the content", class_="skip", href="#content"),
            tag("header", theme, heading(1, title), said),
            main,
            footer,
            verbatim("script", script),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"


@cache
def _asset(name: str) -> str:
    return files("callsheet.reports").joinpath("assets", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
