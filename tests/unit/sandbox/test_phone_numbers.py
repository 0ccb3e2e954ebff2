from __future__ import annotations

from typing import Any

import pytest

from unit.sandbox.client import Api


def test_vapi_numbers_get_a_number_and_a_status(api: Api) -> None:
    one, two = (
        api.make("/phone-number", {"provider": "vapi", "numberDesiredAreaCode": "212"}) for _ in range(2)
    )
    assert one["number"].startswith("+1212")
    assert len(one["number"]) == 12
    assert one["number"] != two["number"]
    assert one["status"] == "active"


def test_a_sip_number_gets_none(api: Api) -> None:
    made = api.make("/phone-number", {"provider": "vapi", "sipUri": "sip:me@sip.vapi.ai"})
    assert "number" not in made


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"provider": "twilio"}, "number must be a string"),
        ({"provider": "carrier-pigeon"}, "provider must be one of the following values: byo-phone-number"),
        ({}, "provider must be one of the following values: byo-phone-number"),
        ({"provider": "vapi", "number": "+14155550100"}, "property number should not exist"),
        ({"provider": "vapi", "status": "active"}, "property status should not exist"),
        (
            {"provider": "vapi", "numberDesiredAreaCode": "1"},
            "numberDesiredAreaCode must be longer than or equal to 3",
        ),
    ],
)
def test_refusals(api: Api, body: dict[str, Any], message: str) -> None:
    answer = api("POST", "/phone-number", body)
    assert answer.status == 400
    assert any(text.startswith(message) for text in answer.body["message"]), answer.body


def test_updates(api: Api) -> None:
    made = api.make("/phone-number", {"provider": "vapi", "assistantId": "a"})
    path = f"/phone-number/{made['id']}"
    assert api.change(path, {"name": "Main", "provider": "vapi"})["number"] == made["number"]
    assert "assistantId" not in api.change(path, {"assistantId": None, "squadId": "s"})
    answer = api("PATCH", path, {"numberDesiredAreaCode": "212"})
    assert answer.body["message"] == ["property numberDesiredAreaCode should not exist"]
    assert api("DELETE", path).status == 200
    assert api.get("/phone-number") == []
