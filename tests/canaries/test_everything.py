"""The whole road, on good days."""

from __future__ import annotations

import json

import pytest

from canaries.planting import desk, meddle, orders
from canaries.stage import Stage
from support.world import World


@pytest.fixture
def stage(world: World) -> Stage:
    return Stage.set(world)


def test_files_and_plans(stage: Stage) -> None:
    first = str(stage.world.root / "first.plan")
    stage.run("plan", "--out", first, "-v")
    for output in ("terminal", "json"):
        for verb in (("validate", "-v"), ("plan", "-v"), ("doctor",), ("show", first), ("drift",)):
            stage.run(*verb, "-o", output)
    for verb in (("plan",), ("show", first), ("status",)):
        stage.run(*verb, "-o", "html")
    for output in ("mermaid", "dot"):
        stage.run("graph", "-o", output)
    stage.run("export", "--out", str(stage.world.root / "before.json"))
    for name in ("plan", "events", "runs"):
        stage.run("schema", name)
    stage.search()


@pytest.mark.parametrize("output", ["terminal", "json"])
def test_a_life(stage: Stage, output: str) -> None:
    """Apply, somebody's meddling, drift, a second apply, the way back, and the end of it."""
    world, run = stage.world, stage.run
    show = ("-o", output, "-v")
    run("apply", "--yes", *show)
    meddle(world)
    run("drift", *show, code=2)
    world.assistant("desk", "Be brief.", **desk(firstMessage="Bye."))
    world.document("Tool", "orders", orders(11))
    world.assistant(
        "new", native={"server": {"url": "https://x.example", "headers": {"X": "secrets://env/HDR"}}}
    )
    world.remove("phonenumbers/line.yaml")
    second = str(world.root / "second.plan")
    run("plan", "--out", second, *show)
    run("plan", "--on-conflict", "overwrite", *show)
    run("apply", "--yes", "--on-conflict", "overwrite", *show)
    run("drift", "--fail-on", "any", *show, code=None)
    run("export", "--out", str(world.root / "all.json"), *show)
    run("export", "--out", str(world.root / "each"))
    run("export", "list", *show)
    run("export", "verify", "--all", *show)
    runs = json.loads(run("runs", "list", "-o", "json").out)["runs"]
    for each in runs:
        run("runs", "show", each["run"], "--requests", *show)
        if each["export"]:
            run("export", "show", each["run"])
    run("runs", "verify", *show)
    for verb in (("list", *show), ("show", "Assistant/desk"), ("pull",)):
        run("state", *verb)
    # Live still has what the export masks: it is restored from there.
    back = str(world.root / "back.plan")
    run(
        "rollback",
        "-e",
        "dev",
        "--to",
        runs[0]["run"],
        "--out",
        back,
        "--allow-mass-delete",
        *show,
        code=None,
    )
    run("show", back, "-o", output)
    run("rollback", "-e", "dev", "--to", runs[0]["run"], "--yes", "--on-conflict", "overwrite", *show)
    run("plan", *show, code=None)
    run("apply", "--yes", *show, code=None)
    run("apply", "--yes", "--resume", *show, code=None)
    run("destroy", "--confirm", "dev", "-e", "dev", *show, code=None)
    stage.search()


def test_a_promotion_and_the_way_back(stage: Stage) -> None:
    """What is kept of releases, and what the verbs between environments say, holds none either."""
    world, run = stage.world, stage.run
    whole = (world.root / "environments.yaml").read_text()
    section = whole[whole.index("  dev:\n") :].replace("  dev:\n", "  uat:\n", 1)
    section = section.replace("    default: true\n", "    promotesFrom: dev\n")
    section = section.replace(world.server.url, "sandbox:uat")
    (world.root / "environments.yaml").write_text(whole + section)
    work = world.root / ".callsheet"
    stage.planted += tuple(work / f"sandbox.sqlite{more}" for more in ("", "-wal", "-shm"))
    first = str(world.root.parent / "uat.plan")
    run("secrets", "check", "--env", "uat", "--from", "dev", "-v")
    for output in ("terminal", "json"):
        show = ("-o", output, "-v")
        run("promote", "--from", "dev", "--to", "uat", "--out", first, *show)
        run("show", first, "-o", output)
    run("apply", first, "-v")
    world.assistant("desk", "Be brief.", **desk(firstMessage="Bye."))
    run("releases", "diff", "uat", "dev", "-v")
    run("clone", "Assistant/desk", "--from", "dev", "--to", "uat", "--yes", "-v")
    run("promote", "--from", "dev", "--to", "uat", "--yes", "-o", "json", "-v")
    for output in ("terminal", "json"):
        for verb in (("releases", "--env", "uat"), ("releases", "show", "--env", "uat"), ("status",)):
            run(*verb, "-o", output, "-v")
    run("rollback", "--env", "uat", "--to", "v1", "--yes", "-v", code=None)
    run("promote", "--from", "dev", "--to", "uat", "--write")
    run("plan", "--env", "uat", "-v", code=None)
    stage.search()
