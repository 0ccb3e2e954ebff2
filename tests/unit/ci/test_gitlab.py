"""The same on GitLab; and the double is driven by an independent client too, so that it is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gitlab as python_gitlab
import pytest

from callsheet.ci.base import Deed, HostError, NotAllowed, Publisher, Standing
from callsheet.ci.marks import marked
from callsheet.ci.surroundings import job_of
from support.clock import FakeClock
from support.gitlab import ME, OTHER, GitLabDouble
from support.hosts import TOKEN, Trouble

Opened = Callable[[Any], Publisher]


@pytest.fixture
def other(gitlab: GitLabDouble) -> Iterator[Any]:
    """The project as python-gitlab sees it."""
    with python_gitlab.Gitlab(gitlab.url, private_token=TOKEN, retry_transient_errors=False) as client:
        yield client.projects.get(1)


# what another client finds


def test_another_client_reads_what_was_posted(gitlab: GitLabDouble, opened: Opened, other: Any) -> None:
    opened(gitlab).comment("prod", "one")
    opened(gitlab).comment("prod", "two")
    opened(gitlab).status("prod", Standing.FAILURE, "Refused.")
    opened(gitlab).issue("drift/prod", "Drift", "a")
    [note] = other.mergerequests.get(7).notes.list(get_all=True)
    assert note.body == marked("prod", "two")
    [status] = other.commits.get("b" * 40).statuses.list(get_all=True)
    assert (status.name, status.status) == ("callsheet/prod", "failed")
    [issue] = other.issues.list(state="opened", get_all=True)
    assert (issue.title, issue.description) == ("Drift", marked("drift/prod", "a"))


def test_what_another_client_did_is_found(gitlab: GitLabDouble, opened: Opened, other: Any) -> None:
    notes = other.mergerequests.get(7).notes
    notes.create({"body": marked("prod", "one")})
    extra = notes.create({"body": marked("prod", "one")})
    posted = opened(gitlab).comment("prod", "two")
    assert (posted.deed, posted.folded) == (Deed.UPDATED, 1)
    assert posted.url == f"https://gitlab.example/acme/voice/-/merge_requests/7#note_{gitlab.notes[0]['id']}"
    assert "Superseded (prod)" in gitlab.notes[1]["body"]
    extra.body = marked("dev", "x")
    extra.save()
    assert opened(gitlab).comment("dev", "x").deed is Deed.UNCHANGED
    issue = other.issues.create({"title": "x", "description": marked("drift/prod", "a")})
    assert opened(gitlab).issue("drift/prod", "Drift", None).deed is Deed.CLOSED
    assert [each["state"] for each in gitlab.issues if each["iid"] == issue.iid] == ["closed"]


def test_another_client_pages_as_we_do(gitlab: GitLabDouble, opened: Opened, other: Any) -> None:
    for number in range(230):
        gitlab.add(OTHER, f"note {number}")
    opened(gitlab).comment("prod", "one")
    assert len(other.mergerequests.get(7).notes.list(get_all=True, per_page=100)) == 231
    assert opened(gitlab).comment("prod", "two").deed is Deed.UPDATED


# what must not happen


def test_notes_of_others_and_of_the_system_are_left_alone(gitlab: GitLabDouble, opened: Opened) -> None:
    theirs = gitlab.add(OTHER, marked("prod", "nothing to see"))
    system = gitlab.add(ME, marked("prod", "x"), system=True)
    before = [dict(theirs), dict(system)]
    opened(gitlab).comment("prod", "plan")
    opened(gitlab).comment("prod", "plan 2")
    assert [theirs, system] == before
    assert len(gitlab.notes) == 3


def test_unchanged_is_not_written(gitlab: GitLabDouble, opened: Opened) -> None:
    opened(gitlab).comment("prod", "plan")
    before = len(gitlab.writes)
    assert opened(gitlab).comment("prod", "plan").deed is Deed.UNCHANGED
    assert gitlab.writes[before:] == []
    opened(gitlab).comment("prod", "plan, at noon", "plan, at any time")
    before = len(gitlab.writes)
    assert opened(gitlab).comment("prod", "plan, at night", "plan, at any time").deed is Deed.UNCHANGED
    assert gitlab.writes[before:] == []


def test_a_note_whose_answer_was_lost_is_not_made_twice(gitlab: GitLabDouble, opened: Opened) -> None:
    gitlab.troubles = [Trouble("POST", "/notes", 502, done=True)]
    opened(gitlab).comment("prod", "plan")
    assert len(gitlab.notes) == 1


def test_rate_limits_are_waited_out(gitlab: GitLabDouble, opened: Opened, clock: FakeClock) -> None:
    gitlab.troubles = [Trouble("POST", "/notes", 429, {"Retry-After": "30"})]
    assert opened(gitlab).comment("prod", "plan").deed is Deed.CREATED
    assert 30 <= clock.slept[0] <= 31


def test_a_status_that_is_so_already_is_no_error(gitlab: GitLabDouble, opened: Opened) -> None:
    for _ in range(2):
        opened(gitlab).status("prod", Standing.PENDING, "waits")
    assert gitlab.statuses["callsheet/prod"]["status"] == "pending"
    message = "Cannot transition status via :enqueue from :success"
    gitlab.troubles = [Trouble("POST", "/statuses", 400, message=message)]
    with pytest.raises(HostError, match="Cannot transition"):
        opened(gitlab).status("prod", Standing.PENDING, "waits")


def test_issues(gitlab: GitLabDouble, opened: Opened) -> None:
    said = [opened(gitlab).issue("drift/prod", "Drift", body).deed for body in ("a", "a", "b", None, None)]
    assert said == [Deed.CREATED, Deed.UNCHANGED, Deed.UPDATED, Deed.CLOSED, Deed.NONE]
    assert [each["state"] for each in gitlab.issues] == ["closed"]


def test_a_token_that_may_only_read(gitlab: GitLabDouble, opened: Opened) -> None:
    gitlab.may_write = False
    with pytest.raises(NotAllowed):
        opened(gitlab).comment("prod", "plan")


def test_a_jobs_own_token_is_not_tried(gitlab: GitLabDouble) -> None:
    variables = {**gitlab.variables, "CI_JOB_TOKEN": "glcbt-x", "GITLAB_TOKEN": ""}
    job = job_of(variables)
    assert job.token == ""
    assert "CI_JOB_TOKEN may write no notes" in job.without
