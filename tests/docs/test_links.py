"""Every link inside of the repository leads somewhere, and no page names a folder of somebody's machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.pages import PAGES, ROOT, name, prose

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
LOCAL = re.compile(r"(?<![\w.$}>/])/(?:home|root|work|Users|tmp|var|mnt)/\w")
TEXTS = (".md", ".yaml", ".py", ".json", ".example")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_resolve(page: Path) -> None:
    broken = []
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        there = file.exists() and file.is_relative_to(ROOT)
        if not there or (anchor and anchor not in _anchors(file)):
            broken.append(target)
    assert broken == []


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_no_page_or_example_names_a_local_folder() -> None:
    files = [*PAGES, ROOT / ".ci/run"]
    for folder in ("specs", "examples"):
        files += [path for path in (ROOT / folder).rglob("*") if path.suffix in TEXTS]
    found = [
        f"{name(file)}: {match.group()}"
        for file in files
        if ".callsheet" not in file.parts
        for match in LOCAL.finditer(file.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    listed = set(LINK.findall((folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in folder.glob("0*.md")}


def test_the_files_that_the_architecture_names_are_there() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/-]+(?:\.py|\.md|/))`", text))
    assert len(named) > 40
    places = [ROOT, ROOT / "src/callsheet", *(ROOT / "src/callsheet").rglob("*/")]
    assert [each for each in sorted(named) if not any((place / each).exists() for place in places)] == []
