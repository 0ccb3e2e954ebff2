from __future__ import annotations

import json
from typing import Any

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.sandbox.seed import dump, learning_estate, reset, seed
from callsheet.sandbox.store import Store
from unit.sandbox.client import ASSISTANT, OUTPUT, Api


def test_the_built_in_estate(api: Api, store: Store) -> None:
    added = seed(store, "dev")
    assert added["assistant"] == 2
    assert {tool["type"] for tool in api.get("/tool")} == {"function", "endCall", "knowledgeBase"}
    (base,) = api.get("/v2/knowledge-base")
    read = api.get(f"/v2/knowledge-base/{base['id']}")
    assert [file["status"] for file in read["files"]] == ["ready"]
    (output,) = api.get("/structured-output")["results"]
    assert output["assistantIds"] == [learning_estate()["assistant"][1]["id"]]
    (file,) = api.get("/file")
    assert api("GET", f"/__sandbox__/files/{file['orgId']}/{file['id']}").raw.startswith(b"# Returns")
    changed = api.change(f"/assistant/{output['assistantIds'][0]}", {"firstMessage": "Hi"})
    assert changed["latestVersion"] == "v2"


def test_reset_forgets_one_organisation_only(api: Api, store: Store) -> None:
    seed(store, "dev")
    seed(store, "uat")
    org = api.get("/assistant")[0]["orgId"]
    reset(store, "dev")
    for path in ("/assistant", "/tool", "/file", "/v2/knowledge-base", "/credential", "/squad"):
        assert api.get(path) == []
    assert len(api.get("/eval/simulation/personality")) == 7
    assert dump(store, "uat")["assistant"]
    assert api.make("/assistant", ASSISTANT)["orgId"] == org


def test_a_dump_can_be_seeded_again(api: Api, store: Store) -> None:
    seed(store, "dev")
    before = json.loads(json.dumps(dump(store, "dev")))
    reset(store, "dev")
    seed(store, "dev", before)

    def timeless(estate: dict[str, list[dict[str, Any]]]) -> Any:
        return {
            kind: [
                {key: value for key, value in entry.items() if not key.endswith("At")} for entry in entries
            ]
            for kind, entries in estate.items()
        }

    assert timeless(dump(store, "dev")) == timeless(before)


def test_legacy_tools_come_in_by_seeding_only(api: Api, store: Store) -> None:
    legacy = [{"type": "ghl", "metadata": {"workflowId": "w"}}, {"type": "make"}, {"type": "output"}]
    seed(store, "dev", {"tool": legacy})
    listed = api.get("/tool")
    assert [tool["type"] for tool in listed] == ["output", "make", "ghl"]
    assert api("POST", "/tool", {"type": "ghl"}).status == 400
    assert api("PATCH", f"/tool/{listed[0]['id']}", {"messages": []}).status == 400
    assert api("DELETE", f"/tool/{listed[0]['id']}").status == 200


def test_secrets_of_an_estate_are_not_kept(api: Api, store: Store) -> None:
    seed(store, "dev", {"credential": [{"provider": "openai", "apiKey": "canary-77"}]})
    assert "canary-77" not in str(dump(store, "dev")) + str(api.get("/credential"))


@pytest.mark.parametrize(
    ("estate", "message"),
    [
        ([], "an estate is a mapping"),
        ({"assistants": []}, "'assistants' is no kind"),
        ({"assistant": {}}, "assistant is no list"),
        ({"assistant": ["x"]}, "assistant[0] is no object"),
        ({"assistant": [{"id": 7}]}, "assistant[0] is no object"),
    ],
)
def test_wrong_estates(store: Store, estate: Any, message: str) -> None:
    with pytest.raises(CallsheetError) as caught:
        seed(store, "dev", estate)
    assert message in str(caught.value)


def test_all_problems_come_at_once_and_a_taken_id_adds_nothing(api: Api, store: Store) -> None:
    with pytest.raises(CallsheetError) as caught:
        seed(store, "dev", {"assistants": [], "tool": 1})
    assert len(caught.value.diagnostics) == 2
    made = api.make("/structured-output", OUTPUT)
    with pytest.raises(CallsheetError, match="already"):
        seed(store, "dev", {"file": [{"name": "x"}], "structured-output": [{"id": made["id"]}]})
    assert api.get("/file") == []
