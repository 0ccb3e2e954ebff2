"""The jobs of .gitlab-ci.yml: their scripts as they stand there, run by bash, as a runner of GitLab does."""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from support.gitlab_pipeline import FILE, JOBS, Host, Pipeline
from support.hosts import served
from support.voice_project import Project, project

pytestmark = pytest.mark.timeout(300)
PROMPT = "specs/prompts/front-desk.md"
LINE = "Never promise a delivery date."


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    with served(made, "/api/v4"):
        yield made


def planned(voice: Project, host: Host) -> tuple[Path, str]:
    """A merge request's `plan`, and its head. It has kept files of the project, too, for whoever unpacks."""
    base = voice.git("rev-parse", "main")
    voice.edit(PROMPT, LINE, "Promise nothing.")
    head = voice.commit("Promise nothing")
    pipeline = Pipeline(voice, host, head, base)
    assert pipeline.run("validate")[1].returncode == 0
    tree, done = pipeline.run("plan", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert done.returncode == 0, done.stderr
    file = "specs/environments.yaml"
    text = (tree / file).read_text(encoding="utf-8").replace(voice.urls["dev"], f"{host.url}/stolen")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for each in (tree / "plans").iterdir():
            archive.write(each, f"plans/{each.name}")
        for name in (file, f"../{file}", f"plans/../{file}"):
            archive.writestr(name, text)
    host.archive = packed.getvalue()
    return tree, head


def test_a_plan_is_a_note_and_what_was_not_reviewed_is_not_applied(voice: Project, host: Host) -> None:
    tree, head = planned(voice, host)
    [note] = host.notes
    assert "+ Promise nothing." in note["body"]
    assert note["body"].index("plan for `dev`") < note["body"].index("plan for `uat`")
    assert host.statuses["callsheet/plan"]["status"] == "pending"
    assert "+ Promise nothing." in (tree / "summary.md").read_text(encoding="utf-8")

    voice.edit("specs/assistants/front-desk.yaml", "good morning", "good evening")
    voice.commit("Somebody else's")
    voice.git("branch", "--force", "main")
    host.merge(voice.git("rev-parse", "main"), head)
    _, beside = Pipeline(voice, host, "main").run("dev")
    assert beside.returncode == 4, beside.stderr


def test_what_could_not_be_planned_is_said(voice: Project, host: Host) -> None:
    base = voice.git("rev-parse", "main")
    _, done = Pipeline(voice, host, "main").run(
        "plan", CI_MERGE_REQUEST_DIFF_BASE_SHA=base, VAPI_UAT_READ_KEY=""
    )
    assert done.returncode == 1, done.stderr
    [note] = host.notes
    assert re.search("`uat`.*could not be planned", note["body"])
    assert host.statuses["callsheet/plan"]["status"] == "failed"


def test_from_a_merge_to_prod_and_back_from_drift(tmp_path: Path, host: Host) -> None:
    with project(tmp_path, "http://127.0.0.1:9") as voice:
        voice.git("checkout", "--quiet", "-b", "work")
        _, head = planned(voice, host)
        with zipfile.ZipFile(io.BytesIO(host.archive)) as archive:
            plan = archive.extract("plans/dev.plan", tmp_path)
        voice.git("branch", "--force", "main")
        host.merge(voice.git("rev-parse", "main"), head)
        pipeline = Pipeline(voice, host, "main")

        # Nobody has signed it.
        tree, done = pipeline.run("dev")
        assert done.returncode == 3, done.stderr
        assert "signOffs" in done.stderr + done.stdout
        assert voice.person("ana", "approve", plan, "--yes").code == 0
        tree, done = pipeline.run("dev", begin=True)
        assert done.returncode == 0, done.stderr
        assert told(voice, "dev") == "Promise nothing."
        # What the branch's job kept beside the plan is in no checkout, and no key went where it says.
        assert voice.git("status", "--porcelain", at=tree) == ""
        assert host.stolen == []
        assert voice.vault.asked("auth/jwt/login")

        # Each promotion is a plan that can be read first, and it is this plan that is carried out.
        for name in ("uat", "prod"):
            tree, done = pipeline.run(f"plan-{name}")
            assert done.returncode == 0, done.stderr
            assert "+ Promise nothing." in (tree / f"{name}.md").read_text(encoding="utf-8")
            assert "<!doctype html>" in (tree / f"{name}.html").read_text(encoding="utf-8").lower()
            assert told(voice, name) == LINE
            if name == "prod":
                # Not over what has moved since somebody read it.
                before = greeted(voice, name, "Yeah?")
                assert pipeline.run(name)[1].returncode == 4
                assert told(voice, name) == LINE
                greeted(voice, name, before)
            _, done = pipeline.run(name)
            assert done.returncode == 0, done.stderr
            assert told(voice, name) == "Promise nothing."

        # Set back by hand, by a plan that Ana has read and signed.
        before = greeted(voice, "dev", "Yeah?")
        by_hand = Pipeline(voice, host, "main")
        tree, done = by_hand.run("plan-dev")
        assert done.returncode == 0, done.stderr
        assert "Yeah?" in (tree / "dev.md").read_text(encoding="utf-8")
        assert voice.person("ana", "approve", str(by_hand.kept["plan-dev"] / "dev.plan"), "--yes").code == 0
        _, done = by_hand.run("heal")
        assert done.returncode == 0, done.stderr
        assert voice.assistant("dev")["firstMessage"] == before


def told(voice: Project, environment: str) -> str:
    """The prompt's last line."""
    return str(voice.assistant(environment)["model"]["messages"][0]["content"]).rstrip().splitlines()[-1]


def greeted(voice: Project, environment: str, words: str) -> str:
    """Somebody changes the greeting at the provider. What it was before."""
    found = voice.assistant(environment)
    voice.provider(environment, "PATCH", f"/assistant/{found['id']}", {"firstMessage": words})
    return str(found["firstMessage"])


def test_drift_is_an_issue_and_the_job_may_fail_with_2_alone(voice: Project, host: Host) -> None:
    assert JOBS["drift"]["allow_failure"] == {"exit_codes": 2}
    before = greeted(voice, "uat", "Yeah?")
    _, done = Pipeline(voice, host, "main").run("drift")
    assert done.returncode == 2, done.stderr
    assert [each["title"] for each in host.issues] == ["Drift in acme uat"]
    greeted(voice, "uat", before)
    assert Pipeline(voice, host, "main").run("drift")[1].returncode == 0
    assert [each["state"] for each in host.issues] == ["closed"]


# Which jobs there are


_MAIN = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_PROJECT_ID": "1",
    "CI_DEFAULT_BRANCH": "main",
}
_PROMOTED = {"plan-uat", "uat", "plan-prod", "prod"}


@pytest.mark.parametrize(
    ("given", "jobs"),
    [
        ({**_REQUEST, "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1"}, {"validate", "plan"}),
        # In the fork's project, or, for a member, in this one, where nothing of it may be installed.
        ({**_REQUEST, "CI_PROJECT_ID": "2", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2"}, {"validate", "fork"}),
        ({**_REQUEST, "CI_PROJECT_ID": "1", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2"}, {"fork"}),
        ({**_MAIN, "CI_PIPELINE_SOURCE": "push"}, {"dev", *_PROMOTED}),
        ({**_MAIN, "CI_PIPELINE_SOURCE": "web"}, {"plan-dev", "heal", *_PROMOTED}),
        ({**_MAIN, "CI_PIPELINE_SOURCE": "schedule"}, {"drift"}),
        ({**_MAIN, "CI_PIPELINE_SOURCE": "web", "CI_COMMIT_BRANCH": "work"}, set()),
        ({**_MAIN, "CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "work"}, set()),
    ],
    ids=["request", "fork", "fork-here", "merge", "by-hand", "schedule", "by-hand-elsewhere", "branch"],
)
def test_each_pipeline_has_its_jobs(given: dict[str, str], jobs: set[str]) -> None:
    begun = any(_holds(each["if"], given) for each in FILE["workflow"]["rules"])
    found = {name for name, job in JOBS.items() if any(_holds(each["if"], given) for each in job["rules"])}
    assert (found if begun else set()) == jobs


def _holds(rule: str, given: Mapping[str, str]) -> bool:
    for term in rule.split(" && "):
        found = re.fullmatch(r"\$(\w+) (==|!=|=~) (\S+)", term)
        assert found, term
        left, right = given.get(found[1]), found[3]
        if found[2] == "=~":
            held = left is not None and re.search(right.strip("/"), left) is not None
        else:
            value = given.get(right[1:]) if right.startswith("$") else right.strip('"')
            held = (left == value) is (found[2] == "==")
        if not held:
            return False
    return True


def test_a_fork_s_job_says_why_there_is_no_plan() -> None:
    assert JOBS["fork"]["before_script"] == []
    said = subprocess.run(
        ["bash", "-e", "-c", "\n".join(JOBS["fork"]["script"])], capture_output=True, text=True, check=True
    ).stdout
    assert "This merge request is a fork's. No key is for its jobs" in said
    assert "Do not start its pipeline in the parent project" in said
    assert "start a pipeline of the default branch by hand" in said


def test_nobody_but_who_has_read_the_plan_starts_what_is_promoted_or_set_back() -> None:
    for name, plan in {"uat": "plan-uat", "prod": "plan-prod", "heal": "plan-dev"}.items():
        job = JOBS[name]
        assert {each["when"] for each in job["rules"]} == {"manual"}
        assert [*job.get("dependencies", []), *job.get("needs", [])] == [plan]
        assert "environment" in job
        assert FILE["stages"].index(JOBS[plan]["stage"]) < FILE["stages"].index(job["stage"])


def test_each_job_is_of_the_environment_whose_keys_it_needs() -> None:
    for name, job in JOBS.items():
        given = yaml.safe_dump(job["variables"])
        read, writes = "READ_KEY" in given, "VAPI_KEY" in given
        environment = job.get("environment")
        assert read == (environment == {"name": "plan", "action": "access"}), name
        assert writes == isinstance(environment, str) == ("id_tokens" in job), name
        assert (read or writes) == (name not in ("validate", "fork")), name
