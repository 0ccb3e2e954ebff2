"""The jobs of .gitlab-ci.yml: their scripts as they stand there, run by bash, as a runner of GitLab does."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.command import COMMAND
from support.gitlab import GitLabDouble
from support.hosts import TOKEN, Refused, served
from support.vault.double import ROOT
from support.voice_project import ENVIRONMENTS, EXAMPLES, Project

pytestmark = pytest.mark.timeout(300)
JOBS = yaml.safe_load((EXAMPLES / "gitlab/.gitlab-ci.yml").read_text(encoding="utf-8"))
PROMPT = "specs/prompts/front-desk.md"


class Host(GitLabDouble):
    """It also tells which merge request a commit is of, and hands out artifacts, if asked with a bearer."""

    def __init__(self) -> None:
        super().__init__()
        self.artifacts = b""

    def app(self, environ: Any, start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        if "/jobs/artifacts/" not in path and not path.endswith("/merge_requests"):
            return super().app(environ, start_response)
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {TOKEN}":
            raise Refused(401, "401 Unauthorized")
        assert "/artifacts/" not in path or "/artifacts/refs/merge-requests/7/head/download" in path
        data = self.artifacts if "/artifacts/" in path else b'[{"iid": 7}]'
        start_response("200 OK", [("Content-Length", str(len(data)))])
        return [data]


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    with served(made, "/api/v4"):
        yield made


def job(voice: Project, host: Host, name: str, tree: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a job; what it is given are the variables of the project, and its own."""
    given = {
        "PATH": f"{COMMAND.parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(tree), "PYTHONUTF8": "1",
        "VAULT_ADDR": voice.vault.url, "VAULT_TOKEN": ROOT, "GITLAB_USER_LOGIN": "ben",
        "VAPI_KEY": "canary-key",
        **{f"VAPI_{each.upper()}_READ_KEY": "canary-key" for each in ENVIRONMENTS},
        **host.variables, **more,
    }  # fmt: skip
    for key, value in JOBS[name].get("variables", {}).items():
        given[key] = given.get(value[1:], "") if value.startswith("$") else value
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(JOBS[name]["script"])],
        cwd=tree,
        env=given,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def planned(voice: Project, host: Host) -> Path:
    """A merge request's `plan`, whose artifacts the host keeps."""
    base = voice.git("rev-parse", "main")
    voice.edit(PROMPT, "Never promise a delivery date.", "Promise nothing.")
    tree = voice.tree(voice.commit("Promise nothing"), base)
    assert job(voice, host, "validate", tree).returncode == 0
    done = job(voice, host, "plan", tree, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)
    assert done.returncode == 0, done.stderr
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for each in (tree / "plans").iterdir():
            file.write(each, f"plans/{each.name}")
    host.artifacts = packed.getvalue()
    return tree


def test_a_plan_is_a_note_and_what_was_reviewed_is_what_dev_gets(voice: Project, host: Host) -> None:
    tree = planned(voice, host)
    [note] = host.notes
    assert "+ Promise nothing." in note["body"]
    assert note["body"].index("plan for `dev`") < note["body"].index("plan for `uat`")
    assert host.statuses["callsheet/plan"]["status"] == "pending"
    assert "+ Promise nothing." in (tree / "summary.md").read_text(encoding="utf-8")

    voice.git("branch", "--force", "main")
    unsigned = job(voice, host, "dev", voice.tree("main"))
    assert unsigned.returncode == 3, unsigned.stderr
    assert "signOffs" in unsigned.stderr + unsigned.stdout
    assert TOKEN not in unsigned.stderr + unsigned.stdout

    voice.edit("specs/assistants/front-desk.yaml", "good morning", "good evening")
    voice.commit("Somebody else's")
    voice.git("branch", "--force", "main")
    beside = job(voice, host, "dev", voice.tree("main"))
    assert beside.returncode == 4, beside.stderr


def test_drift_is_an_issue_and_the_job_may_fail_with_2_alone(voice: Project, host: Host) -> None:
    assert JOBS["drift"]["allow_failure"] == {"exit_codes": 2}
    found = voice.assistant("uat")
    at = f"/assistant/{found['id']}"
    voice.provider("uat", "PATCH", at, {"firstMessage": "Yeah?"})
    done = job(voice, host, "drift", voice.tree("main"))
    assert done.returncode == 2, done.stderr
    assert [each["title"] for each in host.issues] == ["Drift in acme uat"]
    voice.provider("uat", "PATCH", at, {"firstMessage": found["firstMessage"]})
    assert job(voice, host, "drift", voice.tree("main")).returncode == 0
    assert [each["state"] for each in host.issues] == ["closed"]


def test_promotions_go_the_same_way_as_on_github() -> None:
    for name in ("uat", "prod"):
        workflow = yaml.safe_load((EXAMPLES / "github/apply.yml").read_text(encoding="utf-8"))
        [step] = [each for each in workflow["jobs"][name]["steps"] if each.get("name") == "Promote"]
        assert step["run"].splitlines() == JOBS[name]["script"]
