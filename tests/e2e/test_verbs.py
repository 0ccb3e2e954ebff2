"""Every verb as an installed command: what it prints, where, and its exit codes, over real HTTP."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from callsheet.plan.archive import unpack
from callsheet.reports.published import published
from callsheet.sandbox.server import Server
from e2e.command import COMMAND, Called, Typed, call, process
from support.world import World


@pytest.fixture
def project(world: World) -> World:
    """An assistant with a tool, not applied yet."""
    world.document("Tool", "bye", {"type": "function", "native": {"function": {"name": "bye"}}})
    world.assistant("a", "Be kind.\nBe brief.\nSay goodbye.", tools=[{"ref": "bye"}])
    return world


def run(world: World, *arguments: str, **more: Any) -> Called:
    return call(*arguments, "-C", str(world.root), variables=world.variables, **more)


def events(done: Called) -> list[dict[str, Any]]:
    found = [json.loads(each) for each in done.out.splitlines()]
    validator = jsonschema_rs.Draft202012Validator(published("events"))
    for each in found:
        assert [str(problem) for problem in validator.iter_errors(each)] == []
    return found


# The main road, in processes


def test_plan_apply_drift_with_the_installed_command(project: World, tmp_path: Path) -> None:
    def command(*arguments: str) -> Called:
        return process(*arguments, cwd=project.root, variables=project.variables)

    planned = command("plan", "--out", "p.plan", "--detailed-exitcode")
    assert planned.code == 2
    assert planned.last == "Plan: 2 to create, 0 to update, 0 to delete. 0 unchanged."
    assert "callsheet apply p.plan" in planned.err
    assert command("show", "p.plan").out == planned.out
    applied = command("apply", "p.plan")
    assert applied.code == 0, applied.err
    assert applied.last == "Apply: 2 applied, state is at serial 6."
    assert command("plan", "--detailed-exitcode").code == 0
    assert command("drift").code == 0
    project.edit("/assistant", "a", {"firstMessage": "Owned?"})
    project.edit("/assistant", "a", {"model": {**project.live("/assistant", "a")["model"], "temperature": 2}})
    model = project.live("/assistant", "a")["model"]
    messages = [{"role": "system", "content": "Be rude.\nBe brief.\nSay goodbye."}]
    project.edit("/assistant", "a", {"model": {**model, "messages": messages}})
    drifted = command("drift")
    assert drifted.code == 2
    assert "≠ Assistant/a  was changed" in drifted.out
    assert "- Be kind." in drifted.out
    assert "+ Be rude." in drifted.out
    assert drifted.last.startswith("Drift: 1 of 2 resources drifted.")
    # The same plan is the same operation: it was done, and it heals nothing that happened since.
    again = command("apply", "p.plan")
    assert (again.code, again.out.count("an earlier run of the same plan did this")) == (0, 2)
    assert command("drift").code == 2
    healed = command("apply", "--yes", "-o", "json")
    assert healed.code == 0
    assert events(healed)[0]["event"] == "format"
    assert command("drift").code == 0
    gone = command("destroy", "-e", "dev", "--confirm", "dev")
    assert gone.code == 0, gone.err
    assert "! 2 remote objects will be deleted or replaced:" in gone.out
    assert project.api("GET", "/assistant") == []


def test_the_embedded_sandbox_needs_nothing_else(tmp_path: Path) -> None:
    made = process("init", "shop", cwd=tmp_path)
    assert made.code == 0, made.err
    assert "callsheet plan -C shop" in made.out
    for arguments, code, last in (
        (("validate",), 0, "Valid: dev, prod (3 resources)."),
        (("plan", "--detailed-exitcode"), 2, "Plan: 3 to create, 0 to update, 0 to delete. 0 unchanged."),
        (("apply", "--yes"), 0, "Apply: 3 applied, state is at serial 8."),
        (("plan", "--detailed-exitcode"), 0, None),
        (("drift",), 0, "Drift: none in 3 resources."),
        (("doctor",), 0, "Doctor: all is well."),
        (("sandbox", "seed", "--org", "dev"), 0, None),
        (("drift", "--fail-on", "any"), 2, None),
        (("drift",), 0, None),
        (("sandbox", "reset", "--org", "dev"), 0, None),
        (("drift",), 2, "Drift: 3 of 3 resources drifted."),
    ):
        done = process(*arguments, "-C", "shop", cwd=tmp_path)
        assert (done.code, done.err if code not in (0, 2) else "") == (code, ""), (
            arguments,
            done.err,
            done.out,
        )
        if last:
            assert done.last == last
    again = process("init", "shop", cwd=tmp_path)
    assert again.code == 1
    assert "is there already" in again.err


def test_init_keeps_what_is_there(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.pyc")
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "environments.yaml").write_text("mine")
    refused = call("init", str(tmp_path))
    assert refused.code == 1
    assert "environments.yaml is there already" in refused.err
    assert sorted(path.name for path in tmp_path.rglob("*")) == [".gitignore", "environments.yaml", "specs"]
    (tmp_path / "specs" / "environments.yaml").unlink()
    assert call("init", str(tmp_path)).code == 0
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\n.callsheet/\n"


def test_a_sandbox_that_is_served_to_other_processes(tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    arguments = ["sandbox", "serve", "--port", "0", "--org", "dev", "--store", str(store)]
    arguments += ["--fault", "error PATCH * status=500"]
    server = subprocess.Popen(
        [COMMAND, *arguments], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        assert process("init", ".", cwd=tmp_path).code == 0
        file = tmp_path / "specs" / "environments.yaml"
        provider = f'{{baseUrl: "{url}", apiKey: "secrets://env/KEY"}}'
        file.write_text(file.read_text().replace('{baseUrl: "sandbox:dev"}', provider))
        applied = process("apply", "--yes", cwd=tmp_path, variables={"KEY": "any-key"})
        assert applied.code == 0, applied.err
        assert process("plan", "--detailed-exitcode", cwd=tmp_path, variables={"KEY": "any-key"}).code == 0
    finally:
        server.send_signal(signal.SIGINT)
        _, err = server.communicate(timeout=20)
    assert server.returncode == 0
    assert "Traceback" not in err


def test_a_port_that_is_taken_is_an_error(world: World) -> None:
    server: Server = world.server
    done = process("sandbox", "serve", "--port", str(server.port), "--store", "s.sqlite", cwd=world.root)
    assert done.code == 1
    assert "cannot listen on" in done.err


def test_bad_days_that_make_no_sense_are_errors(tmp_path: Path) -> None:
    done = process("sandbox", "serve", "--fault", "explode", "--fault", "drop nth=0", cwd=tmp_path)
    assert done.code == 1
    assert done.err.count("error: --fault") == 2


# plan, show


def test_a_plan_is_json_for_programs(project: World) -> None:
    done = run(project, "plan", "-o", "json")
    assert done.code == 0
    validator = jsonschema_rs.Draft202012Validator(published("plan"))
    assert [str(each) for each in validator.iter_errors(json.loads(done.out))] == []
    assert done.err == ""


def test_a_plan_writes_its_file_only_and_asks_reads_only(project: World) -> None:
    before = sorted(project.root.rglob("*"))
    project.app.requests.reset()
    done = run(project, "plan", "--out", str(project.root / "p.plan"), "-q")
    assert done.code == 0
    assert done.out == "Plan: 2 to create, 0 to update, 0 to delete. 0 unchanged.\n"
    assert project.writes() == 0
    assert sorted(project.root.rglob("*")) == sorted([*before, project.root / "p.plan"])


@pytest.mark.parametrize("out", [".", "..", "/", "specs"])
def test_a_folder_is_no_place_for_a_plan(project: World, out: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root.parent)
    done = run(project, "plan", "--out", out)
    assert done.code == 1
    assert f"error: {out} is a folder" in done.err


def test_an_edited_plan_is_refused_with_4(project: World) -> None:
    path = project.root / "p.plan"
    assert run(project, "plan", "--out", str(path)).code == 0
    archive = unpack(path.read_bytes(), "p")
    assert archive.plan.changes
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as source:
        body = json.loads(source.read("plan.json"))
    body["changes"][0]["desired"]["name"] = "evil"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("plan.json", json.dumps(body))
    assert call("show", str(path)).code == 4
    refused = run(project, "apply", str(path), "-o", "json")
    assert refused.code == 4
    assert events(refused)[-1]["exitCode"] == 4
    assert project.api("GET", "/assistant") == []


def test_target_and_exclude(project: World) -> None:
    assert run(project, "plan", "--target", "Tool/bye").last.startswith("Plan: 1 to create")
    assert run(project, "plan", "--exclude", "Tool/bye").last.startswith("Plan: nothing to do.")


def test_verbose_tells_requests_on_stderr_only(project: World) -> None:
    done = run(project, "plan", "-v")
    assert "request: " in done.err
    assert "request: " not in done.out


# apply, destroy


def test_apply_streams_events(project: World) -> None:
    done = run(project, "apply", "--yes", "-o", "json")
    assert done.code == 0
    found = events(done)
    names = [each["event"] for each in found]
    assert names[0] == "format"
    assert names[-2:] == ["outcome", "summary"]
    assert names.count("change.done") == 2
    assert found[names.index("plan")]["plan"]["summary"]["create"] == 2
    assert found[-1]["exitCode"] == 0
    assert found[-1]["applied"] == 2


def test_apply_asks_and_takes_yes_only(project: World) -> None:
    for typed, code, objects in (("no\n", 1, 0), ("y\n", 1, 0), ("", 1, 0), ("yes\n", 0, 1)):
        done = run(project, "apply", stdin=Typed(typed))
        assert done.code == code, done.err
        assert "Type yes" in done.err
        assert len(project.api("GET", "/assistant")) == objects
    assert "Type yes" not in run(project, "apply", stdin=Typed("")).err


def test_without_somebody_to_ask_apply_refuses_before_anything(project: World) -> None:
    project.app.requests.reset()
    for arguments in (("apply",), ("apply", "-o", "json"), ("destroy", "-e", "dev")):
        done = run(project, *arguments)
        assert done.code == 1
        assert "needs a confirmation" in done.err
    assert project.app.requests.counts == {}


def test_destroy_wants_the_name(project: World) -> None:
    assert run(project, "apply", "--yes").code == 0
    for typed, code in (("yes\n", 1), ("prod\n", 1), ("dev\n", 0)):
        done = run(project, "destroy", "-e", "dev", stdin=Typed(typed))
        assert done.code == code
        assert "Type dev" in done.err
    assert project.api("GET", "/assistant") == []
    assert run(project, "destroy", "-e", "dev", "--confirm", "dev").last == "Apply: nothing to do."


def test_a_refusal_exits_3_and_asks_nobody(project: World) -> None:
    assert run(project, "apply", "--yes").code == 0
    for path in ("assistants/a.yaml", "tools/bye.yaml"):
        project.remove(path)
    project.app.requests.reset()
    planned = run(project, "plan", "--detailed-exitcode")
    assert planned.code == 3
    assert "! refused (emptyDesired)" in planned.out
    refused = run(project, "apply", stdin=Typed("yes\n"))
    assert refused.code == 3
    assert "Type yes" not in refused.err
    assert project.writes() == 0


def test_a_conflict_exits_4_until_it_is_decided(project: World) -> None:
    project.assistant("a", tools=[{"ref": "bye"}], firstMessage="Hello")
    assert run(project, "apply", "--yes").code == 0
    project.edit("/assistant", "a", {"firstMessage": "Theirs"})
    project.assistant("a", tools=[{"ref": "bye"}], firstMessage="Ours")
    assert run(project, "plan").last.endswith("1 conflict to decide.")
    refused = run(project, "apply", "--yes")
    assert refused.code == 4
    assert "is in CONFLICT" in refused.out
    assert "live (now)" in refused.out
    assert project.live("/assistant", "a")["firstMessage"] == "Theirs"
    assert run(project, "apply", "--yes", "--on-conflict", "overwrite").code == 0
    assert project.live("/assistant", "a")["firstMessage"] == "Ours"


def test_part_of_it_exits_5(project: World) -> None:
    project.bad_day("error POST /assistant status=400 forever=true")
    done = run(project, "apply", "--yes")
    assert done.code == 5
    assert "✗ Assistant/a  create FAILED" in done.out
    assert done.last == "Apply: 1 applied, 1 failed, 0 not attempted."
    project.bad_day()
    assert run(project, "apply", "--yes").code == 0


def test_planning_options_do_not_go_with_a_plan_file(project: World) -> None:
    path = str(project.root / "p.plan")
    assert run(project, "plan", "--out", path).code == 0
    done = run(project, "apply", path, "--target", "Tool/bye", "--allow-mass-delete")
    assert done.code == 1
    assert "--target, --allow-mass-delete cannot change a plan" in done.err
    assert run(project, "apply", path, "-e", "prod").code == 1


# drift, validate, doctor


@pytest.mark.parametrize(
    ("fail_on", "managed", "unmanaged"), [("managed", 2, 0), ("unmanaged", 0, 2), ("any", 2, 2)]
)
def test_fail_on(project: World, fail_on: str, managed: int, unmanaged: int) -> None:
    assert run(project, "apply", "--yes").code == 0
    project.api("POST", "/assistant", {"name": "by hand"})
    assert run(project, "drift", "--fail-on", fail_on).code == unmanaged
    project.api("DELETE", f"/assistant/{project.live('/assistant', 'by hand')['id']}")
    project.edit("/assistant", "a", {"name": "b"})
    assert run(project, "drift", "--fail-on", fail_on).code == managed


def test_drift_is_json_for_programs_and_needs_no_right_to_write(project: World) -> None:
    assert run(project, "apply", "--yes").code == 0
    project.bad_day("read-only")
    project.app.requests.reset()
    done = run(project, "drift", "-o", "json")
    assert done.code == 0
    assert (
        list(jsonschema_rs.Draft202012Validator(published("drift")).iter_errors(json.loads(done.out))) == []
    )
    assert project.writes() == 0


def test_validate_asks_nobody_and_tells_everything_at_once(project: World) -> None:
    project.app.requests.reset()
    project.variables.clear()
    good = run(project, "validate")
    assert (good.code, good.last) == (0, "Valid: dev (2 resources).")
    project.file(
        "assistants/b.yaml", "apiVersion: v1\nkind: Assistant\nmetadata: {name: b}\nspec: {modle: x}\n"
    )
    project.file(
        "tools/c.yaml", "apiVersion: v1\nkind: Tool\nmetadata: {name: c}\nspec: {type: 4}\nmore: 1\n"
    )
    bad = run(project, "validate", "-o", "json")
    assert bad.code == 1
    told = json.loads(bad.out)
    assert told["format"] == "callsheet.validate/1"
    assert told["valid"] is False
    assert len({each["at"].partition(":")[0] for each in told["diagnostics"]}) == 2
    assert run(project, "validate").last.startswith("Not valid: dev. ")
    assert project.app.requests.counts == {}


def test_validate_says_which_environments_a_finding_is_about(tmp_path: Path) -> None:
    assert call("init", str(tmp_path)).code == 0
    file = tmp_path / "specs" / "environments.yaml"
    file.write_text(file.read_text().replace('{ORDERS_URL: "https://orders.example.com"}', "{}"))
    done = call("validate", "-C", str(tmp_path))
    assert done.code == 1
    assert "variables.ORDERS_URL is not set for environment prod" in done.out
    assert "Only in prod." in done.out
    assert call("validate", "-C", str(tmp_path), "-e", "dev").last == "Valid: dev (3 resources)."
    assert "Did you mean prod?" in call("validate", "-C", str(tmp_path), "-e", "prd").err


VENDOR = Path(__file__).parents[2].parent / "shared" / "openapi" / "vapi.json"


@pytest.mark.skipif(not VENDOR.exists(), reason="the vendor's document is not at hand")
def test_validate_against_the_vendors_document(project: World) -> None:
    done = run(project, "validate", "--vendor-schema", str(VENDOR))
    assert done.code == 0, done.out
    project.assistant("b", native={"firstMessageMode": "shouting"})
    bad = run(project, "validate", "--vendor-schema", str(VENDOR))
    assert bad.code == 1
    assert "firstMessageMode" in bad.out + bad.err


def test_a_vendors_document_that_is_none(project: World) -> None:
    done = run(project, "validate", "--vendor-schema", str(project.root / "environments.yaml"))
    assert done.code == 1
    assert "is no JSON" in done.err


def test_doctor_names_what_fails_and_what_to_do(project: World) -> None:
    done = run(project, "doctor")
    assert done.code == 0, done.out
    assert "ok      provider" in done.out
    project.variables.clear()
    broken = run(project, "doctor")
    assert broken.code == 1
    assert "fail    secrets" in broken.out
    assert "export VAPI_KEY" in broken.out
    told = json.loads(run(project, "doctor", "-o", "json").out)
    assert told["healthy"] is False
    assert {each["name"]: each["status"] for each in told["checks"]}["files"] == "ok"


def test_doctor_outside_of_a_project(tmp_path: Path) -> None:
    done = call("doctor", "-C", str(tmp_path))
    assert done.code == 1
    assert "fail    project" in done.out


def test_doctor_writes_nothing(project: World) -> None:
    project.app.requests.reset()
    assert run(project, "doctor").code == 0
    assert project.writes() == 0
    assert sum(project.app.requests.counts.values()) == 1


# where programs and people meet


def test_a_secret_is_nowhere_in_what_is_printed(project: World) -> None:
    project.variables["CANARY"] = "canary-of-a-header"
    server = {"url": "https://x.example", "headers": {"X-Key": "secrets://env/CANARY"}}
    project.assistant("s", native={"server": server})
    assert "server.headers.X-Key: (secret secrets://env/CANARY)" in run(project, "plan").out
    for arguments in (
        ("plan", "-v"),
        ("plan", "-o", "json"),
        ("apply", "--yes", "-v"),
        ("drift", "-v"),
        ("doctor",),
    ):
        done = run(project, *arguments)
        assert "canary" not in done.out + done.err


def test_a_reader_that_goes_away_does_not_stop_an_apply(project: World) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [COMMAND, "apply", "--yes", "-o", "json"],
        cwd=project.root,
        env={"PATH": os.environ["PATH"], **project.variables},
        stdout=write,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(write)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert done.returncode == 0
    assert len(project.api("GET", "/assistant")) == 1


def test_an_interrupted_apply_ends_what_is_under_way_and_can_be_gone_on_with(world: World) -> None:
    names = [f"a{number:02}" for number in range(16)]
    for name in names:
        world.assistant(name)
    world.bad_day("latency POST /assistant seconds=0.2")
    world.app.requests.reset()
    running = subprocess.Popen(
        [COMMAND, "apply", "--yes"],
        cwd=world.root,
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **world.variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not world.writes() and running.poll() is None:
        pass
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 5, err
    assert "Interrupted" in out
    assert "the run was interrupted" in out
    assert "Traceback" not in err
    # What was under way has ended and is in state; the rest was not begun.
    state = json.loads(run(world, "state", "list", "-o", "json").out)
    assert state["begun"] == []
    assert 0 < len(state["resources"]) == len(world.api("GET", "/assistant")) < len(names)
    world.bad_day()
    assert run(world, "apply", "--yes").code == 0
    assert sorted(each["name"] for each in world.api("GET", "/assistant")) == names
