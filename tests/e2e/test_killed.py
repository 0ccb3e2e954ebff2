"""Real processes, really killed: `kill -9` in the middle of an apply, and an apply that goes on."""

from __future__ import annotations

import signal
import subprocess

import pytest

from e2e.command import COMMAND
from e2e.steering import environment, run
from support.world import World

NAMES = [f"a{number:02}" for number in range(10)]


def estate(world: World) -> None:
    for name in NAMES:
        world.assistant(name, tools=[{"ref": "back"}] if name == "a00" else [])
    for name in ("t", "u", "v"):
        world.document("Tool", name, {"type": "function", "native": {"function": {"name": name}}})
    world.document(
        "Tool",
        "back",
        {
            "type": "handoff",
            "native": {
                "function": {"name": "back"},
                "destinations": [{"type": "assistant", "assistantId": {"ref": "a00"}}],
            },
        },
    )


@pytest.mark.parametrize(
    ("again", "writes"),
    [("the same plan", 1), ("a fresh plan", 4), ("the same plan", 8), ("a fresh plan", 13)],
)
def test_killed_after_some_writes_and_gone_on_with(world: World, again: str, writes: int) -> None:
    estate(world)
    assert run(world, "plan", "--out", "p.plan").returncode == 0
    world.bad_day("latency POST * seconds=0.05")
    world.app.requests.reset()
    running = subprocess.Popen(
        [COMMAND, "apply", "p.plan"],
        cwd=world.root,
        env=environment(world),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while world.writes() < writes and running.poll() is None:
        pass
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    world.bad_day()
    locked = run(world, "apply", "--yes")
    assert locked.returncode == 4
    assert "is locked" in locked.stderr
    assert run(world, "state", "unlock", "--yes").returncode == 0
    gone_on = run(world, "apply", "p.plan") if again == "the same plan" else run(world, "apply", "--yes")
    assert gone_on.returncode == 0, gone_on.stderr
    assert sorted(each["name"] for each in world.api("GET", "/assistant")) == NAMES
    assert len(world.api("GET", "/tool")) == 4
    settled = run(world, "plan", "--detailed-exitcode")
    assert settled.returncode == 0, settled.stdout
