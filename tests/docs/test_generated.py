"""Pages and schemas that are generated are those that would be generated now."""

from __future__ import annotations

import io
import runpy
import subprocess
import sys

import pytest

from callsheet.cli.main import run
from callsheet.cli.screen import Screen
from callsheet.operations.schemas import NAMES
from docs.pages import ROOT, blocks

REMEDY = "it is out of date; write it again with: {}"


def test_the_spec_reference_is_current() -> None:
    page = runpy.run_path(str(ROOT / "docs/spec_reference.py"))["page"]()
    kept = (ROOT / "docs/spec-reference.md").read_text(encoding="utf-8")
    assert kept == page, REMEDY.format("python docs/spec_reference.py > docs/spec-reference.md")


def test_the_command_line_reference_is_current() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "callsheet.cli.reference"], capture_output=True, encoding="utf-8", check=True
    )
    kept = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    assert kept == made.stdout, REMEDY.format("python -m callsheet.cli.reference > docs/cli.md")


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_schemas_are_what_the_command_prints(name: str) -> None:
    printed = io.StringIO()
    assert run(["schema", name], Screen(io.StringIO(), printed, io.StringIO())) == 0
    kept = (ROOT / f"docs/schema/{name}.json").read_text(encoding="utf-8")
    assert kept == printed.getvalue(), REMEDY.format(f"callsheet schema {name} > docs/schema/{name}.json")


def test_no_other_schema_is_committed() -> None:
    assert {path.stem for path in (ROOT / "docs/schema").iterdir()} == set(NAMES)


def test_the_readme_has_its_two_commands() -> None:
    """`.ci/run` runs what stands under these marks; so they must stand there, in one line each."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shells = [block.text for block in blocks(ROOT / "README.md") if block.language == "sh"]
    for mark, command in zip(("tour", "tests"), shells, strict=True):
        assert f"<!-- command: {mark} -->\n```sh\n{command}```\n" in text
        assert io.StringIO(command).readlines() == [command]
