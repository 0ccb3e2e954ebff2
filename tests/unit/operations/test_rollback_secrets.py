"""Rollback and secrets: one that nobody has is told, none goes where it does not belong, none is erased."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from support.everything import everything
from support.world import World
from unit.operations.test_rollback import done, go_back, way_back


@pytest.fixture(autouse=True)
def variables(world: World) -> None:
    world.variables |= {name: f"the-token-of-{name.lower()}" for name in ("ONE", "TWO", "THREE")}


def codes(world: World, run: str) -> list[str]:
    """What the plan of the way back tells beforehand; that it could not compare is told of any plan."""
    told = [each.code for each in way_back(world, run).plan.diagnostics]
    return [code for code in told if code != "plan.secret-not-compared"]


def plain(world: World, **headers: str) -> None:
    native = {"function": {"name": "t"}, "server": {"url": "https://a.example", "headers": headers}}
    world.document("Tool", "t", {"type": "function", "native": native})


def calling(world: World, **tools: str) -> None:
    """An assistant with inline tools, each with a server and a secret of its own."""
    inline = [
        {
            "type": "function",
            "function": {"name": name},
            "server": {"url": f"https://{name}.example", "headers": {"X-Token": f"secrets://env/{token}"}},
        }
        for name, token in tools.items()
    ]
    world.assistant("a", native={"model": {"tools": inline}})


def tokens(world: World) -> dict[str, Any]:
    tools = world.live("/assistant", "a")["model"]["tools"]
    return {each["function"]["name"]: each["server"]["headers"].get("X-Token") for each in tools}


def serving(world: World, url: str, secret: str | None = None, **spec: Any) -> None:
    server = {"url": url, "secret": f"secrets://env/{secret}"} if secret else {"url": url}
    world.assistant("a", native={"server": server}, **spec)


def keyed(world: World, *names: str, **spec: Any) -> None:
    keys = [{"provider": "openai", "apiKey": f"secrets://env/{name}"} for name in names]
    world.assistant("a", native={"credentials": keys}, **spec)


def held(world: World) -> dict[str, str]:
    """The secrets that the server never shows, by their path; what they are, told by their digest."""
    values = [*world.variables.values(), "rotated-since", "set-by-hand"]
    known = {hashlib.sha256(json.dumps(value).encode()).hexdigest(): value for value in values}
    return {path: known[digest] for path, digest in world.hidden("/assistant", "a").items()}


def test_what_the_files_said_openly_comes_back_where_a_secret_could_stand(world: World) -> None:
    plain(world, Kind="returns", Other="yes")
    world.assistant("a")
    done(world.apply())
    before = everything(world)
    plain(world, Kind="orders")
    run = done(world.apply())
    assert codes(world, run) == []
    done(go_back(world, run))
    assert everything(world) == before
    world.remove("tools/t.yaml")
    run = done(world.apply())
    assert codes(world, run) == ["rollback.new-id"]
    done(go_back(world, run))
    assert everything(world) == before


def test_a_message_beside_one_that_holds_a_secret_comes_back(world: World) -> None:
    def write(second: str) -> None:
        messages = [
            {"role": "system", "content": "Use ${secrets://env/ONE}."},
            {"role": "user", "content": second},
        ]
        model = {"provider": "openai", "model": "gpt-4.1", "messages": messages}
        world.document("Assistant", "a", {"native": {"model": model}})

    write("before")
    done(world.apply())
    before = everything(world)
    write("after")
    run = done(world.apply())
    assert codes(world, run) == []
    done(go_back(world, run))
    assert everything(world) == before


def test_a_secret_is_found_by_its_value_where_a_list_has_another_order(world: World) -> None:
    calling(world, first="ONE", second="TWO")
    done(world.apply())
    model = world.live("/assistant", "a")["model"]
    world.edit("/assistant", "a", {"model": model | {"tools": model["tools"][::-1]}})
    before = everything(world)
    calling(world, third="THREE")
    run = done(world.apply(on_conflict="overwrite"))
    assert codes(world, run) == []
    done(go_back(world, run))
    assert everything(world) == before


def test_no_tool_gets_the_secret_of_another(world: World) -> None:
    calling(world, first="ONE", second="TWO")
    done(world.apply())
    calling(world, third="THREE", second="THREE")
    run = done(world.apply())
    del world.variables["ONE"], world.variables["TWO"]
    assert codes(world, run) == ["rollback.secret-not-restorable"] * 2
    done(go_back(world, run))
    # The tool that is there still keeps what it has; the one that is not has nothing to keep.
    assert tokens(world) == {"first": None, "second": "the-token-of-three"}


def test_what_is_never_shown_is_told_where_it_is_another_today(world: World) -> None:
    serving(world, "https://a.example", "ONE")
    done(world.apply())
    serving(world, "https://b.example", "TWO")
    run = done(world.apply())
    assert codes(world, run) == []
    world.variables["ONE"] = "rotated-since"
    assert codes(world, run) == ["rollback.secret-of-today"]
    done(go_back(world, run))
    assert held(world) == {"server.secret": "rotated-since"}


def test_what_is_never_shown_and_nobody_has_is_not_erased_and_stops_nothing(world: World) -> None:
    serving(world, "https://a.example", "ONE", firstMessage="before")
    done(world.apply())
    serving(world, "https://b.example", "TWO", firstMessage="after")
    run = done(world.apply())
    del world.variables["ONE"]
    assert codes(world, run) == ["rollback.left-as-it-is"]
    done(go_back(world, run))
    live = world.live("/assistant", "a")
    assert (live["firstMessage"], live["server"]["url"]) == ("before", "https://b.example")
    assert held(world) == {"server.secret": "the-token-of-two"}
    # What did not go back is still to do for the files of then.
    serving(world, "https://a.example", "ONE", firstMessage="before")
    world.variables["ONE"] = "the-token-of-one"
    [change] = world.plan().plan.changes
    assert {line.path for line in change.attributes} == {("server", "url"), ("server", "secret")}


def test_a_hidden_secret_that_somebody_set_by_hand_stops_nothing(world: World) -> None:
    serving(world, "https://a.example", firstMessage="before")
    done(world.apply())
    serving(world, "https://b.example", firstMessage="after")
    run = done(world.apply())
    world.edit("/assistant", "a", {"server": {"url": "https://b.example", "secret": "set-by-hand"}})
    assert codes(world, run) == ["rollback.left-as-it-is"]
    done(go_back(world, run))
    live = world.live("/assistant", "a")
    assert (live["firstMessage"], live["server"]["url"]) == ("before", "https://b.example")
    assert held(world) == {"server.secret": "set-by-hand"}


def test_keys_that_are_never_shown_come_back_with_their_list(world: World) -> None:
    keyed(world, "ONE")
    world.assistant("b")
    done(world.apply())
    keyed(world, "ONE", "TWO")
    run = done(world.apply())
    done(go_back(world, run))
    assert held(world) == {"credentials.0.apiKey": "the-token-of-one"}
    assert way_back(world, run).plan.empty
    keyed(world, "ONE")
    world.remove("assistants/a.yaml")
    run = done(world.apply())
    done(go_back(world, run))
    assert held(world) == {"credentials.0.apiKey": "the-token-of-one"}


def test_keys_that_nobody_has_leave_their_list_alone(world: World) -> None:
    keyed(world, "ONE", firstMessage="before")
    done(world.apply())
    keyed(world, "ONE", "TWO", firstMessage="after")
    run = done(world.apply())
    del world.variables["ONE"]
    assert codes(world, run) == ["rollback.left-as-it-is"]
    done(go_back(world, run))
    world.variables["ONE"] = "the-token-of-one"
    assert held(world) == {
        f"credentials.{at}.apiKey": f"the-token-of-{n}" for at, n in ((0, "one"), (1, "two"))
    }
    assert world.live("/assistant", "a")["firstMessage"] == "before"


# A secret that stays, and the address that it is sent to


def served(world: World, url: str, **headers: str) -> None:
    """A tool with a description beside its server, so that something is left to go back."""
    server: dict[str, Any] = {"url": url, "timeoutSeconds": 20 if "a." in url else 30}
    if headers:
        server["headers"] = {
            name.replace("_", "-"): f"secrets://env/{token}" for name, token in headers.items()
        }
    function = {"name": "t", "description": url}
    world.document("Tool", "t", {"type": "function", "native": {"function": function, "server": server}})


def test_a_secret_that_stays_keeps_its_address_and_what_is_sent_with_it(world: World) -> None:
    served(world, "https://a.example", X_One="ONE", X_Two="TWO")
    done(world.apply())
    served(world, "https://b.example", X_One="THREE", X_Two="THREE")
    run = done(world.apply())
    # One of the two could be restored, and was set for the old address: it does not go to the new one.
    del world.variables["ONE"]
    assert codes(world, run) == ["rollback.secret-not-restorable", "rollback.left-as-it-is"]
    done(go_back(world, run))
    live = world.live("/tool", "t")
    assert live["server"]["url"] == "https://b.example"
    assert live["server"]["headers"] == {"X-One": "the-token-of-three", "X-Two": "the-token-of-three"}
    # Everything else went back.
    assert live["server"]["timeoutSeconds"] == 20
    assert live["function"]["description"] == "https://a.example"
    # What did not is still to do for the files of then.
    world.variables["ONE"] = "the-token-of-one"
    served(world, "https://a.example", X_One="ONE", X_Two="TWO")
    [change] = world.plan().plan.changes
    assert {line.path for line in change.attributes} == {
        ("server", "url"),
        ("server", "headers", "X-One"),
        ("server", "headers", "X-Two"),
    }


def test_a_secret_that_somebody_set_since_is_not_sent_to_the_old_address(world: World) -> None:
    served(world, "https://a.example")
    done(world.apply())
    served(world, "https://b.example")
    run = done(world.apply())
    server = world.live("/tool", "t")["server"]
    world.edit("/tool", "t", {"server": {**server, "headers": {"X-Own": "set-by-hand"}}})
    assert codes(world, run) == ["rollback.left-as-it-is"]
    done(go_back(world, run))
    live = world.live("/tool", "t")["server"]
    assert (live["url"], live["headers"]) == ("https://b.example", {"X-Own": "set-by-hand"})
    assert live["timeoutSeconds"] == 20


def test_a_secret_in_a_list_keeps_its_address_too(world: World) -> None:
    def write(url: str, token: str) -> None:
        tool = {
            "type": "function",
            "function": {"name": "look-up", "description": url},
            "server": {"url": url, "headers": {"X-Token": f"secrets://env/{token}"}},
        }
        world.assistant("a", native={"model": {"tools": [tool]}})

    write("https://a.example", "ONE")
    done(world.apply())
    write("https://b.example", "TWO")
    run = done(world.apply())
    del world.variables["ONE"]
    assert codes(world, run) == ["rollback.secret-not-restorable", "rollback.left-as-it-is"]
    done(go_back(world, run))
    [tool] = world.live("/assistant", "a")["model"]["tools"]
    assert tool["server"] == {"url": "https://b.example", "headers": {"X-Token": "the-token-of-two"}}
    assert tool["function"]["description"] == "https://a.example"
    world.variables["ONE"] = "the-token-of-one"
    write("https://a.example", "ONE")
    assert not world.plan().plan.empty


def test_what_was_left_out_is_still_to_do_for_the_files_of_then(world: World) -> None:
    served(world, "https://a.example", X_One="ONE")
    world.assistant("a")
    done(world.apply())
    world.remove("tools/t.yaml")
    run = done(world.apply())
    del world.variables["ONE"]
    assert codes(world, run) == ["rollback.secret-not-restorable", "rollback.new-id"]
    done(go_back(world, run))
    assert not world.live("/tool", "t")["server"].get("headers")
    world.variables["ONE"] = "the-token-of-one"
    served(world, "https://a.example", X_One="ONE")
    done(world.apply())
    assert world.live("/tool", "t")["server"]["headers"] == {"X-One": "the-token-of-one"}


def test_what_is_never_shown_and_was_left_out_is_still_to_do(world: World) -> None:
    serving(world, "https://a.example", "ONE")
    world.assistant("b")
    done(world.apply())
    world.remove("assistants/a.yaml")
    run = done(world.apply())
    del world.variables["ONE"]
    assert codes(world, run) == ["rollback.secret-not-restorable", "rollback.new-id"]
    done(go_back(world, run))
    assert held(world) == {}
    world.variables["ONE"] = "the-token-of-one"
    serving(world, "https://a.example", "ONE")
    done(world.apply())
    assert held(world) == {"server.secret": "the-token-of-one"}
