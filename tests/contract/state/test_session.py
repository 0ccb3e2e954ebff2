"""A project whose environment names a store: plan and apply through it, from one machine and then another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from callsheet.model.errors import Refused, SecretError
from support.stores import BUCKET, GIT, Moto, bare, git
from support.world import World


def in_a_clone(world: World, remote: Path) -> None:
    """Make the project's folder a clone, as a checkout on another machine is one."""
    git(world.root, "init", "--quiet", "--initial-branch=main")
    git(world.root, "remote", "add", "origin", f"file://{remote}")


def section(name: str, request: pytest.FixtureRequest, world: World, tmp_path: Path) -> Mapping[str, Any]:
    if name == "git":
        in_a_clone(world, bare(tmp_path / "server"))
        world.variables.update(GIT)
        return {"backend": "git"}
    if name == "s3":
        moto: Moto = request.getfixturevalue("moto")
        return {
            "backend": "s3",
            "bucket": BUCKET,
            "prefix": tmp_path.name,
            "region": "us-east-1",
            "endpointUrl": moto.url,
        }
    world.variables["DATABASE_URL"] = request.getfixturevalue("dsn")
    return {"backend": "postgres", "dsn": "secrets://env/DATABASE_URL", "schema": tmp_path.name}


@pytest.mark.parametrize("name", ["git", "s3", "postgres"])
def test_another_machine_finds_what_the_first_applied(
    name: str, request: pytest.FixtureRequest, world: World, tmp_path: Path
) -> None:
    state = section(name, request, world, tmp_path)
    world.environment("state: {" + ", ".join(f"{key}: {value}" for key, value in state.items()) + "}")
    # A runner has nothing to fear from a store that outlives it.
    world.variables["CI"] = "true"
    world.assistant("a")
    world.assistant("b")
    world.apply()
    there = world.root
    assert not (there / ".callsheet" / "state").exists()

    world.root = there.with_name("other-machine")
    world.root.mkdir()
    if name == "git":
        in_a_clone(world, tmp_path / "server" / "remote.git")
    for path in ("environments.yaml", "assistants/a.yaml", "assistants/b.yaml"):
        world.file(path, (there / path).read_bytes())
    before = world.writes()
    world.apply()
    assert world.writes() == before
    world.assistant("a", "Be brief.")
    world.apply()
    assert world.writes() == before + 1


def test_a_runner_reads_without_state_and_may_not_write_it_to_its_disk(world: World) -> None:
    world.environment(baseUrl="https://api.vapi.ai")
    world.variables["CI"] = "true"
    with world.session() as session:
        assert session.ledger.load().lineage is None
        with pytest.raises(Refused) as caught:
            _ = session.lock
        told = caught.value.diagnostics[0]
        assert told.code == "state.ephemeral"
        assert "environments.yaml" in str(told.place)
    assert not (world.root / ".callsheet").exists()


def test_a_connection_string_that_is_not_there_says_so(world: World) -> None:
    world.environment("state: {backend: postgres, dsn: secrets://env/DATABASE_URL}")
    with world.session() as session, pytest.raises(SecretError, match="DATABASE_URL"):
        session.ledger.load()
