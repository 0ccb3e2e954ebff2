"""Every answer of the sandbox has the shape that Vapi's document gives it."""

from __future__ import annotations

from typing import Any

from unit.sandbox.client import ASSISTANT, FUNCTION, MODEL, NOWHERE, OUTPUT, Api
from unit.sandbox.openapi import document, judge, needs_document
from unit.sandbox.test_writing import TOOLS

pytestmark = needs_document
PLAN = {
    "artifactPlan": {"recordingEnabled": True},
    "stopSpeakingPlan": {},
    "firstMessage": "Hi",
    "metadata": {"a": 1},
}
BODIES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("/assistant", ASSISTANT | PLAN, {"name": "Other", "firstMessage": None}),
    ("/squad", {"members": [{"assistant": ASSISTANT}]}, {"members": [{"assistantId": NOWHERE}]}),
    ("/structured-output", OUTPUT, {"conditions": None}),
    (
        "/eval",
        {"messages": [{"role": "user", "content": "Hi"}], "type": "chat.mockConversation"},
        {"name": "E"},
    ),
    ("/eval/simulation", {"scenarioId": NOWHERE, "personalityId": NOWHERE}, {"path": "a/b"}),
    ("/eval/simulation/personality", {"name": "P", "assistant": {"model": MODEL}}, {"path": None}),
    (
        "/eval/simulation/scenario",
        {
            "name": "S",
            "instructions": "Call.",
            "evaluations": [{"structuredOutputId": NOWHERE, "comparator": "=", "value": True}],
        },
        {"toolMocks": [{"toolName": "f"}]},
    ),
    ("/eval/simulation/suite", {"name": "S", "simulationIds": [], "targetAssignments": []}, {"name": "T"}),
    ("/observability/scorecard", {"metrics": []}, {"name": "C"}),
    ("/phone-number", {"provider": "vapi"}, {"name": "N"}),
    (
        "/phone-number",
        {"provider": "twilio", "number": "+14155550100", "twilioAccountSid": "A"},
        {"name": "N"},
    ),
    ("/phone-number", {"provider": "byo-phone-number", "credentialId": "c"}, {"name": "N"}),
    ("/phone-number", {"provider": "vonage", "number": "+1", "credentialId": "c"}, {"name": "N"}),
    ("/phone-number", {"provider": "telnyx", "number": "+1", "credentialId": "c"}, {"name": "N"}),
    ("/v2/knowledge-base", {"name": "K"}, {"description": None}),
    *(("/tool", {"type": type_} | body, {}) for type_, body in TOOLS.items()),
]
DICTIONARY = "/provider/11labs/pronunciation-dictionary"


def approve(api: Api, method: str, template: str, path: str, body: Any = None) -> Any:
    answer = api(method, path, body)
    assert answer.status == (201 if method == "POST" else 200), answer.body
    validator = judge(method.lower(), template, str(answer.status))
    assert validator is not None, f"the document says nothing of {method} {template}"
    errors = [
        f"{list(error.instance_path)}: {error.message[:300]}" for error in validator.iter_errors(answer.body)
    ]
    assert errors == [], f"{method} {path}: {answer.raw[:2000]!r}"
    return answer.body


def test_the_life_of_every_resource(api: Api) -> None:
    for path, body, change in BODIES:
        made = approve(api, "POST", path, path, body)
        item, one = f"{path}/{{id}}", f"{path}/{made['id']}"
        query = "?schemaOverride=false" if path == "/structured-output" else ""
        approve(api, "GET", item, one)
        approve(api, "PATCH", item, one + query, change)
        approve(api, "GET", path, path)
        approve(api, "DELETE", item, one)


def test_the_rest(api: Api) -> None:
    file = api.upload("faq.md", b"text").body
    approve(api, "GET", "/file", "/file?purpose=knowledge-base-v2")
    approve(api, "GET", "/file/{id}", f"/file/{file['id']}")
    approve(api, "PATCH", "/file/{id}", f"/file/{file['id']}", {"name": "n"})
    api.make("/phone-number", {"provider": "vapi"})
    approve(api, "GET", "/v2/phone-number", "/v2/phone-number")
    base = api.make("/v2/knowledge-base", {"name": "K"})["id"]
    path = f"/v2/knowledge-base/{base}"
    approve(api, "POST", "/v2/knowledge-base/{id}/file", f"{path}/file", {"fileId": file["id"]})
    approve(api, "GET", "/v2/knowledge-base/{id}/file", f"{path}/file")
    approve(api, "GET", "/v2/knowledge-base/{id}", path)
    approve(api, "GET", "/tool", "/tool")
    approve(api, "DELETE", "/v2/knowledge-base/{id}/file/{fileId}", f"{path}/file/{file['id']}")
    approve(api, "DELETE", "/file/{id}", f"/file/{file['id']}")
    template = "/provider/{provider}/{resourceName}"
    made = approve(api, "POST", template, DICTIONARY, {"name": "d", "rules": []})
    approve(api, "GET", template, DICTIONARY)
    approve(api, "GET", f"{template}/{{id}}", f"{DICTIONARY}/{made['id']}")
    approve(api, "GET", "/eval/simulation/personality", "/eval/simulation/personality")


def test_a_pinned_object_is_refused_in_the_documents_words(api: Api) -> None:
    made = api.make("/assistant", ASSISTANT)
    api.make("/squad", {"members": [{"assistantId": made["id"], "assistantVersion": "v1"}]})
    answer = api("DELETE", f"/assistant/{made['id']}")
    validator = judge("delete", "/assistant/{id}", "409")
    assert validator.is_valid(answer.body)


def test_versions_have_the_documents_fields(api: Api) -> None:
    for name, path, body in (
        ("AssistantVersion", "/assistant", ASSISTANT),
        ("ToolVersion", "/tool", FUNCTION),
    ):
        made = api.make(path, body)
        version = api.get(f"{path}/{made['id']}/versions/v1")
        schema = document()["components"]["schemas"][name]
        assert set(schema["required"]) <= version.keys() <= schema["properties"].keys()
