"""Jobs of examples/ci/gitlab on this machine, and what their host tells them of merges and pipelines.

From docs.gitlab.com/api/commits, /merge_requests, /pipelines and /job_artifacts, as of 2026-11. Scripts are
run by bash, as a runner does; `rules` are read in tests alone.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from e2e.command import COMMAND
from support.gitlab import GitLabDouble
from support.hosts import TOKEN
from support.issuer import GITLAB_CLAIMS
from support.voice_project import ENVIRONMENTS, EXAMPLES, Project

FILE = yaml.safe_load((EXAMPLES / "gitlab/.gitlab-ci.yml").read_text(encoding="utf-8"))


def _whole(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job with what it extends, as GitLab merges it: by keys, and no lists."""
    out: dict[str, Any] = {}
    bases = job.get("extends", [])
    for each in [*(FILE[base] for base in ([bases] if isinstance(bases, str) else bases)), job]:
        out = {**out, **each, "variables": {**out.get("variables", {}), **each.get("variables", {})}}
    return out


JOBS = {name: _whole(job) for name, job in FILE.items() if isinstance(job, dict) and "script" in job}


class Host(GitLabDouble):
    """It also tells what a commit was merged by and what pipelines there were, and hands out artifacts.

    `stolen` is what came for an address that is in none of the project's files.
    """

    def __init__(self) -> None:
        super().__init__()
        self.archive = b""
        self.stolen: list[str] = []
        self.merged: list[dict[str, Any]] = []
        self.pipelines: list[dict[str, Any]] = []
        self.jobs: dict[int, list[dict[str, Any]]] = {}

    def merge(self, commit: str, head: str, **more: Any) -> None:
        """A merge request, its pipeline, and the merge."""
        self.merged = [{
            "iid": 7, "state": "merged", "target_branch": "main", "source_project_id": 1, "sha": head,
            "merge_commit_sha": commit, "squash_commit_sha": None, **more,
        }]  # fmt: skip
        self.pipelines = [ended(90, head)]
        self.jobs = {90: [{"id": 900, "name": "validate"}, {"id": 901, "name": "plan"}]}

    def routes(self) -> list[Any]:
        at = "/api/v4/projects/1"
        return [
            ("GET", rf"{at}/repository/commits/(\w+)/merge_requests", lambda sha, **_: self.merged),
            ("GET", f"{at}/merge_requests/7/pipelines", lambda **_: self.pipelines),
            ("GET", rf"{at}/pipelines/(\d+)/jobs", lambda number, **_: self.jobs[int(number)]),
            *super().routes(),
        ]

    def app(self, environ: Any, start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/stolen"):
            self.stolen.append(environ.get("HTTP_AUTHORIZATION", ""))
        found = re.fullmatch(r"/api/v4/projects/1/jobs/901/artifacts(?:/(.+))?", path)
        if found is None or environ.get("HTTP_PRIVATE_TOKEN") != TOKEN or not self.archive:
            return super().app(environ, start_response)
        data = self.archive
        if found[1]:
            data = zipfile.ZipFile(io.BytesIO(data)).read(found[1])
        start_response("200 OK", [("Content-Length", str(len(data)))])
        return [data]


def ended(number: int, sha: str, **more: Any) -> dict[str, Any]:
    """A pipeline of a merge request."""
    return {
        "id": number, "sha": sha, "status": "success", "source": "merge_request_event", "project_id": 1,
        **more,
    }  # fmt: skip


@dataclass
class Pipeline:
    """Jobs of one commit, each in a checkout of its own, with what those before it have kept."""

    voice: Project
    host: Host
    ref: str
    onto: str = ""
    kept: dict[str, Path] = field(default_factory=dict)

    def run(
        self, name: str, *, begin: bool = False, **more: str
    ) -> tuple[Path, subprocess.CompletedProcess[str]]:
        """`begin`: with `before_script`. The job is given the variables of the project, and its own."""
        job, voice = JOBS[name], self.voice
        tree = voice.tree(self.ref, self.onto)
        needed = [each["job"] if isinstance(each, dict) else each for each in job.get("needs", [])]
        for each in job.get("dependencies", needed or self.kept):
            shutil.copytree(self.kept[each], tree, dirs_exist_ok=True)
        given = {
            "PATH": f"{COMMAND.parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(tree), "PYTHONUTF8": "1",
            "PIP_NO_INDEX": "1", "PIP_ROOT_USER_ACTION": "ignore",
            "VAULT_ADDR": voice.vault.url, "GITLAB_USER_LOGIN": "ben",
            **self._of(job.get("environment")),
            **self.host.variables, "CI_COMMIT_SHA": voice.git("rev-parse", self.ref),
            "CI_DEFAULT_BRANCH": "main", **more,
        }  # fmt: skip
        for key, token in job.get("id_tokens", {}).items():
            given[key] = self._token(_expanded(token["aud"], given))
        given |= {key: _expanded(value, given) for key, value in job["variables"].items()}
        script = [*(FILE["default"]["before_script"] if begin else []), *job["script"]]
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(script)],
            cwd=tree,
            env=given,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        for secret in (TOKEN, "canary-key"):
            assert secret not in done.stdout + done.stderr
        self._keep(name, tree)
        return tree, done

    @staticmethod
    def _of(environment: str | dict[str, str] | None) -> dict[str, str]:
        """Variables of an environment."""
        if isinstance(environment, dict):
            assert environment["name"] == "plan"
            return {f"VAPI_{each.upper()}_READ_KEY": "canary-key-that-reads" for each in ENVIRONMENTS}
        return {"VAPI_KEY": "canary-key"} if environment else {}

    def _keep(self, name: str, tree: Path) -> None:
        kept = self.kept[name] = tree.with_name(f"{tree.name}-kept")
        kept.mkdir()
        for path in JOBS[name].get("artifacts", {}).get("paths", []):
            if (tree / path).is_dir():
                shutil.copytree(tree / path, kept / path)
            elif (tree / path).exists():
                shutil.copy(tree / path, kept / path)

    def _token(self, audience: str) -> str:
        # The project's Vault and its environments.yaml ask for GitHub's name of the repository.
        self.voice.issuer.claims = {**GITLAB_CLAIMS, "repository": "acme/voice"}
        return self.voice.issuer.token(aud=audience)


def _expanded(value: str, given: Mapping[str, str]) -> str:
    return given.get(value[1:], "") if value.startswith("$") else value
