"""Streams that are closed or full: a verb says so and ends with 1, and never with a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.world import World

FULL = Path("/dev/full")


def _shell(world: World, command: str) -> tuple[int, str]:
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -c "from callsheet.cli.main import main; main()" {command}', sys.executable],
        cwd=world.root,
        env={**world.variables, "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr + done.stdout


@pytest.fixture
def ready(world: World) -> World:
    world.assistant("a")
    return world


@pytest.mark.parametrize("verb", ["plan", "plan -o json", "validate", "validate -o json"])
def test_a_closed_stdout_is_told_once(ready: World, verb: str) -> None:
    code, said = _shell(ready, f"{verb} >&-")
    assert (code, said) == (1, "error: stdout cannot be written (it is closed)\n")


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("verb", ["plan", "plan -o json", "validate", "--version"])
def test_a_full_stdout_is_told_once(ready: World, verb: str) -> None:
    code, said = _shell(ready, f"{verb} > {FULL}")
    assert (code, said) == (1, "error: stdout cannot be written (No space left on device)\n")


@pytest.mark.parametrize("verb", ["validate", "plan"])
@pytest.mark.parametrize("where", ["2>&-", f"2> {FULL}", "<&-", "<&- 2>&-"])
def test_without_stderr_or_stdin_the_result_is_what_it_is(ready: World, verb: str, where: str) -> None:
    code, said = _shell(ready, f"{verb} {where}")
    assert code == 0
    assert "Traceback" not in said
    assert said


def test_nothing_but_closed_streams_breaks_nothing(ready: World) -> None:
    assert _shell(ready, "plan <&- >&- 2>&-") == (1, "")
