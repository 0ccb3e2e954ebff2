"""The writer against servers that say back what they were sent."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson
import pytest

from callsheet.model.errors import ProviderError
from callsheet.model.resource import RemoteObject
from callsheet.providers.base import Unfinished
from callsheet.providers.registry import connect
from contract.providers.samples import CONTENT, contents
from support.clock import FakeClock
from unit.providers.hostile import answer, hostile


class Echo:
    """Refuses what it is sent and repeats it, or answers as told."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.seen: list[tuple[str, str, bytes, dict[str, str]]] = []

    def __call__(self, environ: Any, start_response: Any) -> Any:
        body = environ["wsgi.input"].read()
        headers = {key: value for key, value in environ.items() if key.startswith("HTTP_")}
        self.seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], body, headers))
        status, answer = self.answers.pop(0) if self.answers else (400, {"message": body.decode()})
        start_response(f"{status} x", [("content-type", "application/json")])
        return [orjson.dumps(answer)]


def writer(app: Any, **more: Any) -> Any:
    provider = connect(
        "vapi", base_url="sandbox:x", api_key="k3y-of-it", wsgi_app=app, clock=FakeClock(), **more
    )
    return provider.writer()


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("Assistant", {"name": "a", "server": {"url": "u", "headers": {"X-Any": "v4lue-one"}}}),
        (
            "Assistant",
            {"model": {"tools": [{"type": "code", "environmentVariables": [{"value": "v4lue-one"}]}]}},
        ),
        ("Tool", {"type": "apiRequest", "headers": {"properties": {"X": {"value": "v4lue-one"}}}}),
        ("Tool", {"type": "apiRequest", "parameters": [{"key": "a", "value": {"deep": ["v4lue-one"]}}]}),
        ("PhoneNumber", {"provider": "twilio", "twilioAuthToken": "v4lue-one"}),
        ("SimulationSuite", {"name": "a", "slackWebhookUrl": "https://hooks.example/v4lue-one"}),
        (
            "Squad",
            {"members": [{"assistant": {"credentials": [{"provider": "openai", "apiKey": "v4lue-one"}]}}]},
        ),
    ],
)
@pytest.mark.parametrize("update", [False, True])
def test_secrets_in_a_body_are_in_no_error(kind: str, payload: dict[str, Any], update: bool) -> None:
    made, live = writer(Echo()), RemoteObject(kind, "i", {"id": "i"})
    act = partial(made.update, kind, live, payload, ()) if update else partial(made.create, kind, payload)
    with pytest.raises(ProviderError) as raised:
        act(key="k", **({} if update else {"content": contents}))
    text = str([each.to_json() for each in raised.value.diagnostics])
    assert "v4lue" not in text
    assert "[redacted]" in text


def test_secrets_that_the_engine_knows_are_in_no_error() -> None:
    made = writer(Echo(), secrets=lambda: ["v4lue-in-a-prompt"])
    with pytest.raises(ProviderError) as raised:
        made.create("Assistant", {"firstMessage": "v4lue-in-a-prompt"}, key="k", content=contents)
    assert "v4lue" not in str(raised.value)


def test_an_update_sends_no_more_than_it_must() -> None:
    app = Echo((200, {"id": "i"}))
    live = RemoteObject("Assistant", "i", {"id": "i", "orgId": "o", "name": "a", "firstMessage": "b"})
    set_ = {"name": "c", "id": "i", "orgId": "o", "createdAt": "x", "latestVersion": "v", "isDeleted": False}
    writer(app).update("Assistant", live, set_, [("firstMessage",)], key="key-1")
    ((method, path, body, headers),) = app.seen
    assert (method, path) == ("PATCH", "/assistant/i")
    assert orjson.loads(body) == {"name": "c", "firstMessage": None}
    assert "HTTP_IDEMPOTENCY_KEY" not in headers


@pytest.mark.parametrize(
    ("kind", "live", "set_", "sent"),
    [
        ("Tool", {"type": "function"}, {"async": True}, {"type": "function", "async": True}),
        ("PhoneNumber", {"provider": "vapi"}, {"name": "n"}, {"provider": "vapi", "name": "n"}),
        (
            "Squad",
            {"members": [{"assistantId": "a"}]},
            {"name": "n"},
            {"name": "n", "members": [{"assistantId": "a"}]},
        ),
        ("StructuredOutput", {"type": "ai"}, {"type": "ai", "name": "n"}, {"name": "n"}),
        ("Eval", {}, {"type": "chat.mockConversation", "name": "n"}, {"name": "n"}),
        ("File", {}, {"name": "n", "metadata": {"callsheet": {}}}, {"name": "n"}),
        ("PronunciationDictionary", {"provider": "11labs"}, {"rules": [], "name": "n"}, {"rules": []}),
    ],
)
def test_what_an_update_of_each_kind_holds(
    kind: str, live: dict[str, Any], set_: dict[str, Any], sent: dict[str, Any]
) -> None:
    app = Echo((200, {"id": "i"}))
    writer(app).update(kind, RemoteObject(kind, "i", {"id": "i", **live}), set_, (), key="k")
    assert orjson.loads(app.seen[0][2]) == sent


def test_an_update_of_nothing_that_can_be_updated_sends_nothing() -> None:
    app = Echo()
    live = RemoteObject("File", "i", {"id": "i"})
    assert writer(app).update("File", live, {"metadata": {"callsheet": {}}}, (), key="k") is live
    assert app.seen == []


def test_a_dictionary_goes_to_its_vendor() -> None:
    app = Echo((201, {"pronunciationDictionaryId": "p", "versionId": "v"}))
    payload = {"name": "n", "provider": "11labs", "rules": []}
    made = writer(app).create("PronunciationDictionary", payload, key="k", content=contents)
    assert app.seen[0][1] == "/provider/11labs/pronunciation-dictionary"
    assert orjson.loads(app.seen[0][2]) == {"name": "n", "rules": []}
    assert (made.id, made.name, made.payload["provider"]) == ("p", "n", "11labs")


def test_a_file_without_content_is_one_error() -> None:
    with pytest.raises(ProviderError, match="without its content"):
        writer(Echo()).create("File", {"name": "n"}, key="k", content=contents)


def test_an_upload_carries_purpose_and_label() -> None:
    app = Echo((201, {"id": "f", "name": "n"}))
    label = {"callsheet": {"env": "dev"}}
    payload = {"name": "n.md", "purpose": "assistant", "metadata": label, "content": CONTENT}
    writer(app).create("File", payload, key="k", content=contents)
    body = app.seen[0][2]
    assert b'name="purpose"\r\n\r\nassistant' in body
    assert b'{"callsheet":{"env":"dev"}}' in body
    assert b'filename="n.md"' in body


def test_ids_in_addresses_are_one_segment() -> None:
    with hostile(answer(200, b'{"id": "x"}')) as server:
        provider = connect("vapi", base_url=server.url, api_key="k", clock=FakeClock())
        live = RemoteObject("Assistant", "a/../../squad/b?c", {"id": "x"})
        provider.writer().delete("Assistant", live, key="k")
        provider.read("Assistant", "a/b")
        provider.close()
        assert server.requests() == [
            "DELETE /assistant/a%2F..%2F..%2Fsquad%2Fb%3Fc HTTP/1.1",
            "GET /assistant/a%2Fb HTTP/1.1",
        ]


def base(status: str, tool: str | None = "t") -> dict[str, Any]:
    return {
        "id": "b",
        "name": "faq",
        "toolId": tool,
        "files": [{"fileId": "f", "fileName": "a.md", "status": status}],
    }


def test_indexing_that_takes_too_long_is_given_up_and_says_so() -> None:
    app = Echo((200, base("indexing")), *[(200, base("indexing"))] * 200)
    live = RemoteObject("KnowledgeBase", "b", {"id": "b", "fileIds": ["f"]})
    with pytest.raises(Unfinished) as raised:
        writer(app).update("KnowledgeBase", live, {"fileIds": ["f"]}, (), key="k")
    (finding,) = raised.value.diagnostics
    assert finding.code == "provider.indexing-slow"
    assert "a.md" in finding.summary
    assert raised.value.reached.payload["fileIds"] == ["f"]
    assert 20 < len(app.seen) < 60


def test_the_search_tool_is_waited_for() -> None:
    app = Echo((200, base("ready", None)), (200, base("ready", None)), (200, base("ready", "t")))
    live = RemoteObject("KnowledgeBase", "b", {"id": "b", "fileIds": ["f"]})
    after = writer(app).update("KnowledgeBase", live, {"fileIds": ["f"]}, (), key="k")
    assert after.payload["toolId"] == "t"
