"""`callsheet state migrate`: asks, moves, and says what to write into environments.yaml."""

from __future__ import annotations

import io
import json

import pytest

from callsheet.cli.main import run
from callsheet.cli.screen import Screen
from support.world import World

TO = "{backend: file, path: .callsheet/elsewhere}"


def call(world: World, *arguments: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = run([*arguments, "-C", str(world.root)], Screen(io.StringIO(), out, err, world.variables))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def applied(world: World) -> World:
    world.assistant("a")
    assert call(world, "apply", "--yes")[0] == 0
    return world


def test_it_moves_and_says_what_to_write(applied: World) -> None:
    code, out, _ = call(applied, "state", "migrate", "--to", TO, "--yes")
    assert code == 0
    assert "1 resources at serial" in out
    assert f"environments:\n  dev:\n    state: {TO}\n" in out
    assert out.splitlines()[-1].endswith(f"is in file store {applied.root}/.callsheet/elsewhere.")

    code, _, err = call(applied, "plan")
    assert code == 1
    assert "was moved to file store" in err
    assert "`state:` of dev in environments.yaml" in err
    assert call(applied, "state", "list")[0] == 1
    for verb in (["list"], ["verify", "--all"], ["show", "20261120"]):
        code, _, err = call(applied, "export", *verb)
        assert code == 1
        assert "was moved to file store" in err

    applied.environment(f"state: {TO}")
    assert call(applied, "runs", "verify")[0] == 0
    assert call(applied, "export", "list")[0] == 0
    latest, first = json.loads(call(applied, "runs", "list", "-o", "json")[1])["runs"]
    assert (latest["verb"], first["verb"]) == ("state migrate", "apply")
    assert ".callsheet/elsewhere" in call(applied, "runs", "show", latest["run"])[1]
    before = applied.writes()
    assert call(applied, "plan", "--detailed-exitcode")[0] == 0
    applied.assistant("a", "Be brief.")
    assert call(applied, "apply", "--yes")[0] == 0
    assert applied.writes() == before + 1


def test_json_tells_the_same(applied: World) -> None:
    code, out, _ = call(applied, "state", "migrate", "--to", TO, "--yes", "-o", "json")
    assert code == 0
    told = json.loads(out)
    assert (told["format"], told["section"]) == ("callsheet.state-migrate/1", TO)
    assert (told["resources"], told["movedBefore"]) == (1, None)
    assert told["blobs"] > 0
    code, out, _ = call(applied, "state", "migrate", "--to", TO, "--yes", "-o", "json")
    assert code == 0
    assert json.loads(out)["movedBefore"]
    code, out, _ = call(applied, "state", "migrate", "--to", TO, "--yes", "-q")
    assert (code, len(out.splitlines())) == (0, 1)


def test_nothing_moves_without_a_word(applied: World) -> None:
    code, _, err = call(applied, "state", "migrate", "--to", TO)
    assert code == 1
    assert "needs a confirmation" in err
    assert not (applied.root / ".callsheet" / "elsewhere").exists()
    assert call(applied, "state", "list")[0] == 0


def test_where_nothing_is_nothing_moves(world: World) -> None:
    code, _, err = call(world, "state", "migrate", "--to", TO, "--yes")
    assert code == 1
    assert "nothing to move" in err
    assert f"state: {TO}" in err
