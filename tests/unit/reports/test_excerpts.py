"""Excerpts of files in errors: the right line, a caret, never a secret, never a file of somebody else's."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from callsheet.model.diagnostics import Diagnostic, Place, error, note, warning
from callsheet.reports.diagnostic_lines import counted, problem_lines
from callsheet.reports.excerpt import Excerpts, without_secrets
from callsheet.reports.terminal import Terminal


def project(folder: Path, text: str = "kind: A\nspec: {modle: x}\n") -> Path:
    root = folder / "specs"
    root.mkdir()
    (root / "a.yaml").write_text(text)
    return root


def printed(found: list[Diagnostic], excerpts: Excerpts) -> str:
    out = io.StringIO()
    Terminal(out, colour=False).print(problem_lines(found, excerpts))
    return out.getvalue()


def test_an_error_shows_its_line_with_a_caret(tmp_path: Path) -> None:
    found = error(
        "spec.unknown-key",
        "unknown key 'modle'",
        detail="It would be ignored.",
        hint="Did you mean model?",
        place=Place("specs/a.yaml", 2, 8),
        address="Assistant/a",
    )
    assert printed([found], Excerpts(project(tmp_path))) == (
        "error: unknown key 'modle'\n"
        "  at specs/a.yaml:2:8 in Assistant/a\n"
        "      2 │ spec: {modle: x}\n"
        "        │        ^\n"
        "  It would be ignored.\n"
        "  → Did you mean model?\n"
    )


def test_several_findings_are_counted() -> None:
    found = [error("a", "x"), error("a", "y"), warning("a", "z"), note("a", "n")]
    out = io.StringIO()
    Terminal(out, colour=False).print(problem_lines(found))
    assert out.getvalue().endswith("\n\n2 errors, 1 warning, 1 note.\n")
    assert counted([]) == "No findings."


def test_paths_without_the_folder_are_found_too(tmp_path: Path) -> None:
    root = tmp_path / "estate"
    root.mkdir()
    (root / "a.yaml").write_text("one\ntwo\n")
    assert Excerpts(root)(Place("a.yaml", 2, 1)) is not None


@pytest.mark.parametrize(
    "place",
    [
        Place("specs/none.yaml", 1, 1),
        Place("specs/a.yaml", 99, 1),
        Place("specs/a.yaml"),
        Place("specs/../../secret.yaml", 1, 1),
        Place("/etc/passwd", 1, 1),
        Place("specs/\0.yaml", 1, 1),
    ],
)
def test_where_there_is_nothing_to_show_nothing_is_shown(tmp_path: Path, place: Place) -> None:
    (tmp_path / "secret.yaml").write_text("canary\n")
    assert Excerpts(project(tmp_path))(place) is None


def test_a_link_that_leads_outside_is_not_read(tmp_path: Path) -> None:
    root = project(tmp_path)
    (tmp_path / "secret.yaml").write_text("canary\n")
    (root / "b.yaml").symlink_to(tmp_path / "secret.yaml")
    assert Excerpts(root)(Place("specs/b.yaml", 1, 1)) is None


@pytest.mark.parametrize(
    "text",
    [
        "secret: canary",
        "  apiKey: canary",
        "api_key: 'canary'",
        "X-Auth-Token: canary",
        '"password": "canary"',
        "Authorization: Bearer canary",
        "headers: {Authorization: canary}",
        "x: Bearer canary",
        "value: sk-canary0123456789abcdef0123",
        "value: canarycanarycanarycanary99",
    ],
)
def test_what_may_be_a_secret_is_left_out(text: str) -> None:
    assert "canary" not in without_secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        "apiKey: secrets://env/KEY",
        'apiKey: "secrets://env/KEY"',
        "name: order-agent",
        "$secret: 'secrets://env/X'",
        "systemPromptRef: prompts/a-rather-long-name-of-a-prompt-with-2-versions.md",
        "model: {provider: openai, model: gpt-4.1}",
    ],
)
def test_references_and_ordinary_values_are_shown(text: str) -> None:
    assert without_secrets(text) == text


def test_control_characters_of_the_file_are_made_visible(tmp_path: Path) -> None:
    found = Excerpts(project(tmp_path, "\x1b[2Jx: y\n"))(Place("specs/a.yaml", 1, 6))
    assert found is not None
    assert found.text == "\\e[2Jx: y"
    assert found.caret == 6


def test_a_very_long_line_is_left_out(tmp_path: Path) -> None:
    assert Excerpts(project(tmp_path, "x" * 5000))(Place("specs/a.yaml", 1, 1)) is None


def test_an_excerpt_holds_no_secret_that_stands_in_the_file(tmp_path: Path) -> None:
    found = Excerpts(project(tmp_path, "server: {url: x, secret: canary}\n"))(Place("specs/a.yaml", 1, 10))
    assert found is not None
    assert found.text == "server: {url: x, secret: …"
    assert found.caret == 9
