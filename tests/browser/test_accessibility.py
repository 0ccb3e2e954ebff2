"""axe finds nothing, on any page, in either theme, with everything unfolded."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest

from browser.conftest import Open, Opened
from browser.pages import PAGES

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(found: Opened) -> list[str]:
    found.page.evaluate(axe())
    told: dict[str, Any] = found.page.evaluate("(tags) => axe.run(document, {runOnly: tags})", RULES)
    assert told["passes"], "axe looked at nothing"
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary']}"
        for each in told["violations"]
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(opened: Open, name: str, theme: str) -> None:
    found = opened(PAGES[name](), color_scheme=theme)
    found.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert violations(found) == []


def test_axe_would_find_something(opened: Open) -> None:
    found = opened(PAGES["normal"]().replace('lang="en"', ""))
    found.page.evaluate("document.documentElement.style.setProperty('--text', '#cccccc')")
    told = " ".join(violations(found))
    assert "html-has-lang" in told
    assert "color-contrast" in told


@pytest.mark.parametrize("name", PAGES)
def test_headings_go_down_one_by_one_and_landmarks_are_there(opened: Open, name: str) -> None:
    found = opened(PAGES[name]())
    levels = [
        int(each.evaluate("each => each.tagName[1]"))
        for each in found.page.locator("h1, h2, h3, h4, h5").all()
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for role in ("banner", "main", "contentinfo"):
        assert found.page.get_by_role(role).count() == 1  # type: ignore[arg-type]
    for table in found.page.locator("table").all():
        assert table.locator("caption").count() == 1


def test_reduced_motion_is_respected(opened: Open) -> None:
    smooth = "getComputedStyle(document.documentElement).scrollBehavior"
    assert opened(PAGES["normal"]()).page.evaluate(smooth) == "smooth"
    assert opened(PAGES["normal"](), reduced_motion="reduce").page.evaluate(smooth) == "auto"
