"""Secrets that apply does not need, and estates that have no key of their own yet."""

from __future__ import annotations

from support.world import World


def _tool(world: World, seconds: int) -> None:
    world.document(
        "Tool",
        "orders",
        {
            "type": "http",
            "endpoint": "https://orders.example",
            "headers": {"X-Client": "acme"},
            "authRef": "secrets://env/ORDERS_TOKEN",
            "timeoutSeconds": seconds,
            "operations": [{"name": "getOrder", "method": "GET", "path": "/orders"}],
        },
    )


def test_a_secret_that_no_request_needs_may_be_out_of_reach(world: World) -> None:
    world.variables["ORDERS_TOKEN"] = "canary-of-the-orders"
    _tool(world, 10)
    world.apply()
    del world.variables["ORDERS_TOKEN"]
    _tool(world, 11)
    outcome = world.apply()
    assert outcome.exit_code == 0, outcome.to_json()
    assert world.live("/tool", "getOrder")["timeoutSeconds"] == 11
    assert world.plan().plan.changes == ()
    assert world.drift().exit_code("any") == 0
    # What was last sent is still known, so a rotation in between is noticed once the value is in reach.
    world.variables["ORDERS_TOKEN"] = "canary-of-the-orders"
    assert world.plan().plan.empty
    world.variables["ORDERS_TOKEN"] = "canary-rotated"
    [change] = world.plan().plan.changes
    assert {each.cause for each in change.attributes} == {"secret"}


def test_an_import_with_changes_beside_a_masked_value_needs_no_state(world: World) -> None:
    world.variables["ORDERS_TOKEN"] = "canary-of-the-orders"
    _tool(world, 10)
    world.apply()
    (world.root / ".callsheet/state").rename(world.root / ".callsheet/lost")
    _tool(world, 11)
    outcome = world.apply()
    assert outcome.exit_code == 0, outcome.to_json()
    assert world.live("/tool", "getOrder")["timeoutSeconds"] == 11
    assert world.plan().plan.changes == ()


def test_a_secret_that_turns_up_where_nobody_declared_it_is_kept_nowhere(world: World) -> None:
    world.variables["T"] = "canary-of-a-header"
    server = {"url": "https://x.example", "headers": {"X": "secrets://env/T"}}
    world.assistant("a", native={"server": server})
    world.assistant("b", firstMessage="hi")
    world.apply()
    # Somebody pastes the token into a prompt, and the provider's key into another.
    world.edit("/assistant", "a", {"firstMessage": "the token is canary-of-a-header"})
    world.edit("/assistant", "b", {"endCallMessage": "the key is canary-key"})
    world.assistant("b", firstMessage="ho")
    world.apply()
    assert b"canary" not in world.state_files()
