"""gitlab/reviewed.py: whose plan is taken for what was reviewed, and what is said where there is none."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.gitlab_pipeline import Host, ended
from support.hosts import served
from support.voice_project import EXAMPLES

MERGED, HEAD, OTHER = "a" * 40, "b" * 40, "c" * 40


def fetched(host: Host, folder: Path) -> tuple[bytes, str]:
    """What the script has fetched for the commit MERGED, and what it has said."""
    file = folder / "dev.plan"
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "gitlab/reviewed.py"), str(file)],
        env={**host.variables, "CI_COMMIT_SHA": MERGED, "CI_DEFAULT_BRANCH": "main"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == file.exists(), done.stderr
    assert "Traceback" not in done.stderr
    return (file.read_bytes() if file.exists() else b""), done.stderr


@pytest.fixture
def archived() -> Iterator[Host]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("plans/dev.plan", b"reviewed")
    host = Host()
    host.archive = packed.getvalue()
    host.merge(MERGED, HEAD)
    with served(host, "/api/v4"):
        yield host


@pytest.mark.parametrize(
    "beside",
    [
        {"sha": OTHER},
        {"status": "failed"},
        {"status": "running"},
        {"source": "push"},
        {"source": "web"},
        {"project_id": 2},
    ],
    ids=str,
)
def test_no_other_pipeline_stands_in(archived: Host, tmp_path: Path, beside: dict[str, Any]) -> None:
    archived.pipelines = [ended(91, **{"sha": HEAD, **beside}), *archived.pipelines]
    archived.jobs[91] = [{"id": 911, "name": "plan"}]
    assert fetched(archived, tmp_path)[0] == b"reviewed"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"state": "opened"}, "is the merge of no merge request into main"),
        ({"target_branch": "release"}, "is the merge of no merge request into main"),
        ({"merge_commit_sha": OTHER}, "is the merge of no merge request into main"),
        ({"source_project_id": 2}, "!7 is a fork's, and of those no plan is made"),
        ({"sha": OTHER}, "No pipeline of the head of merge request !7 succeeded"),
    ],
    ids=["open", "another-branch", "another-merge", "fork", "another-head"],
)
def test_where_nothing_was_reviewed_it_says_why_and_the_way_on(
    archived: Host, tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    archived.merged[0].update(more)
    got, error = fetched(archived, tmp_path)
    assert got == b""
    assert said in error
    assert "start a pipeline of main by hand" in error


def test_a_push_that_merges_nothing_is_told_so(archived: Host, tmp_path: Path) -> None:
    archived.merged = []
    assert "is the merge of no merge request into main" in fetched(archived, tmp_path)[1]


def test_a_plan_that_is_not_kept_any_more_is_told_so(archived: Host, tmp_path: Path) -> None:
    archived.archive = b""
    assert "The plan of merge request !7 is not kept any more" in fetched(archived, tmp_path)[1]


@pytest.mark.parametrize("way", ["merge_commit_sha", "squash_commit_sha", "sha"])
def test_it_does_not_matter_how_it_was_merged(archived: Host, tmp_path: Path, way: str) -> None:
    archived.merged[0].update(merge_commit_sha=None)
    archived.merged[0][way] = MERGED
    archived.pipelines = [ended(90, archived.merged[0]["sha"])]
    assert fetched(archived, tmp_path)[0] == b"reviewed"
