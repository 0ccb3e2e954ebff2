from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callsheet.sandbox.app import Sandbox, create_app
from callsheet.sandbox.faults import Effect, Fault
from callsheet.sandbox.server import serve
from callsheet.sandbox.store import Store
from unit.sandbox.client import NOWHERE, Api, Clock


def upload(api: Api, name: str = "faq.md", data: bytes = b"# FAQ") -> dict[str, Any]:
    answer = api.upload(name, data, purpose="knowledge-base-v2")
    assert answer.status == 201, answer.body
    body: dict[str, Any] = answer.body
    return body


def test_a_file_is_uploaded_read_renamed_and_deleted(api: Api) -> None:
    answer = api.upload("faq.md", b"# FAQ\r\n", purpose="knowledge-base-v2", metadata='{"team": "orders"}')
    assert answer.status == 201
    made = answer.body
    assert (made["name"], made["bytes"], made["status"]) == ("faq.md", 7, "done")
    assert (made["purpose"], made["metadata"]) == ("knowledge-base-v2", {"team": "orders"})
    assert api("GET", made["url"].removeprefix(api.server.url)).raw == b"# FAQ\r\n"
    assert api.get("/file") == [made]
    assert api.change(f"/file/{made['id']}", {"name": "questions.md"})["name"] == "questions.md"
    answer = api("PATCH", f"/file/{made['id']}", {"purpose": "assistant"})
    assert answer.body["message"] == ["property purpose should not exist"]
    assert api("DELETE", f"/file/{made['id']}").status == 200
    assert api("GET", made["url"].removeprefix(api.server.url)).status == 404
    assert api.get("/file") == []


def test_files_are_listed_by_purpose(api: Api) -> None:
    one = api.upload("a", b"a", purpose="assistant").body["id"]
    two = api.upload("b", b"b").body["id"]
    three = api.upload("c", b"c", purpose="composer-attachment").body["id"]
    assert [file["id"] for file in api.get("/file")] == [two, one]
    assert [file["id"] for file in api.get("/file?purpose=assistant")] == [one]
    assert [file["id"] for file in api.get("/file?purpose=composer-attachment")] == [three]
    assert api("GET", "/file?purpose=decoration").status == 400


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"purpose": "decoration"}, "purpose must be one of the following values"),
        ({"metadata": "[]"}, "metadata must be a JSON object"),
        (
            {"metadata": '{"a":"' + "x" * 4096 + '"}'},
            "metadata must be shorter than or equal to 4096 characters",
        ),
        ({"colour": "red"}, "property colour should not exist"),
    ],
)
def test_wrong_uploads(api: Api, fields: dict[str, str], message: str) -> None:
    answer = api.upload("a", b"a", **fields)
    assert answer.status == 400
    assert answer.body["message"][0].startswith(message)


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data", "multipart/form-data; boundary=x"]
)
def test_an_upload_without_a_file_is_400(api: Api, kind: str) -> None:
    answer = api("POST", "/file", b"nothing of the kind", {"Content-Type": kind})
    assert answer.status == 400


def test_an_uploaded_page_is_only_ever_downloaded(api: Api) -> None:
    made = upload(api, "page.html", b"<script>alert(1)</script>")
    answer = api("GET", made["url"].removeprefix(api.server.url))
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_knowledge_base_brings_its_search_tool(api: Api) -> None:
    made = api.make("/v2/knowledge-base", {"name": "Product FAQs!", "description": None})
    assert made["description"] is None
    assert "toolId" not in made, "only a read of the one object names it"
    read = api.get(f"/v2/knowledge-base/{made['id']}")
    assert read["files"] == []
    tool = api.get(f"/tool/{read['toolId']}")
    assert (tool["type"], tool["knowledgeBaseId"]) == ("knowledgeBase", made["id"])
    assert tool["function"]["name"] == "search_Product_FAQs"
    assert api.get("/v2/knowledge-base?limit=5") == [made]
    assert api("GET", "/v2/knowledge-base?createdAtLe=2026-01-01").status == 400
    assert api("DELETE", f"/tool/{tool['id']}").status == 400
    assert api("PATCH", f"/tool/{tool['id']}", {"messages": []}).status == 400
    assert (
        api.change(f"/v2/knowledge-base/{made['id']}", {"description": "All of it"})["description"]
        == "All of it"
    )
    assert api.get(f"/v2/knowledge-base/{made['id']}")["toolId"] == tool["id"]
    assert api("DELETE", f"/v2/knowledge-base/{made['id']}").status == 200
    assert api("GET", f"/tool/{tool['id']}").status == 404
    for path in ("toolId", "files", "orgId"):
        assert api("POST", "/v2/knowledge-base", {"name": "x", path: []}).status == 400


def statuses(api: Api, base: str) -> list[str]:
    return [file["status"] for file in api.get(f"/v2/knowledge-base/{base}/file")]


def test_attached_files_are_indexed_after_a_read(api: Api) -> None:
    base, file = api.make("/v2/knowledge-base", {"name": "K"})["id"], upload(api)
    path = f"/v2/knowledge-base/{base}/file"
    attached = api.make(path, {"fileId": file["id"]})
    assert (attached["status"], attached["fileId"], attached["fileName"]) == (
        "indexing",
        file["id"],
        "faq.md",
    )
    assert statuses(api, base) == ["indexing"]
    assert statuses(api, base) == ["ready"]
    assert [entry["status"] for entry in api.get(f"/v2/knowledge-base/{base}")["files"]] == ["ready"]
    assert api("POST", path, {"fileId": file["id"]}).status == 409
    assert api("POST", path, {"fileId": NOWHERE}).status == 404
    assert api("POST", path, {}).body["message"] == ["fileId must be a string"]
    assert api("POST", f"{path}/{file['id']}/retry").status == 400
    assert api("DELETE", f"{path}/{file['id']}").body["id"] == attached["id"]
    assert api("DELETE", f"{path}/{file['id']}").status == 404
    assert api.get(path) == []


def test_indexing_can_take_its_time_by_the_clock(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path / "s.db")
    with serve(create_app(store, organisation="dev", clock=clock, indexing_seconds=30)) as server:
        api = Api(server)
        base = api.make("/v2/knowledge-base", {"name": "K"})["id"]
        api.make(f"/v2/knowledge-base/{base}/file", {"fileId": upload(api)["id"]})
        assert [statuses(api, base) for _ in range(5)] == [["indexing"]] * 5
        clock.now += 31
        assert statuses(api, base) == ["ready"]
        api.connection.close()
    store.close()


def test_a_failed_file_can_be_tried_again(api: Api, app: Sandbox) -> None:
    app.faults.add(Fault(Effect.FAIL_INDEXING, "POST", "/v2/knowledge-base/*"))
    base, file = api.make("/v2/knowledge-base", {"name": "K"})["id"], upload(api)["id"]
    path = f"/v2/knowledge-base/{base}/file"
    api.make(path, {"fileId": file})
    assert [statuses(api, base) for _ in range(2)] == [["indexing"], ["failed"]]
    answer = api("POST", f"{path}/{file}/retry")
    assert (answer.status, answer.body["status"]) == (201, "indexing")
    assert [statuses(api, base) for _ in range(2)] == [["indexing"], ["ready"]]


def test_an_empty_file_never_gets_ready(api: Api) -> None:
    base = api.make("/v2/knowledge-base", {"name": "K"})["id"]
    api.make(f"/v2/knowledge-base/{base}/file", {"fileId": upload(api, data=b"")["id"]})
    assert [statuses(api, base) for _ in range(3)] == [["indexing"], ["failed"], ["failed"]]


def test_a_deleted_file_leaves_its_knowledge_bases(api: Api) -> None:
    base, file = api.make("/v2/knowledge-base", {"name": "K"})["id"], upload(api)["id"]
    api.make(f"/v2/knowledge-base/{base}/file", {"fileId": file})
    assert api("DELETE", f"/file/{file}").status == 200
    assert api.get(f"/v2/knowledge-base/{base}")["files"] == []
