"""Surroundings: what a CI tells a job by variables: where it runs, for which pull request, with which token.

From docs.github.com/actions/reference/workflows-and-actions/variables and
docs.gitlab.com/ci/variables/predefined_variables, as of 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callsheet.model.errors import CallsheetError

GITHUB, GITLAB = "github", "gitlab"
SUMMARY = "CALLSHEET_SUMMARY"
_PULL = re.compile(r"refs/pull/(\d+)/")
_EVENT_LIMIT = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Job:
    """`number` is the pull or merge request's; None where the job is about none. `page_url` is its page.

    `sha` is the commit that a status is about, empty where the job does not know it. `merge` is the one that
    the host made of it and its target for this job, empty where the job runs on what somebody pushed.

    `without` says why there is no token that could write, empty where there is one. `summary` is the file
    that the CI shows on the job's page.
    """

    host: str
    api_url: str
    project: str
    token: str = field(repr=False)
    number: int | None
    sha: str
    fork: bool = False
    summary: Path | None = None
    graphql_url: str = ""
    run_url: str = ""
    page_url: str = ""
    without: str = ""
    merge: str = ""


def job_of(variables: Mapping[str, str]) -> Job:
    """The job that this is. CallsheetError where it is none of a code host that we know."""
    if variables.get("GITHUB_REPOSITORY"):
        return _github(variables)
    if variables.get("CI_PROJECT_ID") and variables.get("CI_API_V4_URL"):
        return _gitlab(variables)
    raise CallsheetError(
        "this is no job of GitHub Actions or GitLab CI, so there is nowhere to post to",
        detail="Neither GITHUB_REPOSITORY nor CI_PROJECT_ID and CI_API_V4_URL are set.",
        hint="run it in a job; docs/ci.md says what a job needs",
        code="ci.nowhere",
    )


def summary_of(variables: Mapping[str, str]) -> Path | None:
    """The file that is shown on the job's page: GitHub's, or the one that CALLSHEET_SUMMARY names."""
    named = variables.get(SUMMARY) or variables.get("GITHUB_STEP_SUMMARY")
    return Path(named) if named else None


def _github(variables: Mapping[str, str]) -> Job:
    event = _event(variables.get("GITHUB_EVENT_PATH", ""))
    pull = _mapping(event.get("pull_request"))
    number, sha = _subject(event, variables)
    head, base = _mapping(pull.get("head")), _mapping(pull.get("base"))
    server = variables.get("GITHUB_SERVER_URL") or "https://github.com"
    run, repository = variables.get("GITHUB_RUN_ID"), variables["GITHUB_REPOSITORY"]
    token = variables.get("GITHUB_TOKEN") or variables.get("GH_TOKEN") or ""
    return Job(
        host=GITHUB,
        api_url=variables.get("GITHUB_API_URL") or "https://api.github.com",
        project=repository,
        token=token.strip(),
        number=number if isinstance(number, int) else None,
        sha=sha,
        fork=bool(pull) and _name(head) != _name(base),
        summary=summary_of(variables),
        graphql_url=variables.get("GITHUB_GRAPHQL_URL", ""),
        run_url=f"{server}/{repository}/actions/runs/{run}" if run else "",
        without="" if token.strip() else "GITHUB_TOKEN is not set in this step's env",
        # With pull_request_target it is the target's last commit, and no merge.
        merge=variables.get("GITHUB_SHA", "")
        if pull and _PULL.match(variables.get("GITHUB_REF", ""))
        else "",
    )


def _subject(event: Mapping[str, Any], variables: Mapping[str, str]) -> tuple[Any, str]:
    """The pull request's number and the commit that a status is about; None and empty where there is none.

    GITHUB_SHA is a merge that nobody pushed in a job of a pull request, and the default branch's last commit
    in one that a comment or another workflow has set off: a status there would be nowhere, or a wrong one.
    """
    pull, issue = _mapping(event.get("pull_request")), _mapping(event.get("issue"))
    if pull:
        return pull.get("number"), str(_mapping(pull.get("head")).get("sha") or "")
    if issue:
        return (issue.get("number") if issue.get("pull_request") else None), ""
    if run := _mapping(event.get("workflow_run")):
        pulls = run.get("pull_requests")
        only = _mapping(pulls[0]) if isinstance(pulls, list) and len(pulls) == 1 else {}
        return only.get("number"), str(run.get("head_sha") or "")
    found = _PULL.match(variables.get("GITHUB_REF", ""))
    return (int(found[1]) if found else None), variables.get("GITHUB_SHA", "")


def _gitlab(variables: Mapping[str, str]) -> Job:
    token = (variables.get("GITLAB_TOKEN") or "").strip()
    iid = variables.get("CI_MERGE_REQUEST_IID", "")
    source = variables.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
    target = variables.get("CI_MERGE_REQUEST_PROJECT_ID")
    without = "GITLAB_TOKEN is not set (a fork's pipeline does not get it)"
    if variables.get("CI_JOB_TOKEN"):
        without += ", and CI_JOB_TOKEN may write no notes, statuses or issues"
    # Set in pipelines of merged results and of merge trains alone, which run on a merge that nobody pushed.
    head = variables.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or ""
    page = variables.get("CI_MERGE_REQUEST_PROJECT_URL") or variables.get("CI_PROJECT_URL") or ""
    return Job(
        host=GITLAB,
        api_url=variables["CI_API_V4_URL"],
        # In a fork's pipeline the merge request is the other project's.
        project=target or variables["CI_PROJECT_ID"],
        token=token,
        number=int(iid) if iid.isdigit() else None,
        sha=head or variables.get("CI_COMMIT_SHA") or "",
        fork=bool(source and target and source != target),
        summary=summary_of(variables),
        run_url=variables.get("CI_JOB_URL", ""),
        page_url=f"{page}/-/merge_requests/{iid}" if page and iid else "",
        without="" if token else without,
        merge=variables.get("CI_COMMIT_SHA", "") if head else "",
    )


def _event(path: str) -> Mapping[str, Any]:
    """What set the job off; nothing where it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return _mapping(json.loads(file.read(_EVENT_LIMIT)))
    except (OSError, ValueError):
        return {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _name(side: Mapping[str, Any]) -> Any:
    return _mapping(side.get("repo")).get("full_name")
