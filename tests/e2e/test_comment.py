"""`callsheet comment` as jobs run it: plan files in, one comment, a status and the job's page out."""

from __future__ import annotations

import json
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callsheet.plan.archive import Archive, pack
from callsheet.plan.change import Action
from callsheet.plan.plan import Plan
from cases.plans.table import DIGEST, change, changed, large
from cases.plans.table import plan as made
from e2e.command import Called, call, hurry
from support.clock import FakeClock
from support.github import GitHubDouble
from support.gitlab import GitLabDouble
from support.hosts import TOKEN, Trouble, served
from support.published import findings
from support.world import World

IN_THE_FILE = "The plan file of this run has the whole plan: `callsheet show FILE`._\n"


@pytest.fixture
def github() -> Iterator[GitHubDouble]:
    made = GitHubDouble()
    with served(made, ""):
        yield made


@pytest.fixture
def gitlab() -> Iterator[GitLabDouble]:
    made = GitLabDouble()
    with served(made, "/api/v4"):
        yield made


@pytest.fixture
def plan(world: World, tmp_path: Path) -> str:
    """A plan file of one new assistant."""
    world.assistant("a", "Be kind.")
    return planned(world, tmp_path / "dev.plan")


def planned(world: World, file: Path, *more: str) -> str:
    done = call("plan", "--out", str(file), "-C", str(world.root), *more, variables=world.variables)
    assert done.code in (0, 3), done.err
    return str(file)


def kept(plan: Plan, file: Path) -> str:
    file.write_bytes(pack(Archive(plan, {})))
    return str(file)


def source(sha: str) -> dict[str, Any]:
    return {"kind": "tree", "digest": DIGEST, "git": {"sha": sha, "dirty": False}, "release": None}


def comment(host: Any, *arguments: str, **variables: str) -> Called:
    done = call("comment", *arguments, variables={**host.variables, **variables})
    assert TOKEN not in done.out + done.err
    return done


def event(folder: Path, head: str) -> str:
    file = folder / "event.json"
    side = {"repo": {"full_name": head}, "sha": "f" * 40}
    pull = {"number": 7, "head": side, "base": {"repo": {"full_name": "acme/voice"}}}
    file.write_text(json.dumps({"pull_request": pull}), encoding="utf-8")
    return str(file)


def test_a_plan_is_posted_and_then_left_alone(github: GitHubDouble, plan: str) -> None:
    first = comment(github, plan)
    assert (first.code, first.err) == (0, "")
    assert first.last == f"Comment dev created: {github.comments[0]['html_url']}"
    assert "1 to create" in github.comments[0]["body"]
    assert comment(github, plan).last.startswith("Comment dev unchanged")
    assert len(github.comments) == 1


def test_a_plan_that_says_the_same_again_is_left_alone(github: GitHubDouble, tmp_path: Path) -> None:
    first = made(change("Assistant/a"), created_at="2026-06-01T12:00:00Z")
    later = replace(first, created_at="2026-06-01T13:00:00Z").sealed()
    assert later.digest == first.digest
    for plan, deed in ((first, "created"), (later, "unchanged"), (made(change("Tool/b")), "updated")):
        assert comment(github, kept(plan, tmp_path / "dev.plan")).last.startswith(f"Comment dev {deed}")


def test_a_plan_of_another_commit_is_another_plan_file(github: GitHubDouble, tmp_path: Path) -> None:
    comment(github, kept(made(change("Assistant/a")), tmp_path / "dev.plan"))
    other = kept(made(change("Assistant/a"), source=source("b" * 40)), tmp_path / "dev.plan")
    assert comment(github, other).last.startswith("Comment dev updated")
    assert f"commit `{'b' * 40}`" in github.comments[0]["body"]


@pytest.mark.parametrize(("sha", "shown"), [("a" * 40, "f" * 40), ("e" * 40, "e" * 40)])
def test_the_commit_is_the_one_that_reviewers_know(
    sha: str, shown: str, github: GitHubDouble, tmp_path: Path
) -> None:
    plan = kept(made(change("Assistant/a"), source=source(sha)), tmp_path / "dev.plan")
    comment(github, plan, GITHUB_EVENT_PATH=event(tmp_path, "acme/voice"))
    assert f" · commit `{shown}` · " in github.comments[0]["body"]


def test_the_commit_of_merged_results_is_the_branchs(gitlab: GitLabDouble, tmp_path: Path) -> None:
    plan = kept(made(change("Assistant/a"), source=source("c" * 40)), tmp_path / "dev.plan")
    more = {"CI_COMMIT_SHA": "c" * 40, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "f" * 40}
    comment(gitlab, plan, **more)
    assert f" · commit `{'f' * 40}` · " in gitlab.notes[0]["body"]


def test_json_says_what_was_done(github: GitHubDouble, plan: str) -> None:
    done = comment(github, plan, "--status", "-o", "json")
    told = json.loads(done.out)
    assert findings("comment", told) == []
    assert findings("comment", {**told, "status": "green"})
    assert told == {
        "format": "callsheet.comment/1",
        "key": "dev",
        "comment": {"done": "created", "url": github.comments[0]["html_url"], "folded": 0},
        "summary": False,
        "status": "success",
        "notices": [],
        "missing": [],
    }


def test_several_environments_share_one_comment(github: GitHubDouble, plan: str, tmp_path: Path) -> None:
    again = kept(made(environment="uat"), tmp_path / "uat.plan")
    done = comment(github, plan, again, "--key", "everything")
    assert done.last.startswith("Comment everything created")
    assert github.comments[0]["body"].count("## Callsheet: plan for `") == 2


def test_gitlab(gitlab: GitLabDouble, plan: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    done = comment(gitlab, plan, "--status", CALLSHEET_SUMMARY=str(page))
    assert done.code == 0
    assert done.last == (
        f"Comment dev created: https://gitlab.example/acme/voice/-/merge_requests/7#note_{gitlab.notes[0]['id']}"
    )
    assert "1 to create" in gitlab.notes[0]["body"]
    assert "1 to create" in page.read_text(encoding="utf-8")
    assert gitlab.statuses["callsheet/dev"]["status"] == "success"


# what could not be planned


def test_an_environment_without_a_plan_is_told_first_and_is_red(github: GitHubDouble, plan: str) -> None:
    done = comment(github, plan, "--expect", "dev, uat", "--expect", "prod", "--status", "-o", "json")
    assert done.code == 0
    body = github.comments[0]["body"]
    assert body.partition("\n")[2].startswith(
        "# Callsheet: 3 environments, 2 could not be planned\n\n"
        "- `uat`: **could not be planned**\n- `prod`: **could not be planned**\n- `dev`: Plan: 1 to create"
    )
    assert body.index("## Callsheet: `uat` could not be planned") < body.index("## Callsheet: plan for `dev`")
    [status] = github.statuses["a" * 40]
    assert (status["state"], status["description"]) == ("failure", "uat, prod could not be planned")
    said = json.loads(done.out)
    assert (said["key"], said["missing"]) == ("dev+uat+prod", ["uat", "prod"])


def test_without_any_plan_the_comment_of_the_run_before_is_replaced(
    github: GitHubDouble, plan: str, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    comment(github, plan, "--expect", "dev", "--status")
    assert "To apply:" in github.comments[0]["body"]
    done = comment(github, "--expect", "dev", "--status", GITHUB_STEP_SUMMARY=str(page))
    assert done.last.startswith("Comment dev updated")
    [one] = github.comments
    assert "## Callsheet: `dev` could not be planned" in one["body"]
    assert "To apply:" not in one["body"]
    assert [each["state"] for each in github.statuses["a" * 40]][-1] == "failure"
    assert "could not be planned" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("given", [[], ["--expect", ""], ["--expect", " , "]])
def test_neither_plans_nor_expectations_is_a_misuse(github: GitHubDouble, given: list[str]) -> None:
    done = comment(github, *given)
    assert done.code == 1
    assert "say with --expect which environments there should be" in done.err
    assert github.requests == []


@pytest.mark.parametrize("name", ["\x1b[2Jdev", "dev uat", "Dev", "d" * 64, "@everyone"])
def test_what_is_no_environments_name_is_expected_nowhere(name: str, github: GitHubDouble, plan: str) -> None:
    done = comment(github, plan, "--expect", f"dev,{name}", "--key", "plan", "--status")
    assert done.code == 1
    assert "is no name for an environment" in done.err
    assert "\x1b" not in done.err
    assert github.requests == []


def test_two_plans_of_one_environment_are_refused(github: GitHubDouble, plan: str, tmp_path: Path) -> None:
    other = kept(made(change("Assistant/other", Action.CREATE)), tmp_path / "other.plan")
    for files in ((plan, other), (plan, plan)):
        done = comment(github, *files, "--status")
        assert done.code == 1
        assert "2 of the FILEs are plans for dev" in done.err
    assert github.requests == []


def test_what_is_expected_and_there_is_shown_as_ever(github: GitHubDouble, plan: str) -> None:
    comment(github, plan)
    assert comment(github, plan, "--expect", "dev").last.startswith("Comment dev unchanged")


# what may not be posted


def test_a_forks_token_leaves_the_jobs_page(github: GitHubDouble, plan: str, tmp_path: Path) -> None:
    github.may_write = False
    page = tmp_path / "page.md"
    page.write_text("before\n", encoding="utf-8")
    where = {"GITHUB_STEP_SUMMARY": str(page), "GITHUB_EVENT_PATH": event(tmp_path, "mallory/voice")}
    done = comment(github, plan, "--status", **where)
    assert done.code == 0
    assert "notice: GitHub does not let this job do it" in done.err
    assert "Pull requests of forks get a token that may only read" in done.err
    said = page.read_text(encoding="utf-8")
    assert said.startswith("before\n> GitHub does not let this job do it")
    assert "1 to create" in said
    assert github.comments == []
    assert github.statuses == {}


def test_without_permissions_it_says_which_page_names_them(github: GitHubDouble, plan: str) -> None:
    github.may_write = False
    done = comment(github, plan)
    assert done.code == 0
    assert "Give the job the permissions that docs/ci.md names" in done.err
    # The job's log is all there is.
    assert "1 to create" in done.out
    told = json.loads(comment(github, plan, "-o", "json").out)
    assert findings("comment", told) == []
    assert told["comment"] is None


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_without_a_token_nobody_is_asked(host: str, request: pytest.FixtureRequest, plan: str) -> None:
    double = request.getfixturevalue(host)
    done = comment(double, plan, GITHUB_TOKEN="", GITLAB_TOKEN="", CI_JOB_TOKEN="x")
    assert done.code == 0
    assert "notice: Nothing was posted: GIT" in done.err
    assert "1 to create" in done.out
    assert double.requests == []


def test_a_push_has_a_status_and_no_comment(github: GitHubDouble, plan: str) -> None:
    done = comment(github, plan, "--status", GITHUB_REF="refs/heads/main")
    assert done.code == 0
    assert "notice: There is no comment: this job is not about a pull request." in done.err
    assert github.comments == []
    assert [each["state"] for each in github.statuses["a" * 40]] == ["success"]


def test_a_status_is_of_the_head_and_not_of_the_merge(
    github: GitHubDouble, plan: str, tmp_path: Path
) -> None:
    comment(github, plan, "--status", GITHUB_EVENT_PATH=event(tmp_path, "acme/voice"))
    assert list(github.statuses) == ["f" * 40]


def test_where_the_commit_is_not_known_there_is_no_status(
    github: GitHubDouble, plan: str, tmp_path: Path
) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"issue": {"number": 7, "pull_request": {"url": "x"}}}), encoding="utf-8")
    done = comment(github, plan, "--status", "-q", GITHUB_EVENT_PATH=str(file))
    assert done.code == 0
    assert "notice: There is no status: what set this job off does not name the commit." in done.err
    assert github.statuses == {}


# what is wrong


def test_an_edited_plan_is_posted_nowhere(github: GitHubDouble, plan: str) -> None:
    file = Path(plan)
    with zipfile.ZipFile(file) as source:
        body = source.read("plan.json").replace(b"Be kind.", b"Be rude.")
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("plan.json", body)
    done = comment(github, plan)
    assert done.code == 4
    assert "was edited" in done.err
    assert github.requests == []


def test_a_host_that_is_down_still_leaves_the_jobs_page(
    github: GitHubDouble, plan: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    github.troubles = [Trouble("GET", "/comments", 502)] * 5
    page = tmp_path / "page.md"
    done = comment(github, plan, GITHUB_STEP_SUMMARY=str(page))
    assert done.code == 1
    assert "it answers 502" in done.err
    assert "1 to create" in page.read_text(encoding="utf-8")


def test_a_token_that_cannot_be_sent_still_leaves_the_jobs_page(
    github: GitHubDouble, plan: str, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    more = {"GITHUB_STEP_SUMMARY": str(page), "CALLSHEET_DEBUG": "1"}
    done = comment(github, plan, GITHUB_TOKEN="canary token", **more)
    assert done.code == 1
    assert "holds white space" in done.err
    assert "canary" not in done.err
    assert "1 to create" in page.read_text(encoding="utf-8")


def test_outside_of_a_job_it_says_so(plan: str) -> None:
    done = call("comment", plan, variables={})
    assert done.code == 1
    assert "there is nowhere to post to" in done.err


def test_a_page_that_cannot_be_written(github: GitHubDouble, plan: str, tmp_path: Path) -> None:
    done = comment(github, plan, GITHUB_STEP_SUMMARY=str(tmp_path / "none" / "page.md"))
    assert done.code == 1
    assert "cannot be written" in done.err


def test_changed_files_that_are_not_there(github: GitHubDouble, plan: str, tmp_path: Path) -> None:
    done = comment(github, plan, "--changed-files", str(tmp_path / "none"))
    assert done.code == 1
    assert "git diff --name-only" in done.err


@pytest.mark.parametrize("separated", [True, False], ids=["by NUL", "by line"])
def test_changed_files_may_have_any_name(
    separated: bool, github: GitHubDouble, world: World, tmp_path: Path
) -> None:
    """What Git itself lists, of files that nobody should have named so."""
    for name in ("odd", "plain"):
        world.assistant(name)
    odd = world.root / 'assistants/a "b" é\nc.yaml'
    (world.root / "assistants/odd.yaml").rename(odd)

    def git(*arguments: str) -> bytes:
        return subprocess.run(
            ["git", *arguments], cwd=world.root.parent, capture_output=True, check=True
        ).stdout

    git("init", "--quiet")
    git("add", str(odd))
    listed = tmp_path / "changed"
    listed.write_bytes(git("diff", "--cached", "--name-only", *["-z"] * separated))
    plan = planned(world, tmp_path / "dev.plan")
    assert comment(github, plan, "--changed-files", str(listed)).code == 0
    mine, found, others = github.comments[0]["body"].partition("### Not from this pull request's files")
    assert found
    assert "Assistant/odd" in mine
    assert "Assistant/plain" in others


@pytest.mark.parametrize("key", ["a-->b", "a--b"])
def test_a_key_that_could_end_the_mark(key: str, github: GitHubDouble, plan: str) -> None:
    done = comment(github, plan, "--key", key)
    assert done.code == 1
    assert "cannot be a key" in done.err
    assert github.requests == []


def test_a_full_page_is_left_as_it_is(github: GitHubDouble, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_bytes(b"x" * (1024 * 1024 - 10))
    plan = kept(large(200), tmp_path / "dev.plan")
    done = comment(github, plan, GITHUB_STEP_SUMMARY=str(page))
    assert done.code == 0
    assert "notice: The job's page does not show the plan: it has no room left" in done.err
    assert page.stat().st_size == 1024 * 1024 - 10
    assert github.comments[0]["body"].endswith(IN_THE_FILE)


# what does not fit


def test_the_page_has_what_the_comment_has_no_room_for(github: GitHubDouble, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    comment(github, kept(large(400), tmp_path / "dev.plan"), GITHUB_STEP_SUMMARY=str(page))
    body = github.comments[0]["body"]
    assert 60_000 < len(body) <= 65_536
    assert body.endswith("The whole plan is on the job's page and in the plan file of this run._\n")
    said = page.read_text(encoding="utf-8")
    assert "Shortened" not in said
    assert all(f"<code>Assistant/old-{number}</code>" in said for number in range(400))


def test_a_page_that_is_shortened_is_not_told_of_as_whole(github: GitHubDouble, tmp_path: Path) -> None:
    github.may_write = False
    page = tmp_path / "page.md"
    page.write_text("x" * 500_000, encoding="utf-8")
    # Letters of two bytes: the page's limit is in bytes.
    wide = [
        change(f"Assistant/a{number}", Action.UPDATE, changed("name", "ä" * 150, "ö" * 150))
        for number in range(900)
    ]
    done = comment(github, kept(made(*wide), tmp_path / "dev.plan"), GITHUB_STEP_SUMMARY=str(page))
    assert done.code == 0
    assert 1_000_000 < page.stat().st_size <= 1024 * 1024
    said = page.read_text(encoding="utf-8")
    assert said.lstrip("x").startswith("> GitHub does not let this job do it")
    assert said.rstrip("\n").endswith(IN_THE_FILE.strip())
    github.may_write = True
    page.write_text("", encoding="utf-8")
    comment(github, kept(large(1_000), tmp_path / "dev.plan"), GITHUB_STEP_SUMMARY=str(page))
    assert github.comments[0]["body"].endswith(IN_THE_FILE)


def test_there_is_room_for_the_mark_and_for_notices(github: GitHubDouble, tmp_path: Path) -> None:
    # Addresses of what is deleted fill all the room that there is.
    gone = [change(f"Assistant/a{number}", Action.DELETE, at=None) for number in range(6_000)]
    plan = kept(made(*gone), tmp_path / "dev.plan")
    assert comment(github, plan).code == 0
    assert 65_000 < len(github.comments.pop()["body"]) <= 65_536
    github.may_write = False
    page = tmp_path / "page.md"
    page.write_text("x" * 960_000, encoding="utf-8")
    comment(github, plan, GITHUB_STEP_SUMMARY=str(page))
    assert "> GitHub does not let this job do it" in page.read_text(encoding="utf-8")
    assert 1_040_000 < page.stat().st_size <= 1024 * 1024


def test_a_limit_of_ones_own(github: GitHubDouble, tmp_path: Path) -> None:
    plan = kept(large(200), tmp_path / "dev.plan")
    comment(github, plan, "--limit", "3000")
    body = github.comments[0]["body"].partition("\n")[2]
    assert 1_000 < len(body) <= 3_000
    assert body.endswith(IN_THE_FILE)


def test_what_the_pull_request_does_not_explain_is_set_apart(github: GitHubDouble, tmp_path: Path) -> None:
    listed = tmp_path / "changed"
    listed.write_text("specs/assistant/here.yaml\nREADME.md\n", encoding="utf-8")
    plan = kept(made(change("Assistant/here"), change("Assistant/there")), tmp_path / "dev.plan")
    comment(github, plan, "--changed-files", str(listed))
    here, title, there = github.comments[0]["body"].partition("### Not from this pull request's files")
    assert title
    assert "`Assistant/here`" in here
    assert "`Assistant/there`" in there


def test_who_hides_secrets_is_told_the_token(github: GitHubDouble, tmp_path: Path) -> None:
    from callsheet.operations.commenting import comment as posted

    hidden: list[str] = []
    file = Path(kept(made(change("Assistant/a")), tmp_path / "dev.plan"))
    # The client sends it without the line's end, so that is how it could turn up.
    variables = {**github.variables, "GITHUB_TOKEN": f"{TOKEN}\n"}
    posted([file], variables=variables, clock=FakeClock(), hide=hidden.append)
    assert hidden == [TOKEN]


# standings


def test_what_is_refused_is_red(github: GitHubDouble, world: World, tmp_path: Path) -> None:
    world.assistant("a", "Be kind.")
    applied = call("apply", "--yes", "-C", str(world.root), variables=world.variables)
    assert applied.code == 0
    world.remove("assistants/a.yaml")
    comment(github, planned(world, tmp_path / "dev.plan"), "--status")
    [status] = github.statuses["a" * 40]
    assert status["state"] == "failure"
    assert status["description"].startswith("Refused. dev: the files declare nothing")


def test_what_waits_for_people_is_not_red() -> None:
    from callsheet.ci.base import Standing
    from callsheet.operations.commenting import standing_of
    from callsheet.plan.plan import Gate

    signing = Gate("signOffs", "pending", "one of two sign-offs is missing", "callsheet approve")
    assert standing_of([made(gates=(signing,))]) == (
        Standing.PENDING,
        "Waits: one of two sign-offs is missing",
    )
    refused = Gate("hold", "refused", "no", "")
    assert standing_of([made(gates=(signing, refused))])[0] is Standing.FAILURE
    assert standing_of([made(gates=(Gate("hold", "passed", "fine", ""),))])[0] is Standing.SUCCESS
