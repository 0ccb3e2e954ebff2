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
from callsheet.reports.html import plan_html
from callsheet.reports.plan_view import plan_view
from cases.plans.table import large

RUNS = 5
# Milliseconds after the page was asked for: until something is to be seen, and until all of it is there.
TIMES = """() => [
  performance.getEntriesByName("first-contentful-paint")[0].startTime,
  performance.getEntriesByType("navigation")[0].loadEventEnd,
]"""


def main(count: int) -> None:
    plan = large(count // 2)
    changes = tuple(
        replace(each, depends_on=(f"Tool/t{number % 40}",)) for number, each in enumerate(plan.changes)
    )
    view = plan_view(replace(plan, changes=changes))
    begun = time.perf_counter()
    text = plan_html([view])
    spent = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "plan.html")
        file.write_text(text, encoding="utf-8")
        seen, loaded, version = opened(file)
    print(f"Machine: {machine()}; {version}. Medians of {RUNS} runs after one that is not counted.\n")
    print(f"{len(changes):,} changes, {len(text) / 2**20:.1f} MB, written in {spent:.1f} s:")
    print(f"  first seen after {seen:.2f} s, loaded after {loaded:.2f} s (the design asks for less than 2 s)")


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
