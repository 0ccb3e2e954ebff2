"""The request patterns of Vapi's own gitops tool (VapiAI/gitops, June to October 2026), in its order."""

from __future__ import annotations

from urllib.parse import quote

from unit.sandbox.client import ASSISTANT, FUNCTION, NOWHERE, OUTPUT, Api, Clock

ENDPOINTS = (
    "/tool",
    "/structured-output",
    "/assistant",
    "/squad",
    "/eval/simulation/personality",
    "/eval/simulation/scenario",
    "/eval/simulation",
    "/eval/simulation/suite",
    "/eval",
)
STRIPPED = (
    "id",
    "orgId",
    "createdAt",
    "updatedAt",
    "analyticsMetadata",
    "isDeleted",
    "isServerUrlSecretSet",
    "workflowIds",
    "latestVersion",
)


def test_pull_lists_everything_with_and_without_a_cursor(api: Api, clock: Clock) -> None:
    cursor = quote("2026-06-01T00:00:00.000Z")
    for path in ENDPOINTS:
        for query in ("", "?limit=100", f"?limit=100&createdAtLe={cursor}"):
            body = api.get(path + query)
            assert isinstance(body["results"] if isinstance(body, dict) else body, list)
    assert api.get("/credential") == []


def test_push_creates_in_two_passes_and_patches_what_it_stripped(api: Api) -> None:
    tool = api.make("/tool", {"type": "handoff", "function": {"name": "to_orders"}})
    output = api.make("/structured-output", OUTPUT)
    assistant = api.make("/assistant", ASSISTANT | {"artifactPlan": {"structuredOutputIds": [output["id"]]}})
    squad = api.make("/squad", {"name": "S", "members": [{"assistantId": assistant["id"]}]})
    # Second pass: the edges that would have pointed at nothing.
    api.change(
        f"/tool/{tool['id']}", {"destinations": [{"type": "assistant", "assistantId": assistant["id"]}]}
    )
    api.change(f"/structured-output/{output['id']}?schemaOverride=true", {"assistantIds": [assistant["id"]]})
    for path, made in (("/tool", tool), ("/assistant", assistant), ("/squad", squad)):
        live = api.get(f"{path}/{made['id']}")
        body = {key: value for key, value in live.items() if key not in STRIPPED and key != "type"}
        assert api.change(f"{path}/{made['id']}", body) == live, "sending back what was read changes nothing"


def test_push_round_trips_nulls(api: Api) -> None:
    made = api.make("/assistant", ASSISTANT | {"voicemailMessage": None, "endCallMessage": "Bye"})
    assert made["voicemailMessage"] is None
    assert api.change(f"/assistant/{made['id']}", {"endCallMessage": None})["endCallMessage"] is None


def test_cleanup_deletes_and_takes_404_for_done(api: Api) -> None:
    made = api.make("/tool", FUNCTION)
    assert [api("DELETE", f"/tool/{made['id']}").status for _ in range(2)] == [200, 404]


def test_errors_have_a_message_that_can_be_shown(api: Api) -> None:
    body = {"type": "handoff", "destinations": [{"type": "assistant", "assistantId": NOWHERE}]}
    assert isinstance(api("POST", "/tool", body).body["message"], str)
    assert isinstance(api("POST", "/tool", {"type": "sms", "id": "x"}).body["message"], list)
