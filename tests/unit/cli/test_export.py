"""`callsheet export`: on demand, and what is kept listed, shown, verified and pruned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callsheet.exports import index
from callsheet.exports.index import listed
from callsheet.providers.clock import SystemClock
from callsheet.state.lock import Claim, Lock
from support.world import World
from unit.cli.test_state import call


def told(world: World, *arguments: str) -> Any:
    """The JSON that a command prints."""
    code, out, err = call(world, *arguments)
    assert code == 0, err
    return json.loads(out)


@pytest.fixture
def estate(world: World) -> World:
    """One managed assistant with a secret, and one that is somebody else's."""
    world.variables["T"] = "canary-token"
    world.api("POST", "/assistant", {"name": "theirs", "firstMessage": "the key is canary-key"})
    world.assistant("a", native={"server": {"url": "https://x.example", "headers": {"X": "secrets://env/T"}}})
    world.apply()
    return world


def test_on_demand_it_keeps_everything_that_is_live(estate: World) -> None:
    code, out, _ = call(estate, "export")
    assert code == 0
    lines = out.splitlines()
    assert "      2  Assistant" in lines
    assert ": 2 objects, " in lines[-1]
    estate.edit("/assistant", "theirs", {"firstMessage": "the key was canary-key"})
    made = told(estate, "export", "-o", "json")
    assert (made["format"], made["environment"]) == ("callsheet.export-taken/1", "dev")
    assert (made["kinds"]["Assistant"], made["refused"]) == (2, [])
    with estate.session() as session:
        kinds = [each.kind for each in listed(session.store, "dev")]
    assert kinds == ["run", "on-demand", "on-demand"]
    assert b"canary" not in estate.state_files()


def test_it_tells_what_could_not_be_listed_and_refuses_what_must_be(estate: World) -> None:
    estate.bad_day("error GET /observability/scorecard status=403 count=99")
    code, out, _ = call(estate, "export")
    assert code == 0
    assert "refused  Scorecard" in out
    estate.bad_day("error GET /assistant status=403 count=99")
    code, _, err = call(estate, "export")
    assert code == 1
    assert "403" in err


def test_what_may_be_another_organisation_is_not_kept_as_this_one(estate: World) -> None:
    for each in estate.api("GET", "/assistant"):
        estate.api("DELETE", f"/assistant/{each['id']}")
    code, _, err = call(estate, "export")
    assert code == 1
    assert "without any object" in err
    with estate.session() as session:
        assert len(listed(session.store, "dev")) == 1


def test_an_environment_that_was_never_applied_has_no_guessable_digests(world: World) -> None:
    server = {"url": "https://x.example", "headers": {"X": "canary-header"}}
    world.api("POST", "/assistant", {"name": "theirs", "server": server})
    shown = []
    for _ in range(2):
        made = told(world, "export", "-o", "json")["export"]
        [each] = told(world, "export", "show", made["sha256"])["objects"]["Assistant"]
        shown.append(each["payload"]["server"]["headers"]["X"]["$digest"])
    # With a key of its own each time: without one, whoever has the digest could try values.
    assert shown[0] != shown[1]


def test_a_run_under_way_does_not_keep_it_waiting(estate: World) -> None:
    with estate.session() as session:
        lease = Lock(session.store, "dev", SystemClock()).acquire(Claim("anna", "run-7", "host-1", "apply"))
        assert call(estate, "export")[0] == 0
        # But where a pruning was cut short, or is under way, it needs the lock.
        known = index.read(session.store, "dev")
        index.write(session.store, index.replace(known, sweeping=True))
        code, _, err = call(estate, "export")
        assert code == 4
        assert "anna (unverified) on host-1" in err
        lease.release()
        estate.edit("/assistant", "theirs", {"firstMessage": "changed"})
        assert call(estate, "export")[0] == 0
        assert len(listed(session.store, "dev")) == 3


def test_out_writes_a_file_or_a_folder(estate: World, tmp_path: Path) -> None:
    file, folder = tmp_path / "kept.json", tmp_path / "deep" / "kept"
    made = told(estate, "export", "--out", str(file), "-o", "json")
    assert made["out"] == str(file)
    whole = json.loads(file.read_bytes())
    assert whole["export"]["sha256"] == made["export"]["sha256"]
    assert [each["address"] for each in whole["objects"]["Assistant"]].count("Assistant/a") == 1
    assert call(estate, "export", "--out", str(folder))[0] == 0
    paths = {str(path.relative_to(folder)) for path in folder.rglob("*.json")}
    ids = [each["id"] for each in whole["objects"]["Assistant"]]
    assert paths == {"export.json", *(f"Assistant/{each}.json" for each in ids)}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (file, folder, *folder.rglob("*")))
    everything = b"".join(path.read_bytes() for path in (file, *folder.rglob("*.json")))
    assert b"canary" not in everything
    (tmp_path / "folder.json").mkdir()
    with estate.counted() as counts:
        for wrong in (folder, file / "x", tmp_path / "folder.json", estate.root / "environments.yaml"):
            code, _, err = call(estate, "export", "--out", str(wrong))
            assert code == 1
            assert f"error: {wrong} " in err
    # Told before anything is asked for.
    assert counts == {}


def test_list_tells_run_age_and_size(estate: World) -> None:
    estate.time_passes(3600)
    call(estate, "export")
    code, out, _ = call(estate, "export", "list")
    assert code == 0
    newest, oldest, summary = out.splitlines()
    assert "on demand" in newest
    assert "apply by" in oldest
    assert " KB" in oldest or " B" in oldest
    assert summary.startswith("Exports: 2 in file store ")
    told_ = told(estate, "export", "list", "-o", "json")
    assert [each["kind"] for each in told_["exports"]] == ["on-demand", "run"]
    assert told_["retention"] == {"keep": 50, "days": 90}


def test_show_prints_objects_without_their_secrets(estate: World) -> None:
    run = told(estate, "export", "list", "-o", "json")["exports"][0]["run"]
    shown = told(estate, "export", "show", run)
    assert shown["format"] == "callsheet.export-show/1"
    [theirs] = shown["objects"]["Assistant"]
    assert (theirs["name"], theirs["address"]) == ("theirs", None)
    assert "$digest" in theirs["payload"]["firstMessage"]
    made = told(estate, "export", "-o", "json")["export"]
    shown = told(estate, "export", "show", made["sha256"][:8], "--kind", "Assistant")
    assert list(shown["objects"]) == ["Assistant"]
    assert {each["address"] for each in shown["objects"]["Assistant"]} == {None, "Assistant/a"}
    assert "canary" not in json.dumps(shown)
    code, _, err = call(estate, "export", "show", made["sha256"], "--kind", "Asistant")
    assert code == 1
    assert "Did you mean Assistant?" in err


def test_verify_names_what_is_damaged_or_missing(estate: World) -> None:
    call(estate, "export")
    code, out, _ = call(estate, "export", "verify", "--all")
    assert code == 0
    assert out.count("whole    ") == 2
    assert out.splitlines()[-1].startswith("Verified: 2 exports are whole")
    with estate.session() as session:
        newest = listed(session.store, "dev")[-1]
        export = index.parse(newest.sha256, session.store.get_blob(newest.sha256, space="exports/dev"))
    blobs = estate.root / ".callsheet/state/blobs/exports/dev"
    [pack], [records] = export.packs["Assistant"], export.record_packs
    (blobs / pack[:2] / pack).unlink()
    (blobs / records[:2] / records).write_bytes(b"something else")
    code, out, _ = call(estate, "export", "verify", newest.sha256[:10])
    assert code == 1
    assert f"objects of Assistant: the blob {pack} is not in" in out
    assert "records: " in out
    code, out, _ = call(estate, "export", "verify", "--all", "-o", "json")
    found = json.loads(out)
    assert (code, found["damaged"]) == (1, 1)
    assert [each["whole"] for each in found["exports"]] == [False, True]
    assert {each["part"] for each in found["exports"][0]["damages"]} == {"objects of Assistant", "records"}
    assert call(estate, "export", "verify")[0] == 1


def test_prune_says_what_would_go_and_removes_it(estate: World) -> None:
    estate.environment("exports: {keep: 1, days: 0}")
    for number in range(2):
        estate.edit("/assistant", "theirs", {"firstMessage": f"No. {number}"})
        call(estate, "export")
    # Neither the newest nor the last run's.
    would = told(estate, "export", "prune", "--dry-run", "-o", "json")
    assert (would["dryRun"], would["exports"]) == (True, [])
    for number in range(2, 4):
        estate.edit("/assistant", "theirs", {"firstMessage": f"No. {number}"})
        call(estate, "export")
    would = told(estate, "export", "prune", "--dry-run", "-o", "json")
    assert [each["kind"] for each in would["exports"]] == ["on-demand"] * 2
    code, out, _ = call(estate, "export", "prune")
    assert code == 0
    assert out.splitlines()[-1].startswith(f"Pruned: 2 exports removed, {would['blobs']} blobs in ")
    with estate.session() as session:
        assert [each.kind for each in listed(session.store, "dev")] == ["run", "on-demand", "on-demand"]
    assert call(estate, "export", "verify", "--all")[0] == 0
    # Who removed what is on record; removing nothing leaves none.
    call(estate, "export", "prune")
    latest, _ = told(estate, "runs", "list", "-o", "json")["runs"]
    assert (latest["verb"], latest["exitCode"]) == ("export prune", 0)
    record = told(estate, "runs", "show", latest["run"], "-o", "json")["record"]
    gone = [each["sha256"] for each in would["exports"]]
    assert record["what"]["subject"] == {"exports": gone[::-1], "blobs": would["blobs"]}
    assert gone[0] in call(estate, "runs", "show", latest["run"])[1]
    assert call(estate, "runs", "verify")[0] == 0


def test_prune_takes_the_lock(estate: World) -> None:
    with estate.session() as session:
        Lock(session.store, "dev", SystemClock()).acquire(Claim("anna", "run-7", "host-1", "apply"))
    code, _, err = call(estate, "export", "prune")
    assert code == 4
    assert "anna (unverified) on host-1" in err
    assert call(estate, "export", "prune", "--dry-run")[0] == 0


def test_options_in_front_of_a_subcommand_are_refused(world: World) -> None:
    code, _, err = call(world, "export", "--env", "prod", "list")
    assert code == 1
    assert "--env stands after the subcommand" in err
