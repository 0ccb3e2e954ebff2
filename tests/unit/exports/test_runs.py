"""What a run keeps before its first write, over real HTTP."""

from __future__ import annotations

import hashlib

import pytest

from callsheet.exports.contents import content
from callsheet.exports.export import load, objects, records
from callsheet.exports.index import find, listed
from callsheet.model.errors import CallsheetError
from callsheet.model.events import Event
from callsheet.operations.apply import apply
from callsheet.operations.plan import plan
from callsheet.plan.inputs import Options
from support.world import World


def test_every_run_that_writes_exports_the_whole_organisation_first(world: World) -> None:
    theirs = world.api("POST", "/assistant", {"name": "theirs", "firstMessage": "not ours"})
    world.assistant("a")
    world.app.requests.reset()
    outcome = world.apply()
    assert outcome.export is not None
    with world.session() as session:
        export = load(session.store, "dev", outcome.export)
        [kept] = objects(session.store, export, "Assistant")
        assert records(session.store, export) == {}
        assert find(session.store, "dev", outcome.run or "").sha256 == outcome.export
    assert (kept.id, kept.payload["firstMessage"]) == (theirs["id"], "not ours")
    assert set(export.ids) == set(session.kinds)


def test_it_holds_the_records_as_they_were(world: World) -> None:
    world.assistant("a")
    world.apply()
    with world.session() as session:
        before = session.ledger.load()
    world.assistant("a", prompt="Be short.")
    outcome = world.apply()
    with world.session() as session:
        export = load(session.store, "dev", outcome.export or "")
        assert records(session.store, export) == dict(before.records)
        assert session.ledger.load().records != dict(before.records)
    assert (export.lineage, export.serial) == (before.lineage, before.serial + 1)


def test_it_is_in_the_index_before_the_first_write(world: World) -> None:
    world.assistant("a")
    known: list[list[str]] = []

    def look(event: Event) -> None:
        if event.name == "apply.start":
            known.append([each.sha256 for each in listed(session.store, "dev")])

    with world.session(listener=look) as session:
        outcome = apply(session, plan(session, Options()).archive)
    assert known == [[outcome.export]]


def test_a_run_without_requests_exports_nothing(world: World) -> None:
    world.assistant("a")
    world.apply()
    assert world.apply().export is None


def test_uploads_are_kept_when_they_are_sent(world: World) -> None:
    world.variables["TOKEN"] = "canary-of-a-header"
    world.assistant(
        "a", native={"server": {"url": "https://x.example", "headers": {"X": "secrets://env/TOKEN"}}}
    )
    world.file("files/faq.txt", "What is it?\n")
    world.file("files/keys.txt", "The token is canary-of-a-header.\n")
    for name in ("faq", "keys"):
        world.document("File", name, {"path": f"files/{name}.txt"})
    outcome = world.apply()
    assert outcome.exit_code == 0, outcome.to_json()
    sha256 = hashlib.sha256(b"What is it?\n").hexdigest()
    secret = hashlib.sha256(b"The token is canary-of-a-header.\n").hexdigest()
    with world.session() as session:
        assert content(session.store, "dev", sha256) == b"What is it?\n"
        # One with a known secret inside is not: exports hold none.
        assert content(session.store, "dev", secret) is None
        assert content(session.store, "dev", "0" * 64) is None
    world.remove("files/faq.yaml")
    outcome = world.apply()
    with world.session() as session:
        assert sha256 in load(session.store, "dev", outcome.export or "").contents
    assert b"canary" not in world.state_files()


def test_no_secret_is_kept_wherever_it_is(world: World) -> None:
    world.variables["TOKEN"] = "canary-of-the-files"
    server = {"url": "https://x.example", "headers": {"X": "secrets://env/TOKEN"}}
    world.assistant("a", native={"server": server})
    # Somebody else's values in every place that is known for them, and our own where nobody expects them.
    foreign = {
        "name": "theirs",
        "firstMessage": "canary-of-the-files",
        "server": {"url": "https://x.example", "headers": {"A": "canary-header"}, "secret": "canary-secret"},
        "credentials": [{"provider": "openai", "apiKey": "canary-credential"}],
        "metadata": {"note": ["the provider's key is canary-key"]},
    }
    world.api("POST", "/assistant", foreign)
    variable = {"name": "T", "value": "canary-variable"}
    tool = {"type": "code", "function": {"name": "run"}, "code": "x", "environmentVariables": [variable]}
    world.api("POST", "/tool", tool)
    world.apply()
    world.assistant("a", prompt="Be short.", native={"server": server})
    world.edit("/assistant", "a", {"endCallMessage": "canary-of-the-files"})
    world.apply()
    kept = world.state_files()
    assert b'"theirs"' in kept
    assert b"https://x.example" in kept
    assert b"canary" not in kept


def test_kinds_that_nothing_needs_may_be_out_of_reach(world: World) -> None:
    world.assistant("a")
    world.bad_day("error GET /observability/scorecard status=403 count=99")
    outcome = world.apply()
    assert outcome.exit_code == 0
    with world.session() as session:
        assert load(session.store, "dev", outcome.export or "").refused == ("Scorecard",)
    world.document("Tool", "t", {"type": "endCall"})
    # Trouble is no refusal: an export that lacks a kind for no reason would be no way back.
    world.bad_day("error GET /observability/scorecard status=500 count=99")
    world.app.requests.reset()
    with pytest.raises(CallsheetError, match="500"):
        world.apply()
    assert world.writes() == 0
    world.bad_day("error GET /assistant status=403 count=99")
    world.app.requests.reset()
    with pytest.raises(CallsheetError, match="403"):
        world.apply()
    assert world.writes() == 0


def test_old_exports_go_at_the_end_of_a_run(world: World) -> None:
    world.environment("exports: {keep: 1, days: 10}")
    outcomes = []
    for number in range(4):
        world.assistant("a", prompt=f"Number {number}.")
        outcomes.append(world.apply())
        world.time_passes(4 * 86_400)
    with world.session() as session:
        # The first is twelve days old by then; the second only eight.
        assert [each.run for each in listed(session.store, "dev")] == [each.run for each in outcomes[1:]]


def test_trouble_with_old_exports_never_fails_the_run(world: World) -> None:
    world.environment("exports: {keep: 1, days: 0}")
    for number in range(3):
        world.assistant("a", prompt=f"Number {number}.")
        outcome = world.apply()
        world.time_passes(60)
    damaged = outcome.export or ""
    for found in (world.root / ".callsheet").rglob(damaged):
        found.write_bytes(b"{}")
    world.assistant("a", prompt="At last.")
    outcome = world.apply()
    assert outcome.exit_code == 0
    [told] = [each for each in outcome.diagnostics if each.code == "export.not-pruned"]
    assert "does not hold what its name says" in told.summary
    assert "callsheet export prune" in told.hint
