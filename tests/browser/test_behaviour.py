"""What a person does with a page: filter, search, unfold, follow links, with or without a script."""

from __future__ import annotations

from browser.conftest import Open, Opened
from browser.pages import PAGES, normal, page

ALL = (
    "Assistant/order-agent",
    "Assistant/orders",
    "Assistant/torn",
    "Tool/lookup",
    "Tool/hand-back",
    "Squad/line",
)


def shown(found: Opened) -> list[str]:
    """The addresses of the changes that are to be seen, in their order."""
    return [
        each.locator("summary code").first.inner_text()
        for each in found.page.locator("details.change").all()
        if each.is_visible()
    ]


def told(found: Opened) -> str:
    return found.page.get_by_role("status").inner_text()


def test_everything_is_shown_at_first(opened: Open) -> None:
    found = opened(page(normal()))
    assert shown(found) == [each.address for each in normal().changes]
    assert told(found) == "11 of 11 changes shown"
    assert found.quiet


def test_the_filters_narrow_and_say_so(opened: Open) -> None:
    found = opened(page(normal()))
    found.page.get_by_label("Action").select_option("update")
    assert shown(found) == ["Assistant/orders", "Assistant/torn", "Tool/lookup", "Squad/line"]
    assert told(found) == "4 of 11 changes shown"
    found.page.get_by_label("Kind", exact=True).select_option("Assistant")
    assert shown(found) == ["Assistant/orders", "Assistant/torn"]
    found.page.get_by_label("Drift", exact=True).select_option("yes")
    assert shown(found) == ["Assistant/torn"]
    assert told(found) == "1 of 11 changes shown"
    found.page.get_by_label("Drift", exact=True).select_option("no")
    assert shown(found) == ["Assistant/orders"]
    for label in ("Action", "Kind", "Drift"):
        found.page.get_by_label(label, exact=True).select_option("")
    assert told(found) == "11 of 11 changes shown"
    assert found.quiet


def test_drift_is_what_the_provider_moved_and_what_is_in_conflict(opened: Open) -> None:
    found = opened(page(normal()))
    found.page.get_by_label("Drift", exact=True).select_option("yes")
    assert shown(found) == ["Assistant/torn", "Squad/line"]


def test_the_search_finds_by_what_a_summary_says(opened: Open) -> None:
    found = opened(page(normal()))
    found.page.get_by_label("Search").fill("DELETED")
    assert shown(found) == ["Tool/hand-back", "Assistant/gone", "Assistant/f"]
    found.page.get_by_label("Search").fill("nothing of the kind")
    assert shown(found) == []
    assert told(found) == "0 of 11 changes shown"


def test_all_folds_open_and_close(opened: Open) -> None:
    found = opened(page(normal()))
    found.page.get_by_role("button", name="Close all").click()
    assert found.page.locator("details.change[open]").count() == 0
    found.page.get_by_label("Kind", exact=True).select_option("Tool")
    found.page.get_by_role("button", name="Open all").click()
    assert found.page.locator("details.change[open]").count() == 2


def test_a_link_shows_its_change_though_it_is_filtered_and_folded(opened: Open) -> None:
    found = opened(page(normal()))
    found.page.get_by_role("button", name="Close all").click()
    found.page.get_by_label("Kind", exact=True).select_option("Tool")
    found.page.locator(".dangers").get_by_role("link", name="Assistant/gone").click()
    gone = found.page.locator("details.change", has_text="Assistant/gone")
    gone.locator(".body").wait_for(state="visible")
    assert told(found) == "11 of 11 changes shown"
    assert found.page.evaluate("document.activeElement.textContent").count("Assistant/gone") == 1


def test_a_page_that_is_opened_at_a_change_shows_it(opened: Open) -> None:
    many = page(normal(), normal())
    found = opened(many, "#p2-c4")
    assert found.page.locator("#p2-c4").get_attribute("open") is not None
    assert "Tool/hand-back" in found.page.evaluate("document.activeElement.textContent")


def test_the_filters_of_one_plan_leave_the_other_alone(opened: Open) -> None:
    found = opened(PAGES["two plans"]())
    found.page.locator("#p1-by-kind").select_option("Tool")
    assert shown(found) == ["Tool/lookup", "Tool/hand-back", "Assistant/gone"]


def test_prompts_stand_side_by_side_with_signs_and_marked_words(opened: Open) -> None:
    found = opened(page(normal()))
    table = found.page.get_by_role("table", name="model.messages[0].content, before and after")
    row = table.get_by_role("row", name="two short sentences")
    before, after = row.get_by_role("cell").all()
    assert before.text_content() == "-removed: Always answer in one sentence."
    assert after.text_content() == "+added: Always answer in two short sentences."
    assert before.locator("del").inner_text() == "one sentence"
    assert after.locator("ins").inner_text() == "two short sentences"
    left, right = before.bounding_box(), after.bounding_box()
    assert left is not None
    assert right is not None
    assert left["y"] == right["y"]
    assert left["x"] < right["x"]


def test_the_graph_is_drawn_and_what_leads_to_a_node_is_lit(opened: Open) -> None:
    found = opened(page(normal()))
    drawing = found.page.get_by_role("group", name="Dependency graph")
    assert drawing.locator(".node").count() == 7
    assert drawing.locator(".edge").count() == 8 - 1
    drawing.get_by_role("link", name="Tool/lookup, update").focus()
    lit = sorted(str(each.text_content()) for each in drawing.locator(".node.on text:not(.symbol)").all())
    assert lit == [
        "Assistant/order-agent",
        "Assistant/orders",
        "Assistant/torn",
        "Squad/line",
        "Tool/hand-back",
        "Tool/lookup",
    ]


def test_what_a_change_reaches_is_listed(opened: Open) -> None:
    found = opened(page(normal()))
    line = found.page.locator(".reach li", has_text="Assistant/torn reaches")
    assert line.count() == 0
    line = found.page.locator(".reach li", has_text="Tool/lookup reaches")
    assert line.inner_text() == (
        "Tool/lookup reaches Assistant/order-agent, Assistant/orders, Assistant/torn, "
        "Squad/line, Tool/hand-back"
    )


def test_a_keyboard_is_enough(opened: Open) -> None:
    found = opened(page(normal()))
    keys = found.page.keyboard
    keys.press("Tab")
    skip = found.page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("each => each === document.activeElement && each.getBoundingClientRect().left >= 0")
    keys.press("Enter")
    assert found.page.evaluate("document.activeElement.id") == "content"
    to(found, "document.activeElement.id === 'by-action'")
    keys.type("update")
    assert told(found) == "4 of 11 changes shown"
    to(found, "document.activeElement.textContent.includes('Assistant/orders') && "
              "document.activeElement.matches('.change > summary')")  # fmt: skip
    fold = found.page.locator("details.change", has_text="Assistant/orders").first
    assert fold.get_attribute("open") is not None
    keys.press("Enter")
    assert fold.get_attribute("open") is None
    keys.press("Space")
    assert fold.get_attribute("open") is not None
    assert found.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def to(found: Opened, condition: str) -> None:
    """Press Tab until something is focused."""
    for _ in range(60):
        if found.page.evaluate(condition):
            return
        found.page.keyboard.press("Tab")
    raise AssertionError(f"no way by Tab to: {condition}")


def test_without_scripts_everything_is_there(opened: Open) -> None:
    found = opened(page(normal()), java_script_enabled=False)
    assert shown(found) == [each.address for each in normal().changes]
    assert not found.page.locator(".filters").is_visible()
    assert not found.page.locator(".theme").is_visible()
    assert found.page.locator("ins", has_text="two short sentences").is_visible()
    assert found.page.locator("svg.graph .node").count() == 7
    assert found.page.locator(".reach li").first.is_visible()
    fold = found.page.locator("details.change").first
    fold.locator("summary").first.click()
    assert not fold.locator(".body").is_visible()
    fold.locator("summary").first.click()
    assert fold.locator(".body").is_visible()


def test_a_status_shows_its_matrix(opened: Open) -> None:
    found = opened(PAGES["status"](), java_script_enabled=False)
    matrix = found.page.get_by_role("table", name="What each environment runs")
    assert [each.inner_text() for each in matrix.get_by_role("columnheader").all()] == [
        "Environment", "dev", "uat", "prod",
    ]  # fmt: skip
    runs = matrix.get_by_role("row", name="runs")
    assert [each.inner_text() for each in runs.get_by_role("cell").all()] == ["the working tree", "v7", "v7"]
    drift = matrix.get_by_role("row", name="drift")
    assert [each.text_content() for each in drift.get_by_role("cell").all()] == [
        "none",
        "-nothing",
        "3 drifted",
    ]
    prompts = found.page.get_by_role("table", name="The version of each prompt")
    assert prompts.get_by_role("rowheader").all_inner_texts() == ["orders", "dev ≠ skewed"]


def test_narrow_screens_need_no_scrolling_sideways(opened: Open) -> None:
    found = opened(page(normal()), viewport={"width": 320, "height": 800})
    assert found.page.evaluate("document.documentElement.scrollWidth") <= 320
