"""One comment per key on GitHub: found, updated, left alone, folded; statuses and issues. Over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callsheet.ci.base import Deed, HostError, NotAllowed, Publisher, Standing
from callsheet.ci.marks import marked
from callsheet.ci.publishers import publisher
from callsheet.ci.surroundings import job_of
from callsheet.model.errors import CallsheetError
from support.clock import FakeClock
from support.github import GitHubDouble
from support.hosts import TOKEN, Trouble, served

Opened = Callable[[Any], Publisher]


def test_it_is_made_once_and_then_updated_in_place(github: GitHubDouble, opened: Opened) -> None:
    first = opened(github).comment("prod", "one")
    second = opened(github).comment("prod", "two")
    assert (first.deed, second.deed) == (Deed.CREATED, Deed.UPDATED)
    [only] = github.comments
    assert only["body"] == marked("prod", "two")
    assert first.url == second.url == only["html_url"]


def test_what_says_so_already_is_not_written(github: GitHubDouble, opened: Opened) -> None:
    opened(github).comment("prod", "one\n\ntwo\n")
    # What a browser's form makes of a text that nobody changed.
    github.comments[0]["body"] = github.comments[0]["body"].replace("\n", "\r\n").rstrip()
    before = len(github.writes)
    assert opened(github).comment("prod", "one\n\ntwo\n").deed is Deed.UNCHANGED
    assert github.writes[before:] == ["POST /graphql"], "who we are is asked there; nothing is written"


def test_what_says_the_same_at_another_time_is_not_written(github: GitHubDouble, opened: Opened) -> None:
    opened(github).comment("prod", "one, at noon", "one")
    assert opened(github).comment("prod", "one, at night", "one").deed is Deed.UNCHANGED
    assert github.comments[0]["body"] == marked("prod", "one, at noon", "one")
    github.comments[0]["body"] = github.comments[0]["body"].replace("one, at", "two, at")
    assert opened(github).comment("prod", "one, at night", "one").deed is Deed.UPDATED
    assert opened(github).comment("prod", "one, at night", "two").deed is Deed.UPDATED
    assert github.comments[0]["body"] == marked("prod", "one, at night", "two")


def test_a_comment_that_somebody_edited_is_set_right(github: GitHubDouble, opened: Opened) -> None:
    opened(github).comment("prod", "3 to delete")
    github.comments[0]["body"] = github.comments[0]["body"].replace("3 to delete", "nothing to do")
    assert opened(github).comment("prod", "3 to delete").deed is Deed.UPDATED
    assert github.comments[0]["body"] == marked("prod", "3 to delete")


def test_every_key_has_its_own(github: GitHubDouble, opened: Opened) -> None:
    for key in ("dev", "uat", "dev"):
        opened(github).comment(key, f"plan of {key}")
    assert [each["body"] for each in github.comments] == [
        marked("dev", "plan of dev"),
        marked("uat", "plan of uat"),
    ]


@pytest.mark.parametrize("author", ["mallory", "github-actions", "another-app[bot]"])
def test_a_mark_of_somebody_else_is_never_edited(author: str, github: GitHubDouble, opened: Opened) -> None:
    theirs = github.add(author, marked("prod", "nothing to see here"))
    before = dict(theirs)
    assert opened(github).comment("prod", "3 to delete").deed is Deed.CREATED
    assert opened(github).comment("prod", "2 to delete").deed is Deed.UPDATED
    assert theirs == before
    assert len(github.comments) == 2
    assert github.minimized == []


def test_a_mark_further_down_is_only_text(github: GitHubDouble, opened: Opened) -> None:
    quoted = f"> {marked('prod', 'x')}\n{marked('prod', 'x')}"
    opened(github).comment("dev", quoted)
    opened(github).comment("prod", "plan")
    assert [each["body"] for each in github.comments] == [marked("dev", quoted), marked("prod", "plan")]


@pytest.mark.parametrize("app", [True, False])
def test_a_person_and_an_app_find_their_own(app: bool, github: GitHubDouble, opened: Opened) -> None:
    github.login, github.is_app = ("deploy-app[bot]", True) if app else ("Acme-Bot", False)
    github.add("github-actions[bot]", marked("prod", "by another workflow"))
    opened(github).comment("prod", "one")
    assert opened(github).comment("prod", "two").deed is Deed.UPDATED
    assert [each["user"]["login"] for each in github.comments] == ["github-actions[bot]", github.login]


def test_without_any_word_who_we_are_it_is_actions_itself(github: GitHubDouble, opened: Opened) -> None:
    github.graphql = False
    opened(github).comment("prod", "one")
    assert opened(github).comment("prod", "two").deed is Deed.UPDATED


def test_a_viewer_without_brackets_is_no_person(github: GitHubDouble, opened: Opened) -> None:
    """An app's token says no to /user, so whoever GraphQL names is an app, and no person of that name."""
    github.add("deploy-app", marked("prod", "by a person"))
    github.login = "deploy-app"
    opened(github).comment("prod", "plan")
    assert github.comments[0]["body"] == marked("prod", "by a person")


def test_pages_are_followed_to_the_end(github: GitHubDouble, opened: Opened) -> None:
    for number in range(230):
        github.add("dana", f"comment {number}")
    opened(github).comment("prod", "one")
    assert opened(github).comment("prod", "two").deed is Deed.UPDATED
    assert len(github.comments) == 231
    pages = [query.get("page") for _, _, query, _ in github.asked("GET", part="/comments")]
    assert pages == [None, "2", "3"] * 2


def test_duplicates_are_folded_once_and_for_all(github: GitHubDouble, opened: Opened) -> None:
    mine = [github.add("github-actions[bot]", marked("prod", text)) for text in ("a", "b", "c")]
    assert opened(github).comment("prod", "plan").folded == 2
    assert mine[0]["body"] == marked("prod", "plan")
    assert github.minimized == [mine[1]["node_id"], mine[2]["node_id"]]
    for each in mine[1:]:
        assert each["body"].startswith("<details><summary>Superseded (prod)")
        assert mine[0]["html_url"] in each["body"]
        assert "\n" not in each["body"]
    writes = len(github.asked("PATCH"))
    assert opened(github).comment("prod", "plan").folded == 0
    assert len(github.asked("PATCH")) == writes


def test_where_graphql_folds_nothing_the_text_does(github: GitHubDouble, opened: Opened) -> None:
    github.graphql = False
    mine = [github.add("github-actions[bot]", marked("prod", text)) for text in ("a", "b")]
    assert opened(github).comment("prod", "plan").folded == 1
    assert mine[1]["body"].startswith("<details>")


def test_a_graphql_address_of_another_host_never_gets_the_token(
    github: GitHubDouble, clock: FakeClock
) -> None:
    with served(GitHubDouble(), "") as elsewhere:
        variables = {**github.variables, "GITHUB_GRAPHQL_URL": f"{elsewhere.url}/graphql"}
        host = publisher(job_of(variables), clock)
        assert host.comment("prod", "one").deed is Deed.CREATED
        host.close()
        assert elsewhere.requests == []


# answers that are lost, and hosts that are busy


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_comment_whose_answer_was_lost_is_not_made_twice(
    status: int, github: GitHubDouble, opened: Opened
) -> None:
    github.troubles = [Trouble("POST", "/comments", status, done=True)]
    posted = opened(github).comment("prod", "plan")
    assert len(github.comments) == 1
    assert posted.url == github.comments[0]["html_url"]


def test_a_comment_that_was_not_made_is_made(github: GitHubDouble, opened: Opened) -> None:
    github.troubles = [Trouble("POST", "/comments", 502), Trouble("POST", "/comments", 502)]
    assert opened(github).comment("prod", "plan").deed is Deed.CREATED
    assert len(github.comments) == 1


def test_edits_and_statuses_are_sent_again(github: GitHubDouble, opened: Opened, clock: FakeClock) -> None:
    opened(github).comment("prod", "one")
    github.troubles = [
        Trouble("GET", "/comments", 503),
        Trouble("PATCH", "/comments", 502, done=True),
        Trouble("POST", "/statuses", 500),
    ]
    assert opened(github).comment("prod", "two").deed is Deed.UPDATED
    opened(github).status("prod", Standing.SUCCESS, "fine")
    assert github.troubles == []
    assert len(github.statuses["a" * 40]) == 1
    assert clock.slept


def test_it_gives_up_after_a_while_and_says_so(github: GitHubDouble, opened: Opened) -> None:
    github.troubles = [Trouble("GET", "/comments", 503)] * 5
    with pytest.raises(HostError, match="it answers 503") as failed:
        opened(github).comment("prod", "one")
    assert not isinstance(failed.value, NotAllowed)
    assert github.comments == []


# statuses


@pytest.mark.parametrize("standing", list(Standing))
def test_a_status(standing: Standing, github: GitHubDouble, opened: Opened) -> None:
    opened(github).status("prod", standing, "words " * 40)
    [body] = github.statuses["a" * 40]
    assert body["state"] == str(standing)
    assert body["context"] == "callsheet/prod"
    assert len(body["description"]) == 140
    assert body["target_url"] == "https://github.com/acme/voice/actions/runs/42"


# issues


def test_one_issue_is_opened_updated_left_alone_and_closed(github: GitHubDouble, opened: Opened) -> None:
    said = [
        opened(github).issue("drift/prod", "Drift in prod", body).deed
        for body in ("a", "a", "b", None, None, "c")
    ]
    assert said == [Deed.CREATED, Deed.UNCHANGED, Deed.UPDATED, Deed.CLOSED, Deed.NONE, Deed.CREATED]
    closed, still_open = github.issues
    assert (closed["state"], closed["body"]) == ("closed", marked("drift/prod", "b"))
    assert (still_open["state"], still_open["body"]) == ("open", marked("drift/prod", "c"))


def test_issues_of_others_and_pull_requests_are_left_alone(github: GitHubDouble, opened: Opened) -> None:
    opened(github).issue("drift/prod", "Drift", "a")
    github.issues[0]["user"] = {"login": "mallory"}
    opened(github).issue("drift/uat", "Drift", "a")
    github.issues[1]["pull_request"] = {"url": "x"}
    for key in ("drift/prod", "drift/uat"):
        assert opened(github).issue(key, "Drift", None).deed is Deed.NONE
    assert [each["state"] for each in github.issues] == ["open", "open"]


def test_a_second_open_issue_of_a_key_is_closed(github: GitHubDouble, opened: Opened) -> None:
    for number in (1, 2):
        opened(github).issue(f"drift/{number}", "Drift", "a")
    for each in github.issues:
        each["body"] = marked("drift/prod", "old")
    assert opened(github).issue("drift/prod", "Drift", "new").folded == 1
    assert [each["state"] for each in github.issues] == ["open", "closed"]


# what may not be


def test_a_token_that_may_only_read(github: GitHubDouble, opened: Opened) -> None:
    github.may_write = False
    for do in (
        lambda host: host.comment("prod", "plan"),
        lambda host: host.status("prod", Standing.SUCCESS, "fine"),
        lambda host: host.issue("drift/prod", "Drift", "a"),
    ):
        with pytest.raises(NotAllowed, match="Resource not accessible by integration"):
            do(opened(github))
    assert github.comments == []


@pytest.mark.parametrize("status", [403, 404])
def test_what_a_token_may_not_see_is_not_there_and_no_error(
    status: int, github: GitHubDouble, opened: Opened
) -> None:
    github.troubles = [Trouble("GET", "/comments", status)]
    with pytest.raises(NotAllowed, match=f"answers {status}"):
        opened(github).comment("prod", "plan")


def test_a_token_that_is_not_taken_is_an_error_without_the_token(
    github: GitHubDouble, opened: Opened
) -> None:
    github.token = "another"
    with pytest.raises(HostError, match="does not take the token") as failed:
        opened(github).comment("prod", "plan")
    assert not isinstance(failed.value, NotAllowed)
    # The double repeats what it was sent.
    assert "[redacted]" in str(failed.value)
    assert TOKEN not in str(failed.value)


def test_what_is_too_long_is_not_sent(github: GitHubDouble, opened: Opened) -> None:
    with pytest.raises(HostError, match="more than the host takes"):
        opened(github).comment("prod", "x" * 70_000)
    assert github.asked("POST", part="/comments") == []


@pytest.mark.parametrize("key", ["", "a--b", "a-->", "a b", "ä", "x" * 101, "-->\n"])
def test_keys_that_could_end_the_mark_are_refused(key: str, github: GitHubDouble, opened: Opened) -> None:
    with pytest.raises(CallsheetError, match="cannot be a key"):
        opened(github).comment(key, "plan")
    assert github.writes == []
