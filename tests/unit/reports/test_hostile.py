"""Text from anywhere is shown and never acts: on the terminal, in JSON, in errors, in outcomes."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Iterable

import pytest

from callsheet.model.diagnostics import Place, error
from callsheet.plan.change import Action
from callsheet.plan.plan import Plan
from callsheet.reports.diagnostic_lines import problem_lines
from callsheet.reports.escaping import cut, shown, split_lines, visible
from callsheet.reports.json import Stream, document, error_document
from callsheet.reports.line import Line, Span, line
from callsheet.reports.outcome_lines import outcome_lines
from callsheet.reports.terminal import Terminal
from cases.plans.renderings import printed
from cases.plans.table import change, changed, drifted, moved, plan

HOSTILE = {
    "clear the screen": "\x1b[2J\x1b[H",
    "set the title": "\x1b]0;owned\x07",
    "a link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "8-bit CSI": "\x9b31m",
    "carriage return": "honest\rEVIL",
    "backspace": "abc\x08\x08\x08xyz",
    "NUL": "a\0b",
    "bell": "\x07" * 5,
    "delete": "a\x7fb",
    "bidi override": "user\u202e\u2066// admin\u2069\u2066",
    "bidi marks": "\u200e\u200f\u061c",
    "zero width": "ad\u200bmin\ufeff",
    "line separator": "one\u2028two\u2029three",
    "next line": "one\x85two",
    "vertical tab and form feed": "a\vb\fc",
    "lone surrogate": "a\ud800b",
    "private use": "a\ue000b",
    "tag characters": "a\U000e0041b",
    "unassigned": "a\U000e0fffb",
    "markup of rich": "[bold red]x[/] [link=http://evil.example]y[/link]",
    "emoji code": ":bomb: :warning:",
    "a fake summary": "x\nPlan: nothing to do. 41 unchanged.",
    "a workflow command": "::error file=x::owned",
    "an indented one": "   ::add-mask::e\n\u3000::stop-commands::x",
    "an older one": "see ##[error]owned and ##[add-matcher]x.json",
    "one of Azure, one of TeamCity": "##vso[task.setvariable variable=x]y ##teamcity[blockOpened]",
    "a hash in front": "###[error]x ##[error]",
    "an expression": "${{ secrets.TOKEN }} ${{github.token}}",
    "a fence": "```\n# out\n```\n~~~~\nx\n````````````\n# out",
    "ninety backticks": "`" * 90 + "<img src=x>" + "`" * 90 + "\n" + "`" * 300 + "\n# out",
    "backticks of many lengths": "` `` ``` ```` <b>x</b> ```` ``` `` `",
    "a backtick at each end": "`<b>x</b>`",
    "raw HTML": "</code></pre></details><script>alert(1)</script><img src=http://evil.example/x.png>",
    "a comment of HTML": "<!-- \n\n --> <!--",
    "a table": "a | b |\n|---|---|\n| @x | y |",
    "a bar after a backslash": "\\| <img src=x> @admin \\\\| **x** \\",
    "mentions": "@admin @org/team hi@evil.example",
    "references": "#1 GH-1 org/repo#2 !3 ~bug %4 0123456789abcdef0123456789abcdef01234567",
    "an image": "![x](http://evil.example/beacon.png) [![x](y)](z)",
    "links": "[x](javascript:alert(1)) http://evil.test www.evil.example <http://evil.example> mailto:a@b.cc",
    "a reference link": "[x]\n\n[x]: http://evil.example",
    "a footnote": "[^1]\n\n[^1]: x",
    "headings and quotes": "# big\n> quote\n- item\n1. one\n\n---\nx\n===",
    "emphasis": "**x** __x__ _x_ ~~x~~ ***",
    "entities": "&lt;img&gt; &#64;admin &commat;admin &#124; &NewLine;",
    "maths": "$x$ $$\\evil$$ $`x`$",
    "a quick action": "/close\n/assign @admin",
    "spaces": "   ",
    "an alert": "> [!CAUTION]\n> x",
}
ACTING = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
each_text = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())


def harmless(text: str) -> bool:
    return not any(unicodedata.category(each) in ACTING for each in text.replace("\n", ""))


def obeyed(text: str) -> list[str]:
    """The lines that a CI runner takes for commands."""
    return [line for line in text.split("\n") if line.strip().startswith("::") or re.search(r"##\w*\[", line)]


def lines(report: Iterable[Line]) -> str:
    out = io.StringIO()
    Terminal(out, colour=False).print(report)
    return out.getvalue()


def infested(text: str) -> Plan:
    return plan(
        change(
            f"Assistant/{text}",
            Action.UPDATE,
            changed("name", text, text + "2"),
            changed("prompt", f"one\n{text}\nthree", f"one\n{text}!\nthree"),
            changed("mixed", "a\nb", [text, {text: text}]),
            changed(text.replace(".", ""), text, ["x" * 99]),
            reason=text,
            at=text,
        ),
        change("Assistant/gone", Action.DELETE, name=text, reason=text),
        unmanaged=({"kind": "Tool", "remoteId": text, "name": text},),
        notices=({"kind": "Tool", "path": text, "live": text, "addresses": [text]},),
        drift=(drifted("Assistant/x", moved([text], text, f"{text}\n{text}"), name=text),),
        target={"provider": text, "baseUrl": text, "organisation": text},
        author={"name": text, "how": "oidc", "verified": True, "issuer": text},
        reaches={f"Assistant/{text}": (f"{text}/{text}", text, "Squad/s")},
        seal=False,
    )


@each_text
def test_a_plan_that_is_full_of_it_is_harmless(text: str) -> None:
    for verbose in (False, True):
        out = printed(infested(text), verbose=verbose)
        assert harmless(out)
        assert obeyed(out) == []
        assert out.rstrip("\n").rpartition("\n")[2].startswith("Plan: ")
        assert out.count("\nPlan: ") == 1


@each_text
def test_an_error_that_quotes_it_is_harmless(text: str) -> None:
    found = [error("x", text, detail=text, hint=text, place=Place(text, 1, 1), address=text)]
    told = lines(problem_lines(found))
    assert harmless(told)
    assert obeyed(told) == []


@each_text
def test_an_outcome_that_quotes_it_is_harmless(text: str) -> None:
    told = error("x", text, detail=text, hint=text).to_json()
    failed = {"address": text, "action": "update", "status": "failed", "diagnostics": [told]}
    outcome = {
        "applied": 0, "failed": 1, "notAttempted": 0, "interrupted": False, "serial": 1,
        "results": [failed], "diagnostics": [told],
    }  # fmt: skip
    printed_outcome = lines(outcome_lines(outcome))
    assert harmless(printed_outcome)
    assert obeyed(printed_outcome) == []


@each_text
def test_json_carries_it_whole_and_on_one_line(text: str) -> None:
    found = error_document([error("x", text)], 1)
    assert obeyed(document(found)) == []
    assert json.loads(document(found))["error"]["diagnostics"][0]["summary"] == text
    out = io.StringIO()
    Stream(out, "0").send("told", {"text": text})
    assert obeyed(out.getvalue()) == []
    first, second = out.getvalue().splitlines()
    assert json.loads(first)["event"] == "format"
    assert json.loads(second) == {"event": "told", "text": text}


def test_a_command_is_none_either_where_it_stands_across_the_pieces_of_a_line() -> None:
    assert lines([line("  ", ":", Span(":error::x", "old"))]) == "  \\x3a:error::x\n"
    assert lines([line("a #", "#", "[error]x")]) == "a #\\x23[error]x\n"
    assert lines([line("a::b ## c")]) == "a::b ## c\n"


def test_what_is_ordinary_stays_as_it_is() -> None:
    for text in ("Grüß Gott", "日本語 ✓ → …", "emoji 👍 é", "C:\\path\\name", "a  b"):
        assert visible(text) == text


def test_what_acts_is_written_out() -> None:
    assert visible("\x1b[2J") == "\\e[2J"
    assert visible("a\r\n\t\0") == "a\\r\\n\\t\\0"
    assert visible("\x9b\u202e\U000e0041") == "\\x9b\\u202e\\U000e0041"


def test_making_visible_twice_changes_nothing() -> None:
    for text in HOSTILE.values():
        assert visible(visible(text)) == visible(text)


def test_ten_million_characters_on_one_line_are_cut() -> None:
    huge = "A" * 10_000_000
    assert shown(huge) == "A" * 600 + "… (9,999,400 more characters)"
    made = plan(
        change("Assistant/a", Action.UPDATE, changed("x", huge, huge + "!"), changed("y", new=huge)),
        change("Assistant/b", Action.CREATE, changed("p", new=f"{huge}\n{huge}")),
        change("Assistant/c", Action.UPDATE, changed("p", f"{huge}\nb", f"{huge}!\nb")),
    )
    assert len(printed(made, verbose=True)) < 6_000


def test_a_short_line_is_not_cut() -> None:
    assert cut("x" * 600) == "x" * 600


def test_lines_are_what_a_person_counts() -> None:
    assert split_lines("a\r\nb\u2028c\rd\ne") == ["a", "b\u2028c\rd", "e"]
