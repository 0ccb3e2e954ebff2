"""action/reviewed.py: whose plans are taken for what was reviewed, and what is said where there are none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support import gh_stand_in
from support.pulls import OURS
from support.voice_project import EXAMPLES

MERGE, HEAD, OTHER = "a" * 40, "b" * 40, "c" * 40
MINE = {"full_name": OURS}
FORK = {"full_name": "mallory/voice"}


def pull(number: int = 7, *, base: str = "main", **head: Any) -> dict[str, Any]:
    return {
        "number": number,
        "merged_at": "2026-11-20T12:00:00Z",
        "merge_commit_sha": MERGE,
        "base": {"ref": base},
        "head": {"ref": "say-it-back", "sha": HEAD, "repo": MINE, **head},
    }


# More than one page of them.
MANY = [{**pull(number, sha=OTHER), "merge_commit_sha": OTHER} for number in range(100, 200)]


def run(number: int = 70, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "run_number": number,
        "event": "pull_request",
        "conclusion": "success",
        "head_sha": HEAD,
        "head_branch": "say-it-back",
        "head_repository": MINE,
        "artifact": True,
        **more,
    }


@pytest.fixture
def fetched(tmp_path: Path) -> Callable[[list[Any], list[Any]], tuple[str, str]]:
    """Which run's plans the script has fetched, and what it has said."""
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin/gh"
    tool.write_text(f"#!{sys.executable}\n{Path(gh_stand_in.__file__).read_text(encoding='utf-8')}")
    tool.chmod(0o755)

    def ask(pulls: list[Any], runs: list[Any]) -> tuple[str, str]:
        for each in runs:
            kept = tmp_path / str(each["id"])
            each["kept"] = str(kept)
            if each.pop("artifact"):
                (kept / "plans").mkdir(parents=True)
                (kept / "plans/dev.plan").write_text(str(each["id"]), encoding="utf-8")
        (tmp_path / "github.json").write_text(json.dumps({"pulls": pulls, "runs": runs}), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / "action/reviewed.py"), str(tmp_path / "plans")],
            env={
                "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "STAGE": str(tmp_path), "GH_TOKEN": "t",
                "GH_REPO": OURS, "GITHUB_SHA": MERGE, "GITHUB_RUN_ID": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        got = tmp_path / "plans/dev.plan"
        assert (done.returncode == 0) == got.exists(), done.stderr
        assert "Traceback" not in done.stderr
        return (got.read_text(encoding="utf-8") if got.exists() else ""), done.stdout

    return ask


Fetched = Callable[[list[Any], list[Any]], tuple[str, str]]


@pytest.mark.parametrize(
    "beside",
    [
        {"event": "push"},
        {"event": "workflow_dispatch"},
        {"head_branch": "other"},
        {"head_sha": OTHER},
        {"head_repository": FORK},
        {"head_repository": None},
        {"conclusion": "failure"},
    ],
    ids=str,
)
def test_no_other_run_stands_in(fetched: Fetched, beside: dict[str, Any]) -> None:
    got, _ = fetched([pull()], [run(70), run(71, **beside)])
    assert got == "70"


def test_the_last_run_of_the_head_is_taken(fetched: Fetched) -> None:
    assert fetched([pull()], [run(70), run(72), run(71)])[0] == "72"


@pytest.mark.parametrize(
    ("pulls", "runs", "said"),
    [
        ([], [run()], "is the merge of no pull request into main"),
        ([pull(base="release")], [run()], "is the merge of no pull request into main"),
        ([{**pull(), "merged_at": None}], [run()], "is the merge of no pull request into main"),
        (
            [{**pull(sha=MERGE), "merge_commit_sha": OTHER}],
            [run(head_sha=MERGE)],
            "is the merge of no pull request into main",
        ),
        ([pull(repo=FORK)], [run()], "#7 is a fork's, and of those no plan is made"),
        ([pull(repo=None)], [run()], "#7 is a fork's, and of those no plan is made"),
        ([pull()], [], "No run of pull-request.yml for pull request #7 succeeded"),
        ([pull()], [run(artifact=False)], "The plans of pull request #7 are not kept any more"),
        ([pull(), pull(8, base="release")], [run()], "#8 is of the same branch as #7"),
        # It was planned at this head, and then the branch went on and came back.
        ([pull(), pull(8, base="release", sha=OTHER)], [run()], "#8 is of the same branch as #7"),
        ([pull(), *MANY, pull(8, base="release", sha=OTHER)], [run()], "#8 is of the same branch as #7"),
    ],
    ids=[
        "none", "base", "not-merged", "merge", "fork", "fork-gone", "no-run", "expired", "two-bases",
        "two-bases-moved", "two-bases-of-many",
    ],
)  # fmt: skip
def test_where_nothing_was_reviewed_it_says_why_and_the_way_on(
    fetched: Fetched, pulls: list[Any], runs: list[Any], said: str
) -> None:
    got, out = fetched(pulls, runs)
    assert got == ""
    assert out.startswith("::error::")
    assert said in out
    assert "start this workflow by hand on main" in out
