"""What a job is, by its variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callsheet.ci.surroundings import Job, job_of, summary_of
from callsheet.model.errors import CallsheetError

GITHUB = {"GITHUB_REPOSITORY": "acme/voice", "GITHUB_TOKEN": "canary-token", "GITHUB_SHA": "m" * 40}
GITLAB = {"CI_PROJECT_ID": "1", "CI_API_V4_URL": "https://gitlab.example/api/v4", "CI_COMMIT_SHA": "c" * 40}


def github(folder: Path, event: Any, **more: str) -> Job:
    file = folder / "event.json"
    file.write_text(event if isinstance(event, str) else json.dumps(event), encoding="utf-8")
    return job_of({**GITHUB, "GITHUB_EVENT_PATH": str(file), **more})


def pull(head: Any, base: str = "acme/voice") -> dict[str, Any]:
    repo = {"full_name": head} if head else None
    return {
        "pull_request": {
            "number": 7,
            "head": {"sha": "h" * 40, "repo": repo},
            "base": {"repo": {"full_name": base}},
        }
    }


def test_a_pull_request_of_the_repository(tmp_path: Path) -> None:
    job = github(tmp_path, pull("acme/voice"))
    assert (job.number, job.fork, job.sha, job.project) == (7, False, "h" * 40, "acme/voice")
    assert job.api_url == "https://api.github.com"


@pytest.mark.parametrize("head", ["mallory/voice", None])
def test_a_pull_request_of_a_fork(head: Any, tmp_path: Path) -> None:
    assert github(tmp_path, pull(head)).fork


def test_a_comment_on_a_pull_request_and_on_an_issue(tmp_path: Path) -> None:
    assert github(tmp_path, {"issue": {"number": 8, "pull_request": {"url": "x"}}}).number == 8
    assert github(tmp_path, {"issue": {"number": 8}}).number is None


@pytest.mark.parametrize("event", ["", "[]", "{", '{"pull_request": "x"}', '{"issue": 1}'])
def test_an_event_that_says_nothing(event: str, tmp_path: Path) -> None:
    job = github(tmp_path, event)
    assert (job.number, job.fork, job.sha) == (None, False, "m" * 40)
    assert github(tmp_path, event, GITHUB_REF="refs/pull/12/merge").number == 12
    assert github(tmp_path, event, GITHUB_REF="refs/heads/main").number is None


def test_a_pull_request_that_says_little(tmp_path: Path) -> None:
    job = github(tmp_path, {"pull_request": {"number": 7, "head": 1}})
    assert (job.number, job.sha) == (7, "")


def test_a_status_is_never_of_a_commit_that_is_not_meant(tmp_path: Path) -> None:
    comment = {"issue": {"number": 8, "pull_request": {"url": "x"}}}
    assert github(tmp_path, comment).sha == ""
    run = {"head_sha": "r" * 40, "pull_requests": [{"number": 9}]}
    after = github(tmp_path, {"workflow_run": run})
    assert (after.number, after.sha) == (9, "r" * 40)
    forked = github(tmp_path, {"workflow_run": {**run, "pull_requests": []}})
    assert (forked.number, forked.sha) == (None, "r" * 40)
    assert github(tmp_path, {}).sha == "m" * 40


def test_a_merge_that_nobody_pushed_is_known(tmp_path: Path) -> None:
    event = pull("acme/voice")
    assert github(tmp_path, event, GITHUB_REF="refs/pull/7/merge").merge == "m" * 40
    # pull_request_target runs on the target, and pushes on what was pushed.
    assert github(tmp_path, event, GITHUB_REF="refs/heads/main").merge == ""
    assert github(tmp_path, {}, GITHUB_REF="refs/heads/main").merge == ""
    assert job_of(GITLAB).merge == ""
    merged = job_of({**GITLAB, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "s" * 40})
    assert (merged.merge, merged.sha) == ("c" * 40, "s" * 40)


def test_a_job_shows_no_token() -> None:
    assert "canary-token" not in repr(job_of(GITHUB))
    assert "canary-token" not in repr(job_of({**GITLAB, "GITLAB_TOKEN": "canary-token"}))


def test_without_a_token_it_says_why() -> None:
    assert job_of({**GITHUB, "GITHUB_TOKEN": ""}).without == "GITHUB_TOKEN is not set in this step's env"
    assert job_of(GITHUB).without == ""
    assert job_of(GITLAB).without.startswith("GITLAB_TOKEN is not set")


def test_a_merge_request_of_a_fork_is_the_target_projects() -> None:
    job = job_of(
        {
            **GITLAB,
            "CI_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_IID": "3",
            "CI_MERGE_REQUEST_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "s" * 40,
        }
    )
    assert (job.project, job.number, job.fork, job.sha) == ("1", 3, True, "s" * 40)


def test_nowhere() -> None:
    with pytest.raises(CallsheetError, match="nowhere to post to"):
        job_of({"HOME": "/"})


def test_the_summary_is_githubs_or_the_one_that_is_named() -> None:
    assert summary_of({}) is None
    assert summary_of({"GITHUB_STEP_SUMMARY": "a"}) == Path("a")
    assert summary_of({"GITHUB_STEP_SUMMARY": "a", "CALLSHEET_SUMMARY": "b"}) == Path("b")
