"""A real browser on pages that are files. It reaches nothing, and what it tries to reach is written down."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path(os.environ.get("CALLSHEET_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PACKAGES = ("playwright", "axe_playwright_python")


@dataclass
class Opened:
    """A page with what it did: requests beyond its own file, dialogs, errors, what its policy refused."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self) -> None:
        def asked(request: Any) -> None:
            if request.url != self.url:
                self.requests.append(request.url)

        def dialog(opened: Any) -> None:
            self.dialogs.append(opened.message)
            opened.dismiss()

        self.page.on("request", asked)
        self.page.on("dialog", dialog)
        self.page.on("pageerror", lambda told: self.errors.append(str(told)))
        self.page.on("console", lambda told: self.errors.append(told.text))

    @property
    def quiet(self) -> bool:
        return not (self.requests or self.dialogs or self.errors)


Open = Callable[..., Opened]


def _missing() -> str:
    if absent := [name for name in _PACKAGES if find_spec(name) is None]:
        return f"no {' and '.join(absent)}: pip install 'callsheet[browser]'"
    return "" if CHROMIUM.exists() else f"no {CHROMIUM}: apt-get install chromium, or set CALLSHEET_CHROMIUM"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium with a profile of its own. Without it tests are skipped, but not where CI must have it."""
    if missing := _missing():
        required = os.environ.get("CALLSHEET_BROWSER") == "required"
        in_ci = os.environ.get("CI") == "true" and all(map(find_spec, _PACKAGES))
        if required or in_ci:
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Callable[..., BrowserContext]:
    """One profile for each set of settings: pages keep nothing there, and making one takes longest."""
    made: dict[tuple[tuple[str, str], ...], BrowserContext] = {}

    def context(**settings: Any) -> BrowserContext:
        key = tuple(sorted((name, repr(value)) for name, value in settings.items()))
        if key not in made:
            made[key] = browser.new_context(**settings)
        return made[key]

    return context


@pytest.fixture
def opened(contexts: Callable[..., BrowserContext], tmp_path: Path) -> Iterator[Open]:
    """Opens the text of a page; the keywords are those of a browser's context."""
    pages: list[Page] = []

    def show(text: str, fragment: str = "", **settings: Any) -> Opened:
        file = tmp_path / f"{len(pages)}.html"
        file.write_text(text, encoding="utf-8")
        pages.append(contexts(**settings).new_page())
        found = Opened(pages[-1], file.as_uri())
        found.watch()
        found.page.goto(found.url + fragment)
        return found

    yield show
    for page in pages:
        page.close()
