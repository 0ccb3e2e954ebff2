"""The reader against servers of other opinions than the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from callsheet.model.errors import ProviderError
from callsheet.providers.base import Provider
from callsheet.providers.registry import connect
from support.clock import FakeClock

Answer = Callable[[str, str, str], tuple[int, Any]]


def provider(answer: Answer) -> Iterator[Provider]:
    def app(environ: Any, start_response: Any) -> Any:
        status, body = answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"])
        start_response(f"{status} x", [("content-type", "application/json")])
        return [orjson.dumps(body)]

    made = connect("vapi", base_url="sandbox:x", api_key="k", wsgi_app=app, clock=FakeClock())
    yield made
    made.close()


def test_files_are_listed_by_purpose_where_the_list_needs_one() -> None:
    asked: list[str] = []

    def answer(method: str, path: str, query: str) -> tuple[int, Any]:
        asked.append(query)
        if not query:
            return 400, {"message": ["purpose must be a string"]}
        shared = {"id": "both", "name": "b"}
        return 200, [shared, {"id": query, "name": "a"}]

    for made in provider(answer):
        found = [item.id for item in made.list_all("File")]
    assert asked == ["", "purpose=assistant", "purpose=knowledge-base-v2"]
    assert found == ["both", "purpose=assistant", "purpose=knowledge-base-v2"]


def test_another_refusal_of_the_files_is_an_error() -> None:
    for made in provider(lambda method, path, query: (403, {"message": "no"})):
        with pytest.raises(ProviderError, match="does not allow"):
            list(made.list_all("File"))


def test_a_knowledge_base_is_read_for_what_its_list_lacks() -> None:
    asked: list[str] = []

    def answer(method: str, path: str, query: str) -> tuple[int, Any]:
        asked.append(path)
        whole = {"id": "a", "name": "A", "toolId": "t", "files": [{"fileId": "f", "status": "ready"}]}
        if path.endswith("/gone"):
            return 404, {"message": "gone meanwhile"}
        if path.endswith("/a"):
            return 200, whole
        return 200, [{"id": "a", "name": "A"}, {"id": "gone", "name": "G"}, {**whole, "id": "b"}]

    for made in provider(answer):
        found = {item.id: item.payload["fileIds"] for item in made.list_all("KnowledgeBase")}
    assert found == {"a": ["f"], "b": ["f"]}
    assert asked == ["/v2/knowledge-base", "/v2/knowledge-base/a", "/v2/knowledge-base/gone"]


def test_dictionaries_come_flat_as_documented_or_wrapped() -> None:
    flat = {"pronunciationDictionaryId": "p1", "versionId": "v1", "name": "N", "rules": [], "createdAt": "x"}
    wrapped = {"id": "row", "resourceId": "p2", "resource": {"dictionaryName": "M", "versionId": "v2"}}

    def answer(method: str, path: str, query: str) -> tuple[int, Any]:
        if "11labs" in path:
            return 200, {**flat, "id": "p1"} if path.endswith("/p1") else {"results": [{**flat, "id": "p1"}]}
        return 200, {"results": [wrapped], "metadata": {"totalItems": 1, "itemsPerPage": 100}}

    for made in provider(answer):
        found = {item.id: item for item in made.list_all("PronunciationDictionary")}
    assert found["p1"].name == "N"
    assert found["p1"].payload["resourceId"] == "p1"
    assert found["row"].name == "M"
    assert found["row"].payload["resourceId"] == "p2"
    assert found["row"].payload["versionId"] == "v2"
    assert found["row"].payload["provider"] == "cartesia"


def test_the_label_of_an_object_is_read() -> None:
    label = {"address": "Assistant/a", "env": "dev"}
    items = [
        {"id": "1", "createdAt": "x", "metadata": {"callsheet": label}},
        {"id": "2", "createdAt": "x", "metadata": {"callsheet": "other"}},
        {"id": "3", "createdAt": "x", "metadata": {"callsheet": {"a": 1}}},
        {"id": "4", "createdAt": "x", "metadata": "text"},
        {"id": "5", "createdAt": "x"},
    ]
    for made in provider(lambda method, path, query: (200, items)):
        found = [item.label for item in made.list_all("Assistant")]
    assert found == [label, None, None, None, None]


def test_credentials_are_looked_up_by_name_twice_found_is_told() -> None:
    held = [{"id": "1", "name": "jira"}, {"id": "2", "name": "jira"}, {"id": "3"}]
    for made in provider(lambda method, path, query: (200, held)):
        assert [item.id for item in made.look_up("Credential", "jira")] == ["1", "2"]
        assert list(made.look_up("Credential", "zendesk")) == []


def test_a_kind_that_cannot_be_listed_is_one_error() -> None:
    for made in provider(lambda method, path, query: (200, [])):
        with pytest.raises(ProviderError, match="no Campaign"):
            list(made.list_all("Campaign"))


def test_ids_are_quoted() -> None:
    asked: list[str] = []

    def answer(method: str, path: str, query: str) -> tuple[int, Any]:
        asked.append(path)
        return 404, {"message": "no"}

    for made in provider(answer):
        assert made.read("Assistant", "../squad?x#y") is None
    assert asked == ["/assistant/../squad?x#y"], "one segment, decoded by the server"


def test_an_answer_without_an_id_is_one_error() -> None:
    for made in provider(lambda method, path, query: (200, {"name": "x"})):
        with pytest.raises(ProviderError, match="no id"):
            made.read("Assistant", "a")
