"""Every run that took the lock has one audit record, whatever became of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from callsheet.apply.outcome import Outcome
from callsheet.audit.log import Head, Line, Log
from callsheet.model.errors import CallsheetError, Stale, StateError
from callsheet.model.events import Event
from callsheet.operations.apply import apply, settle_journal
from callsheet.operations.plan import plan
from callsheet.operations.runs import listed, shown, verified
from callsheet.plan.inputs import Options
from callsheet.state.file import FileStore
from callsheet.state.snapshot import Entry
from support.audits import NAME, SPACE
from support.world import World
from unit.apply.test_crash import Killed, killed_at


def records(world: World) -> list[dict[str, Any]]:
    """The oldest first."""
    with world.session() as session:
        runs = [each["run"] for each in reversed(listed(session)["runs"])]
        return [shown(session, run, requests=True) for run in runs]


def last(world: World) -> dict[str, Any]:
    told: dict[str, Any] = records(world)[-1]["record"]
    return told


def findings(world: World) -> list[dict[str, Any]]:
    with world.session() as session:
        found: list[dict[str, Any]] = verified(session)["findings"]
        return found


def key_of(world: World) -> bytes:
    with world.session() as session:
        return session.ledger.load().key


def two(world: World) -> None:
    world.assistant("a", firstMessage="x")
    world.document("Tool", "t", {"type": "endCall"})


def test_a_run_is_told_whole(world: World) -> None:
    world.variables["GITHUB_ACTOR"] = "anna"
    two(world)
    world.apply()
    world.assistant("a", firstMessage="y")
    archive = world.plan().archive
    with world.counted() as counts:
        outcome = world.apply(archive)
    told = records(world)[-1]
    record = told["record"]
    assert record["run"] == outcome.run
    assert (record["number"], record["verb"], record["export"]) == (2, "apply", outcome.export)
    assert record["who"] == {
        "name": "anna",
        "how": "GITHUB_ACTOR",
        "host": record["who"]["host"],
        "verified": False,
    }
    assert record["what"]["plan"] == archive.plan.digest
    assert record["what"]["source"] == archive.plan.source
    assert record["what"]["summary"]["update"] == 1
    [result] = record["outcome"]["results"]
    assert (result["address"], result["status"]) == ("Assistant/a", "applied")
    assert result["changeDigest"] == archive.plan.changes[0].change_digest
    assert (record["outcome"]["exitCode"], record["outcome"]["ended"]) == (0, "in_order")
    # Every request that the server saw, and no other.
    assert record["requests"]["count"] == sum(counts.values()) == len(told["requests"])
    assert record["requests"]["writes"] == 1
    [write] = [each for each in told["requests"] if each["method"] == "PATCH"]
    assert (write["status"], write["key"]) == (200, archive.plan.changes[0].idempotency_key)
    assert write["path"] == f"/assistant/{result['remoteId']}"
    assert findings(world) == []


def test_a_body_is_recognised_by_whoever_has_the_estates_key(world: World) -> None:
    two(world)
    world.apply()
    path = f"/assistant/{world.live('/assistant', 'a')['id']}"
    request = urllib.request.Request(world.server.url + path, headers={"Authorization": "Bearer x"})
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
    world.assistant("a", firstMessage="y")
    world.apply()
    read = next(each for each in records(world)[-1]["requests"] if each["path"] == path)
    assert (read["method"], read["sent"]) == ("GET", None)
    assert read["received"] == "hmac-sha256:" + hmac.new(key_of(world), body, hashlib.sha256).hexdigest()


def test_nothing_to_do_leaves_no_record(world: World) -> None:
    two(world)
    world.apply()
    world.apply()
    assert len(records(world)) == 1


def test_a_run_that_fails_in_part_says_what_failed_and_with_which_code(world: World) -> None:
    two(world)
    world.bad_day("error POST /assistant status=400")
    assert world.apply().exit_code == 5
    outcome = last(world)["outcome"]
    assert (outcome["exitCode"], outcome["applied"], outcome["failed"]) == (5, 1, 1)
    [failed] = [each for each in outcome["results"] if each["status"] == "failed"]
    assert (failed["address"], failed["codes"]) == ("Assistant/a", ["provider.invalid"])
    assert 400 in {each["status"] for each in records(world)[-1]["requests"]}


def test_a_run_that_is_refused_under_the_lock_has_a_record(world: World) -> None:
    two(world)
    world.apply()
    world.assistant("a", firstMessage="y")
    archive = world.plan().archive
    world.edit("/assistant", "a", {"firstMessage": "z"})
    with pytest.raises(Stale):
        world.apply(archive)
    record = last(world)
    assert record["what"]["plan"] == archive.plan.digest
    assert (record["outcome"]["exitCode"], record["outcome"]["results"]) == (4, [])
    assert record["outcome"]["codes"] == ["stale.moved"]
    assert record["requests"]["writes"] == 0
    assert findings(world) == []


def test_an_interrupted_run_says_so(world: World) -> None:
    two(world)

    once = [signal.SIGINT]

    def interrupt(event: Event) -> None:
        if event.name == "change.start" and once:
            signal.raise_signal(once.pop())

    with world.session(listener=interrupt) as session:
        outcome = apply(session, plan(session, Options()).archive)
    assert outcome.interrupted
    assert last(world)["outcome"]["ended"] == "interrupted"


def test_a_deletion_tells_which_object_it_took_away(world: World) -> None:
    two(world)
    world.apply()
    [tool] = world.api("GET", "/tool")
    world.remove("tools/t.yaml")
    world.apply()
    [result] = last(world)["outcome"]["results"]
    assert (result["action"], result["remoteId"]) == ("delete", tool["id"])


# Killed


@pytest.mark.parametrize("point", range(1, 16))
def test_a_run_killed_anywhere_has_one_record_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    two(world)
    world.apply()
    world.assistant("a", firstMessage="y")
    with killed_at(monkeypatch, point) as countdown:
        with suppress(Killed, CallsheetError):
            world.apply()
        died = countdown.left <= 0
    assert died or point > 14, "there are fewer boundaries than thought"
    with world.session() as session:
        run = (session.ledger.load().run or {})["id"]
    assert findings(world) == []
    world.time_passes(120)
    with world.session() as session:
        settle_journal(session)
        apply(session, plan(session, Options()).archive)
    assert findings(world) == []
    told = [each["record"] for each in records(world)]
    assert [each["run"] for each in told].count(run) == 1
    assert len({each["run"] for each in told}) == len(told)
    with world.session() as session:
        assert listed(session)["unrecorded"] is None
        head = Head.from_json(session.ledger.load().audit)
    assert head.count == len(told)


def killed_after_the_write(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose request was made, and whose end was not written."""
    from callsheet.providers.vapi.writer import VapiWriter

    update = VapiWriter.update

    def kill(*arguments: Any, **named: Any) -> Any:
        update(*arguments, **named)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(VapiWriter, "update", kill)
        with pytest.raises(Killed):
            world.apply()
    world.time_passes(120)


def test_a_killed_run_is_told_by_the_next_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.variables["USER"] = "anna"
    two(world)
    world.apply()
    world.assistant("a", firstMessage="y")
    digest = world.plan().plan.digest
    killed_after_the_write(world, monkeypatch)
    with world.session() as session:
        unrecorded = listed(session)["unrecorded"]
    assert (unrecorded["verb"], unrecorded["by"]) == ("apply", "anna")
    world.variables["USER"] = "bob"
    with world.session() as session:
        settle_journal(session)
    killed, recover = [each["record"] for each in records(world)[-2:]]
    assert (killed["run"], killed["who"]["name"]) == (unrecorded["run"], "anna")
    assert (killed["verb"], killed["what"]["plan"]) == ("apply", digest)
    assert killed["what"]["source"]["digest"].startswith("sha256:")
    assert killed["export"] is not None
    assert (killed["endedAt"], killed["requests"]) == (None, None)
    assert killed["writtenBy"] == recover["run"]
    outcome = killed["outcome"]
    assert (outcome["ended"], outcome["exitCode"]) == ("without_a_word", None)
    assert [(each["address"], each["call"]) for each in outcome["begun"]] == [("Assistant/a", "update")]
    assert [each["outcome"] for each in outcome["found"]] == ["confirmed"]
    assert (recover["verb"], recover["who"]["name"]) == ("recover", "bob")
    assert recover["outcome"]["found"] == outcome["found"]
    assert recover["requests"]["writes"] == 0
    assert findings(world) == []


def test_a_killed_run_is_told_by_an_apply_of_a_plan_file_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    two(world)
    world.apply()
    world.assistant("a", firstMessage="y")
    archive = world.plan().archive
    killed_after_the_write(world, monkeypatch)
    assert world.apply(archive).exit_code == 0
    killed, again = [each["record"] for each in records(world)[-2:]]
    assert killed["outcome"]["ended"] == "without_a_word"
    assert (again["verb"], again["outcome"]["exitCode"]) == ("apply", 0)
    assert again["outcome"]["found"] == killed["outcome"]["found"]


# A store that fails, a log that was changed


@contextmanager
def no_audit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    append = FileStore.append

    def refuse(self: FileStore, log: str, entries: list[bytes], *, expected: int) -> int:
        if log == NAME:
            raise StateError("the disk is full", code="state.unwritable")
        return append(self, log, entries, expected=expected)

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "append", refuse)
        yield


def test_a_record_that_cannot_be_written_is_made_up_for_before_anything_else_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    two(world)
    world.apply()
    world.assistant("a", firstMessage="y")
    with no_audit(monkeypatch):
        outcome = world.apply()
    assert outcome.exit_code == 0
    [told] = outcome.diagnostics
    assert (told.code, told.severity) == ("audit.unwritten", "warning")
    assert "the disk is full" in told.summary
    assert findings(world) == []
    world.assistant("a", firstMessage="z")
    with no_audit(monkeypatch), pytest.raises(StateError, match="the disk is full"):
        world.apply()
    assert world.live("/assistant", "a")["firstMessage"] == "y"
    world.apply()
    told_of = [each["record"]["outcome"]["ended"] for each in records(world)]
    assert told_of == ["in_order", "without_a_word", "in_order"]


def test_a_log_that_was_taken_away_is_told_and_stays_to_be_seen(world: World) -> None:
    for message in ("x", "y"):
        world.assistant("a", firstMessage=message)
        world.apply()
    with world.session() as session:
        session.store.remove_log(NAME)
    world.assistant("a", firstMessage="z")
    outcome = world.apply()
    assert outcome.exit_code == 0
    assert [each.code for each in outcome.diagnostics] == ["audit.doubtful"]
    [finding] = findings(world)
    assert finding["summary"] == "records 1 to 2 were removed"
    world.assistant("a", firstMessage="again")
    assert world.apply().diagnostics == ()
    assert [each["code"] for each in findings(world)] == ["audit.removed"]


def test_a_holder_of_the_past_writes_no_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease ended while it was about to write; the next one has told of it by then."""
    two(world)
    world.apply()
    world.assistant("a", firstMessage="y")
    append = FileStore.append
    late: list[Outcome] = []

    def overtaken(self: FileStore, log: str, entries: list[bytes], *, expected: int) -> int:
        if log == NAME and not late:
            late.append(Outcome())
            world.time_passes(120)
            with world.session() as session:
                settle_journal(session)
            world.assistant("a", firstMessage="z")
            world.apply()
        return append(self, log, entries, expected=expected)

    monkeypatch.setattr(FileStore, "append", overtaken)
    outcome = world.apply()
    assert "audit.unwritten" in [each.code for each in outcome.diagnostics]
    assert findings(world) == []
    told = [each["record"]["outcome"]["ended"] for each in records(world)]
    assert told == ["in_order", "without_a_word", "in_order"]


def test_an_estate_that_was_begun_anew_has_a_chain_of_its_own(world: World) -> None:
    two(world)
    world.apply()
    for path in (world.root / ".callsheet/state").rglob("state/dev"):
        path.rename(path.with_name("moved-away"))
    world.apply()
    with world.session() as session:
        told = verified(session)
    assert (told["findings"], told["records"], told["count"]) == ([], 2, 1)
    assert sum(told["earlier"].values()) == 1


def test_runs_that_end_while_it_is_looked_are_no_findings(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    two(world)
    world.apply()
    lines = Log.lines
    left = ["y", "z"]

    def meanwhile(log: Log) -> list[Line]:
        while left:
            world.assistant("a", firstMessage=left.pop())
            world.apply()
        return lines(log)

    monkeypatch.setattr(Log, "lines", meanwhile)
    assert findings(world) == []


# Secrets, and cost


def test_no_secret_is_in_the_audit(world: World) -> None:
    world.variables["T"] = "canary-of-a-header"
    server = {"url": "https://x.example", "headers": {"X": "secrets://env/T"}}
    world.assistant("a", native={"server": server})
    world.apply()
    world.assistant("a", firstMessage="y", native={"server": server})
    world.bad_day("error PATCH * status=400")
    world.apply()
    with world.session() as session:
        lines = b"".join(session.store.read_log(NAME)[0])
    kept = str(records(world)).encode()
    for canary in (b"canary", hashlib.sha256(b"canary-of-a-header").hexdigest().encode()):
        assert canary not in lines + kept + world.state_files()


def test_an_id_that_repeats_a_secret_is_hidden(world: World) -> None:
    """Whoever answers may put what was sent into an id, and ids are in paths."""
    two(world)
    world.apply()
    identity = world.live("/assistant", "a")["id"]
    world.variables["T"] = identity
    world.assistant("a", native={"server": {"url": "https://x.example", "headers": {"X": "secrets://env/T"}}})
    world.apply()
    told = records(world)[-1]
    assert identity not in json.dumps(told)
    assert "(hidden: it holds a secret)" in {each["path"] for each in told["requests"]}


def test_a_run_of_many_creates_writes_one_record_and_one_blob(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        world.document("Tool", f"t{number}", {"type": "endCall"})
    written: list[str] = []
    append, put = FileStore.append, FileStore.put_blobs

    def appended(self: FileStore, log: str, entries: list[bytes], *, expected: int) -> int:
        written.extend("record" for _ in entries if log == NAME)
        return append(self, log, entries, expected=expected)

    def kept(self: FileStore, blobs: list[bytes], *, space: str) -> list[str]:
        written.extend("blob" for _ in blobs if space == SPACE)
        return put(self, blobs, space=space)

    monkeypatch.setattr(FileStore, "append", appended)
    monkeypatch.setattr(FileStore, "put_blobs", kept)
    assert world.apply().count("applied") == 60
    assert sorted(written) == ["blob", "record"]
    assert records(world)[-1]["record"]["requests"]["writes"] == 60


def test_a_run_of_which_state_knows_little_is_told_as_far_as_it_goes(world: World) -> None:
    two(world)
    world.apply()
    with world.session() as session:
        session.ledger.load()
        session.ledger.append([Entry(run={"id": "old", "export": None})])
    world.assistant("a", firstMessage="y")
    world.apply()
    assert [each["record"]["run"] for each in records(world)][1] == "old"
    assert findings(world) == []
