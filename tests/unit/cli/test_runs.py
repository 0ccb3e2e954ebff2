"""`callsheet runs`: what every run did, and whether that is still what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callsheet.operations.runs import listed
from callsheet.state.snapshot import Entry
from support.audits import NAME, SPACE
from support.world import World
from unit.cli.test_state import call
from unit.reports.test_published import findings


def told(world: World, *arguments: str) -> tuple[int, Any]:
    code, out, _ = call(world, *arguments, "-o", "json")
    document = json.loads(out)
    if code == 0 or document["format"] != "callsheet.error/1":
        assert findings("runs", document) == []
    return code, document


@pytest.fixture
def ran(world: World) -> list[str]:
    """The ids of three runs, the newest first; the second failed in part."""
    world.variables["USER"] = "anna"
    world.assistant("a")
    world.apply()
    world.document("Tool", "t", {"type": "endCall"})
    world.assistant("a", firstMessage="x")
    world.bad_day("error POST /tool status=400")
    world.apply()
    world.bad_day()
    world.apply()
    with world.session() as session:
        return [each["run"] for each in listed(session)["runs"]]


def test_list_tells_the_newest_first(world: World, ran: list[str]) -> None:
    code, out, _ = call(world, "runs", "list")
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines[:-1]] == ran
    assert lines[0].startswith(
        f"{ran[0]}  2026-11-20T12:00:00Z  anna (unverified)  apply: 1 applied  export "
    )
    assert "apply: 1 applied, 1 failed (exit 5)" in lines[1]
    assert lines[-1].startswith("Runs of dev: 3 in file store ")
    code, document = told(world, "runs", "list")
    assert code == 0
    assert [each["run"] for each in document["runs"]] == ran
    assert [each["exitCode"] for each in document["runs"]] == [0, 5, 0]
    assert (document["total"], document["unreadable"], document["unrecorded"]) == (3, 0, None)


def test_list_can_be_shortened_and_says_so(world: World, ran: list[str]) -> None:
    _, out, _ = call(world, "runs", "list", "--limit", "1")
    assert out.startswith(ran[0])
    assert out.splitlines()[-1].startswith("Runs of dev: 3 in file store ")
    assert out.splitlines()[-1].endswith("; 1 shown, --limit N shows more.")
    assert len(told(world, "runs", "list", "--limit", "2")[1]["runs"]) == 2


def test_list_of_an_environment_without_runs(world: World) -> None:
    assert told(world, "runs", "list")[1]["runs"] == []
    assert call(world, "runs", "list")[1].startswith("Runs of dev: 0 in ")


def test_list_tells_of_a_run_that_has_no_record(world: World, ran: list[str]) -> None:
    with world.session() as session:
        session.ledger.load()
        session.ledger.append([Entry(run={"id": "r-9", "at": "2026-11-20T13:00:00Z", "by": "bob"})])
    assert "r-9  has no record: it is under way, or ended without a word" in call(world, "runs", "list")[1]
    assert told(world, "runs", "list")[1]["unrecorded"]["run"] == "r-9"
    code, document = told(world, "runs", "verify")
    assert (code, document["unrecorded"], document["findings"]) == (0, "r-9", [])
    assert "Run r-9 has no record yet" in call(world, "runs", "verify")[1]


def test_show_tells_all_of_one_run(world: World, ran: list[str]) -> None:
    code, out, _ = call(world, "runs", "show", ran[1])
    assert code == 0
    assert out.splitlines()[0] == f"Run {ran[1]}: apply of dev"
    assert "anna (by USER, unverified) on " in out
    assert "~ Assistant/a  applied" in out
    assert "+ Tool/t  failed: provider.invalid" in out
    assert "POST" not in out
    assert "POST /tool → 400" in call(world, "runs", "show", ran[1], "--requests")[1]
    assert "requests" not in told(world, "runs", "show", ran[1])[1]
    document = told(world, "runs", "show", ran[1], "--requests")[1]
    assert len(document["requests"]) == document["record"]["requests"]["count"]


def test_show_takes_the_beginning_of_an_id_or_of_its_last_part(world: World, ran: list[str]) -> None:
    for text in (ran[0][:-1], ran[0].rpartition("-")[2][:7]):
        assert told(world, "runs", "show", text)[1]["record"]["run"] == ran[0]
    code, _, err = call(world, "runs", "show", "2026")
    assert code == 1
    assert "3 runs in the audit of dev begin with '2026'" in err
    code, _, err = call(world, "runs", "show", ran[0][:-2] + "xy")
    assert code == 1
    assert "Did you mean 2026" in err
    code, _, err = call(world, "runs", "show", "zzz")
    assert "callsheet runs list --env dev" in err
    assert call(world, "runs", "show", "")[0] == 1


def test_verify_says_what_was_verified(world: World, ran: list[str]) -> None:
    code, out, _ = call(world, "runs", "verify")
    assert code == 0
    assert out.startswith("Audit of dev: 3 records and the requests of 3 are what was written, up to ")
    code, document = told(world, "runs", "verify")
    assert (code, document["records"], document["requests"], document["count"]) == (0, 3, 3, 3)


def test_verify_exits_1_and_names_what_does_not_fit(world: World, ran: list[str]) -> None:
    with world.session() as session:
        lines, _ = session.store.read_log(NAME)
        session.store.remove_log(NAME)
        session.store.append(NAME, [lines[0], lines[1].replace(b"anna", b"anne")], expected=0)
        record = json.loads(lines[0].partition(b" ")[2])
        session.store.remove_blobs([record["requests"]["sha256"]], space=SPACE)
    code, out, _ = call(world, "runs", "verify")
    assert code == 1
    found = [line.removeprefix("error: ") for line in out.splitlines()]
    assert found[0].startswith(f"the requests of record 1 (run {ran[2]}) are gone: ")
    assert found[1:] == [
        f"record 2 (run {ran[1]}) was changed: its seal does not fit",
        "record 3 was cut off",
        "Audit of dev: 3 findings in 2 records and the requests of 0.",
    ]
    code, document = told(world, "runs", "verify")
    assert (code, len(document["findings"])) == (1, 3)
    # What can still be read is still listed.
    _, document = told(world, "runs", "list")
    assert (document["total"], document["unreadable"]) == (1, 1)
    assert "Lines of the log that are no records: 1" in call(world, "runs", "list")[1]
    code, _, err = call(world, "runs", "show", ran[2], "--requests")
    assert code == 1
    assert "is not in file store" in err


def test_no_key_is_needed_to_look(world: World, ran: list[str]) -> None:
    del world.variables["VAPI_KEY"]
    for arguments in (["list"], ["show", ran[0], "--requests"], ["verify"]):
        assert call(world, "runs", *arguments)[0] == 0
