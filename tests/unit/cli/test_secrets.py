"""`callsheet secrets check`: every reference of an environment, with ok or why not, and never a value."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from support.vault import Double
from support.vault.ground import Ground
from support.world import World
from unit.cli.test_state import call


@pytest.fixture
def vault(world: World) -> Iterator[Ground]:
    with Double() as double:
        made = Ground(double.url, "root", double)
        made.kv(mount="kv")
        made.put("kv", "voice/jira", token="canary-token", user="canary-user")
        world.variables |= made.variables("root")
        world.environment("state: {backend: postgres, dsn: secrets://env/DSN}")
        world.variables["DSN"] = "canary-dsn"
        headers = {"a": "secrets://vault/kv/voice/jira#token", "b": "x ${secrets://vault/kv/voice/jira#user}"}
        for name in ("a", "b"):
            world.assistant(name, native={"server": {"url": "https://acme.example", "headers": headers}})
        yield made
        made.close()


def test_every_reference_is_proven_and_none_is_shown(world: World, vault: Ground) -> None:
    code, out, err = call(world, "secrets", "check", "--env", "dev", "-o", "json")
    told = json.loads(out)
    assert code == 0
    assert told["format"] == "callsheet.secrets/1"
    assert told["summary"] == {"references": 4, "unresolved": 0}
    by = {each["reference"]: [use["by"] for use in each["uses"]] for each in told["references"]}
    assert by == {
        "secrets://env/DSN": ["state.dsn"],
        "secrets://env/VAPI_KEY": ["provider.apiKey"],
        "secrets://vault/kv/voice/jira#token": ["Assistant/a", "Assistant/b"],
        "secrets://vault/kv/voice/jira#user": ["Assistant/a", "Assistant/b"],
    }
    assert told["references"][2]["uses"][0]["at"].startswith("specs/assistants/a.yaml:1:")
    _, lines, more = call(world, "secrets", "check")
    assert lines.splitlines()[-1] == "Secrets: All 4 references resolve in dev."
    assert "canary" not in out + err + lines + more
    assert vault.double
    assert vault.double.asked("data/voice/jira").count("GET kv/data/voice/jira") == 2  # one per run


def test_each_that_does_not_resolve_says_why(world: World, vault: Ground) -> None:
    vault.put("kv", "voice/jira", token="canary-token")
    del world.variables["DSN"]
    code, out, err = call(world, "secrets", "check", "-o", "json")
    told = json.loads(out)
    assert code == 1
    codes = {
        each["reference"]: each["problem"]["code"] for each in told["references"] if not each["resolves"]
    }
    assert codes == {
        "secrets://env/DSN": "secret.missing",
        "secrets://vault/kv/voice/jira#user": "secret.missing",
    }
    code, lines, more = call(world, "secrets", "check", "--quiet")
    assert code == 1
    assert lines.splitlines()[-1] == "Secrets: 2 of 4 references do not resolve in dev."
    assert "the environment variable DSN is not set" in lines
    assert "voice/jira#token" not in lines
    assert "canary" not in out + err + lines + more


def test_a_vault_that_is_sealed_is_one_reason(world: World, vault: Ground) -> None:
    assert vault.double
    vault.double.sealed = True
    asked = len(vault.double.requests)
    code, out, _ = call(world, "secrets", "check")
    assert code == 1
    assert out.count("unseal keys") == 1
    assert out.count("is sealed") == 2
    assert len(vault.double.requests) == asked + 1


def test_nothing_is_asked_of_the_provider_and_nothing_written(world: World, vault: Ground) -> None:
    with world.counted() as counts:
        call(world, "secrets", "check")
    assert counts == {}
    assert not (world.root / ".callsheet").exists()


def test_a_sandbox_needs_no_key_and_files_must_be_right(world: World) -> None:
    world.environment(baseUrl="sandbox:dev")
    code, out, _ = call(world, "secrets", "check")
    assert (code, out) == (0, "Secrets: dev refers to no secrets.\n")
    world.file("x.yaml", "kind: [")
    assert call(world, "secrets", "check")[0] == 1


def test_the_doctor_looks_at_the_same_references(world: World, vault: Ground) -> None:
    del world.variables["DSN"]
    _, out, _ = call(world, "doctor", "-o", "json")
    [found] = [each for each in json.loads(out)["checks"] if each["name"] == "secrets"]
    assert found["status"] == "fail"
    assert "DSN is not set" in found["found"]
