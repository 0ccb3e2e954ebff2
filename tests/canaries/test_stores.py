"""Every store: what lies in it after an estate's life, its own credentials, and its failures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from canaries import haystack
from canaries.canary import secret
from canaries.haystack import Hay
from canaries.planting import desk, meddle
from canaries.stage import Stage
from e2e.command import hurry
from support import stores
from support.stores import BUCKET, GIT
from support.world import World

PREFIX = "canaries"


@dataclass
class Ground:
    """A stage on a store. `state` is the store's section; `broken` are sections that lead nowhere good."""

    stage: Stage
    state: str
    hay: Callable[[], Hay]
    broken: tuple[str, ...] = ()


@pytest.fixture(params=["file", "git", "s3", "postgres"])
def ground(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ground]:
    hurry(monkeypatch)
    folder = tmp_path
    if request.param == "git":
        remote = stores.bare(tmp_path / "far")
        folder = stores.clone(remote, tmp_path / "checkout")
        address = f"https://bot:{secret('password of a remote')}@git.example/acme.git"
        stores.git(folder, "remote", "set-url", "origin", address)
        stores.git(folder, "config", f"url.file://{remote}.insteadOf", address)
        stores.git(folder, "remote", "add", "nowhere", address.replace("git.example", "127.0.0.1:1"))
    world = World(folder)
    try:
        stage = Stage.set(world)
        yield _grounds[request.param](stage, request, monkeypatch)
    finally:
        world.close()


def _file(stage: Stage, *_: object) -> Ground:
    return Ground(stage, "{backend: file}", lambda: haystack.files(stage.world.root / ".callsheet"))


def _git(stage: Stage, *_: object) -> Ground:
    stage.world.variables |= GIT
    checkout = stage.world.root.parent
    stage.planted = (*stage.planted, checkout / ".git" / "config")
    remote = checkout.parent / "far" / "remote.git"
    hay = lambda: (each for folder in (remote, checkout) for each in haystack.repository(folder))  # noqa: E731
    return Ground(
        stage, "{backend: git}", hay, ("{backend: git, remote: nowhere}", "{backend: git, remote: no}")
    )


def _s3(stage: Stage, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ground:
    moto = request.getfixturevalue("moto")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret("AWS secret"))
    monkeypatch.setenv("AWS_SESSION_TOKEN", secret("AWS session"))
    where = f"backend: s3, region: us-east-1, endpointUrl: '{moto.url}', bucket: "
    address = f"http://u:{secret('AWS secret')}@127.0.0.1:1"
    nowhere = f"backend: s3, region: us-east-1, bucket: b, endpointUrl: '{address}'"
    stage.planted = (*stage.planted, stage.world.root / "environments.yaml")
    broken = (f"{{{where}none}}", f"{{{nowhere}}}")
    return Ground(
        stage, f"{{{where}{BUCKET}, prefix: {PREFIX}}}", lambda: haystack.bucket(moto, PREFIX), broken
    )


def _postgres(stage: Stage, request: pytest.FixtureRequest, _: object) -> Ground:
    dsn = request.getfixturevalue("dsn")
    password = secret("database password")
    stage.world.variables |= {
        "DSN": dsn.replace("postgres:@", f"postgres:{quote(password)}@"),
        "NO_URL": f"postgresql//u:{password}@127.0.0.1/x",
        "NO_HOST": f"postgresql://u:pa@{password}@127.0.0.1:1/x",
        "NO_ROLE": dsn.replace("postgres:@", f"nobody:{password}@"),
        "NO_SERVER": f"host=127.0.0.1 port=1 password='{password}'",
        "NO_SETTING": f"postgresql://u:{password}@127.0.0.1:1/x?sslmode={password}",
    }
    assert password in stage.world.variables["DSN"]
    broken = tuple(
        f"{{backend: postgres, dsn: 'secrets://env/{name}'}}"
        for name in stage.world.variables
        if name.startswith("NO_")
    )
    state = f"{{backend: postgres, dsn: 'secrets://env/DSN', schema: {PREFIX}}}"
    return Ground(stage, state, lambda: haystack.database(dsn, PREFIX), broken)


_grounds = {"file": _file, "git": _git, "s3": _s3, "postgres": _postgres}


def test_a_life_on_every_store(ground: Ground) -> None:
    stage, world = ground.stage, ground.stage.world
    run = stage.run
    run("apply", "--yes")
    moved = run("state", "migrate", "--to", ground.state, "--yes", code=None)
    assert (moved.code == 0) is (ground.state != "{backend: file}"), moved
    stage.store(ground.state)
    meddle(world)
    world.assistant("desk", "Be brief.", **desk(firstMessage="Bye."))
    run("apply", "--yes", "-o", "json", "--on-conflict", "overwrite")
    run("drift", "--fail-on", "any", code=2)
    run("export", "-o", "json")
    run("doctor", "-o", "json", code=None)
    run("state", "mv", "Assistant/plain", "Assistant/renamed", "--yes")
    pulled = run("state", "pull").out
    run("state", "rm", "Assistant/renamed", "--yes")
    (world.root / "pulled.json").write_text(pulled)
    run("state", "push", str(world.root / "pulled.json"), "--yes", "--force")
    runs = json.loads(run("runs", "list", "-o", "json").out)["runs"]
    run("runs", "show", runs[0]["run"], "--requests")
    run("runs", "verify")
    applied = next(each["run"] for each in runs if each["export"])
    run("rollback", "-e", "dev", "--to", applied, "--yes", "--on-conflict", "overwrite", code=None)
    for state in ground.broken:
        stage.store(state)
        for verb in (("state", "list"), ("doctor",), ("apply", "--yes", "-o", "json")):
            run(*verb, code=None if verb[0] == "doctor" else 1)
    stage.search(ground.hay())
