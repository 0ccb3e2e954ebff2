"""`callsheet state pull|push`: state as a sealed file, and what may take whose place."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callsheet.cli.main import run
from callsheet.cli.screen import Screen
from callsheet.model.errors import StateError
from callsheet.operations.surgery import surgery
from callsheet.releases.pin import Origin, Pin
from callsheet.state.begun import Begun
from callsheet.state.document import write_state
from callsheet.state.snapshot import Entry, State
from callsheet.state.store import Moved
from support.world import World
from unit.cli.test_state import call


@pytest.fixture
def pulled(world: World) -> Path:
    """A file of the state of a world with one assistant."""
    world.assistant("a", native={"firstMessage": "grüß dich"})
    world.apply()
    return pull(world, "first.state")


def pull(world: World, name: str) -> Path:
    path = world.root / name
    assert call(world, "state", "pull", "--out", str(path))[0] == 0
    return path


def push(world: World, path: Path, *more: str, yes: bool = True) -> tuple[int, str, str]:
    return call(world, "state", "push", str(path), *(["--yes"] if yes else []), *more)


def state_of(world: World) -> State:
    with world.session() as session:
        return session.ledger.load()


def store(world: World) -> Path:
    return world.root / ".callsheet" / "state"


def without_serial(state: State) -> State:
    return replace(state, serial=0, fence=0, audit=None)


def test_what_is_pulled_is_private_and_the_same_on_stdout(world: World, pulled: Path) -> None:
    assert pulled.stat().st_mode & 0o777 == 0o600
    out = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    arguments = ["state", "pull", "-C", str(world.root)]
    assert run(arguments, Screen(io.StringIO(), out, io.StringIO(), world.variables)) == 0
    out.flush()
    assert out.buffer.getvalue() == pulled.read_bytes()
    header = json.loads(pulled.read_bytes().partition(b"\n")[0])
    assert (header["format"], header["environment"]) == ("callsheet.state/1", "dev")


def test_pulling_writes_nothing_to_the_store_and_needs_some_state(world: World) -> None:
    code, out, err = call(world, "state", "pull")
    assert (code, out) == (1, "")
    assert "there is no state of dev yet" in err
    assert not (world.root / ".callsheet").exists()
    world.assistant("a")
    world.apply()
    before = world.state_files()
    assert call(world, "state", "pull")[0] == 0
    assert world.state_files() == before
    code, _, err = call(world, "state", "pull", "--out", str(world.root))
    assert code == 1
    assert "it is a folder" in err


def test_into_an_empty_store_it_is_restored(world: World, pulled: Path) -> None:
    before = state_of(world)
    shutil.rmtree(store(world))
    assert {change.action for change in world.plan().plan.changes} == {"import"}
    code, out, _ = push(world, pulled, "-o", "json")
    told = json.loads(out)
    assert (code, told["resources"], told["lineage"]) == (0, 1, before.lineage)
    assert without_serial(state_of(world)) == without_serial(before)
    assert world.plan().plan.empty
    # And it is written on.
    world.assistant("b")
    assert world.apply().exit_code == 0
    assert state_of(world).lineage == before.lineage


def test_pushed_twice_or_unchanged_there_is_nothing_to_do(world: World, pulled: Path) -> None:
    before = state_of(world)
    code, out, _ = push(world, pulled)
    assert (code, out) == (0, "State: it is that already; nothing to do.\n")
    assert state_of(world) == before


def test_an_older_file_is_refused_and_forced_with_a_warning(world: World, pulled: Path) -> None:
    world.assistant("b")
    world.apply()
    before = state_of(world)
    code, _, err = push(world, pulled)
    assert code == 4
    assert f"the store's is of serial {before.serial}" in err
    assert "--force" in err
    assert state_of(world) == before
    code, _, err = push(world, pulled, "--force")
    assert code == 0
    assert "warning: it is of serial" in err
    assert sorted(state_of(world).records) == ["Assistant/a"]
    assert state_of(world).serial > before.serial
    # What that state does not know is an import again, and nothing is made twice.
    assert [(each.address, each.action) for each in world.plan().plan.changes] == [("Assistant/b", "import")]


def test_another_lineage_is_refused_and_forced_with_a_warning(world: World, pulled: Path) -> None:
    old = state_of(world)
    shutil.rmtree(store(world))
    world.apply()
    before = state_of(world)
    assert before.lineage != old.lineage
    code, _, err = push(world, pulled)
    assert code == 4
    assert "of another lineage" in err
    assert state_of(world) == before
    assert push(world, pulled, "--force")[0] == 0
    assert (state_of(world).lineage, state_of(world).serial > before.serial) == (old.lineage, True)
    assert world.plan().plan.empty


def test_a_newer_file_of_the_same_lineage_is_taken(world: World, pulled: Path) -> None:
    kept = world.root / "kept"
    shutil.copytree(store(world), kept)
    world.assistant("b")
    world.apply()
    newer = pull(world, "newer.state")
    shutil.rmtree(store(world))
    kept.rename(store(world))
    assert push(world, newer)[0] == 0
    assert sorted(state_of(world).records) == ["Assistant/a", "Assistant/b"]
    assert world.plan().plan.empty


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: data.replace(b"Assistant/a", b"Assistant/b"), "its seal does not fit"),
        (lambda data: data[: len(data) // 2], "not readable"),
        (lambda data: b"", "its first line is not readable"),
        (lambda data: b"hello", "its first line is not readable"),
        (lambda data: data.replace(b"callsheet.state/1", b"callsheet.state/9"), "this version reads"),
        (lambda data: data + data, "its seal does not fit"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(world: World, pulled: Path, damage: Any, said: str) -> None:
    before = world.state_files()
    pulled.write_bytes(damage(pulled.read_bytes()))
    code, out, err = push(world, pulled, "--force")
    assert (code, out) == (1, "")
    assert said in err
    assert world.state_files() == before


def test_a_file_that_is_not_there_or_of_another_environment(world: World, pulled: Path) -> None:
    code, _, err = push(world, world.root / "none")
    assert code == 1
    assert "cannot be read (No such file" in err
    pulled.write_bytes(write_state(replace(state_of(world), environment="prod")))
    code, _, err = push(world, pulled)
    assert code == 1
    assert "there is no environment 'prod'" in err
    code, _, err = push(world, pulled, "--env", "dev", "--force")
    assert code == 1
    assert "is of prod, and --env says dev" in err


def test_while_steps_are_begun_no_state_takes_the_place_of_theirs(world: World, pulled: Path) -> None:
    with world.session() as session, surgery(session, "test") as operation:
        operation.write(
            {}, Entry(begin=(Begun("Assistant/a", 1, "update", "Assistant", "key", "run-7", "id"),))
        )
    before = state_of(world)
    for more in ((), ("--force",)):
        code, _, err = push(world, pulled, *more)
        assert code == 4
        assert "run run-7 ended without a word" in err
    assert state_of(world) == before


def test_damaged_state_is_replaced_when_forced(world: World, pulled: Path) -> None:
    head = store(world) / "documents" / "state" / "dev" / "head"
    head.write_bytes(b"")
    code, _, err = push(world, pulled)
    assert code == 1
    assert "state push FILE --force" in err
    code, _, err = push(world, pulled, "--force")
    assert code == 0
    assert "what is there cannot be read, and is given up" in err
    assert world.plan().plan.empty


def test_a_store_that_cannot_be_reached_is_not_damaged(
    world: World, pulled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from callsheet.state.file import FileStore

    original = FileStore.read_log

    def unreachable(self: FileStore, log: str) -> Any:
        raise StateError("the store does not answer", code="state.unreachable")

    monkeypatch.setattr(FileStore, "read_log", unreachable)
    code, _, err = push(world, pulled, "--force")
    assert code == 1
    assert "does not answer" in err
    monkeypatch.setattr(FileStore, "read_log", original)


def test_a_hold_and_the_audits_head_are_the_stores_to_say(world: World, pulled: Path) -> None:
    hold = {"run": "r", "digests": []}
    with world.session() as session, surgery(session, "test") as operation:
        operation.write({}, Entry(hold=hold))
    assert push(world, pulled, "--force")[0] == 0
    assert state_of(world).hold == hold
    code, out, err = call(world, "runs", "verify")
    assert code == 0, out + err


def test_who_changed_state_by_hand_is_on_record(world: World, pulled: Path) -> None:
    assert call(world, "state", "mv", "Assistant/a", "Assistant/b", "--yes")[0] == 0
    assert push(world, pulled, "--force")[0] == 0
    assert call(world, "state", "rm", "Assistant/a", "--yes")[0] == 0
    code, out, _ = call(world, "runs", "list", "-o", "json")
    assert code == 0
    told = [each["verb"] for each in json.loads(out)["runs"]]
    assert told == ["state rm", "state push", "state mv", "apply"]
    _, out, _ = call(world, "runs", "list")
    assert call(world, "runs", "verify")[0] == 0


def test_it_asks_and_takes_yes_only(world: World, pulled: Path) -> None:
    shutil.rmtree(store(world))
    code, _, err = push(world, pulled, yes=False)
    assert code == 1
    assert "this needs a confirmation" in err
    for answer, expected in (("no\n", 1), ("yes\n", 0)):
        code, _, err = call(world, "state", "push", str(pulled), typed=answer)
        assert code == expected
        assert "1 resource at serial" in err
        assert (state_of(world).lineage is None) is (expected == 1)


def test_whoever_read_before_cannot_write_after(world: World, pulled: Path) -> None:
    with world.session() as session:
        former = session.ledger
        former.load()
        world.assistant("b")
        world.apply()
        assert push(world, pulled, "--force")[0] == 0
        with pytest.raises(Moved):
            former.append([Entry()])


def test_protection_route_and_releases_come_along(world: World) -> None:
    """A store that was lost does not take with it what holds beside the files' own words."""
    world.assistant("a")
    world.apply()
    protection, route = {"allowDestroy": False}, {"pinned": False, "default": True}
    digest = f"sha256:{1:064}"
    release = Pin(1, digest, f"{1:064}", Origin("uat", 7), "2026-01-01T00:00:00Z", "run", "ada", 3).to_json()
    with world.session() as session, surgery(session, "test") as operation:
        operation.write({}, Entry(protection=protection, route=route, release=release))
    before, path = state_of(world), pull(world, "whole.state")
    shutil.rmtree(store(world))
    code, _, err = push(world, path)
    assert code == 0, err
    after = state_of(world)
    assert (after.protection, after.route, after.releases) == (protection, route, (release,))
    assert without_serial(after) == without_serial(before)
