"""Text from anywhere is shown in Markdown and never acts, by the word of two parsers that are not ours."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.diff.veil import Veil
from callsheet.model.diagnostics import Place, note
from callsheet.operations.drift_issues import issue_body
from callsheet.plan.change import Action, Cause
from callsheet.plan.plan import Gate, Plan
from callsheet.reports.drift_view import drift_view
from callsheet.reports.markdown import drift_markdown, plan_markdown
from callsheet.reports.markdown_text import cell, code, fenced, prose, tag
from callsheet.reports.plan_view import plan_view
from cases.plans.table import change, changed, drifted, moved, plan
from unit.operations.test_drift_issues import found, missing, moving
from unit.reports.judges import acts, codes
from unit.reports.test_drift_report import report
from unit.reports.test_hostile import HOSTILE, each_text, harmless

LIMITS = (100_000_000, 20_000, 6_000, 2_500)


def infested(text: str) -> Plan:
    """A plan in which everything that comes from files, from the provider or from Git says `text`."""
    step = text.replace(".", "") or "x"
    attributes = (
        changed("name", text, text + "2"),
        changed("new", new=text),
        changed("gone", text),
        changed("prompt", f"one\n{text}\nthree", f"one\n{text}!\nthree"),
        changed("long", text + "x" * 200, text + "y" * 200),
        changed("mixed", [text, {text: text}], ["x" * 200, text]),
        changed("clash", text, text, op="conflict", applied=text, seen=text),
        changed("clash", f"{text}\n", f"{text}\n\n", op="conflict", applied=text, seen=text),
        changed(step, text, text, op="reorder", at=text, cause=Cause.DRIFT),
    )
    return plan(
        change(f"Assistant/{text}", Action.UPDATE, *attributes, reason=text, at=text),
        change(f"Tool/{text}", Action.DELETE, *attributes, name=text, reason=text, remote_id=text),
        change(f"Squad/{text}", Action.REPLACE, reason=text, moved_from=text, remote_id=text, conflict=True),
        change(f"{text}/x", Action.MOVE, reason=text, moved_from=text),
        unmanaged=({"kind": text, "remoteId": text, "name": text},),
        notices=({"kind": text, "path": text, "live": text, "addresses": [text]},),
        normalised=({"address": text, "path": [text], "verdict": text},),
        drift=(
            drifted(text, moved([text], text, f"{text}\n{text}"), moved([text], text, text), name=text),
            drifted(text, classification="missing", acknowledged={"owner": text, "until": text}),
        ),
        diagnostics=(note("x", text, detail=text, hint=text, place=Place(text, 1, 1), address=text),),
        gates=tuple(
            Gate(rule, status, text, text)
            for status in ("refused", "pending", "passed", "overridden", text)
            for rule in (text, "signOffs")
        ),
        reaches={f"Assistant/{text}": (f"{text}/y", f"Squad/{text}")},
        target={"provider": text, "baseUrl": text, "organisation": text},
        source={
            "kind": "tree",
            "digest": text,
            "git": {"sha": text, "dirty": True},
            "release": {
                "version": 2,
                "new": True,
                "origin": {"environment": text, "version": 1},
                "prompts": {text: text},
            },
        },
        environment=text,
        created_at=text,
        author={"name": text, "how": "oidc", "verified": True, "issuer": text},
        callsheet=text,
        seal=False,
    )


@each_text
def test_a_plan_that_is_full_of_it_is_harmless(text: str) -> None:
    view = plan_view(infested(text))
    for limit in LIMITS:
        for changed_files in (None, (), (text,)):
            told = plan_markdown([view, view], limit=limit, changed_files=changed_files)
            assert harmless(told)
            assert acts(told) == []
            assert len(told.encode()) <= limit


@each_text
def test_a_drift_check_that_is_full_of_it_is_harmless(text: str) -> None:
    told = report(
        {"managed": 1},
        environment=text,
        checkedAt=text,
        drift=list(infested(text).drift),
        notices=list(infested(text).notices),
        unmanaged=list(infested(text).unmanaged),
        expiredAcknowledgements=[{"address": text, "path": text, "owner": text, "until": text}],
    )
    for limit in LIMITS:
        text_of = drift_markdown([drift_view(told)], limit=limit)
        assert harmless(text_of)
        assert acts(text_of) == []


@each_text
def test_an_issue_that_is_full_of_it_is_harmless(text: str) -> None:
    drift = found(
        moving(text, {text: (text, f"{text}\n{text}"), "b": ([text, {text: text}], text)}, name=text),
        missing(text, name=text),
        unmanaged=({"kind": text, "remoteId": text, "name": text},),
        environment=text,
    )
    for limit in LIMITS:
        body = issue_body(drift, Veil(), limit)
        assert harmless(body)
        assert acts(body) == []
        assert len(body.encode()) <= limit


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from(list("`|\\<>&@#:[]()!*_~${}^%/-+=.\n\r\t \"'ax1")), max_size=60))
def test_whatever_is_put_together_of_what_acts_is_harmless(text: str) -> None:
    told = plan_markdown([plan_view(infested(text))])
    assert acts(told) == []


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from(list("`|\\<& ax")), min_size=1, max_size=30).filter(str.strip))
def test_a_table_shows_what_it_was_given(text: str) -> None:
    told = f"| a | b |\n|---|---|\n| {cell(text)} | {cell(text)} |\n"
    assert acts(told) == []
    first, second = codes(told)
    assert first == second
    assert first.replace("\\x5c", "\\").replace("\\x60", "`") == text.replace("\\x5c", "\\")


@pytest.mark.parametrize("text", ["a", "`", "``a`", " a ", "a`b``c", "`` ` ``", "\\", "a\\"])
def test_code_shows_what_it_was_given(text: str) -> None:
    assert codes(code(text)) == [text]
    assert not re.search(r"\\\\\|", cell(f"{text}|\\|")), "renderers differ on what such a bar is"
    assert codes(f"x {code(text)} y {code(text)}") == [text, text]


def test_words_stay_words_and_all_else_is_code() -> None:
    assert prose("no longer declared; onRemove: forget leaves it") == (
        "no longer declared; onRemove: forget leaves it"
    )
    assert prose("4 of 12 (more than 30 %), “so”…") == "4 of 12 (more than 30 %), “so”…"
    assert prose("Tool/jira was GH-1 at a.b c.d, deadbeef or facade") == (
        "`Tool/jira` was `GH-1` at `a.b c.d, deadbeef` or facade"
    )
    assert prose("apply `preventDestroy: false`, then run r-1, then stop") == (
        "apply `preventDestroy: false`, then run `r-1`, then stop"
    )
    assert prose("`a``b` x`c`") == "`a` `b` x`c`"
    assert prose("... → ::error :: `") == "... → `` \\x3a:error :: ` ``"
    assert prose("") == ""
    assert prose("Grüße, 日本語") == "Grüße, 日本語"


def test_a_summary_is_html_and_a_fence_outlasts_its_text() -> None:
    assert tag("<b>&") == "<code>&lt;b&gt;&amp;</code>"
    assert fenced(["+ ```", "+ ````"], "diff") == ["`````diff", "+ ```", "+ ````", "`````"]
    assert fenced(["+ " + "`" * 300]) == ["```", "+ " + "\\x60" * 300, "```"]


def test_ten_million_characters_on_one_line_are_cut() -> None:
    huge = "<b>" + "A" * 10_000_000
    made = plan(
        change("Assistant/a", Action.UPDATE, changed("x", huge, huge + "!"), changed("y", new=[huge])),
        change("Assistant/b", Action.CREATE, changed("p", new=f"{huge}\n{huge}"), reason=huge, at=huge),
        change("Assistant/c", Action.UPDATE, changed("p", f"{huge}\nb", f"{huge}!\nb"), conflict=True),
    )
    told = plan_markdown([plan_view(made)])
    assert len(told) < 10_000
    assert acts(told) == []


def test_the_judges_know_what_acts() -> None:
    """A judge that finds nothing anywhere would let everything pass."""
    for name in (
        "raw HTML", "mentions", "references", "an image", "links", "an expression", "a workflow command",
        "an older one", "a quick action", "maths", "ninety backticks", "a comment of HTML",
    ):  # fmt: skip
        assert acts(HOSTILE[name]), name
