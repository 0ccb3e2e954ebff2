from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.sandbox.app import create_app
from callsheet.sandbox.server import Server, serve
from callsheet.sandbox.store import Store
from unit.sandbox.client import ASSISTANT, NOWHERE, Api


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer   ", "Basic abc", "token"])
def test_no_key_is_401(api: Api, header: str | None) -> None:
    api.key = None
    answer = api("GET", "/assistant", headers={} if header is None else {"Authorization": header})
    assert answer.status == 401
    assert answer.body["statusCode"] == 401
    assert answer.body["error"] == "Unauthorized"


def test_every_key_opens_the_named_organisation(api: Api, server: Server) -> None:
    made = api.make("/assistant", ASSISTANT)
    other = Api(server, key="key-two")
    assert other.get(f"/assistant/{made['id']}") == made
    other.connection.close()


def test_without_a_named_organisation_each_key_is_its_own(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.db")
    with serve(create_app(store)) as server:
        one, two = Api(server, key="one"), Api(server, key="two")
        made = one.make("/assistant", ASSISTANT)
        assert two("GET", f"/assistant/{made['id']}").status == 404
        assert two.get("/assistant") == []
        assert two.make("/assistant", ASSISTANT)["orgId"] != made["orgId"]
        one.connection.close()
        two.connection.close()
    store.close()


def test_organisations_are_apart(store: Store) -> None:
    with (
        serve(create_app(store, organisation="dev")) as dev,
        serve(create_app(store, organisation="uat")) as uat,
    ):
        here, there = Api(dev), Api(uat)
        made = here.make("/assistant", ASSISTANT)
        assert there.get("/assistant") == []
        for method in ("GET", "PATCH", "DELETE"):
            assert there(method, f"/assistant/{made['id']}", {} if method == "PATCH" else None).status == 404
        here.connection.close()
        there.connection.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/assistant/{NOWHERE}"),
        ("PATCH", f"/assistant/{NOWHERE}"),
        ("DELETE", f"/tool/{NOWHERE}"),
        ("GET", f"/v2/knowledge-base/{NOWHERE}"),
        ("GET", f"/file/{NOWHERE}"),
        ("GET", f"/provider/11labs/pronunciation-dictionary/{NOWHERE}"),
        ("PUT", "/assistant"),
        ("GET", "/policy"),
        ("GET", "/provider/nobody/pronunciation-dictionary"),
    ],
)
def test_what_is_not_there_is_404(api: Api, method: str, path: str) -> None:
    answer = api(method, path, {} if method == "PATCH" else None)
    assert answer.status == 404
    assert set(answer.body) == {"statusCode", "message", "error"}
    assert answer.body["error"] == "Not Found"


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe", b"nul", b'{"a":' * 3000])
def test_a_body_that_is_no_object_is_400(api: Api, body: bytes) -> None:
    answer = api("POST", "/assistant", body, {"Content-Type": "application/json"})
    assert answer.status == 400
    assert answer.body["error"] == "Bad Request"
    assert api.get("/assistant") == []


def test_a_deeply_nested_body_is_400(api: Api) -> None:
    assistant: dict[str, object] = dict(ASSISTANT)
    for _ in range(100):
        assistant = {
            "hooks": [
                {
                    "on": "call.ending",
                    "do": [
                        {
                            "type": "tool",
                            "tool": {
                                "type": "handoff",
                                "destinations": [{"type": "assistant", "assistant": assistant}],
                            },
                        }
                    ],
                }
            ]
        }
    answer = api("POST", "/assistant", assistant)
    assert answer.status == 400
    assert all(text.endswith("is nested too deeply") for text in answer.body["message"])
