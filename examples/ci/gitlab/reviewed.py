"""Fetch what was reviewed into a file: dev's plan of the merge request whose merge CI_COMMIT_SHA is.

One file is asked for, and no archive is unpacked: what a branch's job has kept is that branch's, and must
not get beside the files that are applied. Needs GITLAB_TOKEN, which may read.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

MERGED, MAIN = os.environ["CI_COMMIT_SHA"], os.environ["CI_DEFAULT_BRANCH"]
PROJECT = os.environ["CI_PROJECT_ID"]
WAY_ON = "To go on, start a pipeline of main by hand, and in it `heal`, once its plan has been read"


def main(file: str) -> None:
    request = merged()
    what = f"merge request !{request['iid']}"
    if str(request["source_project_id"]) != PROJECT:
        stop(f"{what} is a fork's, and of those no plan is made, so nothing was reviewed. {WAY_ON}")
    job = planned(request)
    if job is None:
        stop(f"No pipeline of the head of {what} succeeded, so nothing was reviewed. {WAY_ON}")
    try:
        with _opened(f"jobs/{job}/artifacts/plans/dev.plan") as answer, Path(file).open("xb") as kept:
            shutil.copyfileobj(answer, kept)
    except OSError as cause:
        stop(f"The plan of {what} is not kept any more, or cannot be fetched ({cause}). {WAY_ON}")


def merged() -> Any:
    """The merge request whose merge into main this commit is, whatever way it was merged."""
    found = [
        request
        for request in _asked(f"repository/commits/{MERGED}/merge_requests?per_page=100")
        if (request["state"], request["target_branch"]) == ("merged", MAIN)
        and MERGED in [request.get(way) for way in ("merge_commit_sha", "squash_commit_sha", "sha")]
    ]
    if not found:
        stop(f"This commit is the merge of no merge request into {MAIN}, so nothing was reviewed. {WAY_ON}")
    return found[0]


def planned(request: Any) -> int | None:
    """The job `plan` of the last pipeline that succeeded, of the commit that was merged and no other."""
    pipelines = _asked(f"merge_requests/{request['iid']}/pipelines?per_page=100")
    good = [
        each["id"]
        for each in pipelines
        if (each["sha"], each["status"], each["source"]) == (request["sha"], "success", "merge_request_event")
        and str(each["project_id"]) == PROJECT
    ]
    if not good:
        return None
    jobs = _asked(f"pipelines/{max(good)}/jobs?scope[]=success&per_page=100")
    return max((int(each["id"]) for each in jobs if each["name"] == "plan"), default=None)


def _asked(path: str) -> Any:
    try:
        with _opened(path) as answer:
            return json.load(answer)
    except OSError as cause:
        stop(f"GitLab does not say what was reviewed ({cause}); is GITLAB_TOKEN one that may read?")


def _opened(path: str) -> Any:
    request = urllib.request.Request(f"{os.environ['CI_API_V4_URL']}/projects/{PROJECT}/{path}")
    # Not taken along where GitLab sends on to wherever it stores artifacts.
    request.add_unredirected_header("PRIVATE-TOKEN", os.environ["GITLAB_TOKEN"])
    return urllib.request.urlopen(request, timeout=60)


def stop(why: str) -> NoReturn:
    sys.exit(f"error: {why}")


if __name__ == "__main__":
    main(sys.argv[1])
