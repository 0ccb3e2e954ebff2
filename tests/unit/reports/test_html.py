"""The page as text: what it holds of each plan, and its policy. How it behaves is tests/browser's to say."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from callsheet.plan.change import Action
from callsheet.reports.html import plan_html
from callsheet.reports.html_graph import MOST_NODES
from callsheet.reports.plan_view import plan_view
from cases.plans.table import PLANS, PROMPT, change, changed, large, plan

VOID = {"meta", "input", "br"}


class Reader(HTMLParser):
    """The text that is shown, ids, targets of links, and elements that are still open."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            if name == "href":
                self.targets.add(str(value).removeprefix("#"))
            if name in ("aria-labelledby", "for"):
                self.targets.add(str(value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def page(name: str) -> str:
    return plan_html([plan_view(PLANS[name])])


@pytest.mark.parametrize("name", PLANS)
def test_a_page_is_well_formed_and_its_links_lead_somewhere(name: str) -> None:
    reader = read(page(name))
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert reader.targets <= set(reader.ids)


def test_several_plans_share_no_id() -> None:
    reader = read(plan_html([plan_view(each) for each in PLANS.values()]))
    assert len(reader.ids) == len(set(reader.ids))
    assert reader.targets <= set(reader.ids)


@pytest.mark.parametrize("name", PLANS)
def test_nothing_of_a_plan_is_missing(name: str) -> None:
    view = plan_view(PLANS[name])
    text = " ".join("".join(read(page(name)).text).split())
    wanted = [view.last_line, view.digest]
    for each in view.changes:
        wanted += [each.address, each.reason, *each.steps, *(one.path for one in each.attributes)]
    wanted += [gate.message for gate in PLANS[name].gates]
    wanted += [each.address for each in view.drift] + [each.remote_id for each in view.unmanaged]
    wanted += [each.summary for each in view.diagnostics]
    for each in wanted:
        assert each in text


@pytest.mark.parametrize("name", PLANS)
def test_no_secret_is_shown(name: str) -> None:
    assert "canary" not in page(name)


def test_equal_plans_give_equal_pages() -> None:
    assert page("create") == page("create")


def test_the_policy_names_the_blocks_that_are_there_and_nothing_else() -> None:
    made = page("create")
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', made)
    allowed = dict(each.split(" ", 1) for each in policy.replace("&#x27;", "'").split("; "))
    for name in ("style", "script"):
        [block] = re.findall(rf"<{name}>(.*?)</{name}>", made, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        assert allowed.pop(f"{name}-src") == f"'sha256-{digest}'"
    assert allowed == {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}
    # Whoever follows a link from the page is not told where the page is.
    assert '<meta name="referrer" content="no-referrer">' in made
    # The policy counts from where it stands: whatever it is to hold comes after it.
    assert made.index("Content-Security-Policy") < made.index("<style>")


def test_a_prompt_is_whole_however_long_it_is() -> None:
    lines = [f"line {number}" for number in range(3_000)]
    made = plan(change("Assistant/a", Action.CREATE, changed("prompt", new="\n".join(lines))))
    text = "".join(read(plan_html([plan_view(made)])).text)
    assert "\n".join(lines) in text


def test_removed_lines_stand_beside_the_added_ones() -> None:
    made = page("prompt")
    row = re.search(r"<tr><td class=\"gone\">(.*?)</td><td class=\"come\">(.*?)</td></tr>", made)
    assert row is not None
    assert "<del>one sentence</del>" in row[1]
    assert "<ins>two short sentences</ins>" in row[2]
    assert "Hang up." in made
    assert PROMPT.splitlines()[0] not in made  # too far from what changed


def test_a_pair_stands_side_by_side_beside_lines_that_went() -> None:
    old, new = "Hang up.\nBe kind to callers.\nEnd.\n", "Be very kind to callers.\nEnd.\n"
    made = plan_html([plan_view(plan(change("Assistant/a", Action.UPDATE, changed("prompt", old, new))))])
    rows = [re.sub(r"<[^>]*>", "", each) for each in re.findall(r"<tr>(<td.*?</td>)</tr>", made)]
    assert rows[:2] == ["-removed: Hang up.", "-removed: Be kind to callers.+added: Be very kind to callers."]


def test_a_large_graph_is_cut_to_what_is_destroyed_and_what_reaches_most() -> None:
    changes = [
        replace(each, depends_on=(f"Tool/t{number % 300}",)) for number, each in enumerate(large(300).changes)
    ]
    gone = replace(
        change("Squad/zz", Action.DELETE, reason="no longer declared"), depends_on=("Assistant/old-1",)
    )
    made = plan_html([plan_view(plan(*changes, gone))])
    assert f"Of 901 linked resources {MOST_NODES} are drawn" in made
    assert made.count('class="node ') == MOST_NODES
    assert 'class="node delete"' in made
    assert "Assistant/old-1, update" in made


def test_what_is_still_needed_and_what_was_overridden_come_first() -> None:
    text = " ".join("".join(read(page("protected")).text).split())
    first = text[: text.index("How many resources")]
    for rule in ("Still needed (signOffs)", "Still needed (changeWindow)", "Overridden (requireClean)"):
        assert rule in first
    assert "principals" not in first
    table = text[text.index("Rules that had something to say") :]
    assert table.index("signOffs") < table.index("requireClean") < table.index("principals")


def test_the_rules_that_are_listed_are_not_said_to_be_all() -> None:
    said = " ".join("".join(read(page("protected")).text).split())
    assert "Rules that had something to say of this plan" in said
    assert "where nothing is deleted, is not listed." in said
    assert "evaluated" not in said


def test_a_plan_without_links_draws_nothing() -> None:
    assert "<svg" not in page("create")
