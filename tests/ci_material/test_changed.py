"""Which files a pull request changes, as the workflows ask Git; main has moved since the branch began."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from callsheet.reports.explaining import paths_of
from support.gitlab_pipeline import JOBS
from support.voice_project import EXAMPLES

# Git quotes such names, unless it is asked not to.
NAMES = {"prompts/größe.md", 'prompts/a "b".md', "prompts/two\nlines.md"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The merge of a branch with main is checked out; main is not where the branch began."""

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=Ben", "-c", "user.email=ben@acme.example"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def commit(*names: str) -> None:
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("x", encoding="utf-8")
        git("add", "--all")
        git("commit", "--quiet", "--message", "x")

    git("init", "--quiet", "--initial-branch=main")
    commit("a")
    git("tag", "begun")
    git("checkout", "--quiet", "-b", "work")
    commit(*NAMES)
    git("checkout", "--quiet", "main")
    commit("somebody else's")
    git("merge", "--quiet", "--no-ff", "--message", "Merge", "work")
    return tmp_path


def changed(script: str, repository: Path, file: Path, **variables: str) -> frozenset[str]:
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=repository,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "RUNNER_TEMP": str(file.parent), **variables},
        check=True,
    )
    listed = file.read_bytes()
    assert listed.endswith(b"\0"), "names as they are, and not as Git quotes them"
    return paths_of(listed)


def test_github_compares_the_merge_with_main_as_it_is(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    workflow = yaml.safe_load((EXAMPLES / "github/pull-request.yml").read_text(encoding="utf-8"))
    [step] = [each for each in workflow["jobs"]["plan"]["steps"] if "git diff" in each.get("run", "")]
    # What the event says of main is from when the pull request was opened, or pushed to.
    found = changed(step["run"], repository, tmp_path_factory.mktemp("temp") / "changed", BASE="begun")
    assert found == NAMES


def test_gitlab_compares_the_branch_with_where_it_began(repository: Path) -> None:
    subprocess.run(["git", "checkout", "--quiet", "work"], cwd=repository, check=True)
    [line] = [each for each in JOBS["plan"]["script"] if each.startswith("git diff")]
    found = changed(line, repository, repository / "changed", CI_MERGE_REQUEST_DIFF_BASE_SHA="begun")
    assert found == NAMES
