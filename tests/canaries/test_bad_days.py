"""Servers that repeat what they were sent, answers that break off, runs that fail: nothing of it is told."""

from __future__ import annotations

import pytest

from callsheet.sandbox.faults import ECHOES
from canaries.planting import desk, meddle, orders
from canaries.stage import Stage

STATUSES = (400, 401, 404, 409, 302, 429, 500, 503)


@pytest.mark.parametrize("echo", ECHOES)
def test_errors_that_repeat_the_request(stage: Stage, echo: str) -> None:
    world, run = stage.world, stage.run
    for status in STATUSES:
        world.bad_day(f"error POST * status={status} forever=true echo={echo}")
        run("apply", "--yes", "-v", code=None)
        world.bad_day(f"error GET * status={status} forever=true echo={echo}")
        run("plan", "-v", code=1)
    world.bad_day()
    run("state", "unlock", "--yes")
    run("apply", "--yes")
    meddle(world)
    world.assistant("desk", "Be brief.", **desk(firstMessage="Bye."))
    world.document("Tool", "orders", orders(11))
    for status in STATUSES:
        world.bad_day(f"error PATCH * status={status} forever=true echo={echo}")
        run("apply", "--yes", "-o", "json", "-v", "--on-conflict", "overwrite", code=None)
        world.bad_day(f"error-after PATCH * status={status} forever=true echo={echo}")
        run("apply", "--yes", "-v", "--on-conflict", "overwrite", code=None)
        world.bad_day(f"error GET * status={status} forever=true echo={echo}")
        for verb in (("drift", "-o", "json"), ("export",), ("doctor",)):
            run(*verb, code=None)
    world.bad_day(f"error DELETE * status=500 forever=true echo={echo}")
    run("destroy", "-e", "dev", "--confirm", "dev", "-v", code=None)
    stage.search()


@pytest.mark.parametrize(
    "fault", ["lose-answer", "truncate", "drop", *(f"html echo={each}" for each in ECHOES)]
)
def test_answers_that_do_not_come_whole(stage: Stage, fault: str) -> None:
    world, run = stage.world, stage.run
    world.bad_day(f"{fault} POST * forever=true")
    run("apply", "--yes", "-v", code=None)
    world.bad_day()
    run("state", "unlock", "--yes")
    run("apply", "--yes", "-v")
    meddle(world)
    world.assistant("desk", "Be brief.", **desk(firstMessage="Bye."))
    world.bad_day(f"{fault} PATCH * forever=true")
    run("apply", "--yes", "-o", "json", "-v", "--on-conflict", "overwrite", code=None)
    world.bad_day(f"{fault} GET * forever=true")
    for verb in (("plan", "-v"), ("drift", "-o", "json"), ("export", "-v"), ("doctor",)):
        run(*verb, code=None)
    stage.search()
