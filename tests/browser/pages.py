"""The pages that are opened: plans of every sort, one that is full of hostile text, a status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from callsheet.model.diagnostics import error
from callsheet.plan.change import Action, Cause, Change
from callsheet.plan.plan import Gate, Plan
from callsheet.reports.html import plan_html, status_html
from callsheet.reports.plan_view import plan_view
from cases.plans.table import DIGEST, PLANS, change, changed, plan
from unit.reports.test_hostile import HOSTILE, infested

MARKUP = {
    "a script": "<script>window.hit=1</script>",
    "an image that fails": '"><img src="http://127.0.0.1:9/i" onerror="window.hit=1">',
    "the end of a style and of a script": "</style></script><script>window.hit=1</script>",
    "the end of a comment": "--><script>window.hit=1</script><!--",
    "the end of a title": "</title><script>window.hit=1</script>",
    "a drawing": "<svg onload=window.hit=1><a xlink:href='javascript:window.hit=1'><text>x</text></a></svg>",
    "another base": "<base href='http://127.0.0.1:9/'>",
    "a refresh": "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "a form": "<form action='http://127.0.0.1:9/'><input name=x autofocus onfocus=window.hit=1></form>",
    "a frame": "<iframe src='http://127.0.0.1:9/' srcdoc='<script>parent.hit=1</script>'></iframe>",
    "a style sheet": "<link rel=stylesheet href='http://127.0.0.1:9/s'>",
    "a fold": "<details open ontoggle=window.hit=1><summary>x</summary></details>",
    "an attribute": 'x\' onmouseover=\'window.hit=1\' " onfocus="window.hit=1" style="display:none',
    "a link": "javascript:window.hit=1",
    "an entity": "&lt;script&gt;&#60;b&#62;",
    "a template": "{{constructor.constructor('window.hit=1')()}} ${window.hit=1}",
}
EVERYTHING_HOSTILE = {**HOSTILE, **MARKUP}


def page(*plans: Plan) -> str:
    return plan_html([plan_view(each) for each in plans])


def linked(each: Change, *uses: str) -> Change:
    return replace(each, depends_on=uses)


def normal() -> Plan:
    """Three kinds, five actions, drift, a cycle, findings, notices, what nobody declares."""
    first = {
        name: PLANS[name].changes[0] for name in ("prompt", "composite", "conflict", "create", "replace")
    }
    return plan(
        linked(first["create"], "Tool/lookup", "KnowledgeBase/faq"),
        linked(replace(first["prompt"], address="Assistant/orders"), "Tool/lookup", "Tool/hand-back"),
        linked(replace(first["conflict"], address="Assistant/torn"), "Tool/lookup"),
        replace(first["composite"], address="Tool/lookup"),
        linked(replace(first["replace"], address="Tool/hand-back"), "Assistant/orders"),
        linked(
            change("Squad/line", Action.UPDATE, changed("name", "a", "b", cause=Cause.DRIFT)),
            "Assistant/orders",
        ),
        change("Assistant/gone", Action.DELETE, name="Gone", reason="no longer declared"),
        *PLANS["import-move-forget-refresh"].changes,
        drift=PLANS["drift"].drift,
        unmanaged=PLANS["unmanaged-and-notices"].unmanaged,
        notices=PLANS["unmanaged-and-notices"].notices,
        normalised=PLANS["normalised"].normalised,
        diagnostics=PLANS["diagnostics"].diagnostics,
    )  # fmt: skip


def promotion() -> Plan:
    release = {
        "version": 3,
        "origin": {"environment": "uat", "version": 7, "git": None},
        "prompts": {"orders": "1.2.0", "returns": "2.0.0"},
    }
    return plan(
        *PLANS["prompt"].changes,
        mode="promote",
        environment="prod",
        source={"kind": "release", "digest": DIGEST, "git": None, "release": release},
    )


def hostile(text: str) -> Plan:
    """Text from anywhere in every place that a plan has for it, the graph included."""
    made = infested(text)
    first, *rest = made.changes
    return replace(
        made,
        changes=(linked(first, "Assistant/gone", f"Tool/{text}"), *rest),
        gates=tuple(
            Gate(text, status, text, text) for status in ("refused", "pending", "overridden", "passed")
        ),
        diagnostics=(error(text, text, detail=text, hint=text, address=text),),
        normalised=({"address": text, "path": [text], "verdict": text},),
        digest=text,
    )


def status(text: str = "dev") -> Mapping[str, Any]:
    """Three environments: one that follows the tree, one behind, one held that cannot be read."""
    plain: dict[str, Any] = {
        "follows": "release", "promotesFrom": None, "version": 7, "digest": DIGEST, "origin": None,
        "wanted": None, "behind": None, "resources": 29, "organisation": "org", "hold": None,
        "drift": None,
        "lastRun": {"verb": "apply", "endedAt": "2026-06-01T12:00:00Z", "exitCode": 0},
        "prompts": {}, "problems": [],
    }  # fmt: skip
    origin = {"environment": text, "version": None, "git": {"sha": "a" * 40, "dirty": True}}
    return {
        "format": "callsheet.status/1",
        "environments": [
            {**plain, "name": text, "follows": "tree", "version": None, "drift": {"managed": 0}},
            {**plain, "name": "uat", "origin": origin, "behind": {"files": 2, "versions": 1, "of": text}},
            {
                **plain, "name": "prod", "origin": {"environment": "uat", "version": 6, "git": None},
                "hold": {"run": text}, "drift": {"managed": 3},
                "lastRun": {"verb": text, "endedAt": None, "exitCode": 5},
                "problems": [{"summary": text, "hint": text, "severity": "error", "code": "x"}],
            },
        ],
        "prompts": [
            {"name": "orders", "versions": {text: "1.2.0", "uat": "1.2.0", "prod": None}, "aligned": True},
            {"name": text, "versions": {text: "2.1.0", "uat": "2.0.0", "prod": "1.9.0"}, "aligned": False},
        ],
    }  # fmt: skip


PAGES = {
    "normal": lambda: page(normal()),
    "refused": lambda: page(PLANS["refused"]),
    "protected": lambda: page(PLANS["protected"]),
    "empty": lambda: page(PLANS["empty"]),
    "promotion": lambda: page(promotion()),
    "hostile": lambda: page(hostile(MARKUP["an image that fails"])),
    "two plans": lambda: page(normal(), PLANS["refused"]),
    "status": lambda: status_html(status()),
}
