"""The workflows and the action, run where something is not as it should be. How they run when all is well is
in tests/e2e/test_pull_request_story.py.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from e2e.command import COMMAND
from support import act
from support.voice_project import ENVIRONMENTS, EXAMPLES, Project

pytestmark = pytest.mark.timeout(300)
PROMPT = "specs/prompts/front-desk.md"
_NONE = dict.fromkeys(
    ["GITHUB_TOKEN", "VAPI_KEY", *(f"VAPI_{each.upper()}_READ_KEY" for each in ENVIRONMENTS)], ""
)
LINE = "Never promise a delivery date."


@pytest.mark.parametrize(("ci", "ends"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_where_there_is_no_act_ci_fails_and_says_so(
    ci: str, ends: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(act, "_BIN", tmp_path)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(ends, match="act is not installed"):
        act.found()


def test_a_fork_is_validated_and_told_why_nothing_is_planned_or_applied(voice: Project) -> None:
    voice.edit(PROMPT, LINE, "Promise anything.")
    number = voice.opened("fork", "From a fork")
    ran = voice.pull_request(number, voice.commit("Promise"), fork=True, keys=_NONE)
    assert (ran.code, ran.jobs) == (0, {"validate": "success", "fork": "success"}), ran.said
    assert "No plan is made of a fork's pull request" in ran.said
    assert voice.comments(number) == []

    voice.git("branch", "--force", "main")
    voice.merged(number)
    ran = voice.push()
    assert ran.jobs == {"plan-dev": "failure"}
    assert f"pull request #{number} is a fork's, and of those no plan is made" in ran.said
    assert "start this workflow by hand on main" in ran.said


def test_the_job_s_page_of_a_fork_says_why_and_what_can_be_done(tmp_path: Path) -> None:
    workflow = yaml.safe_load((EXAMPLES / "github/pull-request.yml").read_text(encoding="utf-8"))
    [step] = workflow["jobs"]["fork"]["steps"]
    page = tmp_path / "page.md"
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]], check=True, env={"GITHUB_STEP_SUMMARY": str(page)}
    )
    said = page.read_text(encoding="utf-8")
    assert said.startswith("## Callsheet: no plan\n\nThis pull request is a fork's. Its jobs get no secrets")
    assert "*callsheet apply* by hand" in said


def test_nothing_but_main_is_applied_by_hand(voice: Project) -> None:
    ran = voice.by_hand(ref="refs/heads/work")
    assert ran.jobs == {"plan-dev": "failure"}
    assert "This applies main alone" in ran.said


def test_nothing_but_main_is_checked_by_hand(voice: Project) -> None:
    ran = voice.job("workflow_dispatch", "drift.yml", voice.tree("main"), {"ref": "refs/heads/work"})
    assert ran.jobs == {"drift": "failure"}
    assert "This checks main alone" in ran.said


def test_by_hand_it_goes_on_to_uat_where_asked_and_asks_nobody_without_a_plan(voice: Project) -> None:
    ran = voice.by_hand(promote=True, keys={"VAPI_UAT_READ_KEY": ""})
    assert ran.jobs == {"plan-dev": "success", "dev": "success", "plan-uat": "failure"}, ran.said
    assert "VAPI_UAT_KEY" in ran.said


def test_files_that_are_wrong_redden_the_jobs_and_leave_no_older_plan_standing(voice: Project) -> None:
    voice.edit("specs/assistants/front-desk.yaml", "ref: find-order", "ref: nothing-there")
    number = voice.opened("wrong", "A mistake")
    head = voice.commit("Refer to nothing")
    ran = voice.pull_request(number, head)
    assert ran.jobs == {"validate": "failure", "plan": "failure"}
    assert "nothing-there" in ran.said
    [comment] = voice.comments(number)
    assert comment["body"].count("could not be planned") >= 3
    assert [each["state"] for each in voice.front.statuses[head]] == ["failure"]


def test_a_refused_plan_is_shown_and_kept_and_reddens_the_job(voice: Project) -> None:
    voice.edit("specs/environments.yaml", "default: true", 'default: true\n    variables: {DEBUG: "1"}')
    voice.edit(PROMPT, LINE, "Promise nothing.")
    number = voice.opened("refused", "Debug")
    head = voice.commit("Debug")
    ran = voice.pull_request(number, head)
    assert (ran.code != 0, ran.jobs) == (True, {"validate": "success", "plan": "failure"}), ran.said
    [comment] = voice.comments(number)
    assert "refused" in comment["body"]
    assert voice.front.statuses[head][-1]["state"] == "failure"
    assert (voice.kept / head / "plans/dev.plan").exists()


def test_what_one_environment_cannot_tell_hides_no_other(voice: Project) -> None:
    voice.edit(PROMPT, LINE, "Promise nothing.")
    number = voice.opened("no-key", "No key")
    head = voice.commit("Promise nothing")
    ran = voice.pull_request(number, head, keys={"VAPI_UAT_READ_KEY": ""})
    assert ran.jobs == {"validate": "success", "plan": "failure"}
    [comment] = voice.comments(number)
    assert "plan for `dev`" in comment["body"]
    assert "plan for `prod`" in comment["body"]
    assert re.search("`uat`.*could not be planned", comment["body"])
    assert [each["state"] for each in voice.front.statuses[head]] == ["failure"]


def test_what_was_not_reviewed_is_not_applied(voice: Project) -> None:
    """Neither what no run has planned, nor what somebody merged beside it."""
    voice.edit(PROMPT, LINE, "Promise nothing.")
    head = voice.commit("Promise nothing")
    voice.git("branch", "--force", "main")
    ran = voice.push()
    assert ran.jobs == {"plan-dev": "failure"}
    assert "is the merge of no pull request into main, so nothing was reviewed" in ran.said

    voice.git("branch", "--force", "main", "HEAD~1")
    number = voice.opened("beside", "Promise nothing")
    assert voice.pull_request(number, head).code == 0
    voice.edit("specs/assistants/front-desk.yaml", "good morning", "good evening")
    voice.commit("Somebody else's")
    voice.git("branch", "--force", "main")
    voice.merged(number)
    ran = voice.push()
    assert ran.jobs == {"plan-dev": "success", "dev": "failure"}
    assert "exit status 4" in ran.said
    assert LINE in voice.assistant("dev")["model"]["messages"][0]["content"]


def test_a_check_that_cannot_look_is_red(voice: Project) -> None:
    ran = voice.job("schedule", "drift.yml", voice.tree("main"), {}, keys={"VAPI_PROD_READ_KEY": ""})
    assert ran.jobs == {"drift": "failure"}
    assert "VAPI_PROD_KEY" in ran.said


def test_the_action_gives_the_verb_words_and_no_shell(tmp_path: Path) -> None:
    action = yaml.safe_load((EXAMPLES / "action/action.yml").read_text(encoding="utf-8"))
    [script] = [each["run"] for each in action["runs"]["steps"] if each.get("name") == "Run Callsheet"]
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={"PATH": f"{COMMAND.parent}:{os.environ['PATH']}", "ARGS": "schema spec; touch $(echo made) *"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert list(tmp_path.iterdir()) == []
