"""The page as text: what it holds of each plan, and its policy. How it behaves is tests/browser's to say."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from callsheet.plan.change import Action
from callsheet.reports import html
from callsheet.reports.html import plan_html
from callsheet.reports.html_graph import MOST_NODES
from callsheet.reports.html_room import EXCERPTS, WHOLE, Room
from callsheet.reports.plan_view import plan_view
from cases.plans.table import PLANS, PROMPT, change, changed, drifted, large, moved, plan

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


def small(monkeypatch: pytest.MonkeyPatch, whole: int, excerpts: int) -> None:
    monkeypatch.setattr(html, "Room", lambda: Room(whole, excerpts))


LONG = "\n".join(f"Line {number} of the prompt, and what it says." for number in range(100))
UPDATES = [
    change(f"Assistant/a{number}", Action.UPDATE, changed("prompt", LONG, LONG.replace(" what", " all")))
    for number in range(40)
]
CREATES = [change(f"Assistant/n{number}", Action.CREATE, changed("prompt", new=LONG)) for number in range(40)]
VALUES = [
    change(f"Tool/t{number}", Action.UPDATE, changed("url", new=f"{number} " + "x" * 500))
    for number in range(40)
]
DRIFT = [drifted(f"Assistant/a{number}", moved(["prompt"], LONG, LONG.upper())) for number in range(40)]


@pytest.mark.parametrize(("whole", "excerpts"), [(100_000, 20_000), (0, 20_000), (0, 0)])
def test_texts_take_no_more_than_their_room(
    whole: int, excerpts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = [plan_view(plan(*UPDATES, *CREATES, *VALUES, drift=tuple(DRIFT))) for _ in range(2)]
    small(monkeypatch, 0, 0)
    least = len(plan_html(views))
    small(monkeypatch, whole, excerpts)
    made = plan_html(views)
    # The last text of either sort may be a little longer than what was left.
    assert len(made) <= least + whole + excerpts + 10_000
    assert len(made) >= least + 0.8 * (whole + excerpts)
    told = re.search(r"Too much text for one page: (\d+) texts are shown in part", made)
    assert told is not None
    assert 200 < int(told[1]) <= 320
    for each in (*UPDATES, *CREATES, *VALUES):
        assert f"<code>{each.address}</code>" in made


def test_pages_have_a_room_as_they_come() -> None:
    line = "x" * 500
    texts = [
        change(f"Assistant/a{number}", Action.CREATE, changed("p", new=f"{line}\n" * 4_000))
        for number in range(9)
    ]
    made = plan_html([plan_view(plan(*texts))])
    assert WHOLE / 2 < len(made) < WHOLE + EXCERPTS


def test_what_is_destroyed_is_whole_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = change("Assistant/zz", Action.DELETE, changed("prompt", LONG), reason="no longer declared")
    small(monkeypatch, 50_000, 0)
    text = "".join(read(plan_html([plan_view(plan(*UPDATES, gone))])).text)
    assert LONG in text
    assert "1 remote object will be deleted or replaced" in text


def test_lines_and_values_that_are_long_take_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = changed("prompt", new=f"{'y' * 500}\n" * 10)
    small(monkeypatch, 3_000, 20_000)
    made = plan_html([plan_view(plan(change("Assistant/a", Action.CREATE, lines)))])
    assert "… 4 more lines" in made
    small(monkeypatch, 0, 0)
    made = plan_html([plan_view(plan(*VALUES))])
    assert "40 texts are shown in part" in made
    assert "x" * 90 in made
    assert "x" * 101 not in made


def test_an_excerpt_is_of_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    one = changed("prompt", LONG, LONG.replace("Line 50 of", "Line 50 in"))
    small(monkeypatch, 0, 20_000)
    made = plan_html([plan_view(plan(change("Assistant/a", Action.UPDATE, one)))])
    assert "Line 50 <del>of</del> the prompt" in made
    assert "shown in part" not in made
    made = plan_html([plan_view(plan(*UPDATES[:1]))])
    text = "".join(read(made).text)
    assert "Line 5 of the prompt" in text
    assert "Line 6 of the prompt" not in text
    assert "… 94 more lines. callsheet show FILE has the whole." in text
    assert "Too much text for one page: 1 text is shown in part. callsheet show FILE has the whole." in text


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
