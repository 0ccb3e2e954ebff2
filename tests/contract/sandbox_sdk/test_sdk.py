"""PyPI's own Vapi SDK, in an environment of its own, drives the sandbox and finds what it expects."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from callsheet.sandbox.app import create_app
from callsheet.sandbox.server import Server, serve
from callsheet.sandbox.store import Store

pytestmark = [pytest.mark.sdk, pytest.mark.timeout(300)]
REQUIREMENT = "vapi_server_sdk==3.0.0"
DRIVE = Path(__file__).with_name("drive.py")


@pytest.fixture(scope="module")
def interpreter(request: pytest.FixtureRequest) -> str:
    """A Python that has the SDK; made once and kept in pytest's cache."""
    cache = request.config.cache
    home = Path(cache.mkdir("sdk")) if cache else Path(tempfile.mkdtemp())
    mark = hashlib.sha256(f"{REQUIREMENT} {sys.version}".encode()).hexdigest()[:12]
    where = home / mark
    python = where / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    with FileLock(home / f"{mark}.lock"):
        if not (where / "complete").exists():
            try:
                venv.create(where, with_pip=True, clear=True)
            except (OSError, subprocess.CalledProcessError) as problem:
                pytest.skip(f"no virtual environment can be made here: {problem}")
            install = [
                str(python),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                REQUIREMENT,
            ]
            done = subprocess.run(install, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"pip cannot install {REQUIREMENT} here: {done.stderr.strip()[-300:]}")
            (where / "complete").touch()
    return str(python)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    store = Store(tmp_path / "s.db")
    with serve(create_app(store, organisation="dev")) as server:
        yield server
    store.close()


def test_the_sdk_gets_what_it_expects(interpreter: str, server: Server) -> None:
    done = subprocess.run(
        [interpreter, "-W", "ignore", str(DRIVE), server.url], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout)
    refused = {key: value for key, value in seen.items() if key.startswith("refused.")}
    assert {key: value for key, value in seen.items() if key not in refused} == {
        "assistant.read": True,
        "assistant.changed": ["Orders 2", "Hello", "v2"],
        "assistant.time": True,
        "assistant.list": [True, []],
        "tool.type": ["function", False],
        "tool.changed": [True, "look_up"],
        "tool.list": 1,
        "squad": ["Line", True, 1],
        "phone": [True, "active", 1, 1],
        "output": ["Happy", 1, True],
        "file": [5, "done", "questions.md", 1],
        "knowledge": ["indexing", "indexing", "ready", "knowledgeBase", True],
        "left": [0, 0, 0],
    }
    assert refused["refused.missing"][0] == 404
    assert refused["refused.bad enum"][0] == 400
    assert refused["refused.bad enum"][1]["message"][0].startswith("firstMessageMode must be one of")
    assert refused["refused.no key"][0] in (401, "LocalProtocolError")
