"""The Git commit of a working tree, where it lies in one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

# Callsheet's own working data, which is never committed.
_WORK = ".callsheet"


def git_state(root: Path, *, but: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """The commit checked out and whether anything under `root` differs from it; None without Git.

    Paths in `but` are not looked at.
    """
    git = shutil.which("git")
    if git is None:
        return None

    def ask(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                [git, "-C", str(root), *arguments], capture_output=True, timeout=20, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None

    sha = ask("rev-parse", "HEAD")
    if sha is None:
        return None
    left_out = [f":(exclude){path}" for path in (_WORK, *but)]
    # --no-optional-locks: looking must not write, not even Git's index.
    dirty = ask("--no-optional-locks", "status", "--porcelain", "--", ".", *left_out)
    return {"sha": sha, "dirty": bool(dirty)}
