"""Plan and apply with secrets in Vault: read late, once, and planned again when they rotate."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from callsheet.model.errors import SecretError
from support.vault import Double
from support.vault.ground import Ground
from support.world import World

LOOSE = {
    "headers": {
        "a": "secrets://vault/kv/voice/jira#token",
        "b": "Basic ${secrets://vault/kv/voice/jira#user}",
    }
}


@pytest.fixture
def vault(world: World) -> Iterator[Ground]:
    with Double() as double:
        made = Ground(double.url, "root", double)
        made.kv(mount="kv")
        made.put("kv", "voice/jira", token="canary-one", user="canary-user")
        world.variables |= made.variables(**made.approle(made.reader("kv/*")))
        world.assistant("a", native={"server": {"url": "https://acme.example", **LOOSE}})
        double.requests.clear()
        yield made
        made.close()


def asked(vault: Ground) -> list[str]:
    """What the double was asked since the last time."""
    assert vault.double
    told = [f"{method} {path.partition('-')[0]}" for method, path, _ in vault.double.requests]
    vault.double.requests.clear()
    return told


def test_a_run_reads_each_path_once_and_leaves_no_token(world: World, vault: Ground) -> None:
    world.apply()
    read = ["POST auth/approle", "GET sys/internal/ui/mounts/kv/voice/jira", "GET kv/data/voice/jira"]
    # Once for the plan and apply together: they are one run here.
    assert asked(vault) == [*read, "POST auth/token/revoke"]
    sent = world.live("/assistant", "a")["server"]["headers"]
    assert sent == {"a": "canary-one", "b": "Basic canary-user"}
    assert world.plan().plan.empty
    assert b"canary-" not in world.state_files()
    assert vault.double
    assert list(vault.double.tokens) == ["root"]


def test_nothing_is_read_where_nothing_refers_to_it(world: World, vault: Ground) -> None:
    world.assistant("a")
    world.apply()
    assert asked(vault) == []


def test_a_rotated_secret_is_a_change(world: World, vault: Ground) -> None:
    world.apply()
    vault.put("kv", "voice/jira", token="canary-two", user="canary-user")
    [change] = world.plan().plan.changes
    assert [attribute.cause for attribute in change.attributes] == ["secret"]
    assert "canary" not in str(world.plan().plan.to_json())
    world.apply()
    assert world.live("/assistant", "a")["server"]["headers"]["a"] == "canary-two"
    assert world.plan().plan.empty


def test_a_version_without_a_new_value_is_none(world: World, vault: Ground) -> None:
    world.apply()
    vault.put("kv", "voice/jira", token="canary-one", user="canary-user", note="looked at")
    assert world.plan().plan.empty


@pytest.mark.parametrize("sealed", [True, False])
def test_a_plan_without_vault_says_so_and_asks_once(world: World, vault: Ground, sealed: bool) -> None:
    world.apply()
    world.assistant(
        "b", native={"server": {"url": "https://b", "headers": {"x": "secrets://vault/kv/other#x"}}}
    )
    asked(vault)
    assert vault.double
    if sealed:
        vault.double.sealed = True
    else:
        vault.double.statuses += [500]
    plan = world.plan().plan
    told = [each.summary for each in plan.diagnostics if each.code == "plan.secret-not-compared"]
    assert len(told) == 3
    assert [change.address for change in plan.changes] == ["Assistant/b"]
    assert asked(vault) == ["POST auth/approle"]


def test_an_apply_without_vault_writes_nothing_and_says_why_once(world: World, vault: Ground) -> None:
    assert vault.double
    vault.double.sealed = True
    with pytest.raises(SecretError) as caught:
        world.apply()
    [told] = caught.value.diagnostics
    assert told.summary == f"Vault at {vault.url} is sealed"
    assert world.writes() == 0
    assert asked(vault) == ["POST auth/approle"]


def test_the_providers_own_key_may_be_in_vault(world: World, vault: Ground) -> None:
    world.environment(apiKey="secrets://vault/kv/voice/jira#token")
    world.apply()
    assert asked(vault).count("GET kv/data/voice/jira") == 1
    assert b"canary-" not in world.state_files()
