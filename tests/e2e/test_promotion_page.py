"""The walk of docs/promotion.md, carried out as it stands there: what the page shows is what is printed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docs.pages import Block, blocks
from e2e.acme import SPECS, VARIABLES
from e2e.command import COMMAND

PAGE = Path(__file__).parents[2] / "docs" / "promotion.md"


@dataclass(frozen=True)
class Shown:
    command: str
    code: int
    output: str


def walk() -> Iterator[Shown]:
    """The commands of the page's walk, each with what is shown beneath it."""
    text = PAGE.read_text()
    first, last = (text[: text.index(title)].count("\n") for title in ("## The walk", "## The checklist"))
    lines = text.splitlines()
    for block in blocks(PAGE):
        if not first < block.line < last:
            continue
        prose = " ".join(lines[max(block.line - 5, 0) : block.line])
        found = re.search(r"\(Exit (\d)\.\)", prose)
        yield from _commands(block, int(found[1]) if found else 0)


def _commands(block: Block, code: int) -> Iterator[Shown]:
    if block.language == "sh":
        yield from (Shown(line, 0, "…") for line in block.text.splitlines())
        return
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield Shown(command, code, output.strip("\n"))


def fits(shown: str, printed: str) -> bool:
    """Whether `printed` is what is shown: a line of `…` alone is any lines, `…` within one is any text."""
    pieces = []
    for line in shown.splitlines():
        if line.strip() == "…":
            pieces.append(r"(?:.*\n)*?")
        else:
            pieces.append(re.escape(line).replace("…", ".*") + r"\s*?\n")
    return re.fullmatch("".join(pieces) + r"\s*", printed) is not None


def test_what_fits_and_what_does_not() -> None:
    assert fits("a\n…\nd …", "a\nb\nc\nd e\n")
    assert not fits("a\nd", "a\nb\nd\n")
    assert not fits("a …", "b c\n")


def test_the_walk_of_the_page(tmp_path: Path) -> None:
    shutil.copytree(SPECS, tmp_path / "specs", ignore=shutil.ignore_patterns(".callsheet"))
    (tmp_path / ".gitignore").write_text(".callsheet/\n*.plan\n")
    path = f"{COMMAND.parent}:/usr/bin:/bin"
    who = {f"GIT_{role}_{what}": "acme" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    variables = {"PATH": path, "HOME": str(tmp_path), "PYTHONUTF8": "1", "USER": "robin", **who, **VARIABLES}

    def run(command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["sh", "-c", command], cwd=tmp_path, env=variables, capture_output=True, timeout=100, check=False
        )
        return done.returncode, done.stdout.decode() + done.stderr.decode()

    for command in ("git init -q .", "git add -A", "git commit -q -m 'Begin'"):
        assert run(command)[0] == 0
    shown = list(walk())
    assert len(shown) >= 15
    for each in shown:
        code, printed = run(each.command)
        assert code == each.code, f"{each.command} exits {code}:\n{printed}"
        assert fits(each.output, printed), (
            f"{each.command} prints\n{printed}\nand the page shows\n{each.output}"
        )
