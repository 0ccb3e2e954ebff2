from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from callsheet.sandbox.app import Sandbox, create_app
from callsheet.sandbox.faults import Effect, Fault, Faults
from callsheet.sandbox.server import Server, serve
from callsheet.sandbox.store import Store
from unit.sandbox.client import ASSISTANT, FUNCTION, Api, Clock

GONE = (ConnectionError, http.client.HTTPException)


def names(api: Api) -> list[str]:
    return [tool["function"]["name"] for tool in api.get("/tool")]


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def test_the_third_create_loses_its_answer_and_happened(api: Api, app: Sandbox) -> None:
    app.faults.add(Fault(Effect.LOSE_ANSWER, "POST", "/tool", nth=3))
    for name in ("one", "two"):
        api.make("/tool", tool(name))
    with pytest.raises(GONE):
        api("POST", "/tool", tool("three"))
    api.make("/tool", tool("four"))
    assert names(api) == ["four", "three", "two", "one"]
    assert [write.status for write in app.requests.writes] == [201, 201, None, 201]


def test_a_dropped_connection_did_nothing(api: Api, app: Sandbox) -> None:
    app.faults.add(Fault(Effect.DROP, "POST", "/tool", count=2))
    for _ in range(2):
        with pytest.raises(GONE):
            api("POST", "/tool", tool("one"))
    api.make("/tool", tool("two"))
    assert names(api) == ["two"]


@pytest.mark.parametrize(("effect", "happened"), [(Effect.ERROR, []), (Effect.ERROR_AFTER, ["one"])])
def test_errors_before_and_after_the_write(
    api: Api, app: Sandbox, effect: Effect, happened: list[str]
) -> None:
    app.faults.add(Fault(effect, "POST", "/tool", status=503, seconds=7))
    answer = api("POST", "/tool", tool("one"))
    assert answer.status == 503
    assert answer.body == {
        "message": "Service Unavailable",
        "error": "Service Unavailable",
        "statusCode": 503,
    }
    assert answer.headers["Retry-After"] == "7"
    assert names(api) == happened


def test_a_truncated_body(api: Api, app: Sandbox) -> None:
    api.make("/assistant", ASSISTANT)
    app.faults.add(Fault(Effect.TRUNCATE, "GET", "/assistant"))
    with pytest.raises(http.client.IncompleteRead):
        api("GET", "/assistant")
    assert len(api.get("/assistant")) == 1


def test_a_slow_body(store: Store) -> None:
    waited: list[float] = []
    seen = threading.Event()

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        assert seen.wait(20)

    app = create_app(store, organisation="dev", sleep=sleep)
    with serve(app) as server:
        api = Api(server)
        api.make("/assistant", ASSISTANT)
        app.faults.add(Fault(Effect.SLOW_BODY, "GET", "/assistant", seconds=7))
        api.connection.request("GET", "/assistant", headers={"Authorization": "Bearer key-one"})
        answer = api.connection.getresponse()
        first = answer.read1()
        seen.set()
        assert len(json.loads(first + answer.read())) == 1
        api.connection.close()
    assert waited == [7]


def test_html_instead_of_json(api: Api, app: Sandbox) -> None:
    app.faults.add(Fault(Effect.HTML, "POST", "/tool"))
    answer = api("POST", "/tool", tool("one"))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert names(api) == []


def test_the_rate_limit_says_when_to_come_back(api: Api, app: Sandbox, clock: Clock) -> None:
    app.faults.add(Fault(Effect.RATE_LIMIT, limit=2, seconds=10))
    assert [api("GET", "/tool").status for _ in range(3)] == [200, 200, 429]
    clock.now += 3.5
    answer = api("GET", "/tool")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert answer.body["message"] == "Rate limit exceeded"
    clock.now += 6.5
    assert [api("GET", "/tool").status for _ in range(3)] == [200, 200, 429]


def test_the_list_cap_holds_whatever_was_asked_for(api: Api, app: Sandbox) -> None:
    app.faults.add(Fault(Effect.LIST_CAP, limit=3))
    for number in range(5):
        api.make("/tool", tool(f"t{number}"))
        api.make("/structured-output", {"name": f"o{number}", "schema": {"type": "string"}})
    assert [len(api.get(f"/tool{query}")) for query in ("", "?limit=1000", "?limit=2")] == [3, 3, 2]
    assert len(api.get("/structured-output?limit=100")["results"]) == 3


def test_ignored_clears(api: Api, app: Sandbox) -> None:
    app.faults.add(Fault(Effect.IGNORE_CLEAR, fields=("firstMessage",)))
    made = api.make("/assistant", ASSISTANT | {"firstMessage": "Hi", "voicemailMessage": "Beep"})
    changed = api.change(f"/assistant/{made['id']}", {"firstMessage": None, "voicemailMessage": None})
    assert (changed["firstMessage"], changed["voicemailMessage"]) == ("Hi", None)
    assert api.change(f"/assistant/{made['id']}", {"firstMessage": "Ho"})["firstMessage"] == "Ho"


def test_a_read_only_key_reads(api: Api, app: Sandbox, server: Server) -> None:
    made = api.make("/tool", FUNCTION)
    app.faults.add(Fault(Effect.READ_ONLY, key="viewer"))
    viewer = Api(server, key="viewer")
    path = f"/tool/{made['id']}"
    assert viewer.get(path) == made
    assert [viewer(*request).status for request in (("POST", "/tool", FUNCTION), ("DELETE", path))] == [
        403,
        403,
    ]
    assert viewer("PATCH", path, {"async": True}).status == 403
    assert api.change(path, {"async": True})["async"] is True
    assert "viewer" not in repr(app.faults.switches)
    assert "viewer" not in str(viewer.get("/__sandbox__/faults"))
    viewer.connection.close()


def test_a_newer_server_shows_new_defaults(api: Api, app: Sandbox) -> None:
    made = api.make("/assistant", ASSISTANT)
    app.faults.add(Fault(Effect.DEFAULTS, kind="assistant", values={"maxDurationSeconds": 600, "name": "no"}))
    shown = api.get(f"/assistant/{made['id']}")
    assert (shown["maxDurationSeconds"], shown["name"]) == (600, "Orders")
    assert shown["updatedAt"] == made["updatedAt"]
    assert api.get("/assistant") == [shown]


def test_latency_waits_before_anything_else(tmp_path: Path) -> None:
    waited: list[float] = []
    store = Store(tmp_path / "s.db")
    faults = Faults(
        [Fault(Effect.LATENCY, "GET", seconds=0.2), Fault(Effect.LATENCY, "*", "/tool", seconds=1)]
    )
    with serve(create_app(store, organisation="dev", faults=faults, sleep=waited.append)) as server:
        api = Api(server)
        api.get("/tool")
        api.make("/assistant", ASSISTANT)
        api.connection.close()
    store.close()
    assert waited == [0.2, 1]


def test_requests_without_a_key_meet_no_switch(api: Api, app: Sandbox) -> None:
    app.faults.add(Fault(Effect.ERROR))
    api.key = None
    assert api("GET", "/tool").status == 401
    api.key = "key-one"
    assert api("GET", "/tool").status == 500
    assert api("GET", "/tool").status == 200


@pytest.fixture
def inside(app: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(
        transport=httpx.WSGITransport(app=app),
        base_url="http://sandbox",
        headers={"Authorization": "Bearer k"},
    ) as client:
        yield client


@pytest.mark.parametrize("effect", [Effect.DROP, Effect.LOSE_ANSWER, Effect.TRUNCATE])
def test_in_the_same_process_the_exception_says_it(
    inside: httpx.Client, app: Sandbox, effect: Effect
) -> None:
    app.faults.add(Fault(effect, "POST"))
    with pytest.raises(ConnectionAbortedError):
        inside.post("/tool", json=FUNCTION)
    assert len(inside.get("/tool").json()) == (0 if effect is Effect.DROP else 1)


def test_switches_are_set_at_run_time(api: Api) -> None:
    answer = api("POST", "/__sandbox__/faults", {"effect": "error", "path": "/tool", "status": 502})
    assert answer.status == 201
    assert answer.body == {"faults": [{"effect": "error", "path": "/tool", "status": 502}]}
    assert api("GET", "/tool").status == 502
    assert (
        len(api("POST", "/__sandbox__/faults", ["drop GET /squad", "list-cap limit=2"]).body["faults"]) == 3
    )
    with pytest.raises(GONE):
        api("GET", "/squad")
    replaced = api("PUT", "/__sandbox__/faults", {"faults": ["read-only"]})
    assert (replaced.status, replaced.body) == (200, {"faults": [{"effect": "read-only"}]})
    assert api("POST", "/tool", FUNCTION).status == 403
    assert api("DELETE", "/__sandbox__/faults").body == {"faults": []}
    assert api("POST", "/tool", FUNCTION).status == 201


def test_control_needs_no_key_and_refuses_web_pages(api: Api) -> None:
    api.key = None
    assert api("GET", "/__sandbox__/requests").status == 200
    assert api("GET", "/__sandbox__/requests", headers={"Origin": "https://evil.example"}).status == 403
    assert api("PATCH", "/__sandbox__/requests").status == 405
    assert api("GET", "/__sandbox__/anything").status == 404
    assert api("POST", "/__sandbox__/faults", b"{").status == 400


def test_requests_are_counted_by_method_and_path(api: Api) -> None:
    made = api.make("/assistant", ASSISTANT)
    for _ in range(2):
        api.get(f"/assistant/{made['id']}")
    api.get("/assistant?limit=3")
    api.get("/provider/11labs/pronunciation-dictionary")
    api("DELETE", f"/assistant/{made['id']}")
    found = api.get("/__sandbox__/requests")
    assert found["counts"] == {
        "DELETE /assistant/{id}": 1,
        "GET /assistant": 1,
        "GET /assistant/{id}": 2,
        "GET /provider/11labs/pronunciation-dictionary": 1,
        "POST /assistant": 1,
    }
    assert found["total"] == 6
    assert found["writes"] == [
        {"method": "POST", "path": "/assistant", "status": 201},
        {"method": "DELETE", "path": f"/assistant/{made['id']}", "status": 200},
    ]
    assert api("DELETE", "/__sandbox__/requests").body == {"total": 0, "counts": {}, "writes": []}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("lose-answer POST /tool nth=3", Fault(Effect.LOSE_ANSWER, "POST", "/tool", nth=3)),
        ("latency seconds=0.2", Fault(Effect.LATENCY, seconds=0.2)),
        (
            "ignore-clear PATCH fields=voice,name",
            Fault(Effect.IGNORE_CLEAR, "PATCH", fields=("voice", "name")),
        ),
        ("error count=2 forever=true", Fault(Effect.ERROR, count=2, forever=True)),
        ("error status=502 path=/tool*", Fault(Effect.ERROR, path="/tool*", status=502)),
    ],
)
def test_switches_are_read_from_text(text: str, fault: Fault) -> None:
    assert Fault.parse(text) == fault
    assert Fault.from_json(json.loads(json.dumps(fault.to_json()))) == fault


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "explode",
        "drop GET /tool more",
        "drop nth=0",
        "drop nth=x",
        "latency seconds=-1",
        "latency seconds=inf",
        "error status=99",
        "ignore-clear",
        "defaults",
        "list-cap limit=0",
        "drop colour=red",
        7,
        {},
        {"effect": "drop", "nth": "1"},
        {"effect": "drop", "nth": True},
        {"effect": "ignore-clear", "fields": [1]},
    ],
)
def test_switches_that_make_no_sense(api: Api, raw: object) -> None:
    answer = api("POST", "/__sandbox__/faults", [raw])
    assert answer.status == 400
    assert answer.body["message"][0].startswith("faults.0: ")
    assert api.get("/__sandbox__/faults") == {"faults": []}
