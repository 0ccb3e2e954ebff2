"""Plan and drift read; they write nothing, anywhere, and cannot be fooled by what moves meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.model.events import Event
from callsheet.operations.drift import drift
from callsheet.operations.plan import plan, write_archive
from callsheet.operations.show import read_archive
from callsheet.plan.inputs import Options
from callsheet.sandbox.faults import Fault
from support.world import World, writes


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in folder.rglob("*")
        if path.name != ".lock"
    }


def two(world: World) -> None:
    world.assistant("a", firstMessage="hi")
    world.assistant("b", firstMessage="hi")


def test_a_first_plan_writes_no_file_and_sends_no_write(world: World) -> None:
    two(world)
    before = tree(world.root)
    with world.counted() as counts:
        assert world.plan().plan.summary["create"] == 2
    assert writes(counts) == {}
    assert tree(world.root) == before


def test_later_plans_and_drift_checks_do_not_either(world: World) -> None:
    two(world)
    world.apply()
    world.edit("/assistant", "a", {"firstMessage": "edited"})
    before = tree(world.root)
    with world.counted() as counts:
        world.plan()
        world.drift()
    assert writes(counts) == {}
    assert tree(world.root) == before


def test_both_work_with_a_key_that_may_only_read(world: World) -> None:
    two(world)
    world.apply()
    world.edit("/assistant", "a", {"firstMessage": "edited"})
    world.bad_day("read-only key=canary-key")
    assert world.plan().plan.summary["update"] == 1
    assert world.drift().exit_code("managed") == 2
    # The same key cannot apply, and says so.
    outcome = world.apply()
    assert outcome.exit_code == 1
    assert "403" in outcome.results[0].diagnostics[0].summary


def test_one_list_request_per_kind_and_page_and_nothing_else(world: World) -> None:
    two(world)
    world.document("Tool", "t", {"type": "function", "native": {"function": {"name": "t"}}})
    world.apply()
    with world.counted() as counts:
        world.plan()
    assert counts == {"GET /assistant": 1, "GET /tool": 1}


def test_pending_files_are_no_drift(world: World) -> None:
    two(world)
    world.apply()
    world.assistant("a", firstMessage="newly written")
    assert world.drift().exit_code("any") == 0


def test_drift_tells_managed_from_unmanaged_by_its_exit_code(world: World) -> None:
    two(world)
    world.apply()
    assert [world.drift().exit_code(each) for each in ("managed", "unmanaged", "any")] == [0, 0, 0]
    world.edit("/assistant", "a", {"endCallMessage": "theirs"})
    assert [world.drift().exit_code(each) for each in ("managed", "unmanaged", "any")] == [0, 2, 2]
    world.edit("/assistant", "a", {"firstMessage": "edited"})
    assert [world.drift().exit_code(each) for each in ("managed", "unmanaged", "any")] == [2, 2, 2]


def test_an_object_nobody_declared_is_unmanaged(world: World) -> None:
    two(world)
    world.apply()
    world.api("POST", "/assistant", {"name": "theirs"})
    found = world.drift()
    assert [each["name"] for each in found.report.unmanaged] == ["theirs"]
    assert [found.exit_code(each) for each in ("managed", "unmanaged", "any")] == [0, 2, 2]


def test_a_missing_object_is_asked_for_before_it_is_called_missing(world: World) -> None:
    two(world)
    world.apply()
    # A list that shows one of two: the other is not missing, and is read by itself.
    world.bad_day("list-cap GET /assistant limit=1")
    with world.counted() as counts:
        assert world.drift().exit_code("any") == 0
    assert counts.get("GET /assistant/{id}", 0) <= 1
    world.bad_day()
    world.api("DELETE", f"/assistant/{world.live('/assistant', 'a')['id']}")
    assert world.drift().exit_code("managed") == 2


class Meddler:
    """Applies something else, a given number of times, just when drift has read a kind."""

    def __init__(self, world: World, times: int) -> None:
        self.world, self.times, self.count = world, times, 0

    def __call__(self, event: Event) -> None:
        if event.name == "refresh.kind" and self.count < self.times:
            self.count += 1
            self.world.assistant(f"extra-{self.count}")
            self.world.apply()


@pytest.mark.parametrize("times", [1, 2])
def test_state_that_moves_meanwhile_means_reading_again(world: World, times: int) -> None:
    two(world)
    world.apply()
    meddler = Meddler(world, times)
    with world.session(listener=meddler) as session:
        found = drift(session)
    assert meddler.count == times
    # What was made meanwhile is neither missing nor unmanaged.
    assert found.exit_code("any") == 0
    assert found.report.checked == 2 + times


def test_state_that_never_rests_is_told(world: World) -> None:
    two(world)
    world.apply()
    with (
        world.session(listener=Meddler(world, 99)) as session,
        pytest.raises(CallsheetError, match="kept moving"),
    ):
        drift(session)


def test_acknowledged_drift_is_read_from_the_environment(world: World) -> None:
    two(world)
    world.apply()
    world.edit("/assistant", "a", {"firstMessage": "campaign"})

    def acknowledged(until: str) -> int:
        world.environment(
            "acknowledgedDrift:\n"
            f"  - {{address: Assistant/a, path: firstMessage, owner: anna@acme.example, until: {until}}}\n"
        )
        return world.drift().exit_code("any")

    # The clock of these tests says 2026-11-20.
    assert acknowledged("2026-11-20") == 0
    assert world.plan().plan.empty
    assert acknowledged("2026-11-19") == 2
    assert world.plan().plan.summary["update"] == 1


def test_what_the_environment_moves_has_the_cause_settings_and_its_place(world: World) -> None:
    world.environment("temperature: 0.2\n")
    two(world)
    world.apply()
    world.environment("temperature: 0.3\n")
    [line, _] = [each for change in world.plan().plan.changes for each in change.attributes]
    assert (line.path, line.cause) == (("model", "temperature"), "settings")
    assert line.at is not None
    assert "environments.yaml:8:" in line.at


def test_a_plan_file_is_written_whole_and_private_and_reads_back(world: World, tmp_path: Path) -> None:
    two(world)
    planned = world.plan()
    target = tmp_path / "out.plan"
    write_archive(planned, target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert read_archive(target).plan == planned.plan
    with pytest.raises(CallsheetError, match="cannot be written"):
        write_archive(planned, tmp_path / "nowhere" / "out.plan")
    with pytest.raises(CallsheetError, match="cannot be read"):
        read_archive(tmp_path / "none.plan")


def test_equal_inputs_give_equal_bytes(world: World, tmp_path: Path) -> None:
    two(world)
    world.apply()
    world.edit("/assistant", "a", {"firstMessage": "edited"})
    for name in ("one", "two"):
        write_archive(world.plan(), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_unknown_environment_and_backend_are_clear(world: World) -> None:
    two(world)
    with world.session(environment="dve") as session, pytest.raises(CallsheetError) as caught:
        plan(session, Options())
    assert "Did you mean dev?" in caught.value.diagnostics[0].hint
    world.environment("state: {backend: s3}\n")
    with pytest.raises(CallsheetError, match="backend 's3'"):
        world.plan()


def test_without_a_key_nothing_is_asked(world: World) -> None:
    two(world)
    world.environment(apiKey=None)
    with world.counted() as counts, pytest.raises(CallsheetError, match=r"has no provider\.apiKey"):
        world.plan()
    assert counts == {}


def test_unmanaged_objects_of_other_kinds_are_seen_where_every_kind_is_asked_for(world: World) -> None:
    world.assistant("a")
    world.apply()
    world.api("POST", "/squad", {"name": "theirs", "members": [{"assistant": {"name": "m"}}]})
    with world.session() as session:
        assert drift(session).report.unmanaged == ()
    with world.session() as session:
        found = drift(session, every_kind=True)
    assert [each["name"] for each in found.report.unmanaged if each["kind"] == "Squad"] == ["theirs"]


def test_kinds_that_the_provider_will_not_list_are_told(world: World) -> None:
    world.assistant("a")
    world.apply()
    world.faults.add(Fault.parse("error GET /squad status=403 forever=true"))
    with world.session() as session:
        assert drift(session, every_kind=True).to_json()["notListed"] == ["Squad"]
