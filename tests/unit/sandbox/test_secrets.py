from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.sandbox.store import Store
from unit.sandbox.client import ASSISTANT, MODEL, Api, Clock

CANARY = "canary-5f1d9b"
TWILIO = {"provider": "twilio", "number": "+14155550100", "twilioAccountSid": "AC1"}


def test_twilio_tokens_are_taken_and_never_shown(api: Api, clock: Clock) -> None:
    made = api.make("/phone-number", TWILIO | {"twilioAuthToken": CANARY})
    path = f"/phone-number/{made['id']}"
    assert "twilioAuthToken" not in made
    assert CANARY not in str(api.get(path))
    clock.now += 60
    assert api.change(path, {"twilioAuthToken": CANARY}) == made, "the same token is no change"
    assert api.change(path, {"twilioAuthToken": "another"})["updatedAt"] != made["updatedAt"]


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "openai", "apiKey": CANARY},
        {"provider": "twilio", "accountSid": "AC1", "authToken": CANARY},
        {"provider": "webhook", "authenticationPlan": {"type": "bearer", "token": CANARY}},
        {
            "provider": "custom-credential",
            "authenticationPlan": {
                "type": "oauth2",
                "url": "https://x.example",
                "clientId": "me",
                "clientSecret": CANARY,
            },
        },
    ],
)
def test_credentials_never_return_their_keys(api: Api, body: dict[str, object]) -> None:
    answer = api("POST", "/credential", body | {"name": "one"})
    assert answer.status == 201, answer.body
    made = answer.body
    assert made["name"] == "one"
    assert CANARY not in str([made, api.get(f"/credential/{made['id']}"), api.get("/credential")])
    assert api.change(f"/credential/{made['id']}", {"name": "two"})["name"] == "two"


def test_a_server_secret_shows_in_inline_tools_only(api: Api) -> None:
    server = {"url": "https://x.example", "secret": CANARY, "headers": {"X-Key": "visible"}}
    made = api.make(
        "/assistant",
        ASSISTANT
        | {
            "server": server,
            "model": MODEL
            | {
                "tools": [
                    {"type": "endCall"},
                    {"type": "function", "function": {"name": "f"}, "server": server},
                ]
            },
        },
    )
    assert made["server"] == {"url": "https://x.example", "headers": {"X-Key": "visible"}}
    assert made["isServerUrlSecretSet"] is True
    answer = api("PATCH", f"/assistant/{made['id']}", {"isServerUrlSecretSet": False})
    assert answer.body["message"] == ["property isServerUrlSecretSet should not exist"]
    assert "isServerUrlSecretSet" not in api.change(f"/assistant/{made['id']}", {"server": None})
    assert made["model"]["tools"][1]["server"] == server


def test_a_changed_secret_that_is_not_shown_is_a_change(api: Api) -> None:
    server = {"url": "https://x.example", "secret": "one"}
    made = api.make("/assistant", ASSISTANT | {"server": server})
    path = f"/assistant/{made['id']}"
    assert api.change(path, {"server": server})["latestVersion"] == "v1"
    assert api.change(path, {"server": server | {"secret": "two"}})["latestVersion"] == "v2"
    assert api.change(path, {"server": {"url": "https://x.example"}})["latestVersion"] == "v3", (
        "now it is erased"
    )
    assert api.change(path, {"name": "N"})["latestVersion"] == "v4"
    assert api.change(path, {"server": {"url": "https://x.example"}})["latestVersion"] == "v4"


def test_inline_credentials_lose_their_keys(api: Api) -> None:
    made = api.make("/assistant", ASSISTANT | {"credentials": [{"provider": "openai", "apiKey": CANARY}]})
    assert made["credentials"] == [{"provider": "openai"}]


def test_the_store_holds_no_concealed_secret_and_nobody_else_reads_it(api: Api, store: Store) -> None:
    api.make("/phone-number", TWILIO | {"twilioAuthToken": CANARY})
    api.make("/credential", {"provider": "openai", "apiKey": CANARY})
    store.close()
    for path in store.path.parent.iterdir():
        assert CANARY.encode() not in path.read_bytes()
    assert Path(store.path).stat().st_mode & 0o077 == 0
