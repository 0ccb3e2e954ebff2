"""How long a page of many changes takes: `cd tests && python -m benchmarks.pages [CHANGES]`."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import machine
from browser.conftest import ARGUMENTS, CHROMIUM
from callsheet.plan.change import Action
from callsheet.plan.plan import Plan
from callsheet.reports.html import plan_html
from callsheet.reports.plan_view import plan_view
from cases.plans.table import change, changed, large, plan

RUNS = 5
# Milliseconds after the page was asked for: until something is to be seen, and until all of it is there.
TIMES = """() => [
  performance.getEntriesByName("first-contentful-paint")[0].startTime,
  performance.getEntriesByType("navigation")[0].loadEventEnd,
]"""


PROMPT = "\n".join(
    f"Line {number} of the prompt says to do a thing, and how, in words." for number in range(70)
)
REWRITTEN = PROMPT.replace(" in words.", " in a word.")
BLANKS = "\n".join(f"Paragraph {number}.\n" for number in range(1_000))


def plans(count: int) -> dict[str, Plan]:
    """What a page is made of: short prompts, and long ones that are new, edited, rewritten or gone."""

    def all_of(action: Action, **sides: str) -> Plan:
        names = (f"Assistant/a{number}" for number in range(count))
        return plan(*(change(name, action, changed("prompt", **sides)) for name in names))

    return {
        "half of them short prompts": large(count // 2),
        "prompts of 4 KB, new": all_of(Action.CREATE, new=PROMPT),
        "prompts of 4 KB, a line of each changed": all_of(
            Action.UPDATE, old=PROMPT, new=PROMPT.replace("Line 30 of", "Line 30 in")
        ),
        "prompts of 4 KB, every line changed": all_of(Action.UPDATE, old=PROMPT, new=REWRITTEN),
        "prompts of 4 KB, deleted": all_of(Action.DELETE, old=PROMPT),
        "prompts of 1,000 paragraphs, every one changed": all_of(
            Action.UPDATE, old=BLANKS, new=BLANKS.replace("Para", "Tele")
        ),
    }


def main(count: int) -> None:
    for number, (what, made) in enumerate(plans(count).items()):
        changes = tuple(
            replace(each, depends_on=(f"Tool/t{number % 40}",)) for number, each in enumerate(made.changes)
        )
        view = plan_view(replace(made, changes=changes))
        begun = time.perf_counter()
        text = plan_html([view])
        spent = time.perf_counter() - begun
        with tempfile.TemporaryDirectory() as name:
            file = Path(name, "plan.html")
            file.write_text(text, encoding="utf-8")
            seen, loaded, version = opened(file)
        if not number:
            print(f"Machine: {machine()}; {version}. Medians of {RUNS} runs after one that is not counted;")
            print("the design asks for less than 2 s.\n")
        print(f"{len(changes):,} changes, {what}: {len(text) / 2**20:.1f} MB, written in {spent:.1f} s,")
        print(f"  first seen after {seen:.2f} s, loaded after {loaded:.2f} s", flush=True)


def opened(file: Path) -> tuple[float, float, str]:
    """Seconds until the page is seen and until it is loaded, and the browser's version."""
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for _ in range(RUNS + 1):
            context = browser.new_context()
            page = context.new_page()
            page.goto(file.as_uri())
            page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
            found.append(page.evaluate(TIMES))
            context.close()
        version = f"Chromium {browser.version}"
        browser.close()
    seen, loaded = (statistics.median(times) / 1000 for times in zip(*found[1:], strict=True))
    return seen, loaded, version


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
