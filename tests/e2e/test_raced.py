"""Applies that get in each other's way: two at once, one that was paused, one that was stopped at once."""

from __future__ import annotations

import json
import signal
import subprocess
from signal import SIGINT, SIGTERM, Signals

import pytest

from callsheet.providers.vapi.capabilities import CAPABILITIES
from e2e.steering import Gate, run, started, until
from support.world import World

NAMES = [f"a{number:02}" for number in range(24)]


@pytest.fixture
def gate(world: World) -> Gate:
    for name in NAMES:
        world.assistant(name)
    # In an organisation without any object the first create would go alone.
    world.api("POST", "/tool", {"type": "function", "function": {"name": "theirs"}})
    return Gate(world)


def made(world: World) -> list[str]:
    return sorted(each["name"] for each in world.api("GET", "/assistant"))


def settled(world: World) -> None:
    assert made(world) == NAMES
    plan = run(world, "plan", "--detailed-exitcode")
    assert plan.returncode == 0, plan.stdout


def test_of_two_at_once_one_runs_and_the_other_names_it(world: World, gate: Gate) -> None:
    with started(world, "apply", "--yes") as first:
        until(lambda: gate.arrived > 0, first)
        holder = json.loads(run(world, "state", "list", "-o", "json").stdout)["lock"]
        second = run(world, "apply", "--yes")
        assert second.returncode == 4
        for part in (holder["owner"], holder["run"], holder["host"]):
            assert part in second.stderr
        with started(world, "apply", "--yes", "--lock-timeout", "60") as third:
            gate.open()
            assert first.wait(60) == 0, first.communicate()
            out, err = third.communicate(timeout=60)
            assert third.returncode == 0, err
            assert "nothing to do" in out
    settled(world)


def test_a_paused_holder_whose_lock_was_taken_away_writes_nothing_and_calls_nobody(
    world: World, gate: Gate
) -> None:
    with started(world, "apply", "--yes") as paused:
        until(lambda: gate.arrived == CAPABILITIES.parallel_writes, paused)
        paused.send_signal(signal.SIGSTOP)
        # What is under way takes effect; nobody reads the answers.
        gate.open()
        until(lambda: len(made(world)) == gate.arrived, paused)
        assert run(world, "state", "unlock", "--yes").returncode == 0
        second = run(world, "apply", "--yes")
        assert second.returncode == 0, second.stderr
        settled(world)
        writes, state = world.writes(), kept(world)
        paused.send_signal(signal.SIGCONT)
        out, err = paused.communicate(timeout=60)
    assert paused.returncode == 5, err
    assert "Traceback" not in err
    assert (world.writes(), kept(world)) == (writes, state)
    settled(world)
    # What it did is in its recovery file, and was found out meanwhile.
    [file] = (world.root / ".callsheet" / "recovery").iterdir()
    assert f"callsheet state push .callsheet/recovery/{file.name}" in out
    pushed = run(world, "state", "push", str(file))
    assert (pushed.returncode, pushed.stdout) == (0, "State: nothing to write.\n")


def kept(world: World) -> dict[str, bytes]:
    store = world.root / ".callsheet" / "state"
    return {str(path): path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()}


def heard(process: subprocess.Popen[str], event: str) -> None:
    assert process.stdout is not None
    while f'"event":"{event}"' not in process.stdout.readline():
        assert process.poll() is None


def lock_and_begun(world: World) -> tuple[object, object]:
    state = json.loads(run(world, "state", "list", "-o", "json").stdout)
    return state["lock"], state["begun"]


def test_a_cancelled_job_ends_what_is_under_way_and_gives_the_lock_back(world: World, gate: Gate) -> None:
    with started(world, "apply", "--yes", "-o", "json") as cancelled:
        until(lambda: gate.arrived == CAPABILITIES.parallel_writes, cancelled)
        cancelled.send_signal(SIGTERM)
        heard(cancelled, "apply.interrupted")
        gate.open()
        out, err = cancelled.communicate(timeout=60)
    assert cancelled.returncode == 5, err
    told = json.loads(out.splitlines()[-1])
    assert (told["applied"], told["notAttempted"]) == (gate.arrived, len(NAMES) - gate.arrived)
    assert len(made(world)) == gate.arrived
    assert lock_and_begun(world) == (None, [])
    assert run(world, "apply", "--yes").returncode == 0
    settled(world)


def test_a_job_that_is_cancelled_before_its_first_write_gives_the_lock_back(world: World) -> None:
    for name in NAMES:
        world.assistant(name)
    # No file has one, so that only the export asks for them.
    gate = Gate(world, "GET /squad")
    with started(world, "apply", "--yes") as cancelled:
        until(lambda: gate.arrived > 0, cancelled)
        assert lock_and_begun(world)[0] is not None
        cancelled.send_signal(SIGTERM)
        gate.open()
        _, err = cancelled.communicate(timeout=60)
    assert (cancelled.returncode, err.split()) == (1, ["error:", "interrupted"])
    assert lock_and_begun(world) == (None, [])
    assert made(world) == []
    assert run(world, "apply", "--yes").returncode == 0
    settled(world)


@pytest.mark.parametrize("sent", [SIGINT, SIGTERM], ids=lambda sent: sent.name)
def test_a_job_that_is_cancelled_after_its_last_write_ends_as_if_it_were_not(
    world: World, sent: Signals
) -> None:
    for name in NAMES:
        world.assistant(name)
    # For the plan, for the export, and to see what came of it.
    gate = Gate(world, "GET /assistant nth=3")
    with started(world, "apply", "--yes") as cancelled:
        until(lambda: gate.arrived > 0, cancelled)
        cancelled.send_signal(sent)
        gate.open()
        out, err = cancelled.communicate(timeout=60)
    assert (cancelled.returncode, err) == (0, "")
    assert "24 applied" in out
    assert lock_and_begun(world) == (None, [])
    settled(world)


# The last as GitHub cancels a job.
@pytest.mark.parametrize(
    ("first", "second"),
    [(SIGINT, SIGINT), (SIGTERM, SIGTERM), (SIGINT, SIGTERM)],
    ids=lambda sent: sent.name,
)
def test_a_second_interrupt_stops_at_once_and_the_next_apply_finds_out(
    world: World, gate: Gate, first: Signals, second: Signals
) -> None:
    with started(world, "apply", "--yes", "-o", "json") as stopped:
        until(lambda: gate.arrived == CAPABILITIES.parallel_writes, stopped)
        stopped.send_signal(first)
        heard(stopped, "apply.interrupted")
        stopped.send_signal(second)
        out, err = stopped.communicate(timeout=60)
        assert stopped.returncode == 5, err
        assert json.loads(out.splitlines()[-1])["diagnostics"][0]["code"] == "interrupted.at-once"
        assert "Traceback" not in err
    # It waited for no answer: none of its calls has taken effect yet. Now they do.
    assert made(world) == []
    gate.open()
    while len(made(world)) < gate.arrived:
        pass
    locked = run(world, "apply", "--yes")
    assert locked.returncode == 4
    assert "is locked" in locked.stderr
    assert run(world, "state", "unlock", "--yes").returncode == 0
    assert run(world, "apply", "--yes").returncode == 0
    settled(world)
