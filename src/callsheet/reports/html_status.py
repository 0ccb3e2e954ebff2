"""The environments side by side, in a page. From the JSON form of `status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callsheet.reports.html_parts import section, sign, spoken
from callsheet.reports.markup import Markup, tag
from callsheet.reports.status_lines import NONE, matrix, prompt_rows


def matrix_section(told: Mapping[str, Any]) -> Markup:
    head, *rows = matrix(told)
    caption = "What each environment runs, where that is from, and how it stands"
    return section("matrix", 2, "Environments", _table(caption, "Environment", head[1], rows))


def prompts_section(told: Mapping[str, Any]) -> Markup | None:
    """Prompt versions; a row that is not the same everywhere says so."""
    if not told["prompts"]:
        return None
    skewed = {each["name"] for each in told["prompts"] if not each["aligned"]}
    names = [each["name"] for each in told["environments"]]
    caption = "The version of each prompt in each environment"
    return section("prompts", 2, "Prompts", _table(caption, "Prompt", names, prompt_rows(told), skewed))


def problems_section(told: Mapping[str, Any]) -> Markup | None:
    """Holds, and what could not be read of an environment."""
    items = []
    for each in told["environments"]:
        if each["hold"]:
            said = f"{each['name']} is held: run {each['hold']['run']} rolled files back"
            items.append(tag("li", sign("!", "delete"), said))
        for problem in each["problems"]:
            hint = tag("p", f"→ {problem['hint']}", class_="hint") if problem.get("hint") else None
            said = f"{each['name']}: {problem['summary']}"
            items.append(tag("li", sign("✗", "delete"), tag("strong", "error: "), said, hint))
    if not items:
        return None
    return section("problems", 2, "Look here first", tag("ul", *items, class_="plain"), class_="dangers")


def _table(
    caption: str,
    corner: str,
    names: Sequence[str],
    rows: Sequence[tuple[str, Sequence[str]]],
    skewed: set[str] | None = None,
) -> Markup:
    head = [tag("th", corner, scope="col"), *(tag("th", name, scope="col") for name in names)]
    body = []
    for name, cells in rows:
        mark = tag("span", "≠ skewed", class_="badge update") if skewed and name in skewed else None
        shown = [tag("td", cell) if cell != NONE else _empty() for cell in cells]
        body.append(tag("tr", tag("th", name, " " if mark else None, mark, scope="row"), *shown))
    table = tag("table", tag("caption", caption), tag("thead", tag("tr", *head)), tag("tbody", *body))
    return tag("div", table, class_="drawing", role="region", tabindex=0, aria_label=f"{caption}; scrolls")


def _empty() -> Markup:
    """Nothing is known: not the same as a drift of `none`."""
    return tag("td", tag("span", NONE, aria_hidden="true"), spoken("nothing"), class_="empty")
