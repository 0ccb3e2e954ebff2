"""A job's identity is all it needs: it buys the provider's key from Vault, and is what the audit says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from callsheet.providers.clock import SystemClock
from e2e.command import Called, call
from support.issuer import Issuer, issuer, rsa_key
from support.vault import Double
from support.vault.ground import Ground
from support.world import World


@pytest.fixture
def job(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Issuer, Double]]:
    """A job of GitHub's, without any key or token that somebody gave it."""
    for name in ("GITHUB_ACTOR", "VAPI_KEY"):
        monkeypatch.delenv(name, raising=False)
    world.clock = SystemClock()  # type: ignore[assignment]
    with issuer() as ci, Double() as double:
        ci.now = time.time
        ground = Ground(double.url, "root", double)
        ground.kv(mount="kv")
        ground.put("kv", "voice/vapi", key="canary-key")
        role = ground.jwt(
            ground.reader("kv/data/voice/*"), issuer=ci.url, audience="callsheet", key=rsa_key(),
            repository="acme/voice", environment="prod",
        )  # fmt: skip
        world.variables = {
            **ci.github,
            **ground.variables(**role, VAULT_AUTH_AUDIENCE="callsheet"),
            "HOME": str(world.root),
        }
        world.environment(
            f"protection: {json.dumps({'verified': True, 'oidc': [{'issuer': ci.url}]})}\n",
            apiKey="secrets://vault/kv/voice/vapi#key",
        )
        world.assistant("a")
        yield ci, double
        ground.close()


def run(world: World, *arguments: str) -> Called:
    return call(*arguments, "-C", str(world.root), variables=world.variables)


def test_apply_with_no_key_but_the_jobs_identity(world: World, job: tuple[Issuer, Double]) -> None:
    ci, double = job
    done = run(world, "apply", "--yes")
    assert done.code == 0, done.err
    assert world.live("/assistant", "a")
    name = f"{ci.url.removeprefix('http://')}:acme/voice@main by anna"
    listed = run(world, "runs", "list")
    assert f"  {name}  apply: 1 applied" in listed.out
    assert "unverified" not in listed.out
    [told] = json.loads(run(world, "runs", "list", "-o", "json").out)["runs"]
    shown = run(world, "runs", "show", told["run"]).out
    assert f"{name} (by {ci.url}, verified) on " in shown
    # Every token that was bought is given back, and none is kept.
    assert list(double.tokens) == ["root"]
    assert set(ci.audiences) == {"callsheet"}
    assert b"canary-key" not in world.state_files()
    assert "canary-key" not in done.out + done.err


def test_another_repository_gets_neither(world: World, job: tuple[Issuer, Double]) -> None:
    ci, _ = job
    ci.claims |= {"repository": "mallory/voice", "sub": "repo:mallory/voice:environment:prod"}
    done = run(world, "apply", "--yes")
    assert done.code == 1
    assert 'claim "repository" does not match' in done.err
    assert world.writes() == 0


def test_a_person_without_a_token_does_not_write(world: World, job: tuple[Issuer, Double]) -> None:
    ci, _ = job
    for name in ci.github:
        del world.variables[name]
    world.variables |= {"VAULT_TOKEN": "root", "USER": "mallory"}
    done = run(world, "apply", "--yes")
    assert done.code == 3
    assert "mallory (unverified) is known by a name alone" in done.err
    assert world.writes() == 0


def test_a_job_whose_token_was_given_to_it_buys_with_that(world: World, job: tuple[Issuer, Double]) -> None:
    ci, _ = job
    for name in ci.github:
        del world.variables[name]
    world.variables["CALLSHEET_ID_TOKEN"] = ci.token()
    done = run(world, "apply", "--yes")
    assert done.code == 0, done.err
    assert ci.asked("token") == 0
