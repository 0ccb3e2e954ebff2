"""The plan as a file: sealed, deterministic, refused when edited."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace

import orjson
import pytest

from callsheet.model.errors import CallsheetError, Stale
from callsheet.model.value import Content, Ref, Secret
from callsheet.plan.archive import Archive, pack, unpack
from callsheet.plan.plan import Plan
from support.estate import Estate, resource

DATA = b"returns within 30 days"
SHA = hashlib.sha256(DATA).hexdigest()


def rich() -> Estate:
    estate = Estate(secrets={"secrets://env/T": "canary"})
    estate.managed(resource("Tool/t", {"type": "x"}), "t1")
    estate.managed(resource("Assistant/a", {"model": {"toolIds": [Ref("Tool/t")]}, "first": "hi"}), "a1")
    estate.managed(resource("Assistant/b", {"first": "hi"}), "b1")
    estate.edit("Assistant", "b1", first="edited")
    estate.declare(
        resource("Tool/t", {"type": "y"}),
        resource("Assistant/b", {"first": "wanted"}),
        resource("File/f", {"content": Content(SHA, "f.md", len(DATA))}),
        resource("Assistant/c", {"server": {"headers": {"X": Secret("secrets://env/T")}}}),
    )
    return estate


def archive(plan: Plan) -> Archive:
    return Archive(plan, {SHA: lambda: DATA})


def test_a_plan_survives_its_file_byte_for_byte() -> None:
    plan = rich().plan()
    again = unpack(pack(archive(plan)), "x.plan")
    assert again.plan.to_json() == plan.to_json()
    assert again.plan == plan
    assert again.content(SHA) == DATA


def test_equal_inputs_give_equal_bytes_whatever_their_order() -> None:
    first, second = rich(), rich()
    second.resources = dict(reversed(second.resources.items()))
    second.records = dict(reversed(second.records.items()))
    second.live = {kind: dict(reversed(objects.items())) for kind, objects in reversed(second.live.items())}
    assert pack(archive(first.plan())) == pack(archive(second.plan()))


def test_the_time_is_not_part_of_the_digest() -> None:
    plan = rich().plan()
    assert replace(plan, created_at="2030-01-01T00:00:00Z").compute_digest() == plan.digest


def test_a_plan_holds_no_secret() -> None:
    assert b"canary" not in pack(archive(rich().plan()))


def edited(change: object) -> bytes:
    data = pack(archive(rich().plan()))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            if name == "plan.json":
                plan = orjson.loads(body)
                change(plan)  # type: ignore[operator]
                body = orjson.dumps(plan)
            target.writestr(name, body)
    return out.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan["changes"][0].update(action="delete"),
        lambda plan: plan["changes"].pop(),
        lambda plan: plan["gates"].append({"rule": "x", "status": "passed", "message": ""}),
        lambda plan: plan["target"].update(baseUrl="http://elsewhere"),
        lambda plan: plan["changes"][0]["steps"].append({"number": 9, "call": "delete"}),
        lambda plan: plan["state"].update(serial=99),
    ],
)
def test_an_edited_plan_is_refused(change: object) -> None:
    with pytest.raises(Stale, match="edited after it was made"):
        unpack(edited(change), "x.plan")


def test_a_plan_of_another_format_is_refused() -> None:
    with pytest.raises(Stale, match=r"callsheet\.plan/9"):
        unpack(edited(lambda plan: plan.update(format="callsheet.plan/9")), "x.plan")


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"{}", b"PK\x03\x04" + b"x" * 100, pack(archive(rich().plan()))[:200]]
)
def test_what_is_no_plan_is_one_clear_error(data: bytes) -> None:
    with pytest.raises(CallsheetError, match=r"x\.plan is no plan"):
        unpack(data, "x.plan")


def test_a_file_that_changed_after_planning_is_refused() -> None:
    with pytest.raises(Stale, match="changed after it was planned"):
        pack(Archive(rich().plan(), {SHA: lambda: b"other"}))


def test_a_missing_upload_is_refused() -> None:
    data = pack(archive(rich().plan()))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        target.writestr("plan.json", source.read("plan.json"))
    with pytest.raises(Stale, match="missing or damaged"):
        unpack(out.getvalue(), "x.plan")


def test_the_change_digest_outlives_state_and_places() -> None:
    first, second = rich(), rich()
    second.serial = 44
    by_address = {change.address: change for change in second.plan().changes}
    for change in first.plan().changes:
        other = by_address[change.address]
        assert change.change_digest == other.change_digest
        assert change.idempotency_key != other.idempotency_key


def test_the_change_digest_tells_changes_apart() -> None:
    one = Estate(lineage=None).declare(resource("Assistant/a", {"first": "x"})).plan()
    two = Estate(lineage=None).declare(resource("Assistant/a", {"first": "y"})).plan()
    assert one.changes[0].change_digest != two.changes[0].change_digest
