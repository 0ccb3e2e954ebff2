"""The pages of this repository, and what is fenced in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FOLDERS = {"": "*.md", "docs": "**/*.md", "specs": "README.md", "examples": "*/README.md"}
PAGES = tuple(sorted(page for folder, shape in _FOLDERS.items() for page in (ROOT / folder).glob(shape)))
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A fenced block without its indentation. `line` is that of its first line in the page."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{name(self.page)}:{self.line}"


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    whole = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(whole):
        indent = found["indent"]
        text = "".join(line.removeprefix(indent) for line in found["text"].splitlines(keepends=True))
        yield Block(page, whole.count("\n", 0, found.start("text")) + 1, found["language"], text)


def prose(page: Path) -> str:
    """The page without what is fenced."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))
