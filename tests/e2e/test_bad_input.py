"""Bad input of every sort: one clear error that says where, exit 1, no traceback, and nothing written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from e2e.bad_case import Case
from e2e.bad_files import LIMITS, REFERENCES, SHAPES, SYNTAX
from e2e.bad_surroundings import ANSWERS, SECRETS, USAGE
from e2e.command import call, hurry
from support.world import World

CASES = [*SYNTAX, *SHAPES, *REFERENCES, *LIMITS, *SECRETS, *ANSWERS, *USAGE]


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_one_clear_error_and_nothing_is_written(world: World, case: Case) -> None:
    case.make(world)
    objects, files = organisation(world), files_of(world)
    world.app.requests.reset()
    verb = [part.replace("@", f"{world.root}/") for part in case.verb]
    done = call(
        *verb,
        *(["-C", str(world.root)] if len(verb) > 0 and verb[0] != "aply" else []),
        variables=world.variables,
    )
    told = done.err + done.out
    assert done.code == 1, told
    assert "Traceback" not in told
    assert "failed unexpectedly" not in told
    assert done.err.count("error: ") + done.out.count("error: ") in (1, 2), told
    assert "error: " in done.err or "FAILED" in done.out, told
    assert re.search(case.expected, told), told
    assert re.search(case.place, told), told
    assert "canary" not in told
    assert organisation(world) == objects
    if "FAILED" not in done.out:
        assert world.writes() == 0
        assert files_of(world) == files


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_error_is_json_for_programs(world: World, case: Case) -> None:
    case.make(world)
    verb = [part.replace("@", f"{world.root}/") for part in case.verb]
    done = call(*verb, "-o", "json", "-C", str(world.root), variables=world.variables)
    assert done.code == 1
    if verb[0] not in ("apply", "destroy"):
        assert json.loads(done.out)["error"]["exitCode"] == 1
        return
    lines = [json.loads(each) for each in done.out.splitlines()]
    assert lines[0]["format"] == "callsheet.events/1"
    assert lines[-1]["event"] in ("error", "summary")
    assert lines[-1]["exitCode"] == 1


def organisation(world: World) -> int:
    """How many assistants and tools are there, whatever day it is."""
    switches = world.faults.switches
    world.faults.clear()
    found = len(world.api("GET", "/assistant")) + len(world.api("GET", "/tool"))
    world.faults.replace(switches)
    return found


def files_of(world: World) -> dict[Path, bytes]:
    return {
        path: path.read_bytes()
        for path in sorted(world.root.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }
