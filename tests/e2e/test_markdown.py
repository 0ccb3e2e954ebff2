"""`-o markdown`: what a job posts, made by the verbs over real HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from e2e.command import Called, call, process
from support.world import World
from unit.reports.judges import acts

HOSTILE = "Be kind.\n```\n</details><img src=http://evil.example>\n::error::@admin\n\x1b[2J##[error]x\n"


@pytest.fixture
def project(world: World) -> World:
    world.document("Tool", "bye", {"type": "function", "native": {"function": {"name": "bye"}}})
    world.assistant("a", "Be kind.\nBe brief.", tools=[{"ref": "bye"}])
    assert run(world, "apply", "--yes").code == 0
    return world


def run(world: World, *arguments: str, **more: Any) -> Called:
    return call(*arguments, "-C", str(world.root), variables=world.variables, **more)


def test_a_plan_and_its_file_are_told_alike_and_say_what_is_reached(project: World, tmp_path: Path) -> None:
    project.document("Tool", "bye", {"type": "function", "native": {"function": {"name": "farewell"}}})
    planned = run(project, "plan", "-o", "markdown", "--out", str(tmp_path / "p.plan"))
    assert planned.code == 0, planned.err
    assert "update <code>Tool/bye</code> · 1 attribute · → <code>1 assistant</code>" in planned.out
    assert "state serial" in planned.out
    assert acts(planned.out) == []
    shown = call("show", str(tmp_path / "p.plan"), "-o", "markdown", variables=project.variables)
    assert shown.out == planned.out


def test_changes_are_set_apart_that_the_files_do_not_explain(project: World, tmp_path: Path) -> None:
    project.document("Tool", "bye", {"type": "function", "native": {"function": {"name": "farewell"}}})
    project.assistant("a", "Be kind.\nBe very brief.", tools=[{"ref": "bye"}])
    run(project, "plan", "--out", str(tmp_path / "p.plan"))
    listed = tmp_path / "changed"
    changed = [each for each in project.root.rglob("*") if each.is_file() and "bye" in each.name]
    assert changed
    listed.write_text("".join(f"{each.relative_to(project.root.parent)}\n" for each in changed))
    shown = call(
        "show", str(tmp_path / "p.plan"), "-o", "markdown", "--changed-files", str(listed),
        variables=project.variables,
    )  # fmt: skip
    assert shown.code == 0, shown.err
    mine, _, others = shown.out.partition("### Not from this pull request's files")
    assert "Tool/bye" in mine
    assert "Assistant/a" not in mine.partition("### Changes")[2].replace("→ 1 assistant: `Assistant/a`", "")
    assert "update <code>Assistant/a</code>" in others


def test_what_the_files_hold_does_nothing_there(project: World) -> None:
    project.assistant("a", HOSTILE, tools=[{"ref": "bye"}])
    told = run(project, "plan", "-o", "markdown").out
    assert "evil.example" in told
    assert acts(told) == []


def test_drift_is_told_too(project: World) -> None:
    project.edit("/assistant", "a", {"firstMessage": "@admin <b>owned</b>"})
    found = run(project, "drift", "-o", "markdown", "--fail-on", "any")
    assert found.code == 2
    assert "**Drift: " in found.out
    assert "owned" in found.out
    assert acts(found.out) == []


def test_a_limit_is_kept_and_none_is_none(project: World) -> None:
    project.assistant("a", "".join(f"Line {number}.\n" for number in range(9_000)), tools=[{"ref": "bye"}])
    short = run(project, "plan", "-o", "markdown", "--limit", "2000")
    assert len(short.out.encode()) <= 2_000
    assert "Shortened to fit" in short.out
    assert "Line 8999." in run(project, "plan", "-o", "markdown", "--limit", "0").out


def test_changed_files_say_nothing_to_other_formats(project: World, tmp_path: Path) -> None:
    listed = tmp_path / "changed"
    listed.write_text("")
    refused = run(project, "plan", "--changed-files", str(listed))
    assert refused.code == 1
    assert "--changed-files needs -o markdown" in refused.err
    assert run(project, "apply", "-o", "markdown").code == 1
    missing = run(project, "plan", "-o", "markdown", "--changed-files", "no/such/file")
    assert missing.code == 1
    assert "no/such/file" in missing.err


def test_changed_files_come_from_stdin_too(project: World) -> None:
    project.assistant("a", "Be brief.", tools=[{"ref": "bye"}])
    arguments = ("plan", "-o", "markdown", "--changed-files", "-", "-C", str(project.root))
    for text, apart in (("x/specs/assistants/a.yaml\0README.md\0", False), ("README.md\n", True)):
        done = process(*arguments, cwd=project.root, variables=project.variables, text=text)
        assert done.code == 0, done.err
        assert ("### Not from this pull request's files" in done.out) is apart


def test_it_is_utf_8_whatever_the_terminal_speaks(project: World) -> None:
    project.assistant("a", "Grüße → 日本", tools=[{"ref": "bye"}])
    variables = {**project.variables, "PYTHONIOENCODING": "ascii"}
    done = process("plan", "-o", "markdown", "-C", str(project.root), cwd=project.root, variables=variables)
    assert "Grüße → 日本" in done.out
