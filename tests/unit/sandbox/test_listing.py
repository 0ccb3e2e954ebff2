from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from unit.sandbox.client import FUNCTION, NOWHERE, OUTPUT, Api, Clock

SIMULATION = {"scenarioId": NOWHERE, "personalityId": NOWHERE}
SCENARIO = {"name": "S", "instructions": "Call.", "evaluations": []}


def tools(api: Api, number: int) -> list[dict[str, Any]]:
    return [api.make("/tool", FUNCTION) for _ in range(number)]


@pytest.mark.parametrize(
    "path",
    [
        "/assistant",
        "/squad",
        "/tool",
        "/phone-number",
        "/v2/knowledge-base",
        "/file",
        "/credential",
        "/eval/simulation",
        "/eval/simulation/scenario",
        "/eval/simulation/suite",
    ],
)
def test_bare_arrays(api: Api, path: str) -> None:
    assert api.get(path) == []


@pytest.mark.parametrize(
    "path",
    [
        "/structured-output",
        "/eval",
        "/observability/scorecard",
        "/v2/phone-number",
        "/provider/11labs/pronunciation-dictionary",
        "/eval/simulation?page=1",
    ],
)
def test_envelopes(api: Api, path: str) -> None:
    body = api.get(path)
    assert body["results"] == []
    assert body["metadata"]["totalItems"] == 0
    assert body["metadata"]["currentPage"] == 1
    assert body["metadata"]["itemsPerPage"] == 100


def test_limit_defaults_to_100_and_goes_to_1000(api: Api) -> None:
    tools(api, 103)
    assert len(api.get("/tool")) == 100
    assert len(api.get("/tool?limit=1000")) == 103
    assert len(api.get("/tool?limit=7")) == 7
    assert api.get("/tool?limit=0") == []
    assert len(api.get("/tool?limit=3.0")) == 3


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=1001", "limit must not be greater than 1000"),
        ("limit=-1", "limit must not be less than 0"),
        ("limit=ten", "limit must be an integer number"),
        ("limit=inf", "limit must be an integer number"),
        ("limit=nan", "limit must be an integer number"),
        ("createdAtLe=yesterday", "createdAtLe must be a valid ISO 8601 date string"),
        ("page=1", "property page should not exist"),
        ("colour=red", "property colour should not exist"),
    ],
)
def test_wrong_queries_are_400(api: Api, query: str, message: str) -> None:
    answer = api("GET", f"/tool?{query}")
    assert (answer.status, answer.body["message"]) == (400, [message])


@pytest.mark.parametrize("query", ["page=0", "sortOrder=up", "sortBy=name", "page=1.5"])
def test_wrong_queries_of_envelopes_are_400(api: Api, query: str) -> None:
    assert api("GET", f"/structured-output?{query}").status == 400


def test_time_filters_are_exclusive_and_inclusive(api: Api, clock: Clock) -> None:
    made = []
    for _ in range(5):
        clock.now += 60
        made += tools(api, 1)
    middle = quote(made[2]["createdAt"])

    def found(query: str) -> list[int]:
        ids = [tool["id"] for tool in made]
        return [ids.index(tool["id"]) for tool in api.get(f"/tool?{query}")]

    assert found(f"createdAtLt={middle}") == [1, 0]
    assert found(f"createdAtLe={middle}") == [2, 1, 0]
    assert found(f"createdAtGt={middle}") == [4, 3]
    assert found(f"createdAtGe={middle}") == [4, 3, 2]
    assert found(f"createdAtGe={middle}&createdAtLt={quote(made[4]['createdAt'])}") == [3, 2]
    clock.now += 60
    api.change(f"/tool/{made[0]['id']}", {"async": True})
    assert found(f"updatedAtGt={quote(made[4]['updatedAt'])}") == [0]
    assert found(f"updatedAtLe={quote(made[4]['updatedAt'])}") == [4, 3, 2, 1]


def test_pages_by_number(api: Api) -> None:
    made = [api.make("/structured-output", OUTPUT | {"name": f"o{n}"})["name"] for n in range(5)]
    first = api.get("/structured-output?limit=2")
    assert [entry["name"] for entry in first["results"]] == ["o4", "o3"]
    assert first["metadata"] == {
        "itemsPerPage": 2,
        "totalItems": 5,
        "totalPages": 3,
        "currentPage": 1,
        "hasNextPage": True,
        "sortOrder": "DESC",
    }
    last = api.get("/structured-output?limit=2&page=3")
    assert [entry["name"] for entry in last["results"]] == ["o0"]
    assert last["metadata"]["hasNextPage"] is False
    assert api.get("/structured-output?limit=2&page=4")["results"] == []
    ascending = api.get("/structured-output?sortOrder=ASC&sortBy=createdAt")
    assert [entry["name"] for entry in ascending["results"]] == made


def test_simulations_come_both_ways(api: Api) -> None:
    made = [api.make("/eval/simulation", SIMULATION)["id"] for _ in range(3)]
    assert [entry["id"] for entry in api.get("/eval/simulation?limit=2")] == made[:0:-1]
    paged = api.get("/eval/simulation?page=2&limit=2")
    assert [entry["id"] for entry in paged["results"]] == made[:1]
    assert [entry["id"] for entry in api.get(f"/eval/simulation?idAny={made[0]},{made[2]}")] == [
        made[2],
        made[0],
    ]


def test_filters_by_name_and_id(api: Api) -> None:
    one, two = (api.make("/structured-output", OUTPUT | {"name": name}) for name in ("one", "two"))
    assert [entry["id"] for entry in api.get("/structured-output?name=two")["results"]] == [two["id"]]
    assert [entry["id"] for entry in api.get(f"/structured-output?id={one['id']}")["results"]] == [one["id"]]
    api.make("/eval/simulation/scenario", SCENARIO)
    assert len(api.get("/eval/simulation/scenario?name=S")) == 1
    assert api.get("/eval/simulation/scenario?name=T") == []


def test_phone_numbers_can_be_searched(api: Api) -> None:
    api.make("/phone-number", {"provider": "vapi", "name": "Main Line", "numberDesiredAreaCode": "212"})
    api.make("/phone-number", {"provider": "vapi", "name": "Spare", "sipUri": "sip:spare@sip.vapi.ai"})
    names = {
        text: [entry["name"] for entry in api.get(f"/v2/phone-number?search={text}")["results"]]
        for text in ("main", "1212", "spare@", "nothing")
    }
    assert names == {"main": ["Main Line"], "1212": ["Main Line"], "spare@": ["Spare"], "nothing": []}


def test_paging_as_the_official_tool_does_it_sees_everything_once(api: Api) -> None:
    """`limit` and an inclusive `createdAtLe`, newest first, until a page is short (gitops, August 2026)."""
    made = {tool["id"] for tool in tools(api, 25)}
    seen: list[str] = []
    query = "limit=10"
    while True:
        page = list(api.get(f"/tool?{query}"))
        fresh = [tool["id"] for tool in page if tool["id"] not in seen]
        seen += fresh
        if len(page) < 10 or not fresh:
            break
        query = f"limit=10&createdAtLe={quote(page[-1]['createdAt'])}"
    assert sorted(seen) == sorted(made)
