"""Drift from state and live alone; it must not cry wolf."""

from __future__ import annotations

from callsheet.model.paths import show
from callsheet.plan.drift import DriftReport, find_drift
from callsheet.plan.inputs import Acknowledgement
from callsheet.state.snapshot import State
from support.estate import KEY, KINDS, Estate, resource


def drift(estate: Estate, *acknowledged: Acknowledgement, today: str = "2026-06-01") -> DriftReport:
    state = State("dev", "lineage-1", 3, KEY, records=estate.records)
    return find_drift(state, estate.live, KINDS, acknowledged=acknowledged, today=today)


def told(report: DriftReport) -> list[tuple[str, str, list[tuple[str, bool]]]]:
    return [
        (each.address, str(each.classification), [(show(one.path), one.managed) for one in each.movements])
        for each in report.drifted
    ]


def managed(count: int = 1, **extra: object) -> Estate:
    estate = Estate()
    for number in range(count):
        estate.managed(resource(f"Assistant/a{number}", {"first": "hi"}), str(number), extra=dict(extra))
    return estate


def test_pending_files_are_no_drift() -> None:
    estate = managed()
    estate.declare(resource("Assistant/a0", {"first": "new words"}))
    assert told(drift(estate)) == []


def test_managed_and_unmanaged_movements_are_told_apart() -> None:
    report = drift(managed(voice="x").edit("Assistant", "0", first="edited", voice="y"))
    assert told(report) == [("Assistant/a0", "drifted", [("first", True), ("voice", False)])]
    assert report.managed_drift
    assert report.unmanaged_drift


def test_an_unmanaged_field_alone_is_not_managed_drift() -> None:
    report = drift(managed(voice="x").edit("Assistant", "0", voice="y"))
    assert told(report) == [("Assistant/a0", "unmanaged", [("voice", False)])]
    assert not report.managed_drift
    assert report.unmanaged_drift


def test_missing_is_managed_drift() -> None:
    report = drift(managed().vanish("Assistant", "0"))
    assert told(report) == [("Assistant/a0", "missing", [])]
    assert report.managed_drift


def test_a_new_server_default_on_three_is_one_notice_and_no_drift() -> None:
    estate = managed(3)
    for number in range(3):
        estate.edit("Assistant", str(number), beta=True)
    report = drift(estate)
    assert told(report) == []
    assert not report.managed_drift
    assert not report.unmanaged_drift
    assert [notice.path for notice in report.notices] == ["beta"]


def test_a_new_default_inside_of_declared_lists_is_no_drift_either() -> None:
    estate = Estate()
    for number in range(3):
        estate.managed(resource(f"Assistant/a{number}", {"hooks": [{"on": "x"}]}), str(number))
        estate.edit("Assistant", str(number), hooks=[{"on": "x", "beta": 1}])
    report = drift(estate)
    assert told(report) == []
    assert [notice.path for notice in report.notices] == ["hooks.*.beta"]
    # What somebody did inside of the same list does not hide behind the notice.
    estate.edit("Assistant", "1", hooks=[{"on": "x", "beta": 1, "by": "hand"}])
    assert [each[0] for each in told(drift(estate))] == ["Assistant/a1"]
    estate.edit("Assistant", "1", hooks=[{"on": "x", "beta": 1}])
    # Two of them could be people.
    estate.edit("Assistant", "0", hooks=[{"on": "x"}])
    assert [each[0] for each in told(drift(estate))] == ["Assistant/a1", "Assistant/a2"]


def test_a_change_without_a_trace_is_the_providers() -> None:
    estate = Estate().managed(resource("Assistant/a", {}), "1", extra={"updatedAt": "t1"})
    record = estate.records["Assistant/a"]
    estate.records["Assistant/a"] = type(record).from_json(
        {**record.to_json(), "attributes": {"id": "1", "updatedAt": "t1"}}
    )
    assert told(drift(estate.edit("Assistant", "1", beta=True))) == []
    moved = drift(estate.edit("Assistant", "1", updatedAt="t2"))
    assert told(moved) == [("Assistant/a", "unmanaged", [("beta", False)])]


def test_acknowledged_drift_does_not_count_until_its_last_day_and_counts_after() -> None:
    estate = managed().edit("Assistant", "0", first="edited")
    taken = Acknowledgement("Assistant/a0", "anna@acme.example", "2026-06-30", "first", "campaign")
    report = drift(estate, taken, today="2026-06-30")
    assert not report.managed_drift
    assert report.drifted[0].movements[0].acknowledged == taken
    late = drift(estate, taken, today="2026-07-01")
    assert late.managed_drift
    assert late.expired == (taken,)


def test_an_acknowledgement_covers_its_path_and_what_is_beneath_only() -> None:
    estate = Estate().managed(resource("Assistant/a", {"model": {"t": 1}, "first": "hi"}), "1")
    estate.edit("Assistant", "1", model={"t": 2}, first="edited")
    assert drift(estate, Acknowledgement("Assistant/a", "x", "2026-12-31", "model")).managed_drift
    assert not drift(
        estate,
        Acknowledgement("Assistant/a", "x", "2026-12-31", "model"),
        Acknowledgement("Assistant/a", "x", "2026-12-31", "first"),
    ).managed_drift
    assert not drift(estate, Acknowledgement("Assistant/a", "x", "2026-12-31")).managed_drift


def test_acknowledged_drift_is_not_set_back_by_a_plan_and_survives_a_neighbours_update() -> None:
    estate = Estate().managed(resource("Assistant/a", {"model": {"t": 1, "m": "x"}}), "1")
    estate.edit("Assistant", "1", model={"t": 2, "m": "x"})
    taken = Acknowledgement("Assistant/a", "anna", "2026-12-31", "model.t")
    assert estate.plan(acknowledged=(taken,)).empty
    plan = estate.declare(resource("Assistant/a", {"model": {"t": 1, "m": "y"}})).plan(acknowledged=(taken,))
    [step] = plan.changes[0].steps
    assert step.omit == (("model", "t"),)


def test_ignored_paths_never_drift() -> None:
    estate = managed().edit("Assistant", "0", first="edited")
    record = estate.records["Assistant/a0"]
    estate.records["Assistant/a0"] = type(record).from_json({**record.to_json(), "ignore": ["first"]})
    assert told(drift(estate)) == []


def test_no_secret_is_in_a_report() -> None:
    from callsheet.model.value import Secret

    estate = Estate(secrets={"secrets://env/T": "canary-1"})
    estate.managed(resource("Assistant/a", {"server": {"headers": {"X": Secret("secrets://env/T")}}}), "1")
    estate.edit("Assistant", "1", server={"headers": {"X": "canary-2", "Y": "canary-3"}})
    report = drift(estate)
    assert report.managed_drift
    assert "canary" not in repr([each.to_json() for each in report.drifted])
    assert all(one.sensitive for each in report.drifted for one in each.movements)
