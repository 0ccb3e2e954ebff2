"""State that cannot be written in the middle of a run: what was done is kept aside, and nothing is lost."""

from __future__ import annotations

import errno
import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from callsheet.apply.outcome import Outcome
from callsheet.model.errors import CallsheetError, StateError
from callsheet.operations.apply import apply, settle_journal
from callsheet.operations.plan import plan
from callsheet.plan.archive import Archive
from callsheet.plan.inputs import Options
from callsheet.providers.vapi.writer import VapiWriter
from callsheet.state.file import FileStore
from support.world import World
from unit.apply.test_crash import changed, estate, names, settled
from unit.cli.test_state import call


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, at: int | None = None, how: str = "before") -> Iterator[None]:
    """From its n-th append on the store cannot be reached, or from the first that tells of something done.

    `after`: that one was written all the same.
    """
    seen = 0
    original = FileStore.append

    def append(self: FileStore, log: str, entries: Any, *, expected: int) -> int:
        nonlocal seen, at
        seen += 1
        if at is None and b'"put":' in b"".join(entries):
            at = seen
        if seen == at and how == "after":
            original(self, log, entries, expected=expected)
        if at is not None and seen >= at:
            raise StateError("the store does not answer", code="state.unreachable")
        return original(self, log, entries, expected=expected)

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "append", append)
        yield


def begin(world: World) -> Archive:
    estate(world)
    world.apply()
    changed(world)
    return world.plan().archive


def cut_off(world: World, archive: Archive) -> Outcome | None:
    """Apply; None where the run came to nothing."""
    try:
        with world.session() as session:
            return apply(session, archive)
    except CallsheetError:
        return None


def goes_on(world: World) -> None:
    world.time_passes(120)
    with world.session() as session:
        settle_journal(session)
        outcome = apply(session, plan(session, Options()).archive)
    assert outcome.exit_code == 0, outcome.to_json()
    settled(world)


def pushed(world: World, outcome: Outcome, *more: str) -> tuple[int, str, str]:
    """Run the very command that the outcome names."""
    assert outcome.recovery is not None
    program, *arguments = shlex.split(outcome.recovery.command)
    assert program == "callsheet"
    if "-C" in arguments:
        arguments = arguments[: arguments.index("-C")]
    return call(world, *arguments, *more)


def addresses(outcome: Outcome) -> set[str]:
    return {result.change.address for result in outcome.results if result.status == "applied"}


@pytest.mark.parametrize("then", ["push", "apply"])
@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 16))
def test_a_store_that_fails_from_some_write_on(
    world: World, monkeypatch: pytest.MonkeyPatch, at: int, how: str, then: str
) -> None:
    archive = begin(world)
    with failing(monkeypatch, at, how):
        outcome = cut_off(world, archive)
    if outcome is not None and outcome.unwritten:
        assert outcome.exit_code == 5
        path = Path(outcome.recovery.file) if outcome.recovery else Path()
        assert path.stat().st_mode & 0o777 == 0o600
        if then == "push":
            world.time_passes(120)
            code, _, err = pushed(world, outcome)
            assert code == 0, err
            with world.session() as session:
                state = session.ledger.load()
            for change in world.plan().plan.changes:
                assert change.address not in addresses(outcome), change.to_json()
            # And once more: harmless, and nothing is written.
            assert pushed(world, outcome)[:2] == (0, "State: nothing to write.\n")
            with world.session() as session:
                assert session.ledger.load() == state
    else:
        # Nothing was done that state does not know; all of it was done, or the run did not come that far.
        assert not (world.root / ".callsheet" / "recovery").exists()
    goes_on(world)


def test_calls_that_end_after_the_store_is_gone_are_kept_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, under_way = Event(), Event()
    original, create = FileStore.append, VapiWriter.create

    def append(self: FileStore, log: str, entries: Any, **named: Any) -> int:
        if b'"put"' in b"".join(entries):
            gone.set()
            raise StateError("the store does not answer", code="state.unreachable")
        return original(self, log, entries, **named)

    def slow(self: VapiWriter, kind: str, body: Any, **named: Any) -> Any:
        if body["name"] == "b":
            under_way.set()
            assert gone.wait(60)
        assert under_way.wait(60)
        return create(self, kind, body, **named)

    # The organisation is known, so that two are made at once.
    world.assistant("earlier")
    world.apply()
    world.assistant("a")
    world.assistant("b")
    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "append", append)
        patched.setattr(VapiWriter, "create", slow)
        outcome = world.apply()
    assert (outcome.unwritten, outcome.count("applied")) == (2, 2)
    assert pushed(world, outcome)[0] == 0
    assert world.plan().plan.empty


def test_what_is_told_names_the_file_and_the_command(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.variables["T"] = "canary-token"
    world.assistant("a", native={"server": {"url": "https://x.example", "headers": {"X": "secrets://env/T"}}})
    monkeypatch.chdir(world.root)
    with failing(monkeypatch):
        code, out, err = call(world, "apply", "--yes")
    assert code == 5, err
    [file] = (world.root / ".callsheet" / "recovery").iterdir()
    name = f".callsheet/recovery/{file.name}"
    assert f"→ when the store can be written again: callsheet state push {name}\n" in out
    assert "the store does not answer" in out
    assert "State is right" not in out
    assert out.endswith("Apply: 1 applied. State does not know of 1.\n")
    assert b"canary" not in file.read_bytes()
    assert call(world, "state", "push", name)[0] == 0
    assert call(world, "plan", "--detailed-exitcode")[0] == 0
    with failing(monkeypatch):
        world.assistant("b")
        _, out, _ = call(world, "apply", "--yes", "-o", "json")
    told = [json.loads(line) for line in out.splitlines()]
    [ended] = [each for each in told if each["event"] == "outcome"]
    assert ended["unwritten"] == 1
    assert ended["recovery"]["command"] == f"callsheet state push {ended['recovery']['file']}"


def test_from_elsewhere_the_command_says_where_the_project_is(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world.assistant("a")
    archive = world.plan().archive
    monkeypatch.chdir(tmp_path.parent)
    with failing(monkeypatch):
        outcome = cut_off(world, archive)
    assert outcome is not None
    assert outcome.recovery is not None
    assert outcome.recovery.command.endswith(f"-C {world.root}")
    assert (tmp_path.parent / outcome.recovery.file).exists()


def test_a_full_disk_is_such_a_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = begin(world)
    original = VapiWriter.create

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:

        def create(*arguments: Any, **named: Any) -> Any:
            patched.setattr(os, "fsync", full)
            return original(*arguments, **named)

        patched.setattr(VapiWriter, "create", create)
        outcome = cut_off(world, archive)
    assert outcome is not None
    assert outcome.exit_code == 5
    assert outcome.unwritten > 0
    # The disk is full for the recovery file, too.
    assert outcome.recovery is None
    said = next(each for each in outcome.diagnostics if each.code == "state.unwritten")
    assert "No space left on device" in said.summary
    assert "run apply: it first finds out" in said.hint
    goes_on(world)


@pytest.mark.parametrize("then", ["push", "another run first", "apply"])
def test_a_lease_that_ends_in_the_middle(world: World, monkeypatch: pytest.MonkeyPatch, then: str) -> None:
    archive = begin(world)
    original = VapiWriter.create

    def create(*arguments: Any, **named: Any) -> Any:
        made = original(*arguments, **named)
        world.time_passes(120)
        return made

    with monkeypatch.context() as patched:
        patched.setattr(VapiWriter, "create", create)
        outcome = cut_off(world, archive)
    assert outcome is not None
    assert outcome.recovery is not None
    assert any(each.code == "lock.lost" for each in outcome.diagnostics)
    if then == "another run first":
        goes_on(world)
        before = world.state_files()
        code, out, err = pushed(world, outcome)
        assert (code, out) == (0, "State: nothing to write.\n")
        assert "state knows of it already" in err
        with world.session() as session:
            assert not session.ledger.load().begun
        assert len(world.state_files()) == len(before)
    elif then == "push":
        assert pushed(world, outcome)[0] == 0
    goes_on(world)


def test_a_push_after_somebody_failed_to_find_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = begin(world)
    with failing(monkeypatch):
        outcome = cut_off(world, archive)
    assert outcome is not None
    world.time_passes(120)
    world.bad_day("error GET * count=99 status=403")
    with world.session() as session, pytest.raises(CallsheetError):
        settle_journal(session)
    world.bad_day()
    # The journal is as it was, but for that holder's fence.
    assert pushed(world, outcome)[0] == 0
    goes_on(world)


def test_an_object_that_state_has_never_heard_of_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.assistant("a")
    archive = world.plan().archive
    with failing(monkeypatch):
        outcome = cut_off(world, archive)
    assert outcome is not None
    [made] = world.api("GET", "/assistant")
    world.time_passes(120)
    with world.session() as session:
        settle_journal(session)
    assert call(world, "state", "rm", "Assistant/a", "--yes")[0] == 0
    code, out, err = pushed(world, outcome)
    assert (code, out) == (4, "State: nothing to write.\n")
    assert f"made {made['id']} for Assistant/a, and state does not know it" in err


def test_where_it_cannot_be_kept_aside_that_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = begin(world)
    (world.root / ".callsheet" / "recovery").write_text("in the way")
    with failing(monkeypatch):
        outcome = cut_off(world, archive)
    assert outcome is not None
    assert outcome.exit_code == 5
    assert outcome.recovery is None
    [said] = [each for each in outcome.diagnostics if each.code == "state.unwritten"]
    assert "could not be kept" in said.summary
    goes_on(world)


def test_a_recovery_file_of_another_estate_or_a_damaged_one_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.assistant("a")
    archive = world.plan().archive
    with failing(monkeypatch):
        outcome = cut_off(world, archive)
    assert outcome is not None
    assert outcome.recovery is not None
    path = Path(outcome.recovery.file)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Assistant/a", b"Assistant/b"))
    code, _, err = pushed(world, outcome)
    assert code == 1
    assert "its seal does not fit" in err
    path.write_bytes(data)
    code, _, err = pushed(world, outcome, "--env", "prod")
    assert code == 1
    assert "is of dev, and --env says prod" in err
    (world.root / ".callsheet" / "state").rename(world.root / ".callsheet" / "away")
    code, _, err = pushed(world, outcome)
    assert code == 4
    assert "the store's is not begun" in err


def test_what_only_could_not_be_sealed_is_written_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.assistant("a")
    original = FileStore.write

    def write(self: FileStore, name: str, data: bytes, *, expected: str | None) -> str:
        if name.endswith("/head") and expected is not None:
            raise StateError("the store does not answer", code="state.unreachable")
        return original(self, name, data, expected=expected)

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "write", write)
        outcome = world.apply()
    assert outcome.exit_code == 0
    assert outcome.diagnostics == ()
    assert world.plan().plan.empty
    assert names(world) == {"assistants": ["a"], "tools": []}
