"""What is written holds to the schemas that are published, and the schemas refuse what is not so."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import jsonschema_rs
import pytest

from callsheet.apply.outcome import Outcome, Result
from callsheet.model.diagnostics import error
from callsheet.reports.json import Stream, document, error_body, error_document
from callsheet.reports.published import PUBLISHED, published
from cases.plans.table import PLANS, change, drifted, large, moved, plan
from support.published import findings
from unit.reports.test_drift_report import report
from unit.reports.test_hostile import HOSTILE, infested


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_schemas_are_schemas(name: str) -> None:
    jsonschema_rs.meta.validate(published(name))


@pytest.mark.parametrize("name", PLANS)
def test_every_plan_holds_to_the_schema(name: str) -> None:
    assert findings("plan", json.loads(document(PLANS[name].to_json()))) == []


def test_a_large_one_and_a_hostile_one_do_so_too() -> None:
    assert findings("plan", large(50).to_json()) == []
    for name, text in HOSTILE.items():
        if name != "lone surrogate":
            assert findings("plan", infested(text).sealed().to_json()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "callsheet.plan/2"),
        (("changes", 0, "action"), "explode"),
        (("changes", 0, "attributes", 0, "op"), "swap"),
        (("changes", 0, "attributes", 0, "extra"), 1),
        (("changes", 0, "steps", 0, "number"), 0),
        (("summary", "create"), -1),
        (("digest",), "md5:1"),
        (("unknown",), 1),
    ],
)
def test_the_schema_refuses_what_no_plan_is(path: tuple[str | int, ...], value: Any) -> None:
    made: Any = copy.deepcopy(PLANS["update-scalar"].to_json())
    at = made
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    assert findings("plan", made)


@pytest.mark.parametrize("key", plan().to_json())
def test_every_part_of_a_plan_is_required(key: str) -> None:
    made = PLANS["update-scalar"].to_json()
    del made[key]
    assert findings("plan", made)


def test_drift_holds_to_its_schema() -> None:
    told = report(
        {"managed": 1},
        drift=[drifted("Assistant/a", moved(["x", 0], 1, 2), name="A")],
        unmanaged=[{"kind": "Tool", "remoteId": "1", "name": None}],
        notices=[{"kind": "Tool", "path": "x", "live": 1, "addresses": ["Tool/a"]}],
        expiredAcknowledgements=[{"address": "A/b", "path": None, "owner": "ana", "until": "2026-01-01"}],
    )
    assert findings("drift", told) == []
    assert findings("drift", {**told, "format": "x"})


def test_what_two_schemas_describe_they_describe_alike() -> None:
    drift, drifts, notice = (published(name) for name in ("drift", "drifts", "notice"))
    assert drift["$defs"].items() <= drifts["$defs"].items()
    told = {key: drift[key] for key in ("required", "properties", "additionalProperties")}
    assert told.items() <= drifts["$defs"]["report"].items()
    for name in ("unmanaged", "state"):
        assert notice["$defs"][name] == drift["$defs"][name]
    assert notice["properties"]["summary"] == drift["properties"]["summary"]
    assert drifts["$defs"]["diagnostic"] == published("error")["$defs"]["diagnostic"]


def test_errors_hold_to_their_schema() -> None:
    told = error_document([error("a", "b", hint="c", address="Assistant/a")], 4)
    assert findings("error", told) == []
    assert findings("error", error_document([], 0))


def test_events_hold_to_their_schema() -> None:
    out = io.StringIO()
    stream = Stream(out, "0.1.0")
    failed = Result(change("Tool/t"), "failed", (error("x", "y"),), 1)
    outcome = Outcome((Result(change("Assistant/a"), "applied", remote_id="1"), failed), serial=3).to_json()
    stream.send("plan.start", {"environment": "dev"})
    stream.send("plan", {"plan": PLANS["create"].to_json()})
    stream.send("change.start", {"address": "Assistant/a", "action": "update"})
    stream.send("outcome", outcome)
    stream.send("error", error_body([error("x", "y")], 1))
    lines = [json.loads(each) for each in out.getvalue().splitlines()]
    assert lines[0]["format"] == "callsheet.events/1"
    for each in lines:
        assert findings("events", each) == []
    assert findings("events", {"event": "summary"})


def test_a_stream_whose_reader_went_away_goes_on_in_silence() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    stream = Stream(Gone(), "0.1.0")
    stream.send("a", {})
    stream.send("b", {})
    assert stream.broken
