from __future__ import annotations

from typing import Any

import pytest

from unit.sandbox.client import Api

RULES = [{"stringToReplace": "ACME", "type": "alias", "alias": "ack-mee"}]
ITEMS = [{"text": "ACME", "alias": "ack-mee"}]
ELEVEN, CARTESIA = "/provider/11labs/pronunciation-dictionary", "/provider/cartesia/pronunciation-dictionary"


def test_both_providers(api: Api) -> None:
    one = api.make(ELEVEN, {"name": "brand", "rules": RULES})
    two = api.make(CARTESIA, {"name": "brand", "items": ITEMS})
    assert one["resource"]["dictionaryName"] == two["resource"]["name"] == "brand"
    assert one["resourceId"] == one["resource"]["pronunciationDictionaryId"]
    assert two["resourceId"] == two["resource"]["id"]
    assert [entry["id"] for entry in api.get(ELEVEN)["results"]] == [one["id"]]
    assert api("GET", f"{CARTESIA}/{one['id']}").status == 404
    assert "rules" not in one["resource"], "what ElevenLabs tells holds none"
    changed = api.change(f"{ELEVEN}/{one['id']}", {"rules": RULES * 2})
    assert changed["resource"]["versionRulesNum"] == 2
    assert changed["resource"]["versionId"] != one["resource"]["versionId"]
    assert api.change(f"{ELEVEN}/{one['id']}", {"rules": RULES * 2}) == changed
    assert api.change(f"{CARTESIA}/{two['id']}", {"items": []})["resource"]["items"] == []
    assert api("DELETE", f"{ELEVEN}/{one['id']}").status == 200
    assert api.get(ELEVEN)["results"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", ELEVEN, {"rules": RULES}),
        ("POST", ELEVEN, {"name": "x", "rules": [{}]}),
        ("POST", ELEVEN, {"name": "x", "items": ITEMS}),
        ("POST", CARTESIA, {"name": "x", "items": {}}),
        ("PATCH", ELEVEN, {"name": "other", "rules": RULES}),
    ],
)
def test_refusals(api: Api, method: str, path: str, body: dict[str, Any]) -> None:
    if method == "PATCH":
        path += "/" + api.make(ELEVEN, {"name": "brand", "rules": RULES})["id"]
    answer = api(method, path, body)
    assert answer.status == 400
    assert isinstance(answer.body["message"], list)
