"""Rolling back with the command: what is shown, what is asked, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from e2e.command import Called, Typed, call
from support.everything import everything
from support.world import World


def run(world: World, *arguments: str, typed: str | None = None) -> Called:
    stdin = Typed(typed) if typed is not None else None
    return call(*arguments, "-C", str(world.root), variables=world.variables, stdin=stdin)


def last_run(world: World) -> str:
    told = json.loads(run(world, "runs", "list", "-o", "json").out)
    return str(told["runs"][0]["run"])


@pytest.fixture
def bad(world: World) -> World:
    """A good run and a bad one, which changed, deleted and made."""
    world.assistant("a", "Be kind.")
    world.assistant("gone")
    assert run(world, "apply", "--yes").code == 0
    world.assistant("a", "Be rude.")
    world.remove("assistants/gone.yaml")
    world.assistant("new")
    assert run(world, "apply", "--yes").code == 0
    return world


def test_the_whole_way(bad: World) -> None:
    back = run(bad, "rollback", "--env", "dev", "--to", last_run(bad), typed="yes\n")
    assert back.code == 0, back.err
    assert "Plan to roll back dev" in back.out
    assert "is made again under a new id; it was" in back.out
    assert back.last.startswith("Apply: 3 applied")
    assert sorted(everything(bad)) == ["assistant:a", "assistant:gone"]

    held = run(bad, "apply", "--yes")
    assert held.code == 3
    assert "rolled back by run" in held.err
    assert run(bad, "plan").code == 3
    resumed = run(bad, "apply", "--yes", "--resume")
    assert resumed.code == 0, resumed.err
    assert "allowed (hold)" in resumed.out
    assert sorted(everything(bad)) == ["assistant:a", "assistant:new"]


def test_the_plan_can_be_reviewed_first_and_be_applied_when_the_files_are_broken(
    bad: World, tmp_path: Path
) -> None:
    file = str(tmp_path / "back.plan")
    planned = run(bad, "rollback", "--env", "dev", "--to", last_run(bad), "--out", file)
    assert planned.code == 0
    assert sorted(everything(bad)) == ["assistant:a", "assistant:new"]
    bad.file("assistants/broken.yaml", "kind: [")
    assert call("show", file).out == planned.out
    applied = run(bad, "apply", file)
    assert applied.code == 0, applied.err
    assert sorted(everything(bad)) == ["assistant:a", "assistant:gone"]


def test_no_is_no(bad: World) -> None:
    before = everything(bad)
    asked = run(bad, "rollback", "--env", "dev", "--to", last_run(bad), typed="no\n")
    assert asked.code == 1
    assert "nothing was written" in asked.err
    assert everything(bad) == before


def test_newer_edits_exit_4(bad: World) -> None:
    bad.edit("/assistant", "a", {"firstMessage": "By hand."})
    bad.edit("/assistant", "new", {"firstMessage": "By hand."})
    before = everything(bad)
    to = last_run(bad)
    refused = run(bad, "rollback", "--env", "dev", "--to", to, "--yes")
    assert refused.code == 4
    assert "Assistant/new" in refused.err
    assert everything(bad) == before
    assert run(bad, "rollback", "--env", "dev", "--to", to, "--yes", "--on-conflict", "overwrite").code == 0
    assert sorted(everything(bad)) == ["assistant:a", "assistant:gone"]


def test_what_several_exports_begin_with_is_named(bad: World) -> None:
    run_ = last_run(bad)
    done = run(bad, "rollback", "--env", "dev", "--to", run_[:8], "--yes")
    assert done.code == 1
    assert "could be 2 exports of dev" in done.err
    assert run_ in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--to", "x"), "rollback needs --env"),
        (("--env", "dev"), "Missing option '--to'"),
        (("--env", "dev", "--to", "20"), "too short"),
        (("--env", "dev", "--to", "abc", "--yes"), "too short"),
        (("--env", "dev", "--to", "not-there", "--yes"), "no run 'not-there'"),
        (("--env", "nowhere", "--to", "not-there", "--yes"), "there is no environment 'nowhere'"),
    ],
)
def test_what_is_wrong_is_one_clear_error(bad: World, arguments: tuple[str, ...], says: str) -> None:
    done = run(bad, "rollback", *arguments, typed="yes\n")
    assert done.code == 1
    assert says in done.err
