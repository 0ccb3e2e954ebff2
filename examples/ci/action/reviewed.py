"""Fetch what was reviewed into a folder: the plans of the pull request whose merge GITHUB_SHA is.

Asks GitHub by `gh`, and needs `permissions: {actions: read, pull-requests: read}`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import count
from typing import Any, NoReturn
from urllib.parse import quote

REPOSITORY, MERGED = os.environ["GH_REPO"], os.environ["GITHUB_SHA"]
WAY_ON = "To go on, start this workflow by hand on main: it plans, and applies what a reviewer has approved"


def main(folder: str) -> None:
    pull = merged()
    head = pull["head"]
    what = f"pull request #{pull['number']}"
    if not _is_ours(head["repo"]):
        stop(f"{what} is a fork's, and of those no plan is made, so nothing was reviewed. {WAY_ON}")
    unmistakable(pull)
    run = planned(head)
    if run is None:
        stop(f"No run of pull-request.yml for {what} succeeded, so nothing was reviewed. {WAY_ON}")
    # By the run's number: without one, gh would take whichever artifact of that name is the newest.
    words = ["gh", "run", "download", str(int(run["id"])), "--name", "plans", "--dir", folder]
    if subprocess.run(words, check=False).returncode:
        stop(f"The plans of {what} are not kept any more, or cannot be fetched. {WAY_ON}")


def merged() -> Any:
    """The pull request whose merge into main this commit is."""
    found = [
        pull
        for pull in _listed(f"commits/{MERGED}/pulls?")
        if pull["merged_at"] and pull["base"]["ref"] == "main" and pull["merge_commit_sha"] == MERGED
    ]
    if not found:
        stop(f"This commit is the merge of no pull request into main, so nothing was reviewed. {WAY_ON}")
    return found[0]


def unmistakable(pull: Any) -> None:
    """A run tells its branch and not its base, which may have a pull-request.yml of its own.

    Whatever commit the other is at: it may have been at this one when it was planned.
    """
    owner, _, _ = REPOSITORY.partition("/")
    for other in _listed(f"pulls?state=all&head={owner}:{quote(pull['head']['ref'])}&"):
        if other["base"]["ref"] != "main":
            stop(
                f"Pull request #{other['number']} is of the same branch as #{pull['number']} and goes to "
                f"another one than main, so that nobody can tell which of them a plan is of. {WAY_ON}"
            )


def planned(head: Any) -> Any | None:
    """The last run that planned that head, of its branch and for a pull request; a green one."""
    asked = f"event=pull_request&status=success&head_sha={head['sha']}&per_page=100"
    found = [
        run
        for run in _asked(f"actions/workflows/pull-request.yml/runs?{asked}")["workflow_runs"]
        if (run["event"], run["head_sha"], run["head_branch"]) == ("pull_request", head["sha"], head["ref"])
        and run["conclusion"] == "success"
        and _is_ours(run["head_repository"])
    ]
    return max(found, key=lambda run: run["run_number"], default=None)


def _is_ours(repository: Any | None) -> bool:
    # That of a fork may be gone.
    return repository is not None and repository["full_name"] == REPOSITORY


def _listed(path: str) -> list[Any]:
    out: list[Any] = []
    for page in count(1):
        found = _asked(f"{path}per_page=100&page={page}")
        out += found
        if len(found) < 100:
            break
    return out


def _asked(path: str) -> Any:
    done = subprocess.run(["gh", "api", f"repos/{REPOSITORY}/{path}"], stdout=subprocess.PIPE, check=False)
    if done.returncode:
        stop("GitHub does not say what was reviewed (see above); start this job again")
    return json.loads(done.stdout)


def stop(why: str) -> NoReturn:
    print(f"::error::{why}")
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
