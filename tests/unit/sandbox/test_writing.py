from __future__ import annotations

from typing import Any

import pytest

from callsheet.sandbox.clock import milliseconds
from unit.sandbox.client import ASSISTANT, FUNCTION, MODEL, NOWHERE, OUTPUT, Api, Clock

TOOLS: dict[str, dict[str, Any]] = {
    "apiRequest": {"method": "GET", "url": "https://x.example"},
    "bash": {"subType": "bash_20241022", "name": "bash"},
    "code": {"code": "return 1", "function": {"name": "f"}},
    "computer": {
        "subType": "computer_20241022",
        "name": "computer",
        "displayWidthPx": 1,
        "displayHeightPx": 1,
    },
    "dtmf": {},
    "endCall": {},
    "function": {"function": {"name": "f"}},
    "transferCall": {"destinations": [{"type": "number", "number": "+14155550100"}]},
    "handoff": {},
    "textEditor": {"subType": "text_editor_20241022", "name": "str_replace_editor"},
    "query": {},
    "sms": {},
    "mcp": {},
    "sipRequest": {"verb": "INFO"},
    "voicemail": {},
    "slack.message.send": {},
    "google.calendar.event.create": {},
    "google.calendar.availability.check": {},
    "google.sheets.row.append": {},
    "gohighlevel.calendar.availability.check": {},
    "gohighlevel.calendar.event.create": {},
    "gohighlevel.contact.create": {},
    "gohighlevel.contact.get": {},
}


def test_create_answers_201_with_the_whole_object(api: Api) -> None:
    answer = api("POST", "/assistant", ASSISTANT)
    assert answer.status == 201
    body = answer.body
    assert ASSISTANT["model"] == body["model"]
    assert body["createdAt"] == body["updatedAt"]
    assert body["latestVersion"] == "v1"
    assert api.get(f"/assistant/{body['id']}") == body


def test_schema_defaults_appear_without_being_sent(api: Api) -> None:
    made = api.make("/assistant", ASSISTANT | {"stopSpeakingPlan": {"numWords": 1}})
    assert made["firstMessageInterruptionsEnabled"] is False
    assert made["voice"]["cachingEnabled"] is True
    assert "stop" in made["stopSpeakingPlan"]["interruptionPhrases"]
    assert api.make("/tool", FUNCTION)["function"]["strict"] is False
    assert api.make("/structured-output", OUTPUT)["type"] == "ai"


def test_lists_of_words_and_texts_that_the_document_calls_objects_are_taken(api: Api) -> None:
    backoff = {
        "server": {
            "url": "https://x.example",
            "backoffPlan": {"type": "fixed", "maxRetries": 1, "baseDelaySeconds": 1},
        }
    }
    made = api.make("/assistant", ASSISTANT | {"clientMessages": ["transcript", "hang"]} | backoff)
    assert made["clientMessages"] == ["transcript", "hang"]
    assert made["server"]["backoffPlan"]["type"] == "fixed"
    destination = {"type": "number", "number": "+14155550100", "transferPlan": {"mode": "blind-transfer"}}
    tool = api.make("/tool", {"type": "transferCall", "destinations": [destination]})
    assert tool["destinations"][0]["transferPlan"]["sipVerb"] == "refer"


def test_what_was_sent_wins_over_defaults(api: Api) -> None:
    made = api.make("/assistant", ASSISTANT | {"firstMessageInterruptionsEnabled": True})
    assert made["firstMessageInterruptionsEnabled"] is True
    assert (
        api.change(f"/assistant/{made['id']}", {"name": "Other"})["firstMessageInterruptionsEnabled"] is True
    )


@pytest.mark.parametrize("type_", TOOLS)
def test_every_tool_type_is_made_changed_and_deleted(api: Api, type_: str) -> None:
    made = api.make("/tool", {"type": type_} | TOOLS[type_])
    assert made["type"] == type_
    path = f"/tool/{made['id']}"
    messages = [{"type": "request-start", "content": "One moment."}]
    changed = api.change(path, {"messages": messages})
    assert changed["messages"] == [messages[0] | {"blocking": False}]
    assert api("DELETE", path).body == changed
    assert api("GET", path).status == 404


def test_a_tool_keeps_its_type(api: Api) -> None:
    made = api.make("/tool", FUNCTION)
    path = f"/tool/{made['id']}"
    assert api.change(path, {"type": "function"}) == made
    answer = api("PATCH", path, {"type": "sms"})
    assert answer.status == 400
    assert answer.body["message"] == ["type must be one of the following values: function"]


@pytest.mark.parametrize("key", ["id", "orgId", "createdAt", "updatedAt", "latestVersion", "unheardOf"])
def test_read_only_and_unknown_properties_are_refused(api: Api, key: str) -> None:
    made = api.make("/assistant", ASSISTANT)
    answer = api("PATCH", f"/assistant/{made['id']}", {"name": "New", key: made.get(key, 1)})
    assert answer.status == 400
    assert answer.body == {
        "message": [f"property {key} should not exist"],
        "error": "Bad Request",
        "statusCode": 400,
    }
    assert api("POST", "/assistant", ASSISTANT | {key: "x"}).status == 400
    assert api.get(f"/assistant/{made['id']}") == made


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": MODEL | {"temperature": 3}}, "model.temperature must not be greater than 2"),
        ({"model": MODEL | {"bogus": 1}}, "model.property bogus should not exist"),
        ({"model": {"provider": "openai"}}, "model.model must be one of the following values"),
        ({"model": {"model": "gpt-4.1"}}, "model.provider must be one of the following values: "),
        ({"voice": {"provider": "nobody"}}, "voice.provider must be one of the following values: "),
        ({"model": "gpt-4.1"}, "model must be an object"),
        ({"name": 7}, "name must be a string"),
        ({"name": "x" * 41}, "name must be shorter than or equal to 40 characters"),
        ({"firstMessageInterruptionsEnabled": "no"}, "must be a boolean value"),
        ({"maxDurationSeconds": 1}, "maxDurationSeconds must not be less than 10"),
        ({"maxDurationSeconds": True}, "must be a number"),
        (
            {"stopSpeakingPlan": {"voiceSeconds": 0.6}},
            "stopSpeakingPlan.voiceSeconds must not be greater than 0.5",
        ),
        (
            {"clientMessages": ["nonsense"]},
            "each value in clientMessages must be one of the following values",
        ),
        ({"model": MODEL | {"messages": "hi"}}, "model.messages must be an array"),
        (
            {"model": MODEL | {"tools": [{"type": "endCall", "x": 1}]}},
            "model.tools.0.property x should not exist",
        ),
        ({"server": {"timeoutSeconds": 0}}, "server.timeoutSeconds must not be less than 1"),
        ({"firstMessageMode": "sing"}, "firstMessageMode must be one of the following values: "),
    ],
)
def test_what_vapi_would_refuse_is_refused(api: Api, change: dict[str, Any], message: str) -> None:
    answer = api("POST", "/assistant", ASSISTANT | change)
    assert answer.status == 400
    assert any(message in text for text in answer.body["message"]), answer.body
    assert api.get("/assistant") == []


def test_all_errors_come_at_once(api: Api) -> None:
    answer = api("POST", "/eval/simulation/scenario", {"evaluations": [{"value": 1}], "x": 1})
    assert {text.partition(" ")[0] for text in answer.body["message"]} == {
        "property",
        "name",
        "instructions",
        "evaluations.0.comparator",
    }


def test_patch_replaces_top_level_values_as_wholes(api: Api) -> None:
    made = api.make("/assistant", ASSISTANT | {"firstMessage": "Hello"})
    changed = api.change(f"/assistant/{made['id']}", {"model": {"provider": "openai", "model": "gpt-4.1"}})
    assert changed["model"] == {"provider": "openai", "model": "gpt-4.1"}
    assert changed["firstMessage"] == "Hello"
    assert changed["voice"] == made["voice"]


def test_null_clears_at_the_top_level(api: Api) -> None:
    made = api.make("/assistant", ASSISTANT | {"firstMessage": "Hello", "endCallMessage": "Bye"})
    changed = api.change(
        f"/assistant/{made['id']}",
        {"firstMessage": None, "endCallMessage": None, "firstMessageInterruptionsEnabled": None},
    )
    assert "firstMessage" not in changed
    assert changed["endCallMessage"] is None, "gitops round-trips this null"
    assert changed["firstMessageInterruptionsEnabled"] is False
    output = api.make("/structured-output", OUTPUT | {"conditions": []})
    path = f"/structured-output/{output['id']}?schemaOverride=false"
    assert api.change(path, {"conditions": None})["conditions"] is None
    assert api.change(path, {"description": None}).keys() >= {"name"}


def test_ids_that_must_be_uuids(api: Api) -> None:
    answer = api("POST", "/eval/simulation", {"scenarioId": "returns", "personalityId": NOWHERE})
    assert (answer.status, answer.body["message"]) == (400, ["scenarioId must be a UUID"])


def test_a_required_property_cannot_be_null(api: Api) -> None:
    squad = api.make("/squad", {"members": []})
    answer = api("PATCH", f"/squad/{squad['id']}", {"members": None})
    assert (answer.status, answer.body["message"]) == (400, ["members must be an array"])


def test_a_squad_update_needs_its_members(api: Api) -> None:
    squad = api.make("/squad", {"name": "S", "members": []})
    answer = api("PATCH", f"/squad/{squad['id']}", {"name": "T"})
    assert (answer.status, answer.body["message"]) == (400, ["members must be an array"])


def test_known_silent_drops(api: Api) -> None:
    member = {
        "assistantId": NOWHERE,
        "assistantOverrides": {"voicemailDetection": None, "firstMessage": "Hi"},
    }
    squad = api.make("/squad", {"members": [member]})
    assert squad["members"][0]["assistantOverrides"] == {
        "firstMessage": "Hi",
        "firstMessageInterruptionsEnabled": False,
    }
    hook = {"on": "call.ending", "do": [{"type": "tool", "toolId": NOWHERE}]}
    made = api.make(
        "/assistant",
        ASSISTANT
        | {
            "hooks": [{"on": "full.moon", "do": []}, hook],
            "transcriber": {"provider": "deepgram", "languageHint": "de"},
        },
    )
    assert [entry["on"] for entry in made["hooks"]] == ["call.ending"]
    assert "languageHint" not in made["transcriber"]


def test_versions_and_times_move_on_change_only(api: Api, clock: Clock) -> None:
    made = api.make("/assistant", ASSISTANT)
    path = f"/assistant/{made['id']}"
    clock.now += 60
    assert api.change(path, {"name": "Orders", "model": MODEL}) == made
    changed = api.change(path, {"name": "Orders 2"})
    assert changed["latestVersion"] == "v2"
    assert changed["createdAt"] == made["createdAt"]
    assert milliseconds(changed["updatedAt"]) == milliseconds(made["createdAt"]) + 60_000
    listed = api.get(f"{path}/versions")
    assert [entry["version"] for entry in listed["results"]] == ["v2", "v1"]
    hashes = {entry["configHash"] for entry in listed["results"]}
    assert len(hashes) == 2
    assert listed["results"][0]["createdBy"] is None
    assert api.get(f"{path}/versions/v1")["name"] == "Orders"
    assert api("GET", f"{path}/versions/v3").status == 404
    again = api.change(path, {"name": "Orders"})
    assert api.get(f"{path}/versions/{again['latestVersion']}")["configHash"] in hashes


def test_created_at_orders_creation_even_while_the_clock_stands(api: Api) -> None:
    made = [api.make("/tool", FUNCTION) for _ in range(5)]
    times = [tool["createdAt"] for tool in made]
    assert times == sorted(set(times))
    assert [tool["id"] for tool in api.get("/tool")] == [tool["id"] for tool in reversed(made)]


def test_structured_outputs_ask_for_schema_override(api: Api) -> None:
    made = api.make("/structured-output", OUTPUT)
    path = f"/structured-output/{made['id']}"
    assert api("PATCH", path, {"name": "Other"}).body["message"] == [
        "schemaOverride must be a boolean string"
    ]
    assert api.change(f"{path}?schemaOverride=false", {"name": "Other"})["name"] == "Other"
    other = {"schema": {"type": "string"}}
    assert api("PATCH", f"{path}?schemaOverride=false", other).status == 400
    assert api.change(f"{path}?schemaOverride=true", other)["schema"] == {"type": "string"}


def test_rewrites(api: Api) -> None:
    one, two = (api.make("/tool", FUNCTION)["id"] for _ in range(2))
    made = api.make(
        "/assistant",
        {
            "model": MODEL | {"toolIds": [one, two], "toolRefs": [{"toolId": one, "version": "v1"}]},
            "voice": {
                "provider": "11labs",
                "voiceId": "burt",
                "pronunciationDictionaryLocators": [{"pronunciationDictionaryId": "p", "versionId": "v"}],
            },
        },
    )
    assert made["model"]["toolIds"] == [two]
    assert made["voice"]["enableSsmlParsing"] is True


def test_tool_ids_in_overrides_must_be_uuids(api: Api) -> None:
    overrides = {"model": MODEL | {"toolIds": ["jira"]}}
    answer = api("POST", "/squad", {"members": [{"assistantId": NOWHERE, "assistantOverrides": overrides}]})
    assert answer.status == 400
    assert "must be a UUID" in answer.body["message"][0]
    assert api("POST", "/squad", {"members": [], "membersOverrides": overrides}).status == 400


@pytest.mark.parametrize("number", range(1, 8))
def test_stock_personalities_are_seen_and_never_changed(api: Api, number: int) -> None:
    path = f"/eval/simulation/personality/a0000000-0000-4000-8000-{number:012d}"
    assert api.get(path)["orgId"] is None
    assert api("DELETE", path).status == 404
    assert api("PATCH", path, {"name": "Mine"}).status == 404
    assert len(api.get("/eval/simulation/personality")) == 7
